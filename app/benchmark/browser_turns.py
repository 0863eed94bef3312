"""The turns of the page in the browser and of the bare loops beside it, and what they come to.

N: pictures, M: windows that the student saw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

GOAL_RATIO, GOAL_PICTURES, GOAL_SERVER_MS = 0.9, 1.6, 0.0
BARE, WORKER, WHOLE = "bare loop", "pose worker alone", "whole path"
WAYS = (BARE, WORKER, WHOLE)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one way did in its turn.

    Attributes:
        seconds: how long it was watched.
        age_ms: (N,) time from the camera taking a picture to its poses being there; of the whole path to the overlay
            being drawn.
        pose_ms: (N,) the landmarker's own time on each picture.
        student_ms: (M,) the student's on each window; empty where there is none.
        server_ms: CPU time of the page's server meanwhile.
        browser_ms: CPU time of all of Chromium's processes meanwhile.
    """

    seconds: float
    age_ms: np.ndarray
    pose_ms: np.ndarray
    student_ms: np.ndarray
    server_ms: float
    browser_ms: float = 0.0

    @property
    def fps(self) -> float:
        """Pictures a second."""
        return len(self.age_ms) / self.seconds


Round = Mapping[str, Turn]  # one turn of each of WAYS


def summary(rounds: Sequence[Round]) -> dict[str, Any]:
    """Return the numbers of one pose model by name.

    Those of a way are medians over the rounds. Ratios are taken within each round: other load meets its turns alike.
    The server's time for a picture is what it spends more than in the turns in which nobody visits it.

    Args:
        rounds: one or more, in which every way saw pictures.
    """

    def median(of: Callable[[Round], float]) -> float:
        return float(np.median([of(turns) for turns in rounds]))

    def of_way(way: str) -> dict[str, float]:
        return {
            "fps": median(lambda turns: turns[way].fps),
            "pose_ms": median(lambda turns: turns[way].pose_ms.mean()),
            "age_p50_ms": median(lambda turns: np.percentile(turns[way].age_ms, 50)),
            "age_p95_ms": median(lambda turns: np.percentile(turns[way].age_ms, 95)),
            "browser_ms": median(lambda turns: turns[way].browser_ms / len(turns[way].age_ms)),
        }

    whole, others = [turns[WHOLE] for turns in rounds], [turns[way] for turns in rounds for way in (BARE, WORKER)]
    student_ms = np.concatenate([turn.student_ms for turn in whole])
    return {
        **{way: of_way(way) for way in WAYS},
        "ratio": median(lambda turns: turns[WHOLE].fps / turns[BARE].fps),
        "ratio_worker": median(lambda turns: turns[WORKER].fps / turns[BARE].fps),
        "p95_pictures": median(lambda turns: np.percentile(turns[WHOLE].age_ms, 95) / turns[BARE].pose_ms.mean()),
        "student_p50_ms": float(np.percentile(student_ms, 50)) if len(student_ms) else float("nan"),
        "student_p95_ms": float(np.percentile(student_ms, 95)) if len(student_ms) else float("nan"),
        "server_ms_per_frame": 1000 * (_share(whole) - _share(others)) / _rate(whole),
        "server_share": _share(whole),
        "server_share_idle": _share(others),
        "rounds": [{way: turn.fps for way, turn in turns.items()} for turns in rounds],
    }


def _rate(turns: Sequence[Turn]) -> float:
    """Return the pictures a second in all turns together."""
    return sum(len(turn.age_ms) for turn in turns) / sum(turn.seconds for turn in turns)


def _share(turns: Sequence[Turn]) -> float:
    """Return the part of a core that the server used."""
    return sum(turn.server_ms for turn in turns) / 1000 / sum(turn.seconds for turn in turns)
