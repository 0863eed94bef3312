"""User's request for a model: folder, options, and where the model goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """User's request for a model of their own actions.

    Attributes:
        folder: a folder of files for each action.
        out: of the model.
        start: folder of the weights to start from, with the model file beside them.
        by: auto, person or file, see training.own.files.divide.
        epochs: of the training.
        sides: whether the left and the right hand's doing are different actions.
        seed: of what is held back, and of the training.
        workers: processes that watch and draw.
        pose: name of the pose model that looks (app.pose.model_file.KINDS).
    """

    folder: Path
    out: Path
    start: Path = Path("models/pretrained")
    by: str = "auto"
    epochs: int = 12
    sides: bool = False
    seed: int = 0
    workers: int = 2
    pose: str = "wheel"
