"""Measures that are kept: each is taken once for a model file, and its JSON names the model file that it is of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from models.system.atomic import write_json
from training.judging.rows import Rows, plain

T = TypeVar("T")


class Kept:
    """Folder of measures, a JSON file each.

    Args:
        folder: of the files.
        model: names the model file.
        note: told what is measured.
    """

    def __init__(self, folder: Path, model: str, note: Callable[[str], None]) -> None:
        self.folder, self._model, self._note = folder, model, note
        folder.mkdir(parents=True, exist_ok=True)

    def once(self, name: str, measure: Callable[[], Rows], read: Callable[[Any], T], of_model: bool = True) -> T:
        """Return a measure from its file, or take it now.

        It is taken where the file is missing or of another model.

        Args:
            name: of the file.
            measure: takes it.
            read: makes rows of what the file holds.
            of_model: whether the measure depends on the model file.
        """
        path, model = self.folder / f"{name}.json", self._model if of_model else None
        if path.exists():
            held = json.loads(path.read_text(encoding="utf-8"))
            if held["model"] == model:
                return read(held["value"])
        self._note(f"measuring: {name}")
        write_json(path, {"model": model, "value": plain(measure())}, indent=1)
        return read(json.loads(path.read_text(encoding="utf-8"))["value"])
