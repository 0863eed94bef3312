"""The page's second tab: a recording in, its actions with their times out."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from app.page_live import words
from app.page_theme import ASSETS
from app.recording import Summary, classify_video
from app.types import ActionEvent, Answer
from app.video import VIDEO_SUFFIXES, VideoError, VideoReader

if TYPE_CHECKING:
    from export.runtime import ActionModel

EXAMPLE = ASSETS / "example.mp4"
MOST_SECONDS = 600.0
MOST_MEGABYTES = 200
AT_ONCE = 2  # analyses that run side by side; the others wait their turn

_EMPTY = (
    '<section class="card"><h3>What happens in a recording?</h3><p>Drop a video here or choose one: the whole clip '
    "gets one answer, and each action its time. "
    f"Up to {MOST_SECONDS / 60:.0f} minutes and {MOST_MEGABYTES} MB.</p></section>"
)
_WORKING = '<section class="card working"></section>'  # Gradio draws its progress over it


def build_video(model: ActionModel, pose_model: Path, has_left: Callable[[str], bool]) -> None:
    """Lay the tab out, inside the gr.Blocks being built.

    Args:
        model: the action model.
        pose_model: the pose model's file.
        has_left: tells whether a visitor has closed the page, by the key of the tab.
    """
    with gr.Row(equal_height=False):
        with gr.Column(scale=6, min_width=320):
            clip = gr.Video(
                sources=["upload"],
                label="Recording",
                show_label=False,
                elem_id="clip",
                include_audio=True,  # False would need the ffmpeg program
                buttons=[],
            )
            example = gr.Button("Try the example clip", visible=EXAMPLE.exists(), elem_id="example")
        with gr.Column(scale=5, min_width=320):
            result = gr.HTML(_EMPTY, elem_id="result", js_on_load=None)
    on_video = video_handler(model, pose_model, has_left)
    run = {"concurrency_limit": AT_ONCE, "concurrency_id": "video", "api_visibility": "private"}
    quick = {"show_progress": "hidden", "api_visibility": "private"}
    clip.upload(lambda: _WORKING, outputs=result, **quick).then(on_video, inputs=clip, outputs=result, **run)
    clip.clear(lambda: _EMPTY, outputs=result, **quick)
    shown = example.click(lambda: (str(EXAMPLE), _WORKING), outputs=[clip, result], **quick)
    shown.then(on_video, inputs=clip, outputs=result, **run)


def video_handler(model: ActionModel, pose_model: Path, has_left: Callable[[str], bool]) -> Callable[..., str]:
    """The function that Gradio calls with an uploaded file; it always returns a piece of the page."""

    def on_video(path: str | None, request: gr.Request, progress: gr.Progress = gr.Progress()) -> str:  # noqa: B008
        if not path:
            return _EMPTY

        def on_frame(share: float, time_s: float) -> None:
            if has_left(str(request.session_hash)):
                raise VideoError("the visitor has left")
            progress(share, desc=f"Watching the recording, {time_s:.0f} s")

        try:
            progress(0, desc="Opening the recording")
            return result_html(model, *analyse(Path(path), model, pose_model, on_frame))
        except VideoError as error:
            text = f"<h3>This did not work</h3><p>{_sentence(error)}</p>"
            return f'<section class="card trouble-card" role="alert">{text}</section>'

    return on_video


def analyse(
    path: Path, model: ActionModel, pose_model: Path, on_frame: Callable[[float, float], None]
) -> tuple[Summary, list[ActionEvent]]:
    """Classify an uploaded file within the page's bounds.

    Args:
        path: the file.
        model: the action model.
        pose_model: the pose model's file.
        on_frame: told the share done in [0, 1] and the seconds done, about four times a second of video.

    Raises:
        VideoError: it is not a video, or too long for the page.
    """
    if path.suffix.lower() not in VIDEO_SUFFIXES:
        raise VideoError(f"{path.name}: not a video file by its name; try an mp4, mov, webm, mkv or avi")
    with VideoReader(path) as video:  # fail before any model is loaded
        _bound(path, video.claimed_s or 0.0)
    events: list[ActionEvent] = []
    told = -1.0

    def step(time_s: float, claimed_s: float | None, _answer: Answer) -> None:
        nonlocal told
        _bound(path, time_s)  # a file may claim nothing, or less than it holds
        if time_s - told >= 0.25:
            told = time_s
            on_frame(min(1.0, time_s / claimed_s) if claimed_s else 0.0, time_s)

    return classify_video(path, model, pose_model, events.append, step), events


def _bound(path: Path, seconds: float) -> None:
    if seconds > MOST_SECONDS:
        raise VideoError(
            f"{path.name}: longer than {MOST_SECONDS / 60:.0f} minutes; for a long one use "
            f"python -m app classify {path.name} --out results"
        )


def _sentence(error: VideoError) -> str:
    text = escape(str(error))
    return text if text.endswith((".", "?", "!")) else text + "."


def result_html(model: ActionModel, summary: Summary, events: list[ActionEvent]) -> str:
    """The whole-clip answer, a timeline and a table of the events."""
    if not summary.label:
        kind = "Nobody was found in this recording" if summary.status.startswith("no person") else "Too short to tell"
        return f'<section class="card"><h3>{kind}</h3><p>{_facts(summary)}</p></section>'
    others = " or ".join(escape(words(model, label)) for label, _ in summary.ranked[1:3])
    sure = "" if summary.score >= model.thresholds["leave"] else " idle"
    answer = (
        '<section class="card now"><div class="caption">The whole clip</div>'
        f'<div class="action{sure}" aria-live="polite">{escape(words(model, summary.label))}</div>'
        f'<div class="sure">{summary.score:.0%} sure' + (f", else {others}" if others else "") + "</div></section>"
    )
    return answer + _events_html(model, summary, events) + f'<p class="facts">{_facts(summary)}</p>'


def _facts(summary: Summary) -> str:
    people = f"{summary.people} {'person' if summary.people == 1 else 'people'}"
    facts = [f"{summary.seconds:.1f} s", f"{summary.frames} frames", f"{summary.fps:.1f} frames/s", people]
    note = summary.status.partition(": ")[2]
    return escape(", ".join(facts) + (f". {note[:1].upper()}{note[1:]}." if note else ""))


def _events_html(model: ActionModel, summary: Summary, events: list[ActionEvent]) -> str:
    if not events:
        return '<section class="card"><div class="caption">Actions</div><p>No action stood out.</p></section>'
    blocks, rows = [], []
    events = sorted(events, key=lambda event: event.start_s)  # those of several people come as each is certain
    whole_s = max(summary.seconds, *(event.end_s for event in events), 1e-3)
    for event in events:
        name, start_s = escape(words(model, event.label)), f"{event.start_s:.2f}"
        tint = f"--i: {model.labels.index(event.label)}"
        place = f"left: {event.start_s / whole_s:.2%}; width: {(event.end_s - event.start_s) / whole_s:.2%}"
        blocks.append(f'<i class="tint" style="{tint}; {place}" title="{name}" data-start="{start_s}"></i>')
        rows.append(
            f'<tr data-start="{start_s}"><td><i class="tint dot" style="{tint}"></i>{name}</td>'
            f"<td>{_clock(event.start_s)}</td><td>{_clock(event.end_s)}</td><td>{event.score:.0%}</td></tr>"
        )
    return (
        '<section class="card"><div class="caption">Actions <span class="quiet">click one to see it</span></div>'
        f'<div class="track">{"".join(blocks)}</div>'
        '<table class="event-table"><thead><tr><th>Action</th><th>From</th><th>To</th><th>Sure</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></section>"
    )


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"
