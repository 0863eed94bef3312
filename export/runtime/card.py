"""The model card: an ONNX file's metadata about itself, which a TensorRT engine has in the JSON file beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from models.thresholds import Thresholds, sensible

FORMAT = "ikem-live-student/1"
INPUTS = {"joints": 4, "frames": 1}  # name -> number of axes
OUTPUTS = ("scores", "modality_scores", "embedding")
JOINTS = 25


class ModelFileError(ValueError):
    """The error of a file that is not an action model this version can run."""


@dataclass(frozen=True, slots=True)
class Card:
    """The metadata of a model file.

    Attributes:
        labels: Short ids of the classes.
        display: Plain words for each label.
        window_s: Length of a window, seconds.
        frames: Frames that a window is resampled to.
        modalities: Names along the M axis.
        thresholds: Scores at which an action is entered and left.
        version: Version of the weights.
        precision: Precision of the arithmetic inside, such as "fp32".
        terms: What the data behind the weights allows, "" if the file does not say.
        embedding: Name of the space of the embeddings, whatever the precision; "" if the file does not say.
    """

    labels: tuple[str, ...]
    display: dict[str, str]
    window_s: float
    frames: int
    modalities: tuple[str, ...]
    thresholds: Thresholds
    version: str
    precision: str
    terms: str
    embedding: str

    @classmethod
    def from_metadata(cls, texts: dict[str, str]) -> Card:
        """Read and check the metadata.

        Raises:
            KeyError, ValueError, TypeError: an entry is missing or makes no sense.
        """
        labels = tuple(str(label) for label in json.loads(texts["labels"]))
        card = cls(
            labels=labels,
            display={label: label.replace("_", " ") for label in labels} | json.loads(texts.get("display", "{}")),
            window_s=float(texts["window_s"]),
            frames=int(texts["frames"]),
            modalities=tuple(json.loads(texts["modalities"])),
            thresholds=_thresholds(json.loads(texts["thresholds"])),
            version=texts.get("version", ""),
            precision=texts.get("precision", "fp32"),
            terms=texts.get("terms", ""),
            embedding=texts.get("embedding", ""),
        )
        if not labels or card.window_s <= 0 or card.frames <= 1 or not card.modalities:
            raise ValueError("labels, window_s, frames or modalities make no sense")
        if not sensible(card.thresholds, labels):
            raise ValueError("thresholds make no sense")
        return card


def _thresholds(said: dict[str, Any]) -> Thresholds:
    thresholds = Thresholds(enter=float(said["enter"]), leave=float(said["leave"]))
    if "by_label" in said:
        thresholds["by_label"] = {label: float(enter) for label, enter in dict(said["by_label"]).items()}
    return thresholds
