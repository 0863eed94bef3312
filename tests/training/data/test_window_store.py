"""Windows of clips become a store for pre-training."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.resample import read_window
from models.skeleton import CENTRE
from training.data.pool import Pool
from training.data.store import Store
from training.data.tracks import Track
from training.data.window_store import counterparts_of, store_windows, window_ends, windows_of
from training.drawing.body import Body, joints_of
from training.drawing.motions import make_motion


def track(seconds: float, seed: int = 0, fps: float = 20.0) -> Track:
    joints = make_motion("wave", seconds, fps, seed) + [1.0, 0.0, 2.0]
    times_T = np.arange(len(joints)) / fps + 5.0
    return Track(times_T, joints.astype(np.float32), np.ones(joints.shape[:2], bool), "wave", "train", "motion", "raw")


@pytest.mark.parametrize(
    ("seconds", "ends"), [(1.0, [1.75]), (2.5, [2.5]), (2.6, [2.5, 2.6]), (4.5, [2.5, 3.5, 4.5]), (0.0, [1.25])]
)
def test_ends(seconds: float, ends: list[float]) -> None:
    np.testing.assert_allclose(window_ends(seconds, 2.5, 1.0), ends)


@pytest.mark.parametrize(("window_s", "hop_s"), [(0.0, 1.0), (2.5, 0.0), (2.5, -1.0), (float("nan"), 1.0)])
def test_impossible_windows(window_s: float, hop_s: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        window_ends(3.0, window_s, hop_s)


def test_windows_are_what_the_app_reads() -> None:
    clip = track(4.0)
    windows = windows_of(clip, 2.5, 1.0, 50)
    assert windows.shape == (3, 50, 25, 3)
    last = read_window(clip.times_T, clip.joints_TV3, clip.seen_TV, float(clip.times_T[-1]), 2.5, 50)
    np.testing.assert_allclose(windows[-1], last, atol=1e-5)


def test_the_store_holds_every_window_centred_and_turned(tmp_path: Path) -> None:
    tracks, notes = [track(4.0, 1), track(1.0, 2)], []
    store_windows(tracks, tmp_path / "w", 2.5, 1.0, 50, notes.append)
    store = Store.open(tmp_path / "w")
    assert len(store) == 4 and notes == ["4 windows of 2 clips"]
    assert (store.frames_N == 75).all() and (store.label_N == -1).all()
    joints = store.batch(np.arange(4)).joints_NPTVC
    assert float(joints[..., CENTRE, :].abs().max()) < 1e-6
    across = joints[..., 8, :] - joints[..., 4, :]
    assert float(across[..., 2].abs().max()) < 1e-5 and float(across[..., 0].min()) > 0
    assert len(Pool.open([str(tmp_path / "w")])) == 4


def test_a_finished_store_is_kept_and_others_are_refused(tmp_path: Path) -> None:
    store_windows([track(4.0, 1)], tmp_path, 2.5, 1.0, 50, lambda line: None)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    store_windows([track(4.0, 1)], tmp_path, 2.5, 1.0, 50, lambda line: None)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    for other, hop_s in (([track(4.0, 3)], 1.0), ([track(4.0, 1)], 0.5)):
        with pytest.raises(ValueError, match="windows of other clips"):
            store_windows(other, tmp_path, 2.5, hop_s, 50, lambda line: None)


def test_a_standing_body_stays_finite(tmp_path: Path) -> None:
    still = np.repeat(joints_of({}, Body())[None], 10, 0)
    clip = Track(np.arange(10) / 10, still, np.ones((10, 25), bool), "idle", "train", "motion", "raw")
    store_windows([clip], tmp_path, 2.5, 1.0, 50, lambda line: None)
    assert np.isfinite(np.load(tmp_path / "skeletons.npy")).all()


def paired(seconds: float, seed: int = 0, lost: slice = slice(0)) -> Track:
    """An unlabelled clip beside what another sensor saw: the same motion, half as large and elsewhere."""
    clip = track(seconds, seed)
    truth_TV3 = (clip.joints_TV3 * 0.5 + [0.0, 7.0, 0.0]).astype(np.float16)
    truth_TV3[lost] = 0
    return replace(clip, action="", truth_TV3=truth_TV3)


def test_counterparts_are_cut_like_their_windows(tmp_path: Path) -> None:
    notes: list[str] = []
    store_windows([track(4.0, 1), paired(4.0, 2), track(1.0, 3)], tmp_path, 2.5, 1.0, 50, notes.append)
    store = Store(tmp_path)
    assert notes == ["7 windows of 3 clips, 3 with a counterpart"]
    assert store.counterpart_N.tolist() == [-1, -1, -1, 0, 1, 2, -1]
    joints_NTV3 = store.batch(np.arange(3, 6)).joints_NPTVC[:, 0].numpy()
    np.testing.assert_allclose(store.counterparts(np.arange(3)), joints_NTV3 / 2, atol=0.01)  # float16 at 7 m


@pytest.mark.parametrize(
    ("lost", "whole"),
    [(slice(0, 5), [False, True, True]), (slice(5, 14), [False, False, True]), (slice(70, 71), [True, True, False])],
)
def test_a_window_in_which_the_other_sensor_lost_a_frame_has_no_counterpart(lost: slice, whole: list[bool]) -> None:
    windows = counterparts_of(paired(4.0, 0, lost), 2.5, 0.75, 50)  # of frames 0-50, 15-65 and 30-80, and a margin of 3
    assert [window is not None for window in windows] == whole
    assert all(np.isfinite(window).all() for window in windows if window is not None)


def test_a_store_knows_its_counterparts(tmp_path: Path) -> None:
    plain, with_truth = track(4.0, 1), paired(4.0, 1)
    store_windows([with_truth], tmp_path / "pairs", 2.5, 1.0, 50, lambda line: None)
    store_windows([plain], tmp_path / "plain", 2.5, 1.0, 50, lambda line: None)
    assert Store(tmp_path / "pairs").hash != Store(tmp_path / "plain").hash
    moved = replace(with_truth, truth_TV3=with_truth.truth_TV3 + np.float16(0.25))
    for other in (plain, moved):
        with pytest.raises(ValueError, match="windows of other clips"):
            store_windows([other], tmp_path / "pairs", 2.5, 1.0, 50, lambda line: None)
