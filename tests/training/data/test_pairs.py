"""Pairs of BlazePose and motion capture become tracks with their counterpart."""

from pathlib import Path

import numpy as np
import pytest

from models.modalities import normalise
from models.skeleton import CENTRE, bridge, mirrored
from models.system.places import ROOT
from training.data.pairs import pair_tracks
from training.data.window_store import counterparts_of

SHARED = ROOT.parent / "shared" / "data"


def write(folder: Path, **changed: np.ndarray) -> None:
    """Two views of 40 and 30 frames; BlazePose saw nobody in frames 3 and 4 of the second."""
    rng = np.random.default_rng(0)
    visibility = np.ones((70, 33), np.float16)
    visibility[43:45] = 0
    fields = {
        "world": rng.normal(0, 0.3, (70, 33, 3)).astype(np.float16), "visibility": visibility,
        "mocap": (np.arange(1, 71)[:, None, None] * np.ones((25, 3))).astype(np.int16), "scale": np.float32(0.5),
        "start": np.array([0, 40]), "length": np.array([40, 30]), "fps": np.array([30.0, 20.0]),
        "subject": np.array(["a", "b"]), "recording": np.array(["walk", "act"]), "camera": np.array([1, 7]),
    }  # fmt: skip
    (folder / "pairs").mkdir()
    np.savez(folder / "pairs" / "totalcapture.npz", **(fields | changed))


def test_both_sides_keep_the_frames_in_which_somebody_was_found(tmp_path: Path) -> None:
    write(tmp_path)
    first, second = pair_tracks(tmp_path)
    kept = np.setdiff1d(np.arange(30), [3, 4])
    np.testing.assert_allclose(second.times_T, kept / 20)
    np.testing.assert_allclose(second.truth_TV3[:, 0, 0], (41 + kept) * 0.5)
    with np.load(tmp_path / "pairs" / "totalcapture.npz") as held:
        joints, _ = bridge(held["world"][40:].astype(np.float32), held["visibility"][40:].astype(np.float32))
    np.testing.assert_allclose(second.joints_TV3, joints[kept])
    assert len(first.times_T) == 40 and first.seen_TV.all()
    assert {(t.action, t.part, t.source, t.domain) for t in (first, second)} == {
        ("", "train", "totalcapture", "camera")
    }
    assert [t.recorded for t in (first, second)] == ["totalcapture#a_walk", "totalcapture#b_act"]


def test_a_file_that_is_not_there_or_not_whole_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"totalcapture\.npz is missing; give --data"):
        pair_tracks(tmp_path)
    write(tmp_path, visibility=np.ones((70, 32)))
    with pytest.raises(ValueError, match="is damaged"):
        pair_tracks(tmp_path)
    (tmp_path / "pairs" / "totalcapture.npz").write_bytes(b"PK cut short")
    with pytest.raises(ValueError, match="is damaged"):
        pair_tracks(tmp_path)


@pytest.mark.skipif(not (SHARED / "pairs").is_dir(), reason="needs ../shared/data/pairs")
def test_both_sensors_have_the_same_axes_and_sides() -> None:
    """Centred and turned, joints of the two are 0.16 m apart; with left and right exchanged they are 0.31 m apart."""
    import torch

    near, far = [], []
    for track in pair_tracks(SHARED)[::4]:
        joints, truth, swapped = (
            normalise(torch.from_numpy(np.ascontiguousarray(side, np.float32))).numpy()
            for side in (track.joints_TV3, track.truth_TV3, mirrored(track.truth_TV3))
        )
        near.append(np.linalg.norm(truth - joints, axis=-1)[track.seen_TV].mean())
        far.append(np.linalg.norm(swapped - joints, axis=-1)[track.seen_TV].mean())
        assert track.seen_TV[:, CENTRE].all()
    assert max(near) < 0.2 and min(far) > 0.24
    assert all(window is not None for window in counterparts_of(track, 2.5, 5.0, 50))  # none of it was lost
