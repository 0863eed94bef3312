"""Parts of an evaluation: labelled clips, class-balanced shares of them, sets of modalities, and the protocols.

Protocols: linear and knn on frozen encoders, semi (a share of the labels; fine-tuned, or frozen with linear heads),
finetune and scratch. Transfer is any of them on another store than the run was pre-trained on.

Shape suffixes: N clips, M modalities, H width of h.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from models.branches import Branches
from models.modality_names import check_modalities
from training.config.checked import check_settings
from training.config.sources import defaults_of, fit_epochs
from training.data.store import Store
from training.evaluation.features import features, only
from training.evaluation.finetune import TUNE_PRESETS, ScratchConfig, TuneConfig, tune
from training.evaluation.knn import NearestConfig, nearest
from training.evaluation.linear import LINEAR_PRESETS, LinearConfig, Predictions, train_heads

PROTOCOLS = ("linear", "knn", "semi", "finetune", "scratch")
SEMI_FRACTIONS = (0.01, 0.05, 0.1, 0.2)
SEMI_REPEATS = 5
Config = LinearConfig | NearestConfig | TuneConfig
SubsetPredictions = dict[tuple[str, ...], Predictions]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Labelled clips of a split.

    Attributes:
        store: of the clips.
        train_ids: numbers of the training clips.
        test_ids: numbers of the test clips.
        unlabelled: clips of the split that have no label and are left out.
    """

    store: Store
    train_ids: np.ndarray
    test_ids: np.ndarray
    unlabelled: int

    @classmethod
    def of(cls, store: Store, split: str) -> Labelled:
        """Take the labelled clips of one split.

        Raises:
            ValueError: no such split; no labels; fewer than two classes; or an action to be told that never trained.
        """
        parts = store.split(split)
        train_ids, test_ids = (ids[store.label_N[ids] >= 0] for ids in parts)
        for name, ids in (("training", train_ids), ("test", test_ids)):
            if not len(ids):
                raise ValueError(
                    f"{store.folder} has no {name} clip with a label in its split {split}, so nothing can be judged; "
                    "give another split, or prepare clips with labels"
                )
        known = np.unique(store.label_N[train_ids])
        if len(known) < 2:
            raise ValueError(f"the training clips of {split} show one action alone; there is nothing to tell apart")
        if strange := [store.labels[c] for c in np.setdiff1d(store.label_N[test_ids], known)]:
            raise ValueError(
                f"no training clip of {split} shows {', '.join(strange)}, but test clips do; leave these actions "
                "out of the store, or prepare it with training clips of them"
            )
        return cls(store, train_ids, test_ids, sum(map(len, parts)) - len(train_ids) - len(test_ids))

    def untested(self) -> list[str]:
        """Return the actions that training clips show but no test clip does."""
        label_N = self.store.label_N
        return [self.store.labels[c] for c in np.setdiff1d(label_N[self.train_ids], label_N[self.test_ids])]

    def share(self, fraction: float, seed: int) -> np.ndarray:
        """Draw a class-balanced share of the training clips, and return their numbers.

        Every class gives as many clips, at least one, or all that it has where those are fewer. Of one seed, a larger
        share holds the smaller ones.

        Args:
            fraction: of the training clips, in (0, 1].
            seed: of the choice.

        Raises:
            ValueError: the fraction is none.
        """
        if not 0 < fraction <= 1:
            raise ValueError(f"a share of the labels lies above 0 and at most at 1; got {fraction}")
        label_N, rng = self.store.label_N[self.train_ids], np.random.default_rng([seed, 1])
        classes = np.unique(label_N)
        each = len(label_N) if fraction == 1 else max(1, round(fraction * len(label_N) / len(classes)))
        chosen = [rng.permutation(self.train_ids[label_N == c])[:each] for c in classes]
        return np.sort(np.concatenate(chosen))


