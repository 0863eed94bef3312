"""Training loop that pre-training and distillation share: steps, learning rate, checkpoints, log.

A checkpoint is whole or not there, and a run that is taken up again gives the losses of one that was never stopped,
bit for bit on a CPU: everything random comes from the seed, the epoch, the step and the process.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from models.side_by_side import one_thread
from models.system.atomic import write_whole
from training.config.schema import Schedule
from training.data.pool import Pool
from training.parallel.torchrun import Group, average, average_gradients
from training.runs.batch_norm import FEW_STEPS, LEAST_SPREAD, settle_statistics, spread
from training.runs.checkpoint import state_of
from training.runs.run_folder import CHECKPOINT, Log, save_model
from training.runs.trainer import Trainer
from training.runs.two_views import two_views


def make_optimizer(config: Schedule, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    """Make SGD or AdamW over the parameters.

    AdamW decays matrices only.
    """
    if config.optimizer == "sgd":
        return torch.optim.SGD(
            parameters, config.lr, momentum=config.momentum, weight_decay=config.weight_decay, foreach=True
        )
    matrices, others = [p for p in parameters if p.dim() > 1], [p for p in parameters if p.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.lr)


def hold_gradients(trainer: Trainer) -> None:
    """Give the encoders that train their gradients' memory once for all steps.

    Gradients that come and go lie between the activations, whose memory then falls to pieces: a recomputed step took
    1.7 times as much.
    """
    for parameter in trainer.product().encoders.parameters():
        parameter.grad = torch.zeros_like(parameter) if parameter.requires_grad else None


def seed_start(seed: int) -> None:
    """Seed the initial weights and the queue's noise, which are the same in all processes."""
    torch.manual_seed(seed)


def seed_epoch(seed: int, epoch: int, rank: int) -> None:
    """Seed dropout for an epoch of one process, on all its devices.

    Each process drops out something else. A run that is taken up needs no random state, by however many processes.
    """
    torch.manual_seed(int(np.random.SeedSequence([seed, epoch, rank, 2]).generate_state(1)[0]))


LOOKS = 8  # diagnostics an epoch: they are averaged over steps spread evenly


def _epoch(
    trainer: Trainer, optimizer: torch.optim.Optimizer, pool: Pool, epoch: int, group: Group, bar: tqdm[Any]
) -> dict[str, float]:
    config, steps = trainer.config, len(pool) // trainer.config.batch
    sums: defaultdict[str, list[float]] = defaultdict(list)
    trainer.train()
    seed_epoch(config.seed, epoch, group.rank)
    for step, (first, second) in enumerate(two_views(pool, config, epoch, group)):
        for entry in optimizer.param_groups:
            entry["lr"] = config.rate(epoch + step / steps)
        trainer.before(epoch)
        with one_thread() if group.world == 1 and not config.compile else nullcontext():
            parts = trainer.losses(first, second, epoch)
            if not torch.isfinite(parts["loss"].detach()):
                raise ValueError(f"the loss is not finite in epoch {epoch + 1}; take a lower --lr, or --precision fp32")
            optimizer.zero_grad(set_to_none=False)
            parts["loss"].backward()
            average_gradients((p for p in trainer.parameters() if p.requires_grad), group)
            optimizer.step()
        look = step % max(steps // LOOKS, 1) == 0
        for name, value in trainer.after(group, look).items():
            sums[name].append(value)
        for name, value in zip(parts, average(torch.stack([*parts.values()]).detach(), group).tolist(), strict=True):
            sums[name].append(value)
        bar.set_postfix(epoch=f"{epoch + 1}/{config.epochs}", loss=f"{sums['loss'][-1]:.2f}", refresh=False)
        bar.update()
    return {name: sum(values) / len(values) for name, values in sums.items()} | {"lr": config.rate(epoch)}


def fit(
    trainer: Trainer,
    optimizer: torch.optim.Optimizer,
    pool: Pool,
    first: int,
    out: Path,
    group: Group,
    milestones: dict[int, str],
    note: Callable[[str], None],
) -> None:
    """Train from epoch `first` to the end.

    The finished branches are written last.

    Args:
        trainer: what trains.
        optimizer: over the trainer's parameters.
        pool: the clips.
        first: epochs already done.
        out: the run's folder.
        group: this process among its peers; the first of them writes.
        milestones: epochs done -> file name of a further checkpoint.
        note: told when the run is finished.
    """
    config, log = trainer.config, Log(out, group.main, first)
    steps = len(pool) // config.batch
    values: dict[str, float] = {}
    hold_gradients(trainer)
    with tqdm(
        total=config.epochs * steps, initial=first * steps, unit="step", desc=out.name, disable=not group.main,
        mininterval=5, smoothing=0.02,
    ) as bar:  # fmt: skip
        for epoch in range(first, config.epochs):
            values = _epoch(trainer, optimizer, pool, epoch, group, bar)
            if not group.main:
                continue
            log.write(epoch + 1, values)
            done = epoch + 1
            due = [CHECKPOINT] if done % config.save_every == 0 or done == config.epochs else []
            for name in due + ([milestones[done]] if done in milestones else []):
                state = state_of(trainer, optimizer, done, trainer.config.modalities, group.world)
                write_whole(out / name, functools.partial(torch.save, state))
    if config.epochs * steps < FEW_STEPS:
        settle_statistics(trainer.product(), pool, config, group)
    if group.main:
        equal = [name for name, x in spread(trainer.product(), pool, config, group).items() if x < LEAST_SPREAD]
        if equal:
            note(
                f"WARNING: {out}: clips hardly differ in {', '.join(equal)} (spread below {LEAST_SPREAD}), so an "
                "evaluation would be chance: train for more epochs, or look at std in the log"
            )
        save_model(trainer.product(), out)
        note(f"{out}: {config.epochs} epochs" + (f", loss {values['loss']:.3f}" if values else ""))
