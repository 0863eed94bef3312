"""Baseline that a model must beat: a plain support vector machine on hand-made features of the same clips.

It sees what the model sees, the window around a clip's middle with every frame centred and turned to the camera, and
learns nothing but where to draw lines between actions.

Shapes: K frames of a window (50), V joints (25), J joints but the centre (24), N windows, F features.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import cv2
import numpy as np

from models.clips import read_clips
from models.skeleton import mirrored
from training.data.splits import UNSEEN_SETS, Sample, part_of
from training.data.tracks import Track, raw_track, raw_tracks
from training.judging.rows import BaselineRow
from training.judging.svm_features import TINY, features
from training.supervised.window_augmentation import middle_window

WINDOW_S, FRAMES = 2.5, 50
LEAST_CLIPS = 2  # of every label
_KERNELS = {"rbf": cv2.ml.SVM_RBF, "linear": cv2.ml.SVM_LINEAR}
_STOP = (cv2.TERM_CRITERIA_MAX_ITER + cv2.TERM_CRITERIA_EPS, 10_000, 1e-3)


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a machine's fit.

    Attributes:
        kernel: "rbf" or "linear".
        c: price of a training window on the wrong side.
        gamma: of the rbf kernel, times the number of features, so that it means the same to any features.
    """

    kernel: str
    c: float
    gamma: float = 1.0


# The first is used where nothing chooses.
GRID = (
    *(Settings("rbf", c, gamma) for c in (100.0, 30.0, 300.0) for gamma in (0.3, 1.0)),
    *(Settings("linear", c) for c in (0.01, 0.1)),
)


def _windows(tracks: Sequence[Track]) -> list[np.ndarray]:
    return [middle_window(track, WINDOW_S, FRAMES) for track in tracks]


def _in_turns(tracks: Sequence[Track], most: int, rng: np.random.Generator) -> list[Track]:
    """Choose at most so many tracks of one action, the sources taking turns."""
    by_source: dict[str, list[Track]] = defaultdict(list)
    for track in tracks:
        by_source[track.source].append(track)
    shuffled = [[group[i] for i in rng.permutation(len(group))] for _, group in sorted(by_source.items())]
    turns = zip_longest(*shuffled)
    return [track for turn in turns for track in turn if track is not None][:most]


def _check(tracks: Sequence[Track], labels: Sequence[str]) -> None:
    if len(set(labels)) < 2 or len(set(labels)) < len(labels):
        raise ValueError(f"a baseline tells at least two different labels apart; got {list(labels)}: give others")
    counts = Counter(track.action for track in tracks)
    few = [f"{label} ({counts[label]})" for label in labels if counts[label] < LEAST_CLIPS]
    if few:
        raise ValueError(
            f"too few clips of {', '.join(few)}: give at least {LEAST_CLIPS} training tracks of each label, or leave "
            "those labels out"
        )


class SvmBaseline:
    """Support vector machine, one label against one, on standardised features.

    Args:
        most_per_action: most training clips of a label, taken evenly from the sources.
        grid: settings to choose from; the first is used where nothing chooses.

    Attributes:
        labels: those it tells apart.
        settings: those it was fitted with.
        chosen: for each of the settings tried, the mean over actions of the choosing tracks' top-1, in %.

    Raises:
        ValueError: an empty grid, an unknown kernel, or fewer clips an action than a fit needs.
    """

    def __init__(self, most_per_action: int = 150, grid: Sequence[Settings] = GRID) -> None:
        if not grid or any(settings.kernel not in _KERNELS for settings in grid):
            raise ValueError(f"the grid needs settings whose kernel is one of {', '.join(_KERNELS)}; got {list(grid)}")
        if most_per_action < LEAST_CLIPS:
            raise ValueError(f"most_per_action must be at least {LEAST_CLIPS}; got {most_per_action}")
        self._most, self._grid = most_per_action, tuple(grid)
        self.labels: tuple[str, ...] = ()
        self.settings = self._grid[0]
        self.chosen: dict[Settings, float] = {}
        self._machine: cv2.ml.SVM | None = None
        self._mean_F = self._scale_F = np.zeros(0, np.float32)

    def fit(
        self, tracks: Sequence[Track], labels: Sequence[str], seed: int, choosing: Sequence[Track] = ()
    ) -> SvmBaseline:
        """Fit to the middle windows of clips and to their mirror images.

        Args:
            tracks: of any action; those of the labels train.
            labels: the actions to tell apart.
            seed: of the choice of clips where there are more than `most_per_action`.
            choosing: clips of other actors: the settings that name them best, as a mean over actions, are taken.

        Returns:
            The baseline itself.

        Raises:
            ValueError: fewer than two labels, a label named twice, or too few clips of one.
        """
        _check(tracks, labels)
        self.labels = tuple(labels)
        some, rng = [], np.random.default_rng(seed)
        for label in self.labels:
            some += _in_turns([track for track in tracks if track.action == label], self._most, rng)
        windows = _windows(some)
        raw_NF = np.stack([features(w) for w in windows] + [features(mirrored(w)) for w in windows])
        self._mean_F, deviation_F = raw_NF.mean(0), raw_NF.std(0)
        self._scale_F = np.where(deviation_F > TINY, deviation_F, 1.0).astype(np.float32)
        label_N = np.array([self.labels.index(track.action) for track in some] * 2, np.int32)
        self._fit_grid(self._standard(raw_NF), label_N, [t for t in choosing if t.action in self.labels])
        return self

    def predict(self, tracks: Sequence[Track]) -> list[str]:
        """Predict a label for each track, by its middle window.

        Raises:
            ValueError: it was not fitted.
        """
        if self._machine is None:
            raise ValueError("this baseline was not fitted; call fit first")
        return self._named(self._machine, self._seen(tracks)) if tracks else []

    def _standard(self, raw_NF: np.ndarray) -> np.ndarray:
        return (raw_NF - self._mean_F) / self._scale_F

    def _seen(self, tracks: Sequence[Track]) -> np.ndarray:
        """Return the standardised features of the tracks' middle windows, (N, F)."""
        return self._standard(np.stack([features(window) for window in _windows(tracks)]))

    def _named(self, machine: cv2.ml.SVM, x_NF: np.ndarray) -> list[str]:
        return [self.labels[int(c)] for c in machine.predict(x_NF)[1].ravel()]

    def _fit_grid(self, x_NF: np.ndarray, label_N: np.ndarray, choosing: list[Track]) -> None:
        """Fit with each settings of the grid and keep the best, among equals the earlier."""
        self.chosen = {}
        if not choosing:
            self.settings, self._machine = self._grid[0], _machine(self._grid[0], x_NF, label_N)
            return
        seen_NF, best = self._seen(choosing), -1.0
        for settings in self._grid:
            machine = _machine(settings, x_NF, label_N)
            self.chosen[settings] = rate = _mean_per_action(choosing, self._named(machine, seen_NF))
            if rate > best:
                best, self.settings, self._machine = rate, settings, machine


