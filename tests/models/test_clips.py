"""The clip format: there and back, and what it refuses."""

import numpy as np
import pytest

from models.clips import Clip, ClipFileError, read_clips, write_clips
from tests.bodies import LEGS, standing, waving


def _clips():
    rng = np.random.default_rng(0)
    return [
        Clip(rng.normal(size=(n, 25, 3)).astype(np.float32), fps, label, action, subject, view, index=i)
        for i, (n, fps, label, action, subject, view) in enumerate(
            [(7, 30.0, "hi", "wave", 3, 1), (12, 15.0, "x", "", 4, 0)]
        )
    ]


def test_many_clips_there_and_back(tmp_path):
    write_clips(tmp_path / "two.npz", _clips())
    back = list(read_clips(tmp_path / "two.npz"))
    for one, other in zip(_clips(), back, strict=True):
        np.testing.assert_allclose(one.joints_TV3, other.joints_TV3, atol=0.00026)
        assert (one.fps, one.label, one.action, one.subject, one.view, one.index) == (
            other.fps, other.label, other.action, other.subject, other.view, other.index,
        )  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["two.npz"]


def test_one_recorded_clip(tmp_path):
    np.savez(tmp_path / "one.npz", frames=standing(5), fps=30.0)
    (clip,) = read_clips(tmp_path / "one.npz")
    assert clip.index is None and clip.seconds == pytest.approx(5 / 30) and clip.seen_T.all()


def _write(path, **fields):
    np.savez(path, **({"frames": np.ones((5, 25, 3), np.float32), "fps": 30.0} | fields))


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"frames": np.ones((5, 20, 3))}, "needs `frames`"),
        ({"frames": standing(5) * 1000}, "millimetres"),
        ({"fps": 0.0}, "frames a second"),
        ({"fps": [30.0, 25.0]}, "several rates"),
        ({"start": np.array([0]), "length": np.array([9]), "fps": np.array([30.0])}, "past the end"),
        ({"start": np.array([0]), "fps": np.array([30.0])}, "`start` and `length`"),
        ({"start": np.array([0]), "length": np.array([5]), "fps": np.array([30.0, 30.0])}, "one entry a clip"),
    ],
)
def test_broken_clips_are_named(tmp_path, fields, message):
    _write(tmp_path / "bad.npz", **fields)
    with pytest.raises(ClipFileError, match=message):
        list(read_clips(tmp_path / "bad.npz"))


def test_what_an_archive_holds_is_said(tmp_path):
    np.savez(tmp_path / "other.npz", poses=np.ones(3), **{"a\x1b[2Jb": np.ones(3)})
    with pytest.raises(ClipFileError, match=r"it holds 'a\\x1b\[2Jb', 'poses'$"):
        list(read_clips(tmp_path / "other.npz"))
    np.savez(tmp_path / "empty.npz")
    with pytest.raises(ClipFileError, match="it holds nothing$"):
        list(read_clips(tmp_path / "empty.npz"))


@pytest.mark.parametrize("content", [b"hello", b"PK\x03\x04 cut short", b"<x>not found</x>"])
def test_foreign_files_are_named(tmp_path, content):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(ClipFileError, match="not a readable"):
        list(read_clips(tmp_path / "x.npz"))


def test_missing_file_and_pickles_are_refused(tmp_path):
    with pytest.raises(ClipFileError, match="no such file"):
        list(read_clips(tmp_path / "none.npz"))
    np.savez(tmp_path / "evil.npz", frames=np.array([{"a": 1}], object), fps=30.0)
    with pytest.raises(ClipFileError):
        list(read_clips(tmp_path / "evil.npz"))


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"fps": "fast"}, "`fps` must hold finite numbers"),
        ({"fps": np.zeros(0)}, "`fps` is empty"),
        ({"scale": np.ones(2)}, "`scale` one number"),
        ({"scale": np.nan}, "`scale` must hold finite numbers"),
        ({"frames": np.full((5, 25, 3), "x")}, "real numbers"),
        ({"frames": standing(5), "scale": 1e30}, "no metres"),
        ({"frames": standing(5), "scale": 1e-3}, "no metres"),
        ({"start": np.array(["a"]), "length": np.array([5])}, "`start` must hold finite numbers"),
        ({"start": np.array([0.5]), "length": np.array([2]), "fps": np.array([30.0])}, "past the end"),
    ],
)
def test_impossible_numbers_are_named(tmp_path, fields, message):
    _write(tmp_path / "bad.npz", **fields)
    with pytest.raises(ClipFileError, match=message):
        list(read_clips(tmp_path / "bad.npz"))


def test_a_small_file_that_would_fill_the_memory_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "bomb.npz", frames=np.zeros((400_000, 25, 3), np.float32), fps=30.0)
    with pytest.raises(ClipFileError, match="kB that would fill 114 MB"):
        next(read_clips(tmp_path / "bomb.npz"))


def test_an_hour_without_anybody_is_no_bomb(tmp_path):
    np.savez_compressed(tmp_path / "night.npz", frames=np.zeros((108_000, 25, 3), np.float32), fps=30.0)
    (clip,) = read_clips(tmp_path / "night.npz")
    assert clip.seconds == 3600 and not clip.seen_T.any()


def test_no_clips_at_all(tmp_path):
    write_clips(tmp_path / "none.npz", [])
    assert list(read_clips(tmp_path / "none.npz")) == []


