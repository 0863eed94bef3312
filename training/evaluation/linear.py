"""Linear evaluation: heads trained on h of frozen encoders, fused by the mean of the branches' logits.

Shape suffixes: N clips, M modalities, H width of h, C classes.

What the presets repeat, all of it SGD with momentum 0.9 and no weight decay, on cross-entropy:
    ikem: arXiv 2309.12009, section 4.1, and the AimCLR code that it shares its protocol with
        (github.com/Levigty/AimCLR, config/ntu60/linear_eval): lr 3.0, batch 128, 100 epochs, x 0.1 after 80, no
        augmentation; heads N(0, 0.02).
    cmd: arXiv 2208.12448 as published (github.com/maoyunyao/CMD, script_action_classification_cmd.sh and
        action_classification_cmd.py): lr 0.1, batch 64, 80 epochs, x 0.1 after 50 and 70; heads N(0, 0.01). It crops
        the training clips at random and prints the best of every fifth epoch on the test clips; here neither.
    mamp: arXiv 2308.07092 as published (github.com/maoyunyao/MAMP, config/ntu60_xsub_joint/linprobe_t120_layer8.yaml
        and main_linprobe.py): lr 0.1, batch 256 (128 on each of two GPUs), 100 epochs, cosine to zero step by step, no
        warm-up, features standardised by a batch-norm without parameters; heads N(0, 0.01). It crops and rotates the
        training clips at random; here neither. The file with its cosine is not among the published ones: the usual
        half cosine is assumed.

The preset ridge is the project's own: the same heads, jointly and in closed form (training.evaluation.ridge).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.config.schema import PRECISIONS, SCHEDULES, learning_rate, one_of, require
from training.evaluation.features import require_spread
from training.evaluation.pooling import POOLINGS
from training.evaluation.ridge import ridge_scores

LINEAR_PRESETS: dict[str, dict[str, Any]] = {
    "ikem": {},
    "cmd": {"lr": 0.1, "batch": 64, "epochs": 80, "drop_at": (50, 70), "init_std": 0.01},
    "mamp": {"lr": 0.1, "batch": 256, "schedule": "cosine", "init_std": 0.01, "standardise": True},
    "ridge": {"solver": "ridge", "standardise": True},
}
SOLVERS = ("sgd", "ridge")


@dataclass(frozen=True, slots=True)
class Predictions:
    """Answers of a trained model for the test clips.

    Attributes:
        predicted_N: class numbers, after the last epoch.
        best: highest accuracy in % of all epochs that were looked at; never the result, it is chosen on the test clips.
        best_epoch: its epoch, from 1.
    """

    predicted_N: np.ndarray
    best: float | None = None
    best_epoch: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LinearConfig:
    """Settings for training heads on frozen features. The defaults are the preset ikem.

    Attributes:
        epochs: passes over the training clips.
        batch: clips a step.
        drop_last: leave out the last, smaller batch of an epoch, as the published loader does; here it trains too.
        lr: learning rate at its highest.
        momentum: of SGD.
        weight_decay: of SGD.
        schedule: step (times 0.1 after each epoch of drop_at) or cosine (to zero, step by step).
        drop_at: epochs after which the step schedule divides the rate by ten.
        warmup: epochs of linear growth at the start.
        init_std: standard deviation of the heads' initial weights; biases begin at 0.
        standardise: features pass a batch-norm without parameters first (ridge: always, by the training clips).
        solver: sgd, or ridge (closed form: epochs, batch, rates, schedule and init_std mean nothing).
        penalty: of ridge's squared weights, as a share of the features' summed variances.
        pooling: mean (h, as published), places or blocks (training.evaluation.pooling).
        power: to which the features' magnitudes are raised, signs kept (power normalisation, Perronnin et al., ECCV
            2010): 0.5 evens out channels that answer strongly and rarely.
        mirror: each training clip trains the heads once more with left and right exchanged.
        precision: of the frozen encoders, as in pre-training.
    """

    epochs: int = 100
    batch: int = 128
    drop_last: bool = False
    lr: float = 3.0
    momentum: float = 0.9
    weight_decay: float = 0.0
    schedule: str = "step"
    drop_at: tuple[int, ...] = (80,)
    warmup: int = 0
    init_std: float = 0.02
    standardise: bool = False
    solver: str = "sgd"
    penalty: float = 5e-4
    pooling: str = "mean"
    power: float = 1.0
    mirror: bool = False
    precision: str = "fp32"

    def __post_init__(self) -> None:
        object.__setattr__(self, "drop_at", tuple(self.drop_at))
        check_schedule(self)
        require(self, {
            "init_std": (self.init_std > 0, "positive"), "penalty": (self.penalty > 0, "positive"),
            "power": (0 < self.power <= 1, "above 0 and at most 1"),
            "solver": one_of(self.solver, SOLVERS), "pooling": one_of(self.pooling, POOLINGS),
        })  # fmt: skip

    def rate(self, epoch: float) -> float:
        """Return the learning rate at a (fractional) epoch, as in pre-training."""
        return learning_rate(self, epoch)


def check_schedule(config: Any) -> None:
    """Raise a ValueError that names the first value of a training configuration that makes no sense."""
    require(config, {
        "epochs": (config.epochs >= 1, "at least 1"), "batch": (config.batch >= 1, "at least 1"),
        "lr": (config.lr > 0, "positive"), "weight_decay": (config.weight_decay >= 0, "at least 0"),
        "momentum": (0 <= config.momentum < 1, "in [0, 1)"), "schedule": one_of(config.schedule, SCHEDULES),
        "warmup": (0 <= config.warmup < config.epochs, f"from 0 to below the {config.epochs} epochs"),
        "precision": one_of(config.precision, PRECISIONS),
    })  # fmt: skip


class Heads(nn.Module):
    """Linear heads, one for a modality. Their mean logit is the score.

    Args:
        modalities: M.
        width: H.
        classes: C.
        config: initial values, and whether features are standardised.
        rng: CPU generator of the initial values.
    """

    def __init__(self, modalities: int, width: int, classes: int, config: LinearConfig, rng: torch.Generator) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(modalities, width, classes, generator=rng) * config.init_std)
        self.bias = nn.Parameter(torch.zeros(modalities, classes))
        self.norm: nn.Module = nn.Identity()
        if config.standardise:
            self.norm = nn.BatchNorm1d(modalities * width, affine=False, eps=1e-6)

    def forward(self, h_NMH: Tensor) -> Tensor:
        """Compute the mean logits (N, C)."""
        h_ND = self.norm(h_NMH.flatten(1))
        return h_ND @ self.weight.flatten(0, 1) / len(self.weight) + self.bias.mean(0)


def train_heads(
    train_NMH: Tensor,
    train_label_N: Tensor,
    test_NMH: Tensor,
    test_label_N: Tensor,
    classes: int,
    config: LinearConfig,
    seed: int,
    device: str | torch.device = "cpu",
    names: Sequence[str] = (),
) -> Predictions:
    """Train the heads of one set of modalities jointly, and answer for the test clips.

    Args:
        train_NMH: h of the training clips.
        train_label_N: their class numbers.
        test_NMH: h of the test clips; their labels are looked at only to say what the best epoch would have been.
        test_label_N: their class numbers.
        classes: C.
        config: how to train.
        seed: of initial values and order.
        device: where to compute.
        names: of the modalities, for what is said of them.

    Raises:
        ValueError: the features are the same for all training clips; or the one batch is smaller, and would be dropped.
    """
    require_spread(train_NMH, names)
    if config.power != 1:
        train_NMH, test_NMH = (x.sign() * x.abs() ** config.power for x in (train_NMH, test_NMH))
    if config.solver == "ridge":
        x_ND, label_N, test_ND = (t.to(device) for t in (train_NMH.flatten(1), train_label_N, test_NMH.flatten(1)))
        return Predictions(ridge_scores(x_ND, label_N, test_ND, classes, config.penalty).argmax(1).cpu().numpy())
    if config.drop_last and len(train_NMH) < config.batch:
        raise ValueError(
            f"{len(train_NMH)} training clips make no batch of {config.batch}, and drop_last leaves out smaller ones; "
            "take a smaller --batch, or --no-drop-last"
        )
    rng = torch.Generator().manual_seed(seed)
    modalities, width = train_NMH.shape[1:]
    heads = Heads(modalities, width, classes, config, rng).to(device)
    x_NMH, label_N, test_NMH, truth_N = (t.to(device) for t in (train_NMH, train_label_N, test_NMH, test_label_N))
    optimizer = torch.optim.SGD(
        heads.parameters(), config.lr, momentum=config.momentum, weight_decay=config.weight_decay
    )
    steps = len(x_NMH) // config.batch if config.drop_last else -(-len(x_NMH) // config.batch)
    best, best_epoch = -1.0, 0
    for epoch in range(config.epochs):
        heads.train()
        batches = torch.randperm(len(x_NMH), generator=rng).to(device).split(config.batch)
        for step, some in enumerate(batches[:steps]):
            if config.standardise and len(some) == 1:
                continue  # one clip has no spread to be divided by
            optimizer.param_groups[0]["lr"] = config.rate(epoch + step / steps)
            loss = F.cross_entropy(heads(x_NMH[some]), label_N[some])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        predicted_N = _answers(heads, test_NMH)
        accuracy = 100 * float((predicted_N == truth_N).float().mean())
        if accuracy > best:
            best, best_epoch = accuracy, epoch + 1
    return Predictions(predicted_N.cpu().numpy(), best, best_epoch)


@torch.no_grad()
def _answers(heads: Heads, h_NMH: Tensor) -> Tensor:
    return heads.eval()(h_NMH).argmax(1)
