"""Recordings to learn from: lost joints, units, rates and people who are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.teach.examples import TeachError
from app.teach.inputs import recordings
from models.clips import ClipFileError
from tests.bodies import LEGS, waving


def taught(path: Path, frames: np.ndarray, fps: float = 30.0) -> list:
    np.savez(path, frames=frames, fps=fps)
    return list(recordings(path, lambda: path))


@pytest.mark.parametrize("mark", [0, np.nan])
def test_joints_of_zeros_or_nan_are_lost(tmp_path: Path, mark: float) -> None:
    frames = waving(60)
    frames[:, LEGS] = mark
    (one,) = taught(tmp_path / "a.npz", frames)
    assert not one.seen_TV[:, LEGS].any() and one.seen_TV.sum() == 60 * 19 and one.note == ""


def test_what_teaches_nothing_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ClipFileError, match="millimetres"):
        taught(tmp_path / "a.npz", waving(60) * 1000)
    with pytest.raises(TeachError, match="shows nobody .the joints have no limb lengths"):
        taught(tmp_path / "a.npz", np.random.default_rng(0).normal(size=(60, 25, 3)))
    with pytest.raises(TeachError, match="2 frames a second are too few"):
        taught(tmp_path / "a.npz", waving(60, 2.0), 2.0)
    np.save(tmp_path / "a.npy", waving(60))
    with pytest.raises(ClipFileError, match="save it as an .npz"):
        list(recordings(tmp_path / "a.npy", lambda: tmp_path))


def test_a_body_upside_down_comes_with_a_word(tmp_path: Path) -> None:
    (one,) = taught(tmp_path / "a.npz", waving(60) * [1, -1, 1])
    assert "y runs down" in one.note
