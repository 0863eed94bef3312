"""The recogniser for browsers: the files that a page's own modules load, and its graph and card."""

from __future__ import annotations

from pathlib import Path

import pytest


def browser_files(model_path: Path, pose_model: Path) -> dict[str, Path | bytes]:
    """Return them by the names of the page's settings. Skip without npm's parts."""
    from app.site.parts import PARTS, has_parts, parts_folder
    from app.site.recogniser import recogniser_files
    from app.site.served import NAMES
    from app.site.teaching import teaching_bytes
    from export.runtime import ActionModel

    if not has_parts():
        pytest.skip("the browser's parts are not there (make web)")
    model = ActionModel(model_path, device="cpu", threads=1)
    graph, card = recogniser_files(model, model_path, pose_model)
    own = {"pose": pose_model, "graph": graph, "card": card, "teaching": teaching_bytes(model, model_path)}
    return {key: parts_folder() / name for key, name in NAMES.items() if name in PARTS} | own