def check_subsets(names: Sequence[str], wanted: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Return the sets of modalities to judge: each alone, those wanted, and last all together.

    Raises:
        ValueError: a set wants a modality that is not judged.
    """
    subsets: list[tuple[str, ...]] = [(name,) for name in names]
    for subset in [tuple(check_modalities(subset)) for subset in wanted] + [tuple(names)]:
        if missing := [name for name in subset if name not in names]:
            raise ValueError(f"a subset wants {', '.join(missing)}; the modalities are {', '.join(names)}")
        ordered = tuple(name for name in names if name in subset)
        if ordered == tuple(names) and ordered in subsets:
            subsets.remove(ordered)
        if ordered not in subsets:
            subsets.append(ordered)
    return subsets


def preset_of(held: Mapping[str, Any]) -> str:
    """Return which preset a run was trained by, as far as its config.json tells: paper trains with SGD, compact not."""
    return "paper" if held["config"]["optimizer"] == "sgd" else "compact"


# preset of a run -> preset of the linear heads on its features. The published rate of 3 suits features of the published
# training; standardised heads suit any.
_HEADS_OF = {"paper": "ikem", "compact": "mamp"}


def make_config(
    protocol: str,
    frozen: bool = False,
    preset: str | None = None,
    values: dict[str, Any] | None = None,
    trained_by: str = "",
) -> Config:
    """Make the configuration of a protocol from its preset, then the values.

    Args:
        protocol: one of PROTOCOLS.
        frozen: of the semi protocol: linear heads on frozen encoders.
        preset: ikem, cmd, mamp or ridge for heads, paper or compact for training encoders; None takes that which
            belongs to the run.
        values: over the preset's; mappings (views, shape) change what they name alone.
        trained_by: preset of the run (`preset_of`), or "" where nobody knows. Then heads are standardised (mamp), and
            encoders are trained as the paper's.

    Raises:
        ValueError: unknown protocol, preset, key or value; the message names it.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(f"protocol must be one of {', '.join(PROTOCOLS)}; got {protocol!r}")
    if frozen and protocol != "semi":
        raise ValueError(f"--frozen goes with semi; {protocol} has nothing to choose")
    kind: type[Any] = {"knn": NearestConfig, "scratch": ScratchConfig}.get(protocol, TuneConfig)
    presets = {name: held[protocol] for name, held in TUNE_PRESETS.items() if protocol in held}
    if protocol == "linear" or frozen:
        kind, presets = LinearConfig, LINEAR_PRESETS
    belongs = _HEADS_OF.get(trained_by, "mamp") if kind is LinearConfig else trained_by or "paper"
    chosen = preset or (belongs if presets else None)
    if chosen not in presets and chosen is not None:
        raise ValueError(f"preset of {protocol} must be one of {', '.join(presets) or 'none'}; got {preset!r}")
    base = presets[chosen] if chosen else {}
    try:
        check_settings(kind, values or {})
        return kind(**fit_epochs(merge(base, values or {}), defaults_of(kind) | base, values or {}))
    except ValueError as error:
        raise ValueError(f"{protocol}: {error}") from None


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Override values by others.

    A mapping (views, shape) changes only what it names.
    """
    return base | {k: base.get(k, {}) | v if isinstance(v, dict) else v for k, v in over.items()}


class Judge:
    """Judge of one model on one split, by one protocol, as often as asked. It computes h of frozen encoders once.

    Args:
        clips: labelled clips.
        branches: pre-trained, or None for random initial values (scratch).
        subsets: sets of modalities; the last holds all.
        config: of the protocol.
        device: where to compute.
    """

    def __init__(
        self,
        clips: Labelled,
        branches: Branches | None,
        subsets: Sequence[tuple[str, ...]],
        config: Config,
        device: str | torch.device = "cpu",
    ) -> None:
        self.clips, self.subsets, self.config, self.device = clips, list(subsets), config, device
        self.names = self.subsets[-1]
        self.branches = None if branches is None else only(branches, self.names)
        self._h: list[torch.Tensor] = []

    def start(self, seed: int) -> Branches:
        """Return the branches with which training begins: the pre-trained ones, or random ones."""
        if self.branches is not None:
            return self.branches
        assert isinstance(self.config, ScratchConfig)
        torch.manual_seed(seed)
        return Branches(self.names, self.config.shape)

    def answers(self, seed: int, train_ids: np.ndarray | None = None) -> SubsetPredictions:
        """Train on some of the training clips (None: all), and return the answers of every set of modalities."""
        train_ids = self.clips.train_ids if train_ids is None else train_ids
        if isinstance(self.config, TuneConfig):
            start = self.start(seed)
            return tune(
                start, self.clips.store, train_ids, self.clips.test_ids, self.subsets, self.config, seed, self.device
            )
        return {subset: self._frozen(subset, seed, train_ids) for subset in self.subsets}

    def _frozen(self, subset: tuple[str, ...], seed: int, train_ids: np.ndarray) -> Predictions:
        assert self.branches is not None
        clips, config = self.clips, self.config
        if not self._h:
            heads = config if isinstance(config, LinearConfig) else LinearConfig()
            wanted = [(clips.train_ids, False), (clips.test_ids, False)] + [(clips.train_ids, True)] * heads.mirror
            self._h = [
                features(
                    self.branches, clips.store, ids, self.device, config.precision, pooling=heads.pooling, mirror=mirror
                )
                for ids, mirror in wanted
            ]
        columns, rows = [self.names.index(name) for name in subset], np.searchsorted(clips.train_ids, train_ids)
        test_NMH, seen = self._h[1][:, columns], [self._h[0], *self._h[2:]]
        train_NMH = torch.cat([h_NMH[rows][:, columns] for h_NMH in seen])
        label_N, truth_N = (torch.from_numpy(clips.store.label_N[ids]) for ids in (train_ids, clips.test_ids))
        label_N, classes = label_N.repeat(len(seen)), len(clips.store.labels)
        if isinstance(config, NearestConfig):
            return nearest(train_NMH, label_N, test_NMH, classes, config.k, self.device, subset)
        assert isinstance(config, LinearConfig)
        return train_heads(train_NMH, label_N, test_NMH, truth_N, classes, config, seed, self.device, subset)
