"""Each written format, from files that the tests write, and from real ones where they are at hand."""

import json

import numpy as np
import pytest

from models.clips import Clip, write_clips
from models.skeleton import JOINTS
from training.data.readers import guess_kind, make_reader
from training.data.readers.base import Columns, ReadError, RecordedClip, forwardness, most_moving, motion_energy
from training.data.readers.ntu import NtuReader, parse, people_of, read_missing
from training.data.readers.ntu_lists import ACTIONS, PUBLISHED_60, TRAIN_SUBJECTS_60
from training.data.readers.nw_ucla import KINECT_V1, KINECT_V1_VK
from training.drawing.body import Body as Figure
from training.drawing.body import joints_of

NAME = "S001C002P003R002A013"
STANDING = joints_of({}, Figure())


def person(frames, x=0.0, swing=0.1):
    """(T, 25, 3): stands at x and sways by `swing` metres; each frame differs, none is all zeros."""
    sway = swing * np.sin(np.arange(frames) / 3)[:, None, None] * np.array([1.0, 0.0, 0.0])
    return (STANDING + [x, 0.0, 3.0] + sway).astype(np.float32)


def ntu_text(frames):
    """A file's text; frames: a list of [(id, (25, 3))] a frame."""
    lines = [str(len(frames))]
    for bodies in frames:
        lines.append(str(len(bodies)))
        for number, joints in bodies:
            lines += [f"{number} 0 1 1 0 0 0 0.01 -0.2 2", "25"]
            lines += [f"{x:.6f} {y:.6f} {z:.6f} 300 190 1100 480 0.1 0.2 0.3 0.4 2" for x, y, z in joints]
    return "\n".join(lines) + "\n"


def one_person(frames=20, **kind):
    return ntu_text([[("72057594037931101", joints)] for joints in person(frames, **kind)])


def people(text):
    return people_of(*parse(text))


def columns(**given):
    n = len(next(iter(given.values())))
    filled = {"name": [""] * n, "label": [""] * n} | {name: [0] * n for name in ("subject", "view", "setup")} | given
    return Columns(**{name: np.array(values) for name, values in filled.items()})


# NTU RGB+D


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


def test_lost_legs_lie_where_the_hips_are():
    joints = person(20)
    joints[:, [13, 14, 15, 17, 18, 19]] = 0
    (one,) = RecordedClip("legs", joints[None], 30.0).joints_PTVC
    np.testing.assert_allclose(one[:, [13, 14, 15]], joints[:, [12]].repeat(3, 1))
    blinking = person(20)
    blinking[9:12, 11] = np.nan  # a tenth of a second
    whole = RecordedClip("hand", blinking[None], 30.0).joints_PTVC[0]
    np.testing.assert_allclose(whole, person(20), atol=0.03)


def test_clips_that_are_no_people_in_metres():
    with pytest.raises(ReadError, match="one: .*feet"):
        RecordedClip("one", person(20)[None] * 3.281, 30.0)
    for shift in (0, 500):
        assert not RecordedClip("one", person(20)[None] + np.float32(shift), 30.0).note
    noise = np.random.default_rng(0).normal(size=(1, 20, 25, 3)).astype(np.float32)
    with pytest.raises(ReadError, match="nobody is seen in it .no|limb lengths"):
        RecordedClip("one", noise, 30.0)
    both = RecordedClip("two", np.concatenate([noise, person(20)[None]]), 30.0)
    np.testing.assert_array_equal(both.joints_PTVC, person(20)[None])
    with pytest.raises(ReadError, match="frames a second"):
        RecordedClip("slow", person(20)[None], 2.0)
    assert "y runs down" in RecordedClip("down", person(20)[None] * np.float32([1, -1, 1]), 30.0).note


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


def test_ucla_joints_that_are_made_of_lost_ones_are_lost(tmp_path):
    joints = person(20)
    joints[:, 2:4] = 0  # neck and head
    path = ucla_file(tmp_path, "a01_s01_e00_v01", joints)
    (clip,) = make_reader("nw-ucla").read(path, tmp_path)
    one_TVC = clip.joints_PTVC[0]
    np.testing.assert_allclose(one_TVC[:, 2:4], one_TVC[:, [20, 20]])


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


