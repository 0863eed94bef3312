"""Interface of pre-training and distillation to the loop and to checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from torch import Tensor, nn

from models.branches import Branches
from training.config.schema import DistilConfig, PretrainConfig
from training.data.store import Batch
from training.parallel.torchrun import Group

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
