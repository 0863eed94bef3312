"""The recogniser: the protocol of a model file, or of a model with taught actions, that names actions in windows.

Shapes: N windows, T frames of a window, V joints, M modalities, C classes, D width of the embedding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class ModelScores:
    """The model's scores of a batch of windows, float32.

    Attributes:
        fused_NC: Scores of the classes; each row sums to 1.
        modality_NMC: The same scores from each modality alone.
        embedding_ND: The branches' features side by side.
    """

    fused_NC: np.ndarray
    modality_NMC: np.ndarray
    embedding_ND: np.ndarray


class Recogniser(Protocol):
    """A model that names actions in windows of joints.

    `ActionModel` is one; so is a model that was taught more actions.

    Whoever uses one must not write to its attributes, because streams, visitors and threads share it.
    """

    @property
    def labels(self) -> tuple[str, ...]:
        """The short ids of the classes, in the order of the scores."""

    @property
    def display(self) -> dict[str, str]:
        """The plain words for each label."""

    @property
    def window_s(self) -> float:
        """The length of a window, seconds."""

    @property
    def frames(self) -> int:
        """The number of frames that a window is resampled to."""

    @property
    def modalities(self) -> tuple[str, ...]:
        """The names along the M axis."""

    @property
    def thresholds(self) -> Thresholds:
        """The scores at which an action is entered and left: `enter`, `leave` and, in some files, `by_label`."""

    @property
    def version(self) -> str:
        """The version of the weights."""

    @property
    def terms(self) -> str:
        """The uses that the data behind the weights allows, or "" if the file does not say."""

    @property
    def embedding(self) -> str:
        """The name of the space of the embeddings; files of one training in any precision share it."""

    @property
    def provider(self) -> str:
        """The engine in use: "TensorRT", or ONNX Runtime's execution provider."""

    def __call__(self, joints_NTV3: np.ndarray, frames_N: np.ndarray) -> ModelScores:
        """Recognise windows.

        Args:
            joints_NTV3: (N, frames, 25, 3) metres, y up, as `models.skeleton.bridge` gives them.
            frames_N: (N,) length of each window in frames at 30 fps, that is seconds x 30.
        """
