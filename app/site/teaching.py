"""What teaching in the browser needs of the background: its main directions, in one small file.

The directions are found with numpy's random numbers (app.teach.ridge), which JavaScript cannot draw; so they are
written, and with them the background's features along them, which are smaller than its embeddings.

Shapes: B windows of the background, D width of the embedding, R directions.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from app.teach.background import read_background
from app.teach.ridge import Ridge
from export.runtime import Recogniser

FILE = "teaching.safetensors"


def teaching_bytes(model: Recogniser, model_path: Path) -> bytes:
    """Return the content of FILE: mean (D), basis (D, R), back (B, R) and kind (B), as Ridge and Background have them.

    Args:
        model: the recogniser whose embedding is used.
        model_path: its file; the background lies beside it.

    Raises:
        PackError: the background is missing, damaged, or not this model's.
    """
    from safetensors.numpy import save

    background = read_background(model_path, model)
    ridge = Ridge(background.embedding_BD, len(model.modalities), background.kind_B)
    tensors = {
        "mean": ridge.mean_D,
        "basis": ridge.basis_DR.astype(np.float32),
        "back": ridge.back_BR.astype(np.float32),
        "kind": background.kind_B.astype(np.int16),
    }
    said = {"embedding": model.embedding, "labels": json.dumps(background.labels)}
    return save({name: np.ascontiguousarray(array) for name, array in tensors.items()}, metadata=said)
