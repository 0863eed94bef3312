"""Background of everyday movement: embeddings of training clips, which teaching an action needs.

An action taught by a few examples must be told from everything else; the background stands for everything else.

Shapes: B windows, D width of the embedding.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.system.atomic import write_whole
from models.weights import StudentConfig, embedding_id
from training.data.tracks import Track
from training.supervised.outputs import outputs_of
from training.supervised.recipe import Recipe

if TYPE_CHECKING:
    from models.student import Student

BACKGROUND = 1024  # clips whose embeddings go with a model


def some_of_each(tracks: Sequence[Track], most: int) -> list[Track]:
    """Choose at most so many tracks, of every action and domain about as many, spread evenly over each."""
    kinds: dict[tuple[str, str], list[Track]] = defaultdict(list)
    for track in tracks:
        kinds[track.action, track.domain].append(track)
    chosen: list[Track] = []
    by_size = sorted(kinds.values(), key=len)
    for i, mine in enumerate(by_size):
        share = min(len(mine), (most - len(chosen)) // (len(by_size) - i))
        chosen += [mine[k] for k in np.linspace(0, len(mine) - 1, share).astype(int)]
    return chosen


def write_background(student: Student, config: StudentConfig, tracks: Sequence[Track], how: Recipe, path: Path) -> None:
    """Write the embeddings of the tracks' middle windows, embedding (B, D) float16 and label (B,) int16.

    The file says whose embeddings these are, and names the labels.
    """
    from safetensors.numpy import save_file

    out = outputs_of(student, tracks, how, config.labels)
    tensors = {"embedding": out.embedding_ND.astype(np.float16), "label": out.label_N.astype(np.int16)}
    said = {"embedding": embedding_id(student, config), "labels": json.dumps(config.labels)}
    write_whole(path, lambda part: save_file(tensors, part, metadata=said))
