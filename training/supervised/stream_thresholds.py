"""Fit of thresholds to what the stream says of held-out clips: so few false events, and then as many right ones.

Shapes: N clips, S thresholds that are tried, A actions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.labels import SILENT
from models.thresholds import Thresholds
from training.supervised.seen import LEAST_SEEN
from training.supervised.stream_measures import Scale, StreamMeasures, Targets
from training.supervised.stream_scores import Played, said

ENTERS = tuple(round(0.95 - 0.02 * k, 2) for k in range(33))  # tried from above; below 0.3 a guess would pass
LEAVES = (0.8, 0.7, 0.6, 0.5)  # shares of the score to enter at which an action ends
AS_GOOD = 0.01  # share of right events that is given for ending sooner
REACH = 14  # steps of ENTERS by which an action's own threshold may lie above or below that of all
PAYS = 0.02  # least share of right events that thresholds of single actions must add, which a few clips alone give


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFit:
    """Fitted thresholds.

    Attributes:
        thresholds: of the model file.
        measures: what the stream says by them of the clips that chose them.
        met: whether the targets are met; if not, the thresholds are the highest.
    """

    thresholds: Thresholds
    measures: StreamMeasures
    met: bool

    def line(self) -> str:
        """Return the fit in a line for people."""
        quiet = self.measures.quiet
        minute = ", ".join(f"{label} {value:.2f}" for label, value in quiet.minute.items())
        share = ", ".join(f"{label} {100 * value:.1f} %" for label, value in quiet.share.items())
        return (
            f"thresholds {self.thresholds}: false events a minute: {minute}; clips with one: {share}; of the clips of "
            f"an action {100 * self.measures.right:.1f} % have a right event, {100 * self.measures.wrong:.1f} % a "
            f"wrong one" + ("" if self.met else "; the targets are not met")
        )


def measure(clips: Sequence[Played], labels: Sequence[str], thresholds: Thresholds) -> StreamMeasures:
    """Measure what the stream says by some thresholds."""
    return Scale(clips).measures([said(clip, labels, thresholds) for clip in clips])


def fit_stream_thresholds(clips: Sequence[Played], labels: Sequence[str], targets: Targets) -> StreamFit:
    """Fit the lowest score to enter from which on the targets are met, and the share of it to leave.

    Args:
        clips: held-out clips, of stillness, of other movement and of actions.
        labels: of the scores.
        targets: what may be said of the first two.

    Raises:
        ValueError: there is no clip of stillness or of other movement.
    """
    if not any(clip.action in SILENT for clip in clips):
        raise ValueError("thresholds are fitted on clips in which no action goes on (idle, other); give some")
    fits = [_lowest(clips, labels, targets, leave) for leave in LEAVES]
    best = max(fits, key=lambda fit: (fit.met, fit.measures.right))
    fit = next(f for f in fits if f.met == best.met and f.measures.right >= best.measures.right - AS_GOOD)
    return _by_label(clips, labels, targets, fit) if targets.by_label and fit.met else fit


def _thresholds(enter: float, share: float) -> Thresholds:
    return Thresholds(enter=enter, leave=round(share * enter, 3))


def _lowest(clips: Sequence[Played], labels: Sequence[str], targets: Targets, leave: float) -> StreamFit:
    """Go down with the score to enter for as long as the targets are met."""
    quiet = [clip for clip in clips if clip.action in SILENT]
    tried = [_thresholds(enter, leave) for enter in ENTERS]
    met = [False]
    for k, thresholds in enumerate(tried):
        if not measure(quiet, labels, thresholds).quiet.meets(targets):
            break
        met = [True] * (k + 1)
    lowest = tried[len(met) - 1]
    return StreamFit(thresholds=lowest, measures=measure(clips, labels, lowest), met=met[0])


def _by_label(clips: Sequence[Played], labels: Sequence[str], targets: Targets, fit: StreamFit) -> StreamFit:
    """Lower, from high ones on, the threshold of the action that wins most by it, for as long as the targets are met.

    Events of an action are taken for those that its threshold would give as that of all actions. What comes of it is
    measured in the end, and taken only if it pays.
    """
    enter = fit.thresholds["enter"]
    share, middle = fit.thresholds["leave"] / enter, ENTERS.index(enter)
    steps = ENTERS[max(0, middle - REACH) : middle + REACH + 1]
    counted = [label for label in labels if label not in SILENT]
    told_SN = [[said(clip, labels, _thresholds(step, share)) for clip in clips] for step in steps]
    count_SNA = np.array([[[told.count(label) for label in counted] for told in told_N] for told_N in told_SN])
    scale = Scale(clips)
    own = _descend(scale, counted, count_SNA, targets, steps.index(enter))
    thresholds = _thresholds(enter, share)
    thresholds["by_label"] = {label: steps[s] for label, s in own.items() if steps[s] != enter}
    found = scale.measures([said(clip, labels, thresholds) for clip in clips])
    pays = found.quiet.meets(targets) and found.right >= fit.measures.right + PAYS
    return StreamFit(thresholds=thresholds, measures=found, met=True) if pays else fit


def _descend(
    scale: Scale, counted: Sequence[str], count_SNA: np.ndarray, targets: Targets, middle: int
) -> dict[str, int]:
    """Return the step of each action that has enough clips to say so; the others stay at the middle."""
    mine = [scale.action_N == label for label in counted]
    right_SA = np.array([[scale.mean(count_SNA[s, :, a] > 0, mine[a]) for a in range(len(counted))]
                         for s in range(len(count_SNA))])  # fmt: skip
    moving = {a for a in range(len(counted)) if mine[a].sum() >= LEAST_SEEN}
    at = [0 if a in moving else middle for a in range(len(counted))]
    all_a = np.arange(len(counted))
    quiet = lambda at: scale.quiet(count_SNA[at, :, all_a].sum(0))  # noqa: E731
    now, open_actions = quiet(at), set(moving)
    while open_actions:
        tried = {}
        for a in sorted(open_actions):
            lower = [s + (i == a) for i, s in enumerate(at)]
            if lower[a] == len(count_SNA) or not (after := quiet(lower)).meets(targets):
                open_actions.remove(a)
                continue
            cost = np.mean([after.share[label] - now.share[label] for label in now.share])
            tried[a] = (right_SA[lower[a], a] - right_SA[at[a], a]) / len(moving) - float(cost)
        if tried:
            chosen = max(tried, key=lambda a: tried[a])
            at[chosen] += 1
            now = quiet(at)
    return {counted[a]: at[a] for a in moving}
