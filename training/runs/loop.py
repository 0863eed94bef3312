"""Training loop that pre-training and distillation share: steps, learning rate, checkpoints, log.

A checkpoint is whole or not there, and a run that is taken up again gives the losses of one that was never stopped,
bit for bit on a CPU: everything random comes from the seed, the epoch and the step, or from the saved state.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from tqdm import tqdm

from models.branches import Branches
from models.system.atomic import write_whole
from training.config.schema import DistilConfig, PretrainConfig, Schedule
from training.data.pool import Pool
from training.data.store import Batch
from training.parallel.torchrun import Group, average, average_gradients
from training.runs.run_folder import CHECKPOINT, Log, save_model
from training.runs.two_views import two_views

Config = PretrainConfig | DistilConfig


class Trainer(Protocol):
    """Interface of pre-training and distillation to the loop. The methods of nn.Module stand first."""

    def train(self, mode: bool = True) -> Any:
        """Set training mode."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """Yield all parameters, also those that want no gradient."""

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield all parameters with their names."""

    def state_dict(self) -> Any:
        """Return everything that the run changes, as tensors by name."""

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> Any:
        """Load what `state_dict` returned."""

    @property
    def config(self) -> Config:
        """Configuration of the training."""

    def before(self, epoch: int) -> None:
        """Do what comes before every step (momentum)."""

    def losses(self, first: Batch, second: Batch, epoch: int) -> dict[str, Tensor]:
        """Compute the loss, named "loss", and its parts."""

    def after(self, group: Group, diagnose: bool) -> dict[str, float]:
        """Update the queue after every step, and return diagnostics where asked."""

    def product(self) -> Branches:
        """Return the branches that the run is for."""


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


def optimizer_state(optimizer: torch.optim.Optimizer, module: Trainer) -> dict[str, dict[str, Tensor]]:
    """Return the optimizer's state by parameter name.

    A run with fewer modalities can then take its own part.
    """
    names: dict[Tensor, str] = {parameter: name for name, parameter in module.named_parameters()}
    return {names[p]: dict(state) for p, state in optimizer.state.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, module: Trainer, held: dict[str, Any]) -> None:
    """Restore a state of `optimizer_state` for the parameters that the module has."""
    for name, parameter in module.named_parameters():
        if name in held:
            optimizer.state[parameter] = {
                k: v.to(parameter.device) if k != "step" and torch.is_tensor(v) else v for k, v in held[name].items()
            }


def state_of(trainer: Trainer, optimizer: torch.optim.Optimizer, epoch: int, names: Sequence[str]) -> dict[str, Any]:
    """Return everything that a run needs to go on, as tensors and plain values."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {
        "epoch": epoch, "modalities": list(names), "model": trainer.state_dict(),
        "optimizer": optimizer_state(optimizer, trainer), "random": torch.get_rng_state(), "cuda": cuda,
    }  # fmt: skip


def restore(trainer: Trainer, optimizer: torch.optim.Optimizer, state: dict[str, Any], path: Path) -> int:
    """Restore a state of `state_of` and return the number of epochs done.

    Raises:
        ValueError: the state is of other branches or shapes.
    """
    try:
        trainer.load_state_dict(state["model"])
        restore_optimizer(optimizer, trainer, state["optimizer"])
        torch.set_rng_state(state["random"])
    except (RuntimeError, KeyError, TypeError) as error:
        raise ValueError(f"{path} does not fit this configuration: {error}") from error
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
    return int(state["epoch"])


LOOKS = 8  # diagnostics an epoch: they are averaged over steps spread evenly


def _epoch(
    trainer: Trainer, optimizer: torch.optim.Optimizer, pool: Pool, epoch: int, group: Group, bar: tqdm[Any]
) -> dict[str, float]:
    config, steps = trainer.config, len(pool) // trainer.config.batch
    sums: defaultdict[str, list[float]] = defaultdict(list)
    trainer.train()
    for step, (first, second) in enumerate(two_views(pool, config, epoch, group)):
        for entry in optimizer.param_groups:
            entry["lr"] = config.rate(epoch + step / steps)
        trainer.before(epoch)
        parts = trainer.losses(first, second, epoch)
        if not torch.isfinite(parts["loss"].detach()):
            raise ValueError(f"the loss is not finite in epoch {epoch + 1}; take a lower --lr, or --precision fp32")
        optimizer.zero_grad()
        parts["loss"].backward()
        average_gradients((p for p in trainer.parameters() if p.requires_grad), group)
        optimizer.step()
        look = step % max(steps // LOOKS, 1) == 0
        for name, value in trainer.after(group, look).items():
            sums[name].append(value)
        for name, part in parts.items():
            sums[name].append(float(average(part.detach().clone(), group)))
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
                state = state_of(trainer, optimizer, done, trainer.config.modalities)
                write_whole(out / name, functools.partial(torch.save, state))
    if group.main:
        save_model(trainer.product(), out)
        note(f"{out}: {config.epochs} epochs" + (f", loss {values['loss']:.3f}" if values else ""))