def test_a_joint_of_zeros_or_nan_amid_others_is_lost(tmp_path):
    for mark in (0, np.nan):
        frames = standing(20)
        frames[5:, LEGS] = mark
        np.savez(tmp_path / "legs.npz", frames=frames, fps=30.0)
        (clip,) = read_clips(tmp_path / "legs.npz")
        assert clip.seen_T.all() and not clip.seen_TV[5:, LEGS].any() and clip.seen_TV[:5].all()
        assert np.isfinite(clip.joints_TV3).all() and clip.shown[2].sum() == clip.seen_TV.sum() == 20 * 25 - 15 * 6


def test_a_body_far_from_the_origin_keeps_its_digits(tmp_path):
    near, far = standing(20).astype(float), standing(20) + np.array([5e5, 4e6, 0.0])
    far[:, LEGS] = near[:, LEGS] = 0
    np.savez(tmp_path / "far.npz", frames=far, fps=30.0)
    (clip,) = read_clips(tmp_path / "far.npz")
    assert not clip.seen_TV[:, LEGS].any() and not clip.joints_TV3[:, LEGS].any() and clip.seen_TV.sum() == 20 * 19
    moved = clip.joints_TV3 - near
    np.testing.assert_allclose(moved[clip.seen_TV], np.broadcast_to(moved[0, 0], (20 * 19, 3)), atol=1e-4)


@pytest.mark.parametrize("frames", [np.ones((9, 25, 3)), np.random.default_rng(0).normal(size=(9, 25, 3))])
def test_noise_and_a_point_are_nobody(tmp_path, frames):
    np.savez(tmp_path / "none.npz", frames=frames, fps=30.0)
    (clip,) = read_clips(tmp_path / "none.npz")
    assert not clip.seen_TV.any()


def test_a_clip_in_another_unit_is_named_with_its_number(tmp_path):
    frames = np.concatenate([waving(30), waving(30) * 1000])
    np.savez(tmp_path / "set.npz", frames=frames, start=[0, 30], length=[30, 30], fps=[30.0, 30.0])
    clips = read_clips(tmp_path / "set.npz")
    assert next(clips).seen_T.all()
    with pytest.raises(ClipFileError, match="clip 1: .*millimetres"):
        next(clips)


def test_single_and_object_arrays_are_named(tmp_path):
    np.save(tmp_path / "joints.npy", standing(5))
    with pytest.raises(ClipFileError, match="one array .*save it as an .npz"):
        list(read_clips(tmp_path / "joints.npy"))
    (tmp_path / "joints.npy").rename(tmp_path / "joints.npz")
    with pytest.raises(ClipFileError, match="one array"):
        list(read_clips(tmp_path / "joints.npz"))
    for name in ("list.npz", "list.npy"):
        with open(tmp_path / name, "wb") as file:
            held = np.array([None, 1], object)
            np.save(file, held) if name.endswith("npy") else np.savez(file, frames=held, fps=30.0)
        with pytest.raises(ClipFileError, match="Python objects"):
            list(read_clips(tmp_path / name))


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((9, 17, 3), "COCO"), ((9, 18, 3), "OpenPose"), ((9, 20, 3), "Kinect v1"), ((9, 26, 3), "Halpe"),
        ((9, 33, 3), "bridge"), ((9, 25, 2), "depth"), ((9, 3, 25), "turn"),
        ((25, 3, 9), "turn its axes"), ((3, 9, 25), "turn its axes"),
        ((9, 75), "reshape"),
        ((9, 55, 3), "SMPL-X"), ((9, 543, 3), "Holistic"),
        ((9, 2, 25, 3), "several people"),
        ((9, 25, 4), "NaN"),
        ((3, 9, 25, 2), "ST-GCN"),
        ((5, 3, 9, 25, 2), "ST-GCN"), ((9, 999, 3), "999, 3\\)$"),
    ],
)  # fmt: skip
def test_other_layouts_are_named_with_the_way_in(tmp_path, shape, hint):
    np.savez(tmp_path / "other.npz", frames=np.ones(shape), fps=30.0)
    with pytest.raises(ClipFileError, match=f"needs `frames`.*{hint}"):
        list(read_clips(tmp_path / "other.npz"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"\x1f\x8b" + bytes(99), "it is compressed: unpack it first"),
        (bytes(999), "it holds zeros alone"),
    ],
)
def test_what_is_no_archive_is_told_what_it_is(tmp_path, content, message):
    (tmp_path / "clip.npz").write_bytes(content)
    with pytest.raises(ClipFileError, match=message):
        list(read_clips(tmp_path / "clip.npz"))


def test_a_locked_archive_and_a_file_for_a_folder_are_told(tmp_path):
    path = tmp_path / "clip.npz"
    _write(path)
    data = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # as if encrypted
        at = -1
        while (at := data.find(mark, at + 1)) >= 0:
            data[at + flags] |= 1
    path.write_bytes(data)
    with pytest.raises(ClipFileError, match="locked with a password"):
        list(read_clips(path))
    with pytest.raises(ClipFileError, match="there is no such file: what should be its folder is a file"):
        list(read_clips(path / "clip.npz"))


@pytest.mark.parametrize("scale", [0.0, -0.001])
def test_a_scale_is_above_zero(tmp_path, scale):
    frames = np.ones((9, 25, 3), np.int16)
    _write(tmp_path / "clip.npz", frames=frames, scale=scale)
    with pytest.raises(ClipFileError, match="`scale` one number above 0"):
        list(read_clips(tmp_path / "clip.npz"))
