"""NTU RGB+D's files, from ones that the tests write, and from real ones where they are at hand."""

import numpy as np
import pytest

from tests.training.data.written import NAME, columns, ntu_text, one_person, people, person
from training.data.readers import guess_kind, make_reader
from training.data.readers.base import ReadError, forwardness, motion_energy
from training.data.readers.ntu import NtuReader, read_missing
from training.data.readers.ntu_lists import ACTIONS, PUBLISHED_60, TRAIN_SUBJECTS_60


def test_ntu_reads_what_was_written():
    joints_PTVC = people(one_person(20))
    np.testing.assert_allclose(joints_PTVC, person(20)[None], atol=1e-6)


def test_ntu_frames_without_a_body_are_not_valid(tmp_path):
    track = person(30)
    path = tmp_path / f"{NAME}.skeleton"
    path.write_text(ntu_text([[] if 5 <= t < 11 else [("7", track[t])] for t in range(30)]))
    (clip,) = NtuReader().read(path, tmp_path)
    assert clip.valid_PT.sum() == 24 and not clip.valid_PT[0, 5:11].any() and clip.frames == 30.0
    assert (clip.name, clip.setup, clip.view, clip.subject, clip.label) == (NAME, 1, 2, 3, "tear up paper")


def test_ntu_follows_ids_when_bodies_come_go_and_change_order():
    calm, lively = person(40, x=-1.0, swing=0.05), person(40, x=1.0, swing=0.4)
    frames = []
    for t in range(40):
        bodies = [("1", calm[t]), ("2", lively[t])][:: 1 if t % 3 else -1]
        frames.append([b for b in bodies if not (b[0] == "1" and t < 8) and not (b[0] == "2" and t >= 30)])
    joints_PTVC = people(ntu_text(frames))
    assert joints_PTVC.shape == (2, 40, 25, 3)
    np.testing.assert_allclose(joints_PTVC[0, :30], lively[:30], atol=1e-6)  # the most moving first
    np.testing.assert_allclose(joints_PTVC[1, 8:], calm[8:], atol=1e-6)
    assert not joints_PTVC[0, 30:].any() and not joints_PTVC[1, :8].any()


def test_ntu_keeps_the_two_of_three_who_move_most():
    tracks = {"1": person(20, -2, 0.01), "2": person(20, 0, 0.5), "3": person(20, 2, 0.2)}
    joints_PTVC = people(ntu_text([[(k, track[t]) for k, track in tracks.items()] for t in range(20)]))
    np.testing.assert_allclose(joints_PTVC, np.stack([tracks["2"], tracks["3"]]), atol=1e-6)


def test_ntu_a_lost_person_with_a_new_id_is_the_same_person():
    track = person(40)
    frames = [[("1" if t < 18 else "2", track[t])] if not 18 <= t < 22 else [] for t in range(40)]
    joints_PTVC = people(ntu_text(frames))
    assert len(joints_PTVC) == 1 and joints_PTVC.any((2, 3)).sum() == 36
    far = [[("1", track[t])] if t < 18 else [("2", track[t] + [2, 0, 0])] for t in range(40)]
    assert len(people(ntu_text(far))) == 2


def test_ntu_drops_noise_where_there_is_somebody():
    real, table = person(40, swing=0.02), person(40, x=1.5, swing=0.9)
    table = table * [3.0, 0.3, 1.0]  # as wide as furniture
    glimpse = person(40, x=-1.5, swing=0.9)
    frames = [[("1", table[t]), ("2", real[t])] + ([("3", glimpse[t])] if t < 11 else []) for t in range(40)]
    np.testing.assert_allclose(people(ntu_text(frames)), real[None], atol=1e-6)
    alone = [[("1", table[t])] for t in range(40)]
    assert len(people(ntu_text(alone))) == 1  # nobody else: it stays
    assert people(one_person(3)).shape == (1, 3, 25, 3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage in here",
        "3",
        "\ufffd\ufffd\x00\x01",
        "-2",
        one_person(5)[:-800],
        one_person(5).replace("\n25\n", "\n20\n"),
        one_person(5).replace("3.0", "three"),
        "2\n0\n0\n",
    ],
    ids=["empty", "words", "only a count", "binary", "negative", "cut off", "20 joints", "no number", "no body"],
)
def test_ntu_files_that_are_no_skeletons(text):
    with pytest.raises(ReadError):
        people(text)


