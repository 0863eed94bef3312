"""Supervised training of the student on labelled windows of both domains. It can be resumed; the last epoch is kept.

Shapes: N batch, K frames of the window, V joints, M modalities, C classes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from models.system.cores import bf16_is_quick
from training.data.tracks import Track
from training.supervised.life import Life
from training.supervised.recipe import Recipe, epoch_windows

if TYPE_CHECKING:
    import torch

    from models.student import Student


def loss_of(logits_NMC: torch.Tensor, label_N: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Compute the cross-entropy of the fused score plus the mean cross-entropy of the branches."""
    from torch.nn import functional as F

    fused = F.cross_entropy(logits_NMC.mean(1), label_N, label_smoothing=smoothing)
    each = [F.cross_entropy(logits_NMC[:, m], label_N, label_smoothing=smoothing) for m in range(logits_NMC.shape[1])]
    return fused + sum(each) / len(each)


def running_mean(decay: float) -> Callable[[Sequence[torch.Tensor], Sequence[torch.Tensor], torch.Tensor | int], None]:
    """Return an exponential mean of parameters whose decay grows to `decay`.

    So it soon forgets the random start.
    """

    def update(means: Sequence[torch.Tensor], current: Sequence[torch.Tensor], steps: torch.Tensor | int) -> None:
        keep = min(decay, (1 + float(steps)) / (10 + float(steps)))
        for mean, value in zip(means, current, strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - keep)
            else:
                mean.copy_(value)

    return update


def begin(student: Student, start: Path) -> None:
    """Give a student the encoders of START.

    START is a folder of models.weights, or a finished run of pretrain or distil.

    Raises:
        ValueError: START is neither, or its encoders have other modalities or widths.
    """
    from models.weights import WEIGHTS, load
    from training.runs.run_folder import load_branches

    encoders = (load(start)[0] if (start / WEIGHTS).exists() else load_branches(start)[0]).encoders
    for name, encoder in student.encoders.items():
        if name not in encoders:
            raise ValueError(f"{start} has no encoder of {name}; it has {', '.join(encoders)}")
        try:
            encoder.load_state_dict(encoders[name].state_dict())
        except RuntimeError as error:
            raise ValueError(f"the encoders of {start} have another shape than the recipe's: {error}") from None


class _Stateful(Protocol):
    """Part of a training that a checkpoint can hold."""

    def state_dict(self) -> Any:
        """Return everything that changes."""

    def load_state_dict(self, state_dict: Any) -> Any:
        """Load what `state_dict` returned."""


