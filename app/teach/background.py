"""The background: embeddings of everyday movement beside a model file, which `python -m training default` writes.

Shapes: B windows, D width of the embedding.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.teach.pack import PackError
from models.labels import SILENT
from models.system.contents import mistaken

if TYPE_CHECKING:
    from export.runtime import Recogniser

FILE = "background.safetensors"
_LEAST = 32


@dataclass(frozen=True, slots=True)
class Background:
    """The embeddings of everyday movement, including the model's own actions.

    Attributes:
        embedding_BD: a model's embeddings of windows.
        kind_B: number of each window's label; -1 for idle, for what no label names, and if the file has no labels.
        labels: of the numbers; empty if the file has none.
    """

    embedding_BD: np.ndarray
    kind_B: np.ndarray
    labels: tuple[str, ...] = ()

    def kinds_of(self, label: str) -> tuple[int, ...]:
        """Return the numbers of the windows that show what a label of the model's own names."""
        if label in SILENT:
            return (-1,)
        return tuple(k for k, known in enumerate(self.labels) if known == label)


def read_background(model_path: Path, model: Recogniser) -> Background:
    """Read the background beside a model file.

    Raises:
        PackError: the file is missing, damaged, or belongs to another model.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(model_path).with_name(FILE)
    if not path.is_file():
        raise PackError(f"{path} is missing: teaching needs the file that comes with the model; copy it beside it")
    if instead := mistaken(path):
        raise PackError(f"{path} {instead}")
    try:
        with safe_open(path, framework="np") as file:
            said = file.metadata() or {}
            embedding_BD = file.get_tensor("embedding")
            kind_B = file.get_tensor("label").astype(int) if "label" in file.keys() else np.full(len(embedding_BD), -1)  # noqa: SIM118
        labels = json.loads(said.get("labels", "[]"))
    except (SafetensorError, OSError, ValueError) as error:
        raise PackError(f"{path}: damaged ({str(error).splitlines()[0]}); get it again with the model") from None
    if said.get("embedding") != model.embedding:
        raise PackError(f"{path} belongs to another model: get the one that came with this model")
    whole = embedding_BD.ndim == 2 and len(embedding_BD) >= _LEAST and np.isfinite(embedding_BD).all()
    if not whole or kind_B.shape != embedding_BD.shape[:1]:
        raise PackError(f"{path}: damaged (embeddings {embedding_BD.shape}); get it again with the model")
    nameless = [k for k, label in enumerate(labels) if label in SILENT]
    named_B = np.where(np.isin(kind_B, nameless), -1, kind_B)
    return Background(embedding_BD.astype(np.float32), named_B, tuple(map(str, labels)))
