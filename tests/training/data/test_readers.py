"""What the readers share, and how the kind of a folder is told."""

import numpy as np
import pytest

from models.clips import write_clips
from tests.training.data.written import NAME, clip, person, pku_source, ucla_file
from training.data.readers import guess_kind, make_reader
from training.data.readers.base import ReadError, RecordedClip, forwardness, most_moving, motion_energy


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


def test_forwardness_tells_a_mirror_from_a_turn():
    turned = person(4) * [-1, 1, -1]  # half a turn about y
    assert forwardness(person(4)) > 0.05 and forwardness(turned) > 0.05
    assert forwardness(person(4) * [-1, 1, 1]) < -0.05 and forwardness(person(4) * [1, 1, -1]) < -0.05


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


def test_motion_energy_knows_the_frames_where_a_person_is_seen():
    track = person(20)
    halved = track.copy()
    halved[::2] = 0
    assert motion_energy(halved) == pytest.approx(motion_energy(track[1::2]))
    assert motion_energy(np.zeros_like(track)) == 0.0
    ordered = most_moving([person(20, swing=s) for s in (0.1, 0.3, 0.2)])
    np.testing.assert_array_equal(ordered, [person(20, swing=0.3), person(20, swing=0.2)])