@pytest.mark.parametrize("value", ["nan", "inf", "1e30", "0 0 0"])
def test_ntu_a_joint_that_cannot_be_is_lost(value, tmp_path):
    path = tmp_path / f"{NAME}.skeleton"
    lines = one_person(20).splitlines()
    lines[23] = f"{value} 1 2 " + "0 " * 9  # the right foot of the first frame
    path.write_text("\n".join(lines))
    (clip,) = NtuReader().read(path, tmp_path)
    np.testing.assert_allclose(clip.joints_PTVC[0, 0, 19], clip.joints_PTVC[0, 0, 18])  # where the ankle is
    np.testing.assert_allclose(clip.joints_PTVC[0, 1:], person(20)[1:], atol=1e-6)


@pytest.mark.parametrize(
    "form", ["{} {} {}", "{} {} {} 0 0 0 0 0 0 0 0", "{},{},{}", "{} {} {}" + " 1" * 20, "{}\t{}\t{}"]
)
def test_ntu_lines_of_other_lengths(form):
    lines = one_person(20).splitlines()
    short = [form.format(*line.split()[:3]) if len(line.split()) == 12 else line for line in lines]
    np.testing.assert_allclose(people("\n".join(short)), person(20)[None], atol=1e-6)


def test_ntu_semicolons_utf16_without_a_mark_and_the_sign_of_typographers(tmp_path):
    path, text = tmp_path / f"{NAME}.skeleton", one_person()
    for data in (
        text.replace(" ", ";").encode(),
        text.replace(".", ",").replace(" ", ";").encode(),
        text.encode("utf-16-le"),
        text.encode("utf-16-be"),
        text.replace("-", "\u2212").encode("utf-16"),
    ):
        path.write_bytes(data)
        (clip,) = NtuReader().read(path, tmp_path)
        np.testing.assert_allclose(clip.joints_PTVC, person(20)[None], atol=1e-6)


def test_ntu_decimal_commas_blank_lines_and_byte_order_marks(tmp_path):
    path = tmp_path / f"{NAME}.skeleton"
    commas = one_person(20).replace(".", ",").replace("\n", "\r\n\r\n")
    for encoding in ("utf-8-sig", "utf-16"):
        path.write_bytes(commas.encode(encoding))
        (clip,) = NtuReader().read(path, tmp_path)
        np.testing.assert_allclose(clip.joints_PTVC, person(20)[None], atol=1e-6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (one_person(5).replace("\n25\n", "\n20\n"), "20 joints instead of 25 .*Kinect v1"),
        (one_person(5)[:-800], "cut off"),
        ("3\n1\n", "cut off.*a body"),
        ("", "the file is empty"),
        (one_person(5).replace("5\n", "4\n", 1), "no NTU skeleton: line 114 follows the 4 frames that line 1 tells of"),
        ("9" * 5000 + "\n" + one_person(5), "line 1 should hold the number of frames"),
        ("2.5 1\n", "line 1 should hold the number of frames"),
        (one_person(5).replace(" 300 190 1100 480 0.1 0.2 0.3 0.4 2", "").replace("3.0", "three"), "line 5 .*numbers"),
    ],
)
def test_ntu_faults_in_plain_words(text, message):
    with pytest.raises(ReadError, match=message):
        people(text)


@pytest.mark.parametrize(
    "name",
    [
        f"{NAME}.skeleton.txt",
        f"{NAME} (1).skeleton",
        f"{NAME.lower()}.skeleton",
        f"{NAME}.SKELETON",
        f"{NAME}.skeleton (2).txt",
    ],
)
def test_ntu_names_as_downloads_have_them(name, tmp_path):
    (tmp_path / name).write_text(one_person())
    (tmp_path / f"._{name}").write_bytes(b"\0\5\x16\7")
    (path,) = NtuReader().files(tmp_path)
    (clip,) = NtuReader().read(path, tmp_path)
    assert (path.name, clip.name, clip.label) == (name, NAME, "tear up paper") and guess_kind(tmp_path) == "ntu"
    (tmp_path / f"{NAME}.skeleton").write_text(one_person())
    assert len(NtuReader().files(tmp_path)) == 1  # each sample once
    assert NtuReader(frozenset({NAME})).files(tmp_path) == []


