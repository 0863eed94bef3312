"""Spliced recordings of known times, and what events on them are worth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.skeleton import JOINTS
from training.data.splices import BLEND_S, FPS, Splice, Stillness, amid_stillness, splice, splices, upright
from training.data.tracks import Track
from training.drawing.draw import PinholeCamera
from training.drawing.motions import make_motion
from training.judging.events import by_set, edit_score, heard, iou, judge, match

PELVIS = JOINTS.index("pelvis")
STILL = [make_motion("stand", 2.0, FPS, seed) for seed in range(6)]


@pytest.fixture(scope="module")
def made() -> Splice:
    """A wave seen from the side, far away, and a squat."""
    aside = PinholeCamera(yaw=1.0).turned(make_motion("wave", 2.0, FPS, 1)) + [3, 0, 1]
    actions = [("wave", aside.astype(np.float32)), ("squat", make_motion("squat", 1.5, FPS, 2))]
    return splice(actions, Stillness(STILL), np.random.default_rng(0), "drawn 0")


def test_the_truth_is_where_the_clips_are(made: Splice) -> None:
    assert [label for label, *_ in made.truth] == ["wave", "squat"]
    for (_, start_s, end_s), name, seconds, seed in zip(made.truth, ("wave", "squat"), (2.0, 1.5), (1, 2)):
        a, b = round(start_s * FPS), round(end_s * FPS)
        assert b - a == round(seconds * FPS)
        np.testing.assert_allclose(
            upright(made.joints_TV3[a:b]), upright(make_motion(name, seconds, FPS, seed)), atol=2e-3
        )


def test_the_pieces_are_joined_smoothly(made: Splice) -> None:
    assert np.abs(np.diff(made.joints_TV3[:, PELVIS], axis=0)).max() < 0.05
    step_T = np.linalg.norm(np.diff(made.joints_TV3, axis=0), axis=-1).max(1)
    assert step_T.max() < 1.2 / (BLEND_S * FPS)  # a hand that was up comes down within the blend
    assert made.joints_TV3.dtype == np.float32 and np.isfinite(made.joints_TV3).all()


def test_stillness_is_found_by_pose_and_put_in_its_place() -> None:
    low = [clip - np.linspace(0, 0.4, 25)[:, None] for clip in STILL]  # another pose
    pose_V3 = PinholeCamera(yaw=2.0).turned(STILL[0][0] * 1.1) + np.float32([5, 0, 0])
    piece = Stillness(STILL * 4 + low).like(pose_V3, 90, np.random.default_rng(1))
    assert piece.shape == (90, 25, 3)
    np.testing.assert_allclose(piece[:, PELVIS].mean(0), pose_V3[PELVIS], atol=0.1)
    assert np.linalg.norm(piece.mean(0) - pose_V3, axis=-1).mean() < 0.1
    with pytest.raises(ValueError, match="no clips of stillness"):
        Stillness([])


def test_a_clip_amid_stillness() -> None:
    def track(action: str, joints_TV3: np.ndarray, fps: float) -> Track:
        seen_TV = np.ones(joints_TV3.shape[:2], bool)
        return Track(np.arange(len(joints_TV3)) / fps, joints_TV3, seen_TV, action, "val", "motion", "raw")

    clip = track("squat", make_motion("squat", 2.0, 20.0, 3).astype(np.float32), 20.0)
    (made,) = amid_stillness([clip], [track("idle", still.astype(np.float32), FPS) for still in STILL])
    assert made.action == "squat" and 2 + 2 * 1.5 < made.seconds < 2 + 2 * 4 + 1
    low_T = made.joints_TV3[:, PELVIS, 1] - made.joints_TV3[0, PELVIS, 1]
    quarter = len(low_T) // 8
    assert low_T[quarter:-quarter].min() < -0.2
    assert np.abs(low_T[[*range(quarter), *range(-quarter, 0)]]).max() < 0.1
    np.testing.assert_allclose(np.diff(made.times_T), 1 / FPS)


def test_matching() -> None:
    truth = [("wave", 0.0, 2.0), ("squat", 4.0, 6.0), ("wave", 8.0, 9.0)]
    assert iou(truth[0], ("wave", 1.0, 3.0)) == pytest.approx(1 / 3)
    found = [("wave", 0.1, 2.1), ("wave", 0.5, 2.0), ("wave", 4.0, 6.0), ("wave", 8.5, 11.0)]
    assert match(found, truth) == [(0, 0)]
    assert sorted(match(found, truth, 0.1)) == [(0, 0), (3, 2)]


def test_the_edit_score() -> None:
    truth = [("a", 0, 1), ("b", 2, 3), ("a", 4, 5)]
    assert edit_score(truth, truth) == 100 and edit_score([], truth) == 0 and edit_score([], []) == 100
    assert edit_score(truth[:2], truth) == pytest.approx(200 / 3)
    assert edit_score([("c", 0, 1), *truth[1:]], truth) == pytest.approx(200 / 3)


def test_judging() -> None:
    truth = [("wave", 0.0, 2.0), ("squat", 4.0, 6.0)]
    right = judge([truth, truth], [truth, truth])
    assert (right["f1"], right["edit"], right["said"], right["start_s"]) == (100.0, 100.0, 100.0, 0.0)
    off = judge([[("wave", 0.4, 2.2), ("clap", 3.0, 3.5)]], [truth])
    assert (off["f1"], off["f1_75"], off["precision"], off["recall"]) == (50.0, 0.0, 50.0, 50.0)
    assert (off["start_s"], off["end_s"], off["events"], off["actions"]) == (0.4, 0.2, 2, 2)
    none = judge([[]], [truth])
    assert (none["f1"], none["start_s"]) == (0.0, None)
    rows = by_set([truth, []], [Splice(np.zeros((1, 25, 3)), tuple(truth), s) for s in ("kard 1", "hdm05 4")])
    assert [(row["set"], row["f1"]) for row in rows] == [("kard", 100.0), ("hdm05", 0.0), ("all", 66.7)]


def test_a_stream_is_heard(made: Splice) -> None:
    from tests.app.classify.test_frozen_events import RuleModel

    for fps in (30.0, 15.0):
        segments = heard(RuleModel(), made, fps=fps)
        assert judge([segments], [made.truth])["f1"] == 100.0, segments


@pytest.mark.slow
def test_recordings_of_real_actors(shared_data: Path) -> None:
    some, again = splices(shared_data, "val", 1, seed=3), splices(shared_data, "val", 1, seed=3)
    assert len(some) == 7 and all(np.array_equal(a.joints_TV3, b.joints_TV3) for a, b in zip(some, again))
    for one in some:
        assert 2 <= len(one.truth) <= 6 and np.isfinite(one.joints_TV3).all()
        assert all(a[2] < b[1] and a[0] != b[0] for a, b in zip(one.truth, one.truth[1:]))
