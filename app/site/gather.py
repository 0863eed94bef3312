"""What a site is made of, from where it lies on this machine; what is missing is fetched or made."""

from __future__ import annotations

import sys
from pathlib import Path

from app.pose.model_file import ensure_pose_model
from app.site.parts import PARTS, ensure_parts
from app.site.recogniser import CARD, GRAPH, recogniser_files
from app.site.served import POSE
from app.site.teaching import FILE, teaching_bytes
from app.teach.pack import PackError
from export.runtime import ActionModel


def gathered(model_path: Path, pose: str) -> tuple[ActionModel, dict[str, bytes]]:
    """Return the model, and what recognises in the browser by its names in app.site.served.NAMES.

    Without the background for teaching there is no FILE, and a warning says why.

    Args:
        model_path: the model's file, with its weights beside it.
        pose: a kind of pose model (app.pose.model_file.KINDS).

    Raises:
        ValueError: something of it cannot be had; the message says what to do.
    """
    model = ActionModel(model_path, device="cpu", threads=1)
    folder = ensure_parts()
    pose_model = ensure_pose_model(pose)
    graph, card = recogniser_files(model, model_path, pose_model)
    found = {name: (folder / name).read_bytes() for name in PARTS}
    found |= {POSE: pose_model.read_bytes(), GRAPH: graph, CARD: card}
    try:
        found[FILE] = teaching_bytes(model, model_path)
    except PackError as error:
        print(f"warning: the page cannot be taught actions: {error}", file=sys.stderr)
    return model, found
