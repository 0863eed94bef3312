"""The files for the browser: the graph and its card, both or none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from export.onnx import TOLERANCE, largest_difference, same_best
from export.web.card import card
from export.web.graph import answers, described, trace
from models.system.atomic import check_writable, write_together
from models.weights import embedding_id, load

GRAPH, CARD = "recogniser.onnx", "recogniser.json"


def write(weights: Path, out: Path, precision: str = "fp16", more: Mapping[str, Any] | None = None) -> float:
    """Write recogniser.onnx and recogniser.json, after checking that ONNX Runtime answers as Python does.

    Args:
        weights: Folder with student.safetensors and config.json.
        out: Folder to write to.
        precision: Of the weights: "fp32", "fp16" or "int8".
        more: What else the card holds, by name.

    Returns:
        The largest difference from torch and numpy in any output.

    Raises:
        ValueError: If the weights cannot be read, the folder cannot be written to, or the graph answers otherwise than
            Python. Nothing is written then.
    """
    student, config = load(weights)
    check_writable(out, "--out")
    content = described(trace(student, config), student, config, precision).SerializeToString()
    found = answers(content, student, config)
    difference = largest_difference(found)
    if not (difference <= TOLERANCE if precision == "fp32" else np.isfinite(difference) and same_best(found)):
        way = "use --precision fp32" if precision != "fp32" else "it is a fault of the exporter"
        raise ValueError(
            f"{out / GRAPH} was not written: in {precision} ONNX Runtime and Python differ by {difference:.2e}; {way}"
        )
    said = card(config, embedding_id(student, config), content, precision)
    text = json.dumps(said | dict(more or {}), ensure_ascii=False) + "\n"
    write_together({out / GRAPH: content, out / CARD: text.encode()})
    return difference
