"""How soon the right word comes after an action's start, and goes after its end, on recordings of known times.

A word is the label that the live page shows: the decision's label after each frame, at the live hop.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from app.classify.one_input import play
from app.stream.action_stream import LIVE_HOP_S, ActionStream
from app.types import JointFrame, PosedFrame
from models.system.atomic import write_json, write_text
from training.evaluation.results import markdown
from training.judging.events import Segment
from training.judging.rows import as_dicts

if TYPE_CHECKING:
    from export.runtime import Recogniser
    from training.judging.timed import Timed

LATEST_S = 3.0  # so long after an action's end its word still counts for it
ALL = "all"
Said = list[tuple[float, str | None]]  # time and label after each frame


@dataclass(frozen=True, slots=True)
class Delay:
    """Delays of one action in one recording.

    Attributes:
        action: short id.
        word_s: seconds from its start to its word; None where it is never said.
        silence_s: seconds from its end until its word is gone, 0 where that is before and LATEST_S at most; None where
            it is never said, or where the recording ends with it.
    """

    action: str
    word_s: float | None
    silence_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SoonRow:
    """Delays of one action in one kind of recordings, in seconds.

    Attributes:
        recordings: their kind.
        action: short id, or "all".
        times: how often it is done.
        never: share of these that are never named, in %.
        word_s, word90_s: median and 90 % quantile from the start to the word, where it is said.
        silence_s, silence90_s: the same from the end to silence.
    """

    recordings: str
    action: str
    times: int
    never: float
    word_s: float | None
    word90_s: float | None
    silence_s: float | None
    silence90_s: float | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def cells(self) -> dict[str, object]:
        """Return the row of a table for people."""
        names = ("start to word, median s", "90 %", "end to silence, median s", "of these 90 %")
        values = (self.word_s, self.word90_s, self.silence_s, self.silence90_s)
        delays = {name: "-" if value is None else value for name, value in zip(names, values, strict=True)}
        front = {"recordings": self.recordings, "action": self.action, "times": self.times, "never named %": self.never}
        return front | delays

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> SoonRow:
        return cls(**held)


def judge_soon(model: Recogniser, recordings: Sequence[Timed], out: Path, part: str) -> list[SoonRow]:
    """Measure the delays on recordings of known times, and write OUT/soon_<part>.{json,md}."""
    from tqdm import tqdm

    measured: dict[str, list[Delay]] = defaultdict(list)
    for timed in tqdm(recordings, desc="recordings of known times"):
        measured[timed.kind] += delays(words(model, timed.frames()), timed.truth)
    rows = [row for kind, some in measured.items() for row in soon_rows(kind, some)]
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / f"soon_{part}.md", markdown([row.cells() for row in rows]) + "\n")
    write_json(out / f"soon_{part}.json", {"part": part, "model": model.version, "rows": as_dicts(rows)}, indent=1)
    return rows


def words(model: Recogniser, frames: Iterable[JointFrame] | Iterable[PosedFrame]) -> Said:
    """Play frames to a live stream, and return the main person's label after each."""
    alike = cast("Iterable[JointFrame]", frames)  # `play` takes either kind, as long as all are of one
    return [(frame.time_s, answer.label) for frame, answer in play(ActionStream(model, LIVE_HOP_S), alike)]


def delays(said: Said, truth: Sequence[Segment]) -> list[Delay]:
    """Measure the delays of the actions of one recording.

    An action's word is looked for from its start to the next action's start, at most LATEST_S after its end.

    Args:
        said: label after each frame.
        truth: label, start and end of each action, in turn.
    """
    starts = [start_s for _, start_s, _ in truth[1:]] + [np.inf]
    measured = []
    for (action, start_s, end_s), next_s in zip(truth, starts, strict=True):
        until_s = min(next_s, end_s + LATEST_S)
        named = [time_s for time_s, label in said if start_s <= time_s < until_s and label == action]
        silence_s = _silence(said, named[-1], end_s) if named else None
        measured.append(Delay(action, named[0] - start_s if named else None, silence_s))
    return measured


def soon_rows(kind: str, measured: Sequence[Delay]) -> list[SoonRow]:
    """Return a row for each action, and one for all."""
    by_action: dict[str, list[Delay]] = defaultdict(list)
    for delay in measured:
        by_action[delay.action].append(delay)
    return [_row(kind, action, by_action[action]) for action in sorted(by_action)] + [_row(kind, ALL, measured)]


def _silence(said: Said, last_s: float, end_s: float) -> float | None:
    """Return the seconds from an action's end to the first frame without its word, which was last said at `last_s`."""
    if said[-1][0] <= end_s:
        return None
    if last_s < end_s:
        return 0.0
    gone_s = next((time_s for time_s, _ in said if time_s > last_s), last_s)
    return min(gone_s - end_s, LATEST_S)


def _row(kind: str, action: str, measured: Sequence[Delay]) -> SoonRow:
    word = [d.word_s for d in measured if d.word_s is not None]
    silence = [d.silence_s for d in measured if d.silence_s is not None]
    return SoonRow(
        recordings=kind,
        action=action,
        times=len(measured),
        never=round(100 * (1 - len(word) / len(measured)), 1),
        word_s=_quantile(word, 0.5),
        word90_s=_quantile(word, 0.9),
        silence_s=_quantile(silence, 0.5),
        silence90_s=_quantile(silence, 0.9),
    )


def _quantile(seconds: Sequence[float], share: float) -> float | None:
    return round(float(np.quantile(seconds, share)), 2) if seconds else None
