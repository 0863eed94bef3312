"""The page's third tab: the software, the actions it can name, the facts of the model file, and privacy."""

from __future__ import annotations

import json
import platform
from functools import cache
from html import escape
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from app.page.answer import words
from app.page.own_gradio import gr
from app.page.theme import PAGE_ASSETS, fragment
from models.labels import IDLE, OTHER

if TYPE_CHECKING:
    from export.runtime import Recogniser

PACKAGES = ("gradio", "mediapipe", "onnxruntime-gpu", "onnxruntime", "numpy", "av")


def build_about(model: Recogniser) -> None:
    """Build the tab inside the current gr.Blocks."""
    gr.HTML(about_html(model), elem_id="about", js_on_load=None)


def about_html(model: Recogniser) -> str:
    """Return the text of the tab, with the facts of the model in use."""
    return fragment(
        "about",
        window=f"{model.window_s:g}",
        classes="".join(_class_html(model, label) for label in model.labels),
        model=_facts_html(model_facts(model)),
        versions=_facts_html(versions()),
    )


def model_facts(model: Recogniser) -> dict[str, str]:
    """Return the facts that the model file states about itself, in words."""
    enter, leave = model.thresholds["enter"], model.thresholds["leave"]
    by_label = model.thresholds.get("by_label")
    actions = [label for label in model.labels if label not in (IDLE, OTHER)]
    return {
        "Version": model.version or "not given",
        "Runs on": model.provider,
        "Actions": f"{len(actions)}, of {len(model.labels)} classes",
        "Window": f"{model.window_s:g} s, read as {model.frames} frames of 25 joints",
        "Views": ", ".join(model.modalities),
        "Thresholds": f"an action is named from {enter:.0%} on, and given up below {leave:.0%}"
        + (f"; {len(by_label)} actions have thresholds of their own" if by_label else ""),
        "Terms": model.terms or "not given in the file; see the model card",
    }


def versions() -> dict[str, str]:
    """Return the versions of the packages that run the page, without those that are not installed."""
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@cache
def _motions() -> dict:
    return json.loads((PAGE_ASSETS / "motions.json").read_text(encoding="utf-8"))


def _facts_html(facts: dict[str, str]) -> str:
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>" for name, value in facts.items())
    return f'<dl class="facts-list">{rows}</dl>'


def _class_html(model: Recogniser, label: str) -> str:
    clip = _motions()["clips"].get(label)
    if clip is None:
        picture = '<span class="no-motion" aria-hidden="true">?</span>'
    else:
        data = f'data-frames="{clip["frames"]}" data-joints="{escape(clip["joints"])}"'
        picture = f'<canvas class="motion" data-fps="{_motions()["fps"]:g}" {data} aria-hidden="true"></canvas>'
    remark = {IDLE: "no action", OTHER: "scored, never named"}.get(label, "")
    return f'<li class="class-card">{picture}<b>{escape(words(model, label))}</b><span>{remark}</span></li>'