def _machine(settings: Settings, x_NF: np.ndarray, label_N: np.ndarray) -> cv2.ml.SVM:
    machine = cv2.ml.SVM.create()
    machine.setType(cv2.ml.SVM_C_SVC)
    machine.setKernel(_KERNELS[settings.kernel])
    machine.setC(settings.c)
    machine.setGamma(settings.gamma / x_NF.shape[1])
    machine.setTermCriteria(_STOP)
    machine.train(x_NF, cv2.ml.ROW_SAMPLE, label_N)
    return machine


def _mean_per_action(tracks: Sequence[Track], answers: Sequence[str]) -> float:
    hits: dict[str, list[bool]] = defaultdict(list)
    for track, answer in zip(tracks, answers, strict=True):
        hits[track.action].append(answer == track.action)
    return 100 * float(np.mean([np.mean(mine) for mine in hits.values()]))


def _row(measure: str, baseline: SvmBaseline, tracks: Sequence[Track]) -> BaselineRow:
    if not tracks:
        raise ValueError(f"no clips for '{measure}'; check the sets under DATA/skeletons")
    hits = [answer == track.action for track, answer in zip(tracks, baseline.predict(tracks), strict=True)]
    return BaselineRow(measure, len(tracks), round(100 * float(np.mean(hits)), 1))


def default_baseline(tracks: Sequence[Track], seed: int = 0) -> SvmBaseline:
    """Fit a baseline to the tracks of part train, all their actions, and choose its settings by those of part val.

    Raises:
        ValueError: too few training tracks.
    """
    training = [track for track in tracks if track.part == "train"]
    labels = sorted({track.action for track in training})
    return SvmBaseline().fit(training, labels, seed, [track for track in tracks if track.part == "val"])


def baseline_rows(data: Path) -> list[BaselineRow]:
    """Measure the baseline where training.judging.judge judges a model, with the same names of the measures.

    It answers with any of its labels everywhere. Of the sets never trained on, the clips whose action is one of them
    count.

    Args:
        data: folder that holds skeletons/.

    Raises:
        ValueError: a set is missing or holds no clips of a part.
    """
    tracks = raw_tracks(data)
    baseline = default_baseline(tracks)
    reporting = [track for track in tracks if track.part == "test"]
    groups = {
        "recorded skeletons, unseen actors": reporting,
        "KARD, even actors (trained on odd)": [track for track in reporting if track.source == "kard"],
    }
    for name in UNSEEN_SETS:
        known = [track for track in raw_tracks(data, (name,)) if track.action in baseline.labels]
        groups[f"{name}, a set never trained on"] = known
    return [_row(measure, baseline, some) for measure, some in groups.items()]


def kard_alone(data: Path) -> BaselineRow:
    """Measure the baseline on KARD by its own 18 labels, trained on the odd actors and judged on the even.

    This shows that the baseline is fair.

    The settings are chosen inside the odd actors: 1, 3 and 5 train, 7 and 9 choose.

    Args:
        data: folder that holds skeletons/.

    Raises:
        ValueError: the set is missing.
    """
    clips = list(read_clips(Path(data) / "skeletons" / "kard.npz"))
    tracks = [raw_track(Sample("kard", part_of("kard", clip.subject), clip.label, clip)) for clip in clips]
    labels = sorted({track.action for track in tracks})
    early, late = (
        [track for track, clip in zip(tracks, clips, strict=True) if clip.subject in actors]
        for actors in ((1, 3, 5), (7, 9))
    )
    settings = SvmBaseline().fit(early, labels, 0, late).settings
    baseline = SvmBaseline(grid=(settings,)).fit([track for track in tracks if track.part == "train"], labels, 0)
    return _row("KARD by its own 18 labels, even actors", baseline, [track for track in tracks if track.part == "test"])
