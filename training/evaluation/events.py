"""`python -m training events`: are the app's events the right actions, and do they lie where the actions are?

Spliced recordings of known times (training.data.splices) are played to app.stream. Segment F1 counts an event as found
when label and time agree, the time by intersection over union; the edit score compares the sequences of labels alone
(both as arXiv 1611.05267).

With the weights shipped at the time (version 1), 35 recordings of val, 179 actions, seed 0, on which app.motion and
app.timeline were made: F1 41.7 and edit 56.0 with edges at the windows' middles; 66.1 and 73.5 as it is now, 72.2 and
74.3 at sensitivity 0.33. With the true times given, that model names 83 % of those actions rightly, which bounds F1.
Version 2, the same recordings: 74.7 and 74.4; 74.9 and 80.2 at sensitivity 0.67.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from app.stream import FILE_HOP_S, ActionStream
from training.data.splices import FPS, Splice

if TYPE_CHECKING:
    from export.runtime import ActionModel

Segment = tuple[str, float, float]  # label, start, end in seconds
IOU = 0.5


def heard(
    model: ActionModel, splice: Splice, sensitivity: float = 0.5, hop_s: float = FILE_HOP_S, fps: float = FPS
) -> list[Segment]:
    """The events of one recording, as a camera of a rate of FPS or a whole fraction of it would give them."""
    stream, events = ActionStream(model, hop_s, sensitivity), []
    seen_V = np.ones(splice.joints_TV3.shape[1], bool)
    for t in range(0, len(splice.joints_TV3), round(FPS / fps)):
        events += stream.push_joints(t / FPS, splice.joints_TV3[t], seen_V).events
    events += stream.finish()
    return [(event.label, event.start_s, event.end_s) for event in events]


def iou(a: Segment, b: Segment) -> float:
    """Intersection over union of two stretches of time, in [0, 1]."""
    both = min(a[2], b[2]) - max(a[1], b[1])
    return max(both, 0.0) / max(max(a[2], b[2]) - min(a[1], b[1]), 1e-9)


def match(found: Sequence[Segment], truth: Sequence[Segment], least: float = IOU) -> list[tuple[int, int]]:
    """Pairs (found, truth) of one label with at least that IoU, the best first, each taken once."""
    alike = [(i, k) for i, f in enumerate(found) for k, t in enumerate(truth) if f[0] == t[0]]
    pairs = [(iou(found[i], truth[k]), i, k) for i, k in alike if iou(found[i], truth[k]) >= least]
    taken: list[tuple[int, int]] = []
    for _, i, k in sorted(pairs, reverse=True):
        if all(i != other and k != another for other, another in taken):
            taken.append((i, k))
    return taken


def edit_score(found: Sequence[Segment], truth: Sequence[Segment]) -> float:
    """100 minus the Levenshtein distance of the label sequences in % of the longer one."""
    a, b = [f[0] for f in found], [t[0] for t in truth]
    row = list(range(len(b) + 1))
    for i, label in enumerate(a, 1):
        before, row[0] = row[0], i
        for k, other in enumerate(b, 1):
            before, row[k] = row[k], min(row[k] + 1, row[k - 1] + 1, before + (label != other))
    return 100 * (1 - row[-1] / max(len(a), len(b), 1))


def judge(found: Sequence[Sequence[Segment]], truths: Sequence[Sequence[Segment]]) -> dict[str, Any]:
    """All measures of some recordings.

    Returns:
        f1 at IoU 0.5, and 0.25 and 0.75 beside it, precision and recall (all at IOU, in %); edit, mean over
        recordings; said: share of the actions that overlap an event of their own label at all; start_s and end_s:
        mean absolute error of matched events; events, actions, recordings.
    """
    counts, starts, ends, said = Counter(), [], [], 0
    for some, truth in zip(found, truths, strict=True):
        for least in (0.25, 0.5, 0.75):
            counts[least] += len(match(some, truth, least))
        for i, k in match(some, truth):
            starts.append(abs(some[i][1] - truth[k][1]))
            ends.append(abs(some[i][2] - truth[k][2]))
        said += sum(any(f[0] == t[0] and iou(f, t) > 0 for f in some) for t in truth)
    events, actions = sum(map(len, found)), sum(map(len, truths))
    f1 = {least: round(200 * counts[least] / max(events + actions, 1), 1) for least in (0.25, 0.5, 0.75)}
    return {
        "recordings": len(truths),
        "actions": actions,
        "events": events,
        "f1": f1[0.5],
        "f1_25": f1[0.25],
        "f1_75": f1[0.75],
        "precision": round(100 * counts[0.5] / max(events, 1), 1),
        "recall": round(100 * counts[0.5] / max(actions, 1), 1),
        "edit": round(float(np.mean([edit_score(*pair) for pair in zip(found, truths)])), 1),
        "said": round(100 * said / max(actions, 1), 1),
        "start_s": round(float(np.mean(starts)), 2) if starts else None,
        "end_s": round(float(np.mean(ends)), 2) if ends else None,
    }


def by_set(found: Sequence[Sequence[Segment]], splices: Sequence[Splice]) -> list[dict[str, Any]]:
    """A row of `judge` for each set and one for all."""
    groups: dict[str, list[int]] = defaultdict(list)
    for i, splice in enumerate(splices):
        groups[splice.source.split()[0]].append(i)
    groups["all"] = list(range(len(splices)))
    return [
        {"set": name, **judge([found[i] for i in some], [splices[i].truth for i in some])}
        for name, some in groups.items()
    ]


def measure(model: ActionModel, splices: Sequence[Splice], sensitivities: Sequence[float]) -> list[dict[str, Any]]:
    """`by_set` at each sensitivity."""
    from tqdm import tqdm

    rows = []
    for sensitivity in sensitivities:
        found = [heard(model, s, sensitivity) for s in tqdm(splices, desc=f"sensitivity {sensitivity:g}")]
        rows += [{"sensitivity": sensitivity, **row} for row in by_set(found, splices)]
    return rows
