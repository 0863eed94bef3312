"""Contents of a checkpoint: everything that a run needs to go on, by whatever number of processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.system.words import count
from training.parallel.torchrun import Group
from training.runs.trainer import Trainer


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


def state_of(
    trainer: Trainer, optimizer: torch.optim.Optimizer, epoch: int, names: Sequence[str], world: int = 1
) -> dict[str, Any]:
    """Return everything that a run needs to go on, as tensors and plain values.

    There is no random state, as each rank seeds every epoch anew (`seed_epoch`). `world` is the number of processes.
    """
    return {
        "epoch": epoch, "modalities": list(names), "model": trainer.state_dict(),
        "optimizer": optimizer_state(optimizer, trainer), "world": world,
    }  # fmt: skip


def restore(
    trainer: Trainer,
    optimizer: torch.optim.Optimizer,
    state: dict[str, Any],
    path: Path,
    group: Group | None = None,
    note: Callable[[str], None] = lambda line: None,
) -> int:
    """Restore a state of `state_of` and return the number of epochs done.

    Args:
        trainer: what trains.
        optimizer: over its parameters.
        state: of `state_of`, perhaps of another number of processes, or of an earlier version.
        path: of the state, for messages.
        group: this process among its peers; None for one alone.
        note: told where the number of processes has changed.

    Raises:
        ValueError: the state is of other branches or shapes, or of another optimizer.
    """
    adaptive = any("exp_avg" in entry for entry in state["optimizer"].values())
    if state["optimizer"] and adaptive != isinstance(optimizer, torch.optim.AdamW):
        raise ValueError(f"{path} does not fit this configuration: it holds the state of another optimizer")
    try:
        trainer.load_state_dict(state["model"])
        restore_optimizer(optimizer, trainer, state["optimizer"])
    except (RuntimeError, KeyError, TypeError) as error:
        # torch names every tensor, a line a kind of fault
        first = (str(error).splitlines()[1:] or [str(error)])[0].split(", ")[0].strip()
        raise ValueError(
            f"{path} does not fit this configuration ({first}): is it of another --preset? Delete it to begin again, "
            "or give another --out"
        ) from error
    group = group or Group()
    before = state.get("world", group.world)
    if group.main and before != group.world:
        note(
            f"{path} was written by {count(before, 'process', 'processes')} and goes on in {group.world}: "
            "the batches stay as they were, and dropout follows from the seed, the epoch and the process"
        )
    return int(state["epoch"])
