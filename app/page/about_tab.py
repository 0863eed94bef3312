"""The page's last tab: the actions it can name, the software, privacy, and the facts of the model file."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from html import escape
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from app.page.answer import words
from app.page.motions import motions
from app.page.own_gradio import gr
from app.page.theme import fragment
from models.labels import IDLE, OTHER

if TYPE_CHECKING:
    from export.runtime import Recogniser

PACKAGES = ("gradio", "mediapipe", "onnxruntime-gpu", "onnxruntime", "numpy", "av")


def build_about(model: Recogniser) -> None:
    """Build the tab inside the current gr.Blocks."""
    gr.HTML(about_html(model), elem_id="about", js_on_load=None)


def about_html(
    model: Recogniser,
    pictures: str = "pictures_server",
    facts: Mapping[str, str] | None = None,
    packages: Mapping[str, str] | None = None,
) -> str:
    """Return the text of the tab.

    Args:
        model: the model in use.
        pictures: the fragment that says what becomes of the visitor's pictures.
        facts: of the model, in words; None for model_facts.
        packages: versions by name; None for those that run the server.
    """
    return fragment(
        "about",
        window=f"{model.window_s:g}",
        classes="".join(_class_html(model, label) for label in model.labels),
        model=_facts_html(model_facts(model) if facts is None else facts),
        versions=_facts_html(versions() if packages is None else packages),
        pictures=fragment(pictures),
    )


def model_facts(model: Recogniser) -> dict[str, str]:
    """Return the facts that the model file states about itself, in words."""
    enter, leave = model.thresholds["enter"], model.thresholds["leave"]
    by_label = model.thresholds.get("by_label")
    actions = [label for label in model.labels if label not in (IDLE, OTHER)]
    return {
        "Version": model.version or "not given",
        "Runs on": model.provider.removesuffix("ExecutionProvider"),
        "Actions": str(len(actions)),
        "Looks at": f"the last {model.window_s:g} s",
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


def _facts_html(facts: Mapping[str, str]) -> str:
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(str(value))}</dd></div>" for name, value in facts.items())
    return f'<dl class="facts-list">{rows}</dl>'


def _class_html(model: Recogniser, label: str) -> str:
    if label in motions():
        picture = f'<canvas class="motion" data-labels="{escape(label)}" aria-hidden="true"></canvas>'
    else:
        picture = '<span class="no-motion" aria-hidden="true">?</span>'
    remark = {IDLE: "no action", OTHER: "whatever it does not know"}.get(label, "")
    return f'<li class="class-card">{picture}<b>{escape(words(model, label))}</b><span>{remark}</span></li>'
