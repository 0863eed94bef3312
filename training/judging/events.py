"""`python -m training events`: accuracy of the app's events, in label and in time.

Spliced recordings of known times (training.data.splices) are played to app.stream.action_stream. Segment F1 counts an
event as found when label and time agree, the time by intersection over union; the edit score compares the sequences of
labels alone (both as arXiv 1611.05267).

With the weights shipped at the time (version 1), 35 recordings of val, 179 actions, seed 0, on which app.stream.motion
and app.stream.events were made: F1 41.7 and edit 56.0 with edges at the windows' middles; 66.1 and 73.5 as it is now,
72.2 and 74.3 at sensitivity 0.33. With the true times given, that model names 83 % of those actions rightly, which
bounds F1. Version 2, the same recordings: 74.7 and 74.4; 74.9 and 80.2 at sensitivity 0.67.

Those recordings also chose how the app does it. Seeds 1 to 5 give F1 68.0 to 69.5 and edit 66.9 to 72.5, all six seeds
together 69.7 and 69.8. The table shows what was tried on version 2's window scores: F1 / edit on seeds 0 to 2, on which
it was developed, and on seeds 3 to 5, which came after. Entry scores are fitted as the model file's are, unless a row
says otherwise:

    as it is: best score >= 0.69, left below 0.414                            70.9 / 70.2    68.4 / 69.4
    sensitivity 0.67                                                          70.6 / 75.6    66.6 / 72.3
    1 - (idle + other) >= 0.899, left below 0.539, named by the best action   52.3 / 66.4    49.1 / 65.0
    the same, left where the action's own score is below 0.414                67.7 / 71.5    68.6 / 70.4
    best / (best + idle + other) >= 0.822, left as before                     69.4 / 73.3    67.9 / 72.2
    the two best together >= 0.692, left as before                            70.9 / 74.7    68.4 / 72.0
    scores smoothed over 0.3 s instead of 0.4 s                               72.3 / 71.1    69.7 / 70.6
    edges moved by up to 0.9 s instead of 0.6 s                               71.4 / 70.4    69.6 / 69.8
    a new stretch where the movement's moment jumps by 1 s                    64.8 / 68.5    62.7 / 66.9
    second look                                                               71.9 / 69.2    69.4 / 69.4
    second look, smoothed over 0.3 s                                          73.0 / 70.5    70.6 / 70.0
    second look, smoothed over 0.3 s, entered at 0.6, left below 0.36         73.8 / 73.6    70.1 / 72.2
    second look, the two best together                                        73.5 / 74.8    70.3 / 71.7

The second look scores an event's frames alone, as a clip of its own; the mean of that and of the stretch names it, and
has to reach 0.5. No row gains 2 points in both halves of the recordings (every other one) on both groups of seeds.

Of the events that a gate with a lower entry score adds, one in three is right and in its place. Naming by a stretch's
summed scores, cutting at the slowest moment and joining over up to 1 s change nothing. Twice as many windows change F1
by less than 1 (seeds 0 and 1). The likeliest path over all windows (Viterbi) gives 69.4 at best on seeds 0 to 2;
movement alone, without labels, finds 57 % of the actions there at best. Bounds on these seeds: with the true times
given, 85 % of the actions get their own label, and 90 % from their own frames alone. Without its wrong events, the
present gate has F1 84 at the best of 18 settings.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from app.classify.one_input import events_of
from app.stream.action_stream import FILE_HOP_S, ActionStream
from app.types import JointFrame
from training.data.splices import FPS, Splice

if TYPE_CHECKING:
    from export.runtime import Recogniser

Segment = tuple[str, float, float]  # label, start, end in seconds
IOU = 0.5


def heard(
    model: Recogniser, splice: Splice, sensitivity: float = 0.5, hop_s: float = FILE_HOP_S, fps: float = FPS
) -> list[Segment]:
    """Return the events of one recording, as a camera of this rate would give them.

    The rate is FPS or a whole fraction of it.
    """
    seen_V = np.ones(splice.joints_TV3.shape[1], bool)
    shown = range(0, len(splice.joints_TV3), round(FPS / fps))
    frames = (JointFrame(t / FPS, splice.joints_TV3[t], seen_V) for t in shown)
    events = events_of(ActionStream(model, hop_s, sensitivity), frames)
    return [(event.label, event.start_s, event.end_s) for event in events]


def iou(a: Segment, b: Segment) -> float:
    """Compute the intersection over union of two stretches of time, in [0, 1]."""
    both = min(a[2], b[2]) - max(a[1], b[1])
    return max(both, 0.0) / max(max(a[2], b[2]) - min(a[1], b[1]), 1e-9)


def match(found: Sequence[Segment], truth: Sequence[Segment], least: float = IOU) -> list[tuple[int, int]]:
    """Pair found and true segments of one label with at least that IoU.

    The best pairs come first; each segment is taken once.
    """
    alike = [(i, k) for i, f in enumerate(found) for k, t in enumerate(truth) if f[0] == t[0]]
    pairs = [(iou(found[i], truth[k]), i, k) for i, k in alike if iou(found[i], truth[k]) >= least]
    taken: list[tuple[int, int]] = []
    for _, i, k in sorted(pairs, reverse=True):
        if all(i != other and k != another for other, another in taken):
            taken.append((i, k))
    return taken


def edit_score(found: Sequence[Segment], truth: Sequence[Segment]) -> float:
    """Compute 100 minus the Levenshtein distance of the label sequences, in % of the longer one."""
    a, b = [f[0] for f in found], [t[0] for t in truth]
    row = list(range(len(b) + 1))
    for i, label in enumerate(a, 1):
        before, row[0] = row[0], i
        for k, other in enumerate(b, 1):
            before, row[k] = row[k], min(row[k] + 1, row[k - 1] + 1, before + (label != other))
    return 100 * (1 - row[-1] / max(len(a), len(b), 1))


def judge(found: Sequence[Sequence[Segment]], truths: Sequence[Sequence[Segment]]) -> dict[str, Any]:
    """Compute all measures of some recordings.

    Returns:
        f1 at IoU 0.5, and 0.25 and 0.75 beside it, precision and recall (all at IOU, in %); edit, mean over
        recordings; said: share of the actions that overlap an event of their own label at all; start_s and end_s:
        mean absolute error of matched events; events, actions, recordings.
    """
    counts: Counter[float] = Counter()  # matched events, by the least IoU
    starts: list[float] = []
    ends: list[float] = []
    said = 0
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
    """Return a row of `judge` for each set, and one for all."""
    groups: dict[str, list[int]] = defaultdict(list)
    for i, splice in enumerate(splices):
        groups[splice.source.split()[0]].append(i)
    groups["all"] = list(range(len(splices)))
    return [
        {"set": name, **judge([found[i] for i in some], [splices[i].truth for i in some])}
        for name, some in groups.items()
    ]


def measure(model: Recogniser, splices: Sequence[Splice], sensitivities: Sequence[float]) -> list[dict[str, Any]]:
    """Return the rows of `by_set` at each sensitivity."""
    from tqdm import tqdm

    rows = []
    for sensitivity in sensitivities:
        found = [heard(model, s, sensitivity) for s in tqdm(splices, desc=f"sensitivity {sensitivity:g}")]
        rows += [{"sensitivity": sensitivity, **row} for row in by_set(found, splices)]
    return rows
