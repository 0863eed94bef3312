"""The webcam table, on answers whose shares are known, and on a tiny file whose windows are played for real."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from tests.app.helpers import Scores
from training.judging.measures import Heard
from training.judging.webcam import TABLES, judge_webcam, report, risk_at_coverage, webcam_table
from training.judging.webcam_rows import Webcam

LABELS = ("wave", "squat", "clap", "idle", "other")


def heard(action: str, person: str, scores: Iterable[float] | None, *events: str) -> Heard:
    """Answers to a window: scores by label, None where it could not be judged."""
    mean_C = None if scores is None else np.array([*scores], float)
    best = "" if mean_C is None else LABELS[int(mean_C.argmax())]
    return Heard(action, mean_C, best, tuple((label, 0.0, 1.0) for label in events), 2.0, "", person)


WAVE, SQUAT, CLAP, IDLE, OTHER = np.eye(5) * 0.6 + 0.08


def test_people_count_the_same_however_many_windows_they_have() -> None:
    windows = [heard("wave", "a", WAVE, "wave")] + [heard("wave", "b", SQUAT, "squat")] * 3
    table = webcam_table([*windows, heard("squat", "a", SQUAT)], LABELS, ("file",))
    squat, wave = table.rows
    assert (wave.people, wave.windows, wave.top1, wave.top1_windows) == (2, 4, 50.0, 25.0)
    assert (wave.right_event, wave.wrong_event) == (50.0, 50.0)
    assert wave.answers == {"squat": 3, "wave": 1}
    assert squat.top1 == 100 and squat.right_event == 0
    assert (table.people, table.windows) == (2, 5)
    assert [(m.measure, m.actions, m.top1) for m in table.means] == [
        ("wave", 1, 50.0), ("actions of two people or more", 1, 50.0), ("actions", 2, 75.0),
    ]  # fmt: skip


def test_the_three_best_count() -> None:
    scores = [(0.3, 0.4, 0.2, 0.1, 0), (0.1, 0.4, 0.3, 0.2, 0)]
    (wave,) = webcam_table([heard("wave", "a", s) for s in scores], LABELS, ()).rows
    assert (wave.top1, wave.top3) == (0, 50)


def test_every_event_on_idle_or_other_is_wrong() -> None:
    windows = [heard("idle", "a", IDLE), heard("other", "a", OTHER, "wave"), heard("other", "b", WAVE)]
    table = webcam_table(windows, LABELS, ())
    idle, other = table.rows
    assert (idle.right_event, idle.wrong_event) == (None, 0.0)
    assert (other.right_event, other.wrong_event, other.top1) == (None, 50.0, 50.0)
    assert table.quiet_events == 33.3
    assert table.means == () and table.separations == ()


def test_a_window_that_cannot_be_judged_is_a_miss() -> None:
    table = webcam_table([heard("wave", "a", None), heard("wave", "a", WAVE), heard("other", "a", OTHER)], LABELS, ())
    assert table.rows[0].top1 == 50 and table.rows[0].answers == {"": 1, "wave": 1}
    assert table.risk == {"25": 0, "50": 50, "75": 50}


def test_risk_is_of_the_surest_words_and_stillness_is_apart() -> None:
    sure = lambda score: (score, 0, 0, 1 - score, 0)  # noqa: E731
    windows = [heard("other", "a", sure(0.9)), heard("wave", "a", sure(0.8))]
    windows += [heard("squat", "a", sure(0.3)), heard("wave", "a", sure(0.2))]
    assert risk_at_coverage([*windows, heard("idle", "a", sure(1.0))], LABELS) == {"25": 100, "50": 50, "75": 66.7}
    assert risk_at_coverage([heard("idle", "a", IDLE)], LABELS) == {}


def test_known_and_unknown_are_told_apart_by_two_scores() -> None:
    known = [heard("wave", "a", (0.3, 0.3, 0.3, 0.1, 0))]  # no action is sure, but one of them it is
    unknown = [heard("other", "a", (0.4, 0, 0, 0, 0.6)), heard("idle", "a", WAVE)]
    best, loud = webcam_table(known + unknown, LABELS, ()).separations
    assert (best.auroc, best.fpr95, best.known, best.unknown) == (0, 100, 1, 1)
    assert (loud.auroc, loud.fpr95) == (1, 0)


@dataclass
class SaysWave:
    """Recogniser that is sure of a wave whatever it sees."""

    labels: tuple[str, ...] = LABELS
    version: str = "toy"
    window_s: float = 2.0
    frames: int = 50
    modalities: tuple[str, ...] = ("joint",)
    thresholds: dict[str, float] = field(default_factory=lambda: {"enter": 0.5, "leave": 0.3})

    def __call__(self, joints_NTV3: np.ndarray, frames_N: np.ndarray) -> Scores:
        fused_NC = np.tile(WAVE.astype(np.float32), (len(joints_NTV3), 1))
        return Scores(fused_NC, fused_NC[:, None], np.zeros((len(fused_NC), 2), np.float32))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three windows of three seconds: a wave (val), a squat (test) and one without a person (val), in each file."""
    n, frames = 3, 45
    world = np.random.default_rng(0).uniform(-0.5, 0.5, (n * frames, 33, 3))
    world[:, [23, 24]] = 0
    world[2 * frames :] = 0
    (tmp_path / "poses").mkdir()
    for name in sum(TABLES.values(), ()):
        np.savez(
            tmp_path / "poses" / f"{name}.npz", world=world, visibility=np.ones((n * frames, 33)), fps=np.full(n, 15.0),
            start=np.arange(n) * frames, length=np.full(n, frames), action=np.array(["wave", "squat", "wave"]),
            subject=np.array(["a", "b", "c"]), part=np.array(["val", "test", "val"]),
        )  # fmt: skip
    return tmp_path


@pytest.mark.parametrize(("part", "windows"), [("val", 2), ("test", 2), ("held", 4)])
def test_windows_of_a_part_are_played_and_the_tables_written(data: Path, part: str, windows: int) -> None:
    judged = judge_webcam(SaysWave(), data, data / "out", part)
    table = judged.tables["people at webcams"]
    assert table.windows == windows and table.files == ("mediapipe_webcam", "self_filmed")
    shares = {row.action: (row.top1, row.right_event, row.wrong_event) for row in table.rows}
    expected = {"wave": (100.0, 100.0, 0.0), "squat": (0.0, 0.0, 100.0)}
    assert shares == {action: expected[action] for action in shares} and len(shares) == (2 if part == "held" else 1)
    assert len(judged.left_out) == (0 if part == "test" else 3)
    held = json.loads((data / "out" / f"webcam_{part}.json").read_text())
    assert Webcam.from_dict(held) == judged
    text = (data / "out" / f"webcam_{part}.md").read_text()
    assert text == report(judged) and ("nobody in it: 2" in text) == (part != "test")
