"""Precision of a training: chosen by what the processor can do, and told to torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import torch

from models.system.cores import bf16_is_quick

Config = TypeVar("Config", bound=Any)  # a dataclass with a precision


def chosen_precision(asked: str, device: torch.device, held: str | None = None) -> str:
    """Return the precision to train with: as asked, or for "auto" what the machine is quick with.

    Args:
        asked: one of training.config.schema.PRECISIONS.
        device: where the encoders run.
        held: what "auto" became in the run that is taken up, which is kept; None where there is none.
    """
    if asked != "auto":
        return asked
    if held is not None:
        return held
    if device.type == "cuda":
        quick = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        quick = bf16_is_quick()
    return "bf16" if quick else "fp32"


def settle_precision(
    config: Config, device: torch.device, held: str | None = None, note: Callable[[str], None] | None = None
) -> Config:
    """Return a configuration whose precision is no longer "auto", after telling torch of it (arguments as above).

    `note` is told what "auto" became.
    """
    chosen = chosen_precision(config.precision, device, held)
    if config.precision == "auto" and note is not None:
        note(f"precision auto is {chosen} here, on {device.type}")
    use_precision(chosen)
    return dataclasses.replace(config, precision=chosen)


def use_precision(precision: str) -> None:
    """Tell torch whether float32 products may be rounded to TF32 on a GPU: with "tf32" alone.

    Torch's own default rounds in cuDNN's convolutions but not in matrix products, so that temporal convolutions have
    10 bits of mantissa and graph convolutions 23.
    """
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"


def encoders_in(precision: str, device: torch.device) -> torch.autocast:
    """Return the autocast within which encoders run."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")
