"""Supervised training of the student on labelled windows of both domains; resumable, last epoch kept.

Shapes: N batch, K frames of the window, V joints, M modalities, C classes.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.shape import CHANNELS, STRIDES
from training.data.tracks import Track
from training.supervised.window_augmentation import Augmentation, window_of

if TYPE_CHECKING:
    import torch

    from models.student import Student


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How the default model is trained.

    Attributes:
        window_s: seconds of a window; goes into the model file.
        frames: frames of a window.
        epochs: passes of `windows` windows each.
        windows: windows an epoch, drawn anew each time.
        batch: windows a step.
        lr: peak of the one-cycle learning rate (AdamW).
        weight_decay: of AdamW, on weights.
        dropout: in the encoders' blocks 2 to 10.
        smoothing: label smoothing.
        camera: share of windows from the camera's domain.
        evenness: 0 draws clips as they come, 1 draws all actions equally often.
        average: decay of the weights' running mean, which is what is kept.
        seed: of everything random.
        channels: widths of the encoders' blocks.
        strides: of the encoders' blocks, in time.
        modalities: branches, in order.
        augmentation: how windows are varied.
    """

    window_s: float = 2.5
    frames: int = 50
    epochs: int = 30
    windows: int = 3072
    batch: int = 64
    lr: float = 3e-3
    weight_decay: float = 0.02
    dropout: float = 0.1
    smoothing: float = 0.1
    camera: float = 0.65
    evenness: float = 0.7
    average: float = 0.998
    seed: int = 0
    channels: tuple[int, ...] = CHANNELS
    strides: tuple[int, ...] = STRIDES
    modalities: tuple[str, ...] = ("joint", "bone", "motion")
    augmentation: Augmentation = field(default_factory=Augmentation)


def chances(tracks: list[Track], recipe: Recipe) -> np.ndarray:
    """Chance of each track to be drawn: by domain, by action (evened), by source within the action (evened)."""
    count = Counter((t.domain, t.action) for t in tracks)
    sources = Counter((t.domain, t.action, t.source) for t in tracks)
    even = recipe.evenness
    weight = np.array([
        count[t.domain, t.action] ** -even * (sources[t.domain, t.action, t.source] / count[t.domain, t.action]) ** -0.5
        for t in tracks
    ])  # fmt: skip
    is_camera = np.array([t.domain == "camera" for t in tracks])
    for mask, share in ((is_camera, recipe.camera), (~is_camera, 1 - recipe.camera)):
        if mask.any():
            weight[mask] *= share / weight[mask].sum()
    return weight / weight.sum()


