"""What is passed around to recognise actions, whatever stands behind it: a model file, or one with taught actions.

Shapes: N windows, T frames of a window, V joints, M modalities, C classes, D width of the embedding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True, slots=True)
class ModelScores:
    """What the model says about a batch of windows, float32.

    Attributes:
        fused_NC: Scores of the classes, each row sums to 1.
        modality_NMC: The same from each modality alone.
        embedding_ND: The branches' features side by side.
    """

    fused_NC: np.ndarray
    modality_NMC: np.ndarray
    embedding_ND: np.ndarray


class Recogniser(Protocol):
    """Names actions in windows of joints. `ActionModel` is one; so is a model that was taught more actions.

    Nothing that uses one may write to its attributes: streams, visitors and threads share it.
    """

    @property
    def labels(self) -> tuple[str, ...]:
        """Short ids of the classes, in the order of the scores."""

    @property
    def display(self) -> dict[str, str]:
        """Plain words for each label."""

    @property
    def window_s(self) -> float:
        """Seconds that a window lasts."""

    @property
    def frames(self) -> int:
        """To how many frames a window is resampled."""

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names along the M axis."""

    @property
    def thresholds(self) -> dict[str, float]:
        """Scores at which an action is entered and left: `enter` and `leave`."""

    @property
    def version(self) -> str:
        """Of the weights."""

    @property
    def terms(self) -> str:
        """What the data behind the weights allows, "" where the file does not say."""

    @property
    def embedding(self) -> str:
        """Names the space of the embeddings; files of one training in any precision share it."""

    @property
    def provider(self) -> str:
        """What it runs on: "TensorRT", or ONNX Runtime's execution provider."""

    def __call__(self, joints_NTV3: np.ndarray, frames_N: np.ndarray) -> ModelScores:
        """Recognise windows.

        Args:
            joints_NTV3: (N, frames, 25, 3) metres, y up, as `models.skeleton.bridge` gives them.
            frames_N: (N,) how long each window lasts at 30 fps, that is seconds x 30.
        """
