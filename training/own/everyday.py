"""Counter-examples to the user's actions: motions written by hand, drawn and seen by the app's pose path.

Stillness trains "idle"; every other written motion trains "other". Motions that are one of the user's own actions under
another name are left out. The model started from tells which these are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from models.labels import IDLE, OTHER
from training.data.tracks import Track
from training.drawing.jobs import DrawJob
from training.drawing.motions import MOTIONS
from training.own.files import Example

if TYPE_CHECKING:
    from export.runtime import Recogniser

EACH = {"train": 6, "val": 2}  # drawings of each written motion ...
STILL = {"train": 20, "val": 20}  # ... and of stillness
ALIKE = 0.2  # share of an action's files that the start model calls by a motion's name: from here on it is one of them
_SEED = 55_000_000  # away from every other drawing's


def everyday_jobs() -> list[DrawJob]:
    """List everything to draw, always the same, in an order that mixes the motions."""
    rows: list[tuple[float, str, str]] = [
        (k, name, part) for part, each in EACH.items() for name in MOTIONS if name != IDLE for k in range(each)
    ]
    rows += [(k * EACH[part] / STILL[part], IDLE, part) for part in STILL for k in range(STILL[part])]
    rows.sort(key=lambda row: row[0])
    return [DrawJob(name, part, _SEED + n) for n, (_, name, part) in enumerate(rows)]


def own_by_another_name(model: Recogniser, examples: Sequence[Example], tracks: Sequence[Track]) -> dict[str, str]:
    """Find the written motions that are one of the user's actions, as motion -> action.

    Args:
        model: that is started from; it names the written motions.
        examples: the user's.
        tracks: of them.
    """
    from training.judging.judge import judge

    said: dict[str, Counter[str]] = defaultdict(Counter)
    for example, track in zip(examples, tracks, strict=True):
        verdict = judge(model, track)
        said[example.action].update(verdict.ranked[:1])
    known = {text.casefold(): label for label in model.labels for text in (label, model.display[label])}
    found = {known[action.casefold()]: action for action in said if action.casefold() in known}
    for action, answers in said.items():
        if action not in (IDLE, OTHER):
            found |= {label: action for label, n in answers.items() if n >= ALIKE * answers.total()}
    return {label: action for label, action in found.items() if label in MOTIONS and label != IDLE}


def everyday_tracks(drawn: Sequence[Track], left_out: Sequence[str]) -> list[Track]:
    """Return the drawn tracks as "idle" and "other", without the motions that are left out."""
    return [
        track if track.action == IDLE else replace(track, action=OTHER)
        for track in drawn
        if track.action not in left_out
    ]