@pytest.mark.parametrize("name", ["walking", "S001C001P001R001A000", "S001C001P001R001A121"])
def test_ntu_names(name, tmp_path):
    path = tmp_path / f"{name}.skeleton"
    path.write_text(one_person())
    with pytest.raises(ReadError, match=name):
        list(NtuReader().read(path, tmp_path))


def test_ntu_splits_of_60():
    given = columns(subject=[1, 3, 38, 40], view=[1, 2, 3, 1], setup=[1, 2, 17, 3], label=[ACTIONS[59]] * 4)
    splits = NtuReader().splits(given, None)
    assert {name: part.tolist() for name, part in splits.items()} == {"xsub": [1, 0, 1, 0], "xview": [0, 1, 1, 0]}
    assert NtuReader().labels(given) == ACTIONS[:60] and NtuReader().expected(given) == PUBLISHED_60


@pytest.mark.parametrize("sign", [{"setup": [18, 1, 2]}, {"label": [ACTIONS[60], "clap", "clap"], "setup": [8, 1, 2]}])
def test_ntu_splits_of_120(sign):
    given = columns(**({"subject": [103, 102, 45]} | sign))
    splits = NtuReader().splits(given, None)
    assert {name: part.tolist() for name, part in splits.items()} == {"xsub": [1, 0, 1], "xset": [1, 0, 1]}
    assert NtuReader().labels(given) == ACTIONS


def test_ntu_list_of_missing_skeletons(tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text(f"Samples with missing skeletons:\n{NAME}\nS001C002P006R001A008\n")
    for name in (NAME, "S001C001P001R001A001"):
        (tmp_path / f"{name}.skeleton").write_text(one_person())
    files = make_reader("ntu", listed).files(tmp_path)
    assert [path.stem for path in files] == ["S001C001P001R001A001"]
    listed.write_text("nothing of the kind")
    with pytest.raises(ValueError, match="names no sample"):
        read_missing(listed)
    with pytest.raises(ValueError, match="cannot be read"):
        read_missing(tmp_path / "absent.txt")
    with pytest.raises(ValueError, match="for NTU"):
        make_reader("clips", tmp_path / "list.txt")


def test_ntu_published_counts_fit_the_lists(shared_data):
    """40,320 and 37,920 samples train before the missing ones are left out (Shahroudy et al., section 4.2)."""
    missing = sorted(read_missing(shared_data / "ntu_lists" / "NTU_RGBD60_samples_with_missing_skeletons.txt"))
    by_subject = sum(int(name[9:12]) in TRAIN_SUBJECTS_60 for name in missing)
    by_camera = sum(int(name[5:8]) != 1 for name in missing)
    assert len(missing) == 302
    assert (40_320 - by_subject, 16_560 - 302 + by_subject) == PUBLISHED_60["xsub"]
    assert (37_920 - by_camera, 18_960 - 302 + by_camera) == PUBLISHED_60["xview"]


def test_ntu_real_files(shared_data):
    source, reader = shared_data / "ntu_samples", NtuReader()
    clips = {clip.name: clip for path in reader.files(source) for clip in reader.read(path, source)}
    assert len(clips) == 12
    pair = clips.pop("S001C003P008R002A058")
    assert pair.label == "shake hands" and pair.valid_PT.all(1).tolist() == [True, True]
    assert motion_energy(pair.joints_PTVC[0]) > motion_energy(pair.joints_PTVC[1])
    assert clips["S001C001P001R001A001"].frames == 103
    for clip in (pair, *clips.values()):
        for joints_TVC in clip.joints_PTVC:
            height = np.ptp(joints_TVC, axis=1)[:, 1].mean()
            assert 0.8 < height < 2.2 and (joints_TVC[:, 3, 1] > joints_TVC[:, 0, 1]).mean() > 0.9  # head over pelvis
            assert 1 < joints_TVC[:, 0, 2].mean() < 5
            assert forwardness(joints_TVC) > 0  # not mirrored
    facing = clips["S001C001P001R001A001"].joints_PTVC[0]
    assert (facing[:, 8, 0] > facing[:, 4, 0]).all()  # the right shoulder at larger x