def test_forwardness_tells_a_mirror_from_a_turn():
    turned = person(4) * [-1, 1, -1]  # half a turn about y
    assert forwardness(person(4)) > 0.05 and forwardness(turned) > 0.05
    assert forwardness(person(4) * [-1, 1, 1]) < -0.05 and forwardness(person(4) * [1, 1, -1]) < -0.05


# PKU-MMD


def pku_source(folder, frames=60):
    for name in ("skeletons", "labels"):
        (folder / name).mkdir(exist_ok=True)
    both = np.stack([person(frames, -1, 0.1), person(frames, 1, 0.5)], 1)
    both[20:, 1] = 0
    for name in ("0002-L", "0002-M", "0003-L", "A01N02-R"):
        lines = [" ".join(f"{x:.5f}" for x in frame.ravel()) for frame in both]
        (folder / "skeletons" / f"{name}.txt").write_text("\n".join(lines) + "\n")
        (folder / "labels" / f"{name}.txt").write_text("3,1,20,1\n51,25,60,2\n")
    (folder / "cross-subject.txt").write_text(
        "Training videos: \n0002-L, 0002-M, A01N02-R\nValidataion videos: \n0003-L\n"
    )
    (folder / "cross-view.txt").write_text("Training videos: \n0002-M\nValidataion videos: \n0002-L, 0003-L\n")
    return both


def test_pku_cuts_sequences_by_their_labels(tmp_path):
    both, reader = pku_source(tmp_path), make_reader("pku")
    files = reader.files(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in files] == [
        f"skeletons/{name}.txt" for name in ("0002-L", "0002-M", "0003-L", "A01N02-R")
    ]
    first, second = reader.read(files[1], tmp_path)
    assert (first.name, first.label, first.view, first.frames) == ("0002-M#0", "A03", 2, 20.0)
    np.testing.assert_allclose(first.joints_PTVC, both[:20, ::-1].swapaxes(0, 1), atol=1e-4)  # the livelier one first
    assert second.label == "A51"
    np.testing.assert_allclose(second.joints_PTVC, both[24:60, :1].swapaxes(0, 1), atol=1e-4)


def test_pku_splits_are_those_of_the_lists(tmp_path):
    pku_source(tmp_path)
    given = columns(name=["0002-L#0", "0002-M#1", "0003-L#0", "A01N02-R#5"])
    splits = make_reader("pku").splits(given, tmp_path)
    assert {name: part.tolist() for name, part in splits.items()} == {"xsub": [1, 1, 0, 1], "xview": [0, 1, 0, -1]}
    (tmp_path / "cross-view.txt").write_text("0002-L, 0003-L")
    with pytest.raises(ValueError, match=r"cross-view\.txt does not list"):
        make_reader("pku").splits(given, tmp_path)


@pytest.mark.parametrize(
    ("part", "text", "says"),
    [
        ("skeletons", "", "empty"),
        ("skeletons", "1 2 3\n", "150"),
        ("skeletons", "\n \n", "the file is empty"),
        ("skeletons", "0.5 " * 150 + "\n" + "0.5 " * 149, "line 2 must hold 150 values; it holds 149"),
        ("skeletons", "0.5 " * 149 + "x\n", "line 1 must hold numbers; it holds 'x'"),
        ("skeletons", "\xff\x01\n", "line 1 must hold 150 values; it holds 1"),
        ("labels", "3,1,twenty,1\n", "action, first frame"),
        ("labels", "\xe9,1,20,1\n", "action, first frame"),
    ],
)
def test_pku_broken_files(part, text, says, tmp_path):
    pku_source(tmp_path)
    (tmp_path / part / "0002-L.txt").write_text(text, encoding="latin-1")
    with pytest.raises(ReadError, match=says) as caught:
        list(make_reader("pku").read(tmp_path / "skeletons" / "0002-L.txt", tmp_path))
    assert str(caught.value).startswith("0002-L.txt")


def test_pku_byte_order_marks_and_blank_lines(tmp_path):
    pku_source(tmp_path)
    for part in ("skeletons", "labels"):
        path = tmp_path / part / "0002-L.txt"
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    assert len(list(make_reader("pku").read(tmp_path / "skeletons" / "0002-L.txt", tmp_path))) > 0


