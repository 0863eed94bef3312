"""The embeddings of everyday movement that lie beside a model file; `python -m training default` writes them.

Shapes: B windows, D width of the embedding.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.teach.pack import PackError
from export.runtime import ActionModel

FILE = "background.safetensors"
_LEAST = 32


def read_background(model_path: Path, model: ActionModel) -> np.ndarray:
    """(B, D) of the file beside a model file.

    Raises:
        PackError: it is missing, damaged, or belongs to another model.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(model_path).with_name(FILE)
    if not path.is_file():
        raise PackError(f"{path} is missing: teaching needs the file that comes with the model; copy it beside it")
    try:
        with safe_open(path, framework="np") as file:
            named, embedding_BD = (file.metadata() or {}).get("embedding"), file.get_tensor("embedding")
    except (SafetensorError, OSError, ValueError) as error:
        raise PackError(f"{path}: damaged ({str(error).splitlines()[0]}); get it again with the model") from None
    if named != model.embedding:
        raise PackError(f"{path} belongs to another model: get the one that came with this model")
    if embedding_BD.ndim != 2 or len(embedding_BD) < _LEAST or not np.isfinite(embedding_BD).all():
        raise PackError(f"{path}: damaged (embeddings {embedding_BD.shape}); get it again with the model")
    return embedding_BD.astype(np.float32)