def epoch_windows(
    tracks: list[Track], labels: tuple[str, ...], recipe: Recipe, epoch: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches of one epoch: (joints (N, K, 25, 3), label numbers (N,)), freshly drawn by seed and epoch."""
    rng = np.random.default_rng([recipe.seed, epoch])
    chosen = rng.choice(len(tracks), recipe.windows, p=chances(tracks, recipe))
    for a in range(0, recipe.windows - recipe.batch + 1, recipe.batch):
        some = [tracks[i] for i in chosen[a : a + recipe.batch]]
        joints = np.stack([window_of(t, recipe.window_s, recipe.frames, recipe.augmentation, rng) for t in some])
        yield joints, np.array([labels.index(t.action) for t in some])


def loss_of(logits_NMC: torch.Tensor, label_N: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Cross-entropy of the fused score plus the mean cross-entropy of the branches."""
    from torch.nn import functional as F

    fused = F.cross_entropy(logits_NMC.mean(1), label_N, label_smoothing=smoothing)
    each = [F.cross_entropy(logits_NMC[:, m], label_N, label_smoothing=smoothing) for m in range(logits_NMC.shape[1])]
    return fused + sum(each) / len(each)


def running_mean(decay: float) -> Callable:
    """An exponential mean of parameters whose decay grows to `decay`, so that it forgets the random start soon."""

    def update(means: list, current: list, steps) -> None:
        keep = min(decay, (1 + float(steps)) / (10 + float(steps)))
        for mean, value in zip(means, current, strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, 1 - keep)
            else:
                mean.copy_(value)

    return update


def begin(student: Student, start: Path) -> None:
    """Give a student the encoders of START: a folder of models.weights, or a finished run of pretrain or distil.

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


def train(
    tracks: list[Track],
    labels: tuple[str, ...],
    recipe: Recipe,
    out: Path,
    note: Callable[[str], None],
    start: Path | None = None,
) -> tuple[Student, list[dict]]:
    """Train the student; OUT/checkpoint.pt is written after every epoch and taken up again.

    Args:
        tracks: clips that train.
        labels: short ids, in the order of the logits.
        recipe: how.
        out: folder of the checkpoint.
        note: told a line an epoch.
        start: whose encoders to start from (see `begin`); None starts at random. Heads start at random.

    Returns:
        The student with the running mean of its weights, in eval mode, and the log, an entry an epoch.

    Raises:
        ValueError: OUT holds a checkpoint of another recipe, or START does not fit.
    """
    import torch
    from torch.optim.swa_utils import AveragedModel

    from models.student import Student
    from models.system.atomic import write_whole

    torch.manual_seed(recipe.seed)
    student = Student(len(labels), recipe.modalities, recipe.channels, recipe.dropout, strides=recipe.strides)
    if start is not None:
        begin(student, start)
    mean = AveragedModel(student, multi_avg_fn=running_mean(recipe.average), use_buffers=True)
    matrices = [p for p in student.parameters() if p.dim() > 1]
    others = [p for p in student.parameters() if p.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=recipe.lr)
    steps = recipe.windows // recipe.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.lr, recipe.epochs * steps, pct_start=0.15)
    parts = {"student": student, "mean": mean, "optimiser": optimiser, "schedule": schedule}
    path, first, log = out / "checkpoint.pt", 0, []
    out.mkdir(parents=True, exist_ok=True)
    identity = json.dumps([asdict(recipe), labels, len(tracks), str(start and start.resolve())])
    if path.exists():
        state = torch.load(path, weights_only=True)
        if state["identity"] != identity:
            raise ValueError(f"{path} belongs to another recipe or other data; give another --out or delete it")
        for name, part in parts.items():
            part.load_state_dict(state[name])
        torch.set_rng_state(state["random"])
        first, log = state["epoch"], state["log"]
    frames_N = torch.full((recipe.batch,), recipe.window_s * 30)
    for epoch in range(first, recipe.epochs):
        student.train()
        total, right, began = 0.0, 0, time.monotonic()
        for joints, label in epoch_windows(tracks, labels, recipe, epoch):
            label_N = torch.from_numpy(label)
            with torch.autocast("cpu", torch.bfloat16):
                logits_NMC = student.logits(torch.from_numpy(joints), frames_N)
            loss = loss_of(logits_NMC.float(), label_N, recipe.smoothing)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(student.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            mean.update_parameters(student)
            total += float(loss.detach())
            right += int((logits_NMC.float().mean(1).argmax(1) == label_N).sum())
        log.append({"epoch": epoch + 1, "loss": total / steps, "top1": right / (steps * recipe.batch)})
        speed = recipe.windows / (time.monotonic() - began)
        said = f"loss {log[-1]['loss']:.3f}, {100 * log[-1]['top1']:.1f} % of the windows right, {speed:.0f} windows/s"
        note(f"epoch {epoch + 1} of {recipe.epochs}: {said}")
        state = {name: part.state_dict() for name, part in parts.items()}
        whole = state | {"epoch": epoch + 1, "log": log, "identity": identity, "random": torch.get_rng_state()}
        write_whole(path, lambda part, whole=whole: torch.save(whole, part))
    return mean.module.eval(), log
