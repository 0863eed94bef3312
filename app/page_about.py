"""The page's third tab: what this is, what it can name, and what happens to the pictures."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import gradio as gr

from app.page_live import words

if TYPE_CHECKING:
    from export.runtime import ActionModel


def build_about(model: ActionModel) -> None:
    """Lay the tab out, inside the gr.Blocks being built."""
    gr.HTML(about_html(model), js_on_load=None)


def about_html(model: ActionModel) -> str:
    """The text of the tab, with the facts of the model in use."""
    chips = "".join(f'<span class="chip">{escape(words(model, label))}</span>' for label in model.labels)
    return f"""
<section class="card prose">
  <h3>What this is</h3>
  <p>IKEM Live names what a person does from the movement of the skeleton alone. MediaPipe finds the body in each
  picture, its points become the 25 joints of the NTU skeleton, and a small graph network looks at the last
  {model.window_s:g} seconds in three ways: where the joints are, how the bones lie, and how the joints move. The three
  are weighed together into one answer.</p>
  <h3>What it can name</h3>
  <p class="chips">{chips}</p>
  <p>It knows these and nothing else. Something different, or half of a movement, is shown as "not sure" or, at times,
  as the nearest of these. It follows up to four people, and the large words speak of the nearest one. It is not made
  for decisions about people.</p>
  <h3>Your pictures</h3>
  <p>Camera pictures go from this page to the program that serves it, are read in memory and dropped at once: none is
  written to disk and none is sent to another host. An uploaded recording is kept in a temporary folder so that you can
  play it here, for about half an hour at most, and is removed when the program ends. The page loads nothing from
  anywhere else, and there are no statistics about you.</p>
  <h3>What is running</h3>
  <p>Model {escape(str(model.version))}, {len(model.labels)} actions, on ONNX Runtime's
  <b>{escape(model.provider)}</b>. {escape(model.terms)} The model card beside the file names the data that it was
  trained on and their licences; MediaPipe's pose networks are under the Apache License 2.0.</p>
</section>
"""