class Course:
    """Student in training, with everything that a checkpoint holds.

    Args:
        labels: short ids, in the order of the logits.
        recipe: how to train.
        start: whose encoders to start from (see `begin`); None starts at random.

    Attributes:
        log: an entry an epoch: its number, mean loss, and share of the windows that are right.

    Raises:
        ValueError: START does not fit.
    """

    def __init__(self, labels: tuple[str, ...], recipe: Recipe, start: Path | None) -> None:
        import torch
        from torch.optim.swa_utils import AveragedModel

        from models.student import Student

        self.labels, self.recipe = labels, recipe
        self.log: list[dict[str, float]] = []
        torch.manual_seed(recipe.seed)
        self.student = Student(len(labels), recipe.modalities, recipe.channels, recipe.dropout, strides=recipe.strides)
        if start is not None:
            begin(self.student, start)
        self._mean = AveragedModel(self.student, multi_avg_fn=running_mean(recipe.average), use_buffers=True)
        matrices = [p for p in self.student.parameters() if p.dim() > 1]
        others = [p for p in self.student.parameters() if p.dim() <= 1]
        groups = [{"params": matrices, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
        self._optimiser = torch.optim.AdamW(groups, lr=recipe.lr)
        self._steps = recipe.windows // recipe.batch
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser, recipe.lr, recipe.epochs * self._steps, pct_start=0.15
        )
        self._frames_N = torch.full((recipe.batch,), recipe.window_s * 30)
        self._bf16 = bf16_is_quick()

    @property
    def _parts(self) -> dict[str, _Stateful]:
        """Parts that change in training, by their names in the checkpoint."""
        return {
            "student": self.student, "mean": self._mean, "optimiser": self._optimiser, "schedule": self._schedule,
        }  # fmt: skip

    @property
    def product(self) -> Student:
        """Student with the running mean of its weights, in eval mode."""
        from models.student import Student

        mean = self._mean.module
        assert isinstance(mean, Student)
        return mean.eval()

    def take_up(self, path: Path, identity: str) -> int:
        """Go on from a checkpoint, if it is there, and return the epochs done.

        Raises:
            ValueError: it is of another recipe or other data.
        """
        import torch

        if not path.exists():
            return 0
        state = torch.load(path, weights_only=True)
        if state["identity"] != identity:
            raise ValueError(f"{path} belongs to another recipe or other data; give another --out or delete it")
        for name, part in self._parts.items():
            part.load_state_dict(state[name])
        torch.set_rng_state(state["random"])
        self.log = state["log"]
        return int(state["epoch"])

    def save(self, path: Path, identity: str, epochs: int) -> None:
        """Write a checkpoint, whole or not at all."""
        import torch

        from models.system.atomic import write_whole

        state = {name: part.state_dict() for name, part in self._parts.items()}
        whole = state | {"epoch": epochs, "log": self.log, "identity": identity, "random": torch.get_rng_state()}
        write_whole(path, lambda part: torch.save(whole, part))

    def epoch(self, tracks: list[Track], number: int, life: Life | None = None) -> dict[str, float]:
        """Train one epoch and return its entry of the log."""
        self.student.train()
        total, right = 0.0, 0
        for joints, label in epoch_windows(tracks, self.labels, self.recipe, number, life):
            loss, hits = self._step(joints, label)
            total += loss
            right += hits
        share = right / (self._steps * self.recipe.batch)
        self.log.append({"epoch": number + 1, "loss": total / self._steps, "top1": share})
        return self.log[-1]

    def _step(self, joints: np.ndarray, label: np.ndarray) -> tuple[float, int]:
        """Train on a batch, and return its loss and how many of its windows are right."""
        import torch

        label_N = torch.from_numpy(label)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._bf16):
            logits_NMC = self.student.logits(torch.from_numpy(joints), self._frames_N)
        loss = loss_of(logits_NMC.float(), label_N, self.recipe.smoothing)
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), 5.0)
        self._optimiser.step()
        self._schedule.step()
        self._mean.update_parameters(self.student)
        return float(loss.detach()), int((logits_NMC.float().mean(1).argmax(1) == label_N).sum())


def train(
    tracks: list[Track],
    labels: tuple[str, ...],
    recipe: Recipe,
    out: Path,
    note: Callable[[str], None],
    start: Path | None = None,
) -> tuple[Student, list[dict[str, float]]]:
    """Train the student.

    OUT/checkpoint.pt is written after every epoch, and a run that was stopped goes on from it.

    Args:
        tracks: clips that train.
        labels: short ids, in the order of the logits.
        recipe: how to train.
        out: folder of the checkpoint.
        note: told a line an epoch.
        start: whose encoders to start from (see `begin`); None starts at random. Heads start at random.

    Returns:
        The student with the running mean of its weights, in eval mode, and the log, an entry an epoch.

    Raises:
        ValueError: OUT holds a checkpoint of another recipe, or START does not fit.
    """
    course, path = Course(labels, recipe, start), out / "checkpoint.pt"
    out.mkdir(parents=True, exist_ok=True)
    identity = json.dumps([asdict(recipe), labels, len(tracks), str(start and start.resolve())])
    life = Life(tracks) if recipe.augmentation.needs_life else None
    for epoch in range(course.take_up(path, identity), recipe.epochs):
        began = time.monotonic()
        entry = course.epoch(tracks, epoch, life)
        speed = recipe.windows / (time.monotonic() - began)
        said = f"loss {entry['loss']:.3f}, {100 * entry['top1']:.1f} % of the windows right, {speed:.0f} windows/s"
        note(f"epoch {epoch + 1} of {recipe.epochs}: {said}")
        course.save(path, identity, epoch + 1)
    return course.product, course.log
