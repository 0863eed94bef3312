"""The page's look: a theme on system fonts, and the style and HTML files of assets/page."""

from __future__ import annotations

from app.page.own_gradio import gr
from models.system.places import ASSETS

PAGE_ASSETS = ASSETS / "page"

# Fonts that the visitor's own system has: nothing is fetched from another host.
_SANS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "Arial", "sans-serif"]
_MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Liberation Mono", "monospace"]


def theme() -> gr.themes.Base:
    """Return a quiet theme: slate greys, one teal accent, round corners, no shadows."""
    return gr.themes.Base(
        primary_hue="teal", secondary_hue="teal", neutral_hue="slate", radius_size="lg", font=_SANS, font_mono=_MONO
    ).set(
        body_background_fill="#f4f6f8",
        body_background_fill_dark="#0c1217",
        block_background_fill="#ffffff",
        block_background_fill_dark="#141c23",
        block_border_width="0px",
        block_shadow="none",
        slider_color="#0b7a6c",
        slider_color_dark="#35c7b3",
        button_primary_background_fill="#0b7a6c",
        button_primary_background_fill_hover="#096558",
        button_primary_text_color="#ffffff",
    )


def css() -> str:
    """Return all style sheets of assets/page as one text."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(PAGE_ASSETS.glob("*.css")))


def fragment(name: str, **values: str) -> str:
    """Return a piece of the page: assets/page/NAME.html with {key} replaced by each value, which is HTML."""
    return filled((PAGE_ASSETS / f"{name}.html").read_text(encoding="utf-8"), **values)


def filled(text: str, **values: str) -> str:
    """Return a text with {key} replaced by each value, one key after the other."""
    for key, value in values.items():
        text = text.replace(f"{{{key}}}", value)
    return text
