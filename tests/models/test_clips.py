"""The clip format: there and back, and what it refuses."""

import numpy as np
import pytest

from models.clips import Clip, ClipFileError, read_clips, write_clips


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
    np.savez(tmp_path / "one.npz", frames=np.ones((5, 25, 3), np.float32), fps=30.0)
    (clip,) = read_clips(tmp_path / "one.npz")
    assert clip.index is None and clip.seconds == pytest.approx(5 / 30) and clip.seen_T.all()


def _write(path, **fields):
    np.savez(path, **({"frames": np.ones((5, 25, 3), np.float32), "fps": 30.0} | fields))


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"frames": np.ones((5, 20, 3))}, "needs `frames`"),
        ({"frames": np.full((5, 25, 3), np.nan)}, "not finite"),
        ({"fps": 0.0}, "frames a second"),
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


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"<html>not found</html>"])
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
        ({"frames": np.full((5, 25, 3), 3e38), "scale": 1e30}, "not finite"),
        ({"frames": np.full((5, 25, 3), 2e7)}, "joints are metres"),
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
