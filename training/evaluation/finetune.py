"""Training of encoders and heads together with labels: fine-tuning, the semi-supervised protocol, and from scratch.

Every modality's branch learns by its own cross-entropy, as the streams of the literature do, so that one training
serves every set of modalities: their fused score is the mean of the branches' logits.

The preset paper repeats HiCLR (arXiv 2211.13466), which has the published encoder (github.com/JHang2020/HiCLR,
config/release/gcn_ntu60/finetune and config/gcn_ntu60/semi): SGD lr 0.1, momentum 0.9, weight decay 1e-4, batch 64,
warm-up of 5 epochs; 70 epochs, x 0.1 after 30 and 55; semi-supervised 60 epochs, x 0.1 after 15 and 30. Clips are
augmented as in pre-training. IKEM itself is not published with fine-tuning.

Shape suffixes: N clips, M modalities, C classes.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from models.branches import Branches
from models.shape import Shape
from training.config.schema import PretrainConfig, learning_rate, require
from training.config.sources import PRESETS
from training.data.augmentation import augment
from training.data.store import Store
from training.data.views import Views
from training.evaluation.classifier import Classifier
from training.evaluation.features import people_slots
from training.evaluation.linear import Predictions, check_schedule
from training.runs.precision import encoders_in


@dataclass(frozen=True, kw_only=True, slots=True)
class TuneConfig:
    """Settings for training encoders and heads with labels. The defaults are the preset paper.

    Attributes:
        epochs: passes over the training clips.
        batch: clips a step; an epoch's last batches share its clips evenly.
        lr: learning rate at its highest.
        momentum: of SGD.
        weight_decay: of SGD.
        schedule: step (times 0.1 after each epoch of drop_at) or cosine (to zero).
        drop_at: epochs after which the step schedule divides the rate by ten.
        warmup: epochs of linear growth at the start.
        views: augmentation of the training clips.
        precision: of the encoders, as in pre-training.
        watch: epochs between looks at the test clips, for the best epoch; 0 looks at them once, at the end.
    """

    epochs: int = 70
    batch: int = 64
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 1e-4
    schedule: str = "step"
    drop_at: tuple[int, ...] = (30, 55)
    warmup: int = 5
    views: Views = field(default_factory=Views)
    precision: str = "fp32"
    watch: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "drop_at", tuple(self.drop_at))
        if isinstance(self.views, Mapping):
            object.__setattr__(self, "views", Views(**self.views))
        check_schedule(self)
        require(self, {"watch": (self.watch >= 0, "at least 0")})

    def rate(self, epoch: float) -> float:
        """Return the learning rate at a (fractional) epoch, as in pre-training."""
        return learning_rate(self, epoch)


@dataclass(frozen=True, kw_only=True, slots=True)
class ScratchConfig(TuneConfig):
    """Settings for the same training from random initial values.

    Attributes:
        shape: of the encoders.
    """

    shape: Shape = field(default_factory=Shape)

    def __post_init__(self) -> None:
        TuneConfig.__post_init__(self)
        if isinstance(self.shape, Mapping):
            object.__setattr__(self, "shape", Shape(**self.shape))


_SMALL: dict[str, Any] = {"epochs": 100, "schedule": "cosine", "precision": "auto"} | {
    "views": PRESETS["compact"][PretrainConfig]["views"]
}
# preset -> protocol -> values over the defaults.
TUNE_PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "paper": {"finetune": {}, "scratch": {}, "semi": {"epochs": 60, "drop_at": (15, 30)}},
    "compact": {
        "finetune": _SMALL, "semi": _SMALL,
        "scratch": _SMALL | {"shape": PRESETS["compact"][PretrainConfig]["shape"]},
    },
}  # fmt: skip


def tune(
    branches: Branches,
    store: Store,
    train_ids: np.ndarray,
    test_ids: np.ndarray,
    subsets: Sequence[tuple[str, ...]],
    config: TuneConfig,
    seed: int,
    device: str | torch.device = "cpu",
) -> dict[tuple[str, ...], Predictions]:
    """Train a copy of the branches, with new heads, and answer for the test clips.

    Args:
        branches: where to begin; they stay as they are.
        store: labelled clips.
        train_ids: numbers of the training clips.
        test_ids: numbers of the test clips; looked at for the answer alone.
        subsets: modalities whose mean logit answers.
        config: how to train.
        seed: of the heads, order, augmentation and dropout.
        device: where to compute.

    Raises:
        ValueError: the loss is not finite.
    """
    torch.manual_seed(seed)
    model = Classifier(copy.deepcopy(branches), len(store.labels)).to(device).requires_grad_(True)
    optimizer = torch.optim.SGD(
        model.parameters(), config.lr, momentum=config.momentum, weight_decay=config.weight_decay, foreach=True
    )
    answers: dict[tuple[str, ...], Predictions] = {}
    bar = tqdm(range(config.epochs), desc=f"train with labels, seed {seed}", unit="epoch", leave=False, mininterval=5)
    for epoch in bar:
        loss = _epoch(model, optimizer, store, train_ids, config, (seed, epoch), device)
        bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
        done = epoch + 1
        if done == config.epochs or (config.watch and done % config.watch == 0):
            logits_NMC = _logits(model, store, test_ids, config, device)
            _look(answers, logits_NMC, store.label_N[test_ids], subsets, branches.names, done if config.watch else None)
    return answers


def _epoch(
    model: Classifier,
    optimizer: torch.optim.Optimizer,
    store: Store,
    ids: np.ndarray,
    config: TuneConfig,
    seeds: tuple[int, int],
    device: str | torch.device,
) -> float:
    """Train for one pass over the clips, and return the mean loss of a branch."""
    model.train()
    batches = np.array_split(np.random.default_rng(seeds).permutation(ids), -(-len(ids) // config.batch))
    total = 0.0
    for step, some in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = config.rate(seeds[1] + step / len(batches))
        clips = store.batch(some, device, people_slots(model.branches, store))
        rng = torch.Generator().manual_seed(int(np.random.SeedSequence([*seeds, step]).generate_state(1)[0]))
        with encoders_in(config.precision, torch.device(device)):
            logits_NMC = model(augment(clips.joints_NPTVC, rng, config.views), clips.frames_N, clips.present_NP)
        M = logits_NMC.shape[1]
        # The sum over the branches: each learns as it would alone.
        loss = M * F.cross_entropy(logits_NMC.float().flatten(0, 1), clips.label_N.repeat_interleave(M))
        if not torch.isfinite(loss.detach()):
            raise ValueError(f"the loss is not finite in epoch {seeds[1] + 1}; take a lower --lr, or --precision fp32")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += float(loss.detach()) / M
    return total / len(batches)


@torch.no_grad()
def _logits(model: Classifier, store: Store, ids: np.ndarray, config: TuneConfig, device: str | torch.device) -> Tensor:
    """Compute the branch logits (N, M, C) in eval mode, on the CPU."""
    model.eval()
    parts = []
    for start in range(0, len(ids), 256):
        clips = store.batch(ids[start : start + 256], device, people_slots(model.branches, store))
        with encoders_in(config.precision, torch.device(device)):
            parts.append(model(clips.joints_NPTVC, clips.frames_N, clips.present_NP).float().cpu())
    return torch.cat(parts)


def _look(
    answers: dict[tuple[str, ...], Predictions],
    logits_NMC: Tensor,
    truth_N: np.ndarray,
    subsets: Sequence[tuple[str, ...]],
    names: Sequence[str],
    epoch: int | None,
) -> None:
    """Replace the last answers by the newest ones.

    Where epochs are watched, the best epoch is remembered.
    """
    for subset in subsets:
        columns = [list(names).index(name) for name in subset]
        predicted_N = logits_NMC[:, columns].mean(1).argmax(1).numpy()
        if epoch is None:
            answers[subset] = Predictions(predicted_N)
            continue
        newest, before = 100 * float((predicted_N == truth_N).mean()), answers.get(subset)
        if before is None or before.best is None or before.best < newest:
            answers[subset] = Predictions(predicted_N, newest, epoch)
        else:
            answers[subset] = Predictions(predicted_N, before.best, before.best_epoch)
