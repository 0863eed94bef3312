"""The scores at which an action begins and ends: one pair for all actions and, where it pays, others for some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from models.labels import SILENT


class Thresholds(TypedDict):
    """Scores of the decision, in [0, 1].

    Attributes:
        enter: Smoothed score at which an action begins.
        leave: Smoothed score below which it ends.
        by_label: Scores at which single actions begin; each ends below the same share of it as `leave` is of `enter`.
    """

    enter: float
    leave: float
    by_label: NotRequired[dict[str, float]]


def sensible(thresholds: Mapping[str, Any], labels: Sequence[str]) -> bool:
    """Return whether thresholds can be used with these labels.

    Args:
        thresholds: "enter", "leave" and perhaps "by_label", as a file says them.
        labels: Short ids of the classes; idle and other among them have no threshold of their own.
    """
    by_label = thresholds.get("by_label", {})
    if not isinstance(by_label, dict) or not set(by_label) <= set(labels) - set(SILENT):
        return False
    ordered = 0 <= thresholds.get("leave", -1) <= thresholds.get("enter", -1) <= 1
    return ordered and all(0 < enter <= 1 for enter in by_label.values())