def test_pku_labels_past_the_end(tmp_path):
    pku_source(tmp_path)
    (tmp_path / "labels" / "0002-L.txt").write_text("3,1,20,1\n4,100,120,1\n")
    good, bad = make_reader("pku").read(tmp_path / "skeletons" / "0002-L.txt", tmp_path)
    assert isinstance(good, RecordedClip) and isinstance(bad, ReadError) and "100 to 120" in str(bad)


# NW-UCLA


def ucla_file(folder, name, joints_TVC):
    joints_TKC = np.zeros((len(joints_TVC), 20, 3))
    for k, joint in enumerate(KINECT_V1):
        joints_TKC[:, k] = joints_TVC[:, JOINTS.index(joint) if joint in JOINTS else 0]
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"file_name": name, "skeletons": joints_TKC.tolist(), "label": 1}))
    return path


def test_ucla_reads_and_completes_the_joints(tmp_path):
    track = person(12)
    track[4] = 0
    path = ucla_file(tmp_path, "a11_s05_e02_v03", track)
    (clip,) = make_reader("nw-ucla").read(path, tmp_path)
    assert (clip.label, clip.subject, clip.view, clip.frames) == ("throw", 5, 3, 12.0)
    got, at = clip.joints_PTVC[0], JOINTS.index
    made = {"spine_mid", "neck", "left_tip", "right_tip", "left_thumb", "right_thumb"}
    kept = [v for v, joint in enumerate(JOINTS) if joint not in made]
    np.testing.assert_allclose(got[:, kept], track[:, kept], atol=1e-6)
    np.testing.assert_allclose(got[:, at("spine_mid")], (track[:, 0] + track[:, 20]) / 2, atol=1e-6)
    wrist, hand = track[:, at("left_wrist")], track[:, at("left_hand")]
    np.testing.assert_allclose(got[:, at("left_tip")], hand + (hand - wrist) / 2, atol=1e-6)
    np.testing.assert_allclose(KINECT_V1_VK.sum(1), 1)


def test_ucla_joints_are_made_as_in_the_other_sets(shared_data):
    from models.clips import read_clips

    clip = next(read_clips(shared_data / "skeletons" / "nw_ucla.npz"))
    index = [JOINTS.index(joint) if joint in JOINTS else 0 for joint in KINECT_V1]
    np.testing.assert_allclose(KINECT_V1_VK @ clip.joints_TV3[:, index], clip.joints_TV3, atol=1e-3)


def test_ucla_splits():
    given = columns(view=[1, 2, 3, 3], subject=[1, 2, 3, 10])
    splits = make_reader("nw-ucla").splits(given, None)
    assert {name: part.tolist() for name, part in splits.items()} == {"xview": [1, 1, 0, 0], "xsub": [1, 0, 1, 0]}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        ("{", "cut short, or no JSON"),
        ("[" * 100_000, "cut short, or no JSON"),
        ("\0" * 99, "it holds zeros alone"),
        ("[]", "JSON without `skeletons`"),
        ('{"skeletons": 3}', r"frames x 20 x 3; it is \(\)"),
        ('{"skeletons": [[[1, 2, 3]]]}', "frames x 20 x 3; it is"),
        ('{"skeletons": [[[1, 2, 3]], [[1]]]}', "frames x 20 x 3 numbers"),
        ('{"skeletons": [[["a", 2, 3]]]}', "frames x 20 x 3 numbers"),
        ('{"skeletons": []}', "frames x 20 x 3"),
    ],
)
def test_ucla_broken_files(text, says, tmp_path):
    path = tmp_path / "a01_s01_e00_v01.json"
    path.write_text(text)
    with pytest.raises(ReadError, match=f"{path.name}: .*{says}"):
        list(make_reader("nw-ucla").read(path, tmp_path))


@pytest.mark.parametrize("name", ["a01_s01_e00_v01.JSON", "a01_s01_e00_v01 (1).json", "A01_S01_E00_V01.json"])
def test_ucla_names_as_downloads_have_them(name, tmp_path):
    ucla_file(tmp_path, "x", person(12)).rename(tmp_path / name)
    (path,) = make_reader("nw-ucla").files(tmp_path)
    (clip,) = make_reader("nw-ucla").read(path, tmp_path)
    assert (path.name, clip.name) == (name, "a01_s01_e00_v01") and guess_kind(tmp_path) == "nw-ucla"
    ucla_file(tmp_path, "a01_s01_e00_v01", person(12))
    assert len(make_reader("nw-ucla").files(tmp_path)) == 1


