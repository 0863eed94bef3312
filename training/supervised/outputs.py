"""Labels of the default model, and outputs of a student in training for the middle windows of clips.

Shapes: N windows, M modalities, C classes, D width of the embedding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.labels import DISPLAY
from training.data.tracks import Track
from training.supervised.recipe import Recipe
from training.supervised.window_augmentation import middle_window

if TYPE_CHECKING:
    from models.student import Student


@dataclass(frozen=True, slots=True)
class StudentOutputs:
    """Outputs of a student for windows."""

    logits_NMC: np.ndarray
    embedding_ND: np.ndarray
    label_N: np.ndarray


def fused(out: StudentOutputs, fusion: Sequence[float]) -> np.ndarray:
    """Return the weighed sum of the branches' logits, (N, C)."""
    return np.einsum("nmc,m->nc", out.logits_NMC, np.asarray(fusion, float))


def outputs_of(
    student: Student, tracks: Sequence[Track], how: Recipe, labels: Sequence[str] = tuple(DISPLAY)
) -> StudentOutputs:
    """Run the student on the middle window of each track.

    `labels` are those of its logits.
    """
    import torch

    joints = torch.from_numpy(np.stack([middle_window(t, how.window_s, how.frames) for t in tracks]))
    with torch.inference_mode():
        both = [student(some, torch.full((len(some),), how.window_s * 30)) for some in joints.split(64)]
    label_N = np.array([list(labels).index(track.action) for track in tracks])
    logits_NMC, embedding_ND = (torch.cat(part).numpy().astype(float) for part in zip(*both, strict=True))
    return StudentOutputs(logits_NMC, embedding_ND, label_N)
