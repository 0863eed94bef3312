"""The constants of the modules that the browser's scripts mirror, so that no number is typed twice."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

MIRRORED = (
    "app.types", "app.pose.landmarker", "app.pose.tracker",
    "app.stream.person", "app.stream.window", "app.stream.action_stream", "app.stream.motion", "app.stream.decision",
    "app.stream.events", "app.stream.main_person",
    "app.counting.actions", "app.counting.body_signal", "app.counting.counter", "app.counting.repetitions",
    "app.counting.turns",
    "app.teach.examples", "app.teach.head", "app.teach.lesson", "app.teach.pack", "app.teach.ridge",
    "app.teach.teacher", "app.teach.verdict",
    "app.corrections.clips", "app.corrections.compare", "app.corrections.examples",
    "app.page.answer", "app.page.own_words", "app.page.recent", "app.page.session", "app.page.wire",
    "app.landmarks.codec", "app.landmarks.file_format", "app.landmarks.reader", "app.landmarks.writer",
    "models.labels", "models.resample", "models.skeleton", "models.taught_clip",
)  # fmt: skip


def constants() -> dict[str, dict[str, Any]]:
    """Return the upper-case numbers, texts and tables of each mirrored module, by its dotted name, as JSON holds them.

    A leading underscore is left out. What JSON cannot hold (bytes, patterns, infinity, functions) is left out too.
    """
    return {module: _of(vars(importlib.import_module(module))) for module in MIRRORED}


def _of(names: dict[str, Any]) -> dict[str, Any]:
    upper = {name: _plain(value) for name, value in sorted(names.items()) if name.isupper() and name != "TYPE_CHECKING"}
    return {name.removeprefix("_"): value for name, value in upper.items() if value is not None}


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it, or None where it cannot."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, bool | str | int) or (isinstance(value, float) and np.isfinite(value)):
        return value
    if isinstance(value, frozenset | set):
        value = sorted(value)
    if isinstance(value, dict):
        entries = {str(key): _plain(entry) for key, entry in value.items()}
        return None if None in entries.values() else entries
    if isinstance(value, tuple | list):
        items = [_plain(entry) for entry in value]
        return None if any(item is None for item in items) else items
    return None
