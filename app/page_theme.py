"""The page's look and its scripts: a theme on system fonts, and the style and script files of assets/page."""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).resolve().parent.parent / "assets"
PAGE_ASSETS = ASSETS / "page"

# Fonts that the visitor's own system has: nothing is fetched from another host.
_SANS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "Arial", "sans-serif"]
_MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Liberation Mono", "monospace"]


def theme() -> gr.themes.Base:
    """A quiet theme: slate greys, one teal accent, round corners, no shadows."""
    return gr.themes.Base(
        primary_hue="teal", secondary_hue="teal", neutral_hue="slate", radius_size="lg", font=_SANS, font_mono=_MONO
    ).set(
        body_background_fill="#f5f7f9",
        body_background_fill_dark="#0d1318",
        block_background_fill="#ffffff",
        block_background_fill_dark="#151d24",
        block_border_width="0px",
        block_shadow="none",
        button_primary_background_fill="#0f8f7f",
        button_primary_background_fill_hover="#0c7a6d",
        button_primary_text_color="#ffffff",
    )


def css() -> str:
    """All style sheets of assets/page, as one text."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(PAGE_ASSETS.glob("*.css")))


def head(settings: dict) -> str:
    """What goes into the page's head: the settings that the scripts read, and the scripts in the order of their names.

    Args:
        settings: JSON-able facts that do not change while the page runs (the class names, the drawing's lines).
    """
    # "</" inside a JSON text would end the script element.
    facts = json.dumps(settings).replace("</", "<\\/")
    scripts = [f"window.ikem = {{settings: {facts}}};"]
    scripts += [path.read_text(encoding="utf-8") for path in sorted(PAGE_ASSETS.glob("*.js"))]
    return "\n".join(f"<script>\n{script}\n</script>" for script in scripts)
