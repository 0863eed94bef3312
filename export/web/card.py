"""The card of a graph for the browser: what its scripts must know of the model, as JSON beside the file."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from export.web.reading import window_starts
from models.resample import kept_seconds
from models.revision import git_revision
from models.skeleton import BRIDGE_VL, JOINTS, PARENTS, SEEN_FROM, TURN
from models.taught_clip import clip_frames, clip_seconds
from models.weights import StudentConfig

FORMAT = "ikem-live-web/1"


def card(config: StudentConfig, embedding: str, content: bytes, precision: str) -> dict[str, Any]:
    """Return the card.

    Args:
        config: Configuration of the weights.
        embedding: Name of the space of the embeddings (models.weights.embedding_id).
        content: Content of the graph's file, whose hash tells a file that is cut off from a whole one.
        precision: Precision of the weights.
    """
    recipes = [[[int(mark), float(row_L[mark])] for mark in np.flatnonzero(row_L)] for row_L in BRIDGE_VL]
    return {
        "format": FORMAT,
        "version": config.version,
        "revision": git_revision(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "precision": precision,
        "labels": config.labels,
        "display": config.display,
        "modalities": config.modalities,
        "thresholds": config.thresholds,
        "terms": config.terms,
        "embedding": embedding,
        "window_s": config.window_s,
        "frames": config.frames,
        "clip_s": clip_seconds(config.window_s),
        "clip_frames": clip_frames(config.window_s, config.frames),
        "starts": window_starts(config.window_s, config.frames),
        "keep_s": kept_seconds(config.window_s),
        "seen_from": SEEN_FROM,
        "bridge": recipes,
        "turn": TURN.tolist(),
        "joints": JOINTS,
        "parents": PARENTS.tolist(),
    }
