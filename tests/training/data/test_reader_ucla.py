"""NW-UCLA's files, from ones that the tests write, and from real ones where they are at hand."""

import numpy as np
import pytest

from models.skeleton import JOINTS
from tests.training.data.written import columns, person, ucla_file
from training.data.readers import guess_kind, make_reader
from training.data.readers.base import ReadError
from training.data.readers.nw_ucla import KINECT_V1, KINECT_V1_VK


def test_ucla_joints_that_are_made_of_lost_ones_are_lost(tmp_path):
    joints = person(20)
    joints[:, 2:4] = 0  # neck and head
    path = ucla_file(tmp_path, "a01_s01_e00_v01", joints)
    (clip,) = make_reader("nw-ucla").read(path, tmp_path)
    one_TVC = clip.joints_PTVC[0]
    np.testing.assert_allclose(one_TVC[:, 2:4], one_TVC[:, [20, 20]])


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