# the clip format


def clip(label, subject, view, frames=10, fps=30.0):
    return Clip(person(frames), fps, label, "", subject, view)


def test_clips_lost_frames_and_other_rates(tmp_path):
    track = person(30)
    track[10:16] = 0
    write_clips(tmp_path / "a.npz", [Clip(track, 15.0, "wave"), Clip(np.zeros((5, 25, 3), np.float32), 15.0, "wave")])
    got, empty = make_reader("clips").read(tmp_path / "a.npz", tmp_path / "a.npz")
    assert got.frames == 30 / 15 * 30 and got.valid_PT.sum() == 24
    assert isinstance(empty, ReadError) and "nobody" in str(empty)


def test_clips_of_several_sets_are_told_apart(tmp_path):
    write_clips(tmp_path / "a.npz", [clip("wave", 1, 1), clip("wave", 1, 2), clip("", 2, 3), clip("wave", 2, 4)])
    write_clips(tmp_path / "b.npz", [clip("wave", 1, 1), clip("wave", 1, 2)])
    reader = make_reader("clips")
    clips = [c for path in reader.files(tmp_path) for c in reader.read(path, tmp_path)]
    names = ("name", "label", "subject", "view")
    given = columns(**{name: [getattr(c, name) for c in clips] for name in names})
    assert reader.labels(given) == ("a/wave", "b/wave") and given.name.tolist()[3:5] == ["a#3", "b#0"]
    splits = {name: part.tolist() for name, part in reader.splits(given, tmp_path).items()}
    # b has neither three cameras nor two actors; a camera 4 is in no half
    assert splits == {"xview": [1, 1, 0, -1, -1, -1], "xsub": [1, 1, 0, 0, -1, -1]}


def test_clips_of_actors_who_have_names(tmp_path):
    frames = np.concatenate([person(20)] * 4)
    np.savez(
        tmp_path / "a.npz", frames=frames, fps=[30.0] * 4, start=[0, 20, 40, 60], length=[20] * 4,
        subject=["P01", "S7", "anna", "a1b2"], view=[1.0, np.nan, 3.0, np.inf],
    )  # fmt: skip
    clips = list(make_reader("clips").read(tmp_path / "a.npz", tmp_path / "a.npz"))
    assert [c.subject for c in clips] == [1, 7, 0, 0] and [c.view for c in clips] == [1, 0, 3, 0]


# which kind


@pytest.mark.parametrize("kind", ["ntu", "pku", "nw-ucla", "clips", "videos"])
def test_the_kind_is_told_from_the_files(kind, tmp_path):
    if kind == "ntu":
        (tmp_path / f"{NAME}.skeleton").write_text("")
    elif kind == "pku":
        pku_source(tmp_path)
    elif kind == "nw-ucla":
        ucla_file(tmp_path, "a01_s01_e00_v01", person(3))
    elif kind == "clips":
        write_clips(tmp_path / "a.npz", [clip("wave", 1, 1)])
    (tmp_path / "colour.avi").write_text("")  # data sets ship their videos too
    assert guess_kind(tmp_path) == kind


def test_no_kind_and_two_kinds(tmp_path):
    with pytest.raises(ValueError, match="holds nothing that can be prepared"):
        guess_kind(tmp_path)
    (tmp_path / f"{NAME}.skeleton").write_text("")
    write_clips(tmp_path / "a.npz", [clip("wave", 1, 1)])
    with pytest.raises(ValueError, match="--kind ntu or --kind clips"):
        guess_kind(tmp_path)
    with pytest.raises(ValueError, match="choose one of ntu, pku"):
        make_reader("kinetics")


# what all share


def test_motion_energy_knows_the_frames_where_a_person_is_seen():
    track = person(20)
    halved = track.copy()
    halved[::2] = 0
    assert motion_energy(halved) == pytest.approx(motion_energy(track[1::2]))
    assert motion_energy(np.zeros_like(track)) == 0.0
    ordered = most_moving([person(20, swing=s) for s in (0.1, 0.3, 0.2)])
    np.testing.assert_array_equal(ordered, [person(20, swing=0.3), person(20, swing=0.2)])
