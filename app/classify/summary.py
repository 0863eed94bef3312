"""The summary of one recording, a video or a recorded skeleton.

Shapes: C classes.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from app.stream.action_stream import ActionStream
from app.types import ActionEvent, Answer
from models.labels import SILENT
from models.resample import too_few
from models.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary of one recording, as one line.

    Attributes:
        ranked: every label with its score for the whole recording, best first; empty if nobody could be judged.
        frames: frames read.
        seconds: duration.
        fps: frames a second, on average.
        people: largest number of people seen at once (in at least a tenth of the frames that show anybody).
        status: "ok", "no person", "too short", "too few frames" or "error", and after a colon any further remarks.
        answer: the label that may be said of the whole recording (see `answer_of`), "" if nothing stands out.
    """

    ranked: tuple[tuple[str, float], ...] = ()
    frames: int = 0
    seconds: float = 0.0
    fps: float = 0.0
    people: int = 0
    status: str = "ok"
    answer: str = ""

    @property
    def label(self) -> str:
        """The short id of the best label, or ""."""
        return self.place(0)

    @property
    def score(self) -> float:
        """The score of the best label in [0, 1], 0 if there is none."""
        return self.ranked[0][1] if self.ranked else 0.0

    def place(self, rank: int) -> str:
        """Return the short id of the label at a rank from 0, or ""."""
        return self.ranked[rank][0] if rank < len(self.ranked) else ""


def answer_of(ranked: Sequence[tuple[str, float]], said: Collection[str], thresholds: Thresholds) -> str:
    """Return the label that may be said as the answer for a whole recording, or "" if nothing stands out.

    The best label is the answer if its score reaches the threshold at which an action begins, or if an event of it was
    said. Among events of several actions its score must also reach the threshold at which an action ends. Else the only
    action of which there are events is the answer. "idle" and "other" are answers where there are no events.

    Args:
        ranked: every label with its score for the whole recording, best first.
        said: labels of the events.
        thresholds: "enter" and "leave", as in app.stream.decision.
    """
    if not ranked:
        return ""
    best, score = ranked[0]
    if best not in SILENT:
        among = best in said and (len(said) == 1 or score >= thresholds["leave"])
        if among or score >= thresholds["enter"]:
            return best
    if said:
        return next(iter(said)) if len(said) == 1 else ""
    return best if best in SILENT else ""


# The landmarker now and then takes a thing for a person. If somebody is in a smaller share of the frames than this, and
# for fewer seconds in all, nobody was there.
LEAST_SHOWN, LEAST_SHOWN_S = 0.1, 3.0
_LONGEST_FRAME_S = 1.0  # most time that one frame counts for
_AROUND_S = 1.0  # frames so near to an event say whether there were enough of them
_JUDGED_S = 1.0  # whoever's shoulders are in view for so long has been judged
_KEPT_S = 60.0  # times of frames are kept so long


class Tally:
    """A running count of one recording's answers, which passes on the events that surely belong to a person.

    Who is visible only briefly (LEAST_SHOWN, LEAST_SHOWN_S) does not count as a person. Until more is seen of them,
    events are held back; if no more is ever seen, they are dropped. So is an event around which there were too few
    frames a second to show a movement (models.resample.LEAST_FPS).

    Args:
        stream: the stream that gives the answers.
        labels: short ids in the order of the scores.
        on_event: called with each event, when it ends or later.
    """

    def __init__(self, stream: ActionStream, labels: tuple[str, ...], on_event: Callable[[ActionEvent], None]) -> None:
        self._stream, self._labels, self._on_event = stream, labels, on_event
        self._found: Counter[int] = Counter()  # frames by the number of people in them
        self._shown_s, self._time_s = 0.0, np.nan  # time with somebody in view; time of the newest frame
        self._times: deque[float] = deque()
        self._held: list[ActionEvent] = []

    def add(self, answer: Answer) -> None:
        """Count the stream's answer to the next frame."""
        self._found[answer.people] += 1
        if answer.people and np.isfinite(self._time_s):
            self._shown_s += min(answer.time_s - self._time_s, _LONGEST_FRAME_S)
        self._time_s = answer.time_s
        self._times.append(answer.time_s)
        while self._times[0] < answer.time_s - _KEPT_S:
            self._times.popleft()
        self._held += filter(self._is_shown, answer.events)
        if self._shown_s >= LEAST_SHOWN_S:
            self._give()

    def finish(self, seconds: float, fps: float, notes: list[str]) -> Summary:
        """End the stream, pass on the remaining events and return the summary.

        Args:
            seconds: duration.
            fps: frames a second, on average.
            notes: further remarks.
        """
        self._held += filter(self._is_shown, self._stream.finish())
        scores_C, glimpse = self._stream.clip.mean_C, self._is_glimpse()
        if not glimpse:
            self._give()
        ranked: tuple[tuple[str, float], ...] = ()
        if scores_C is None:
            # Nobody could be judged: where few frames show somebody, those are taken for the landmarker's mistakes.
            kind = "no person"
            if 2 * self._found[0] < self._found.total():
                kind = "too few frames" if too_few(fps) else "too short"
                if self._shown_s > _JUDGED_S and kind == "too short":
                    kind, notes = "no person", ["somebody is in view, but not their shoulders", *notes]
        elif glimpse:
            kind = "no person"
            notes = [f"somebody seems to be seen in {100 * self._share():.0f} % of the frames", *notes]
        else:
            kind = "ok"
            order = np.argsort(-scores_C, kind="stable")
            ranked = tuple((self._labels[c], float(scores_C[c])) for c in order)
        notes = [text for text in (too_few(fps), *notes) if text]
        people = 0 if kind == "no person" else self._people()
        if people > 1:
            notes = [f"{people} people, the label is the nearest one's", *notes]
        status = f"{kind}: {'; '.join(notes)}" if notes else kind
        return Summary(ranked, self._found.total(), seconds, fps, people, status)

    def _is_shown(self, event: ActionEvent) -> bool:
        """Return whether there were enough frames a second around an event."""
        first_s, last_s = event.start_s - _AROUND_S, event.end_s + _AROUND_S
        near = [time_s for time_s in self._times if first_s <= time_s <= last_s]
        return len(near) < 2 or not too_few((len(near) - 1) / (near[-1] - near[0]))

    def _share(self) -> float:
        """Return the share of the frames that show somebody."""
        return 1 - self._found[0] / max(self._found.total(), 1)

    def _is_glimpse(self) -> bool:
        return self._share() < LEAST_SHOWN and self._shown_s < LEAST_SHOWN_S

    def _people(self) -> int:
        shown = {n: frames for n, frames in self._found.items() if n > 0}
        return max((n for n in shown if shown[n] * 10 >= sum(shown.values())), default=0)

    def _give(self) -> None:
        held, self._held = self._held, []
        for event in held:
            self._on_event(event)
