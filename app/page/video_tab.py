"""The page's second tab: an uploaded recording, with everybody's actions drawn over it while it plays."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

from app.page.correct import build_correct
from app.page.jobs import QUEUE, Jobs
from app.page.kept import Kept, Recording
from app.page.own_gradio import gr
from app.page.scripts import hook
from app.page.theme import fragment
from app.page.video_analysis import MOST_SECONDS, NotWantedError, Turns, analyse
from app.page.video_result import result_html, result_json
from app.sources.video import VideoError
from app.teach.lessons import LessonsFullError
from models.system.places import EXAMPLE
from models.system.words import count

if TYPE_CHECKING:
    from app.teach.lessons import Lessons

MOST_MEGABYTES = 200
AT_ONCE = 2  # analyses that run side by side; the others wait their turn

_EMPTY = (
    '<section class="card"><h2>What happens in a recording?</h2><p>Drop a video here or choose one: the whole clip '
    "gets one answer, and each action of everybody in view its time. "
    f"Up to {MOST_SECONDS / 60:.0f} minutes and {MOST_MEGABYTES}&nbsp;MB.</p></section>"
)
_FAULT = "The program that serves this page has failed at it; what it says in its terminal tells why."


Shown = tuple[object, object]  # a piece of the page and its data, or gr.skip() twice


class _Quick(TypedDict):
    """The options of Gradio events that are answered at once."""

    show_progress: Literal["hidden"]
    api_visibility: Literal["private"]


def build_video(lessons: Lessons, pose_model: Path, turns: Turns, jobs: Jobs) -> None:
    """Build the tab inside the current gr.Blocks.

    Args:
        lessons: the registry that gives each visitor's model, which knows what they taught.
        pose_model: the pose model's file.
        turns: the visitors' newest analyses.
        jobs: the recordings that wait.
    """
    with gr.Row(equal_height=False, elem_id="video-tab"):
        with gr.Column(scale=6, min_width=320):
            with gr.Column(visible=EXAMPLE.exists(), elem_id="try"):
                gr.HTML(fragment("example"), js_on_load=None)
                example = gr.Button("Try the example clip", elem_id="example")
            clip = gr.Video(
                sources=["upload"],
                label="Recording",
                show_label=False,
                elem_id="clip",
                include_audio=True,  # False would need the ffmpeg program
                buttons=[],
            )
        with gr.Column(scale=5, min_width=320):
            result = gr.HTML(_EMPTY, elem_id="result", js_on_load=None)
    found = gr.JSON(visible="hidden", elem_id="found")
    kept = Kept()
    build_correct(lessons, kept)
    on_video = video_handler(lessons, pose_model, turns, kept)
    run = {
        "concurrency_limit": AT_ONCE,
        "concurrency_id": QUEUE,
        "api_visibility": "private",
        "show_progress_on": result,
    }
    quick: _Quick = {"show_progress": "hidden", "api_visibility": "private"}

    def on_clear(request: gr.Request) -> tuple[str, None]:
        turns.end(str(request.session_hash))
        return _EMPTY, None

    def on_upload(request: gr.Request) -> tuple[str, None]:
        return working(jobs.before(str(request.session_hash))), None

    def on_example(request: gr.Request) -> tuple[str, str, None]:
        return (str(EXAMPLE), *on_upload(request))

    def on_failure(request: gr.Request) -> tuple[str, None]:
        return _trouble(jobs.why(str(request.session_hash)) or _FAULT), None

    clip.clear(on_clear, outputs=[result, found], **quick)
    uploaded = clip.upload(on_upload, outputs=[result, found], **quick)
    shown = example.click(on_example, outputs=[clip, result, found], **quick)
    for begun in (uploaded, shown):
        done = begun.success(on_video, inputs=clip, outputs=[result, found], **run)
        for step in (begun, done):  # Gradio itself shows nothing of an error that is no gr.Error
            step.failure(on_failure, outputs=[result, found], **quick)
    found.change(None, inputs=found, outputs=None, js=hook("showFound"))


def working(before: int) -> str:
    """Return the card that stands until the answer is there; Gradio draws its progress over it.

    Args:
        before: how many recordings of others come first.
    """
    turn = before - AT_ONCE + 1
    verb = "comes" if turn == 1 else "come"
    told = f"<p>{count(turn, 'recording')} of other visitors {verb} before yours.</p>" if turn > 0 else ""
    return f'<section class="card working">{told}</section>'


def video_handler(lessons: Lessons, pose_model: Path, turns: Turns, kept: Kept | None = None) -> Callable[..., Shown]:
    """Return the function that Gradio calls with an uploaded file, returning a piece of the page and its data."""

    def on_video(path: str | None, request: gr.Request, progress: gr.Progress = gr.Progress()) -> Shown:  # noqa: B008
        if not path:
            return _EMPTY, None
        key = str(request.session_hash)
        check, model = turns.begin(key), lessons.find(key).model

        def on_frame(share: float, time_s: float) -> None:
            check()
            progress(share, desc=f"Watching the recording, {time_s:.0f} s")

        try:
            check()  # it may have waited for so long that nobody wants it any more
            progress(0, desc="Opening the recording")
            summary, events, track, size = analyse(Path(path), model, pose_model, on_frame)
            check()
            if kept is not None:
                keep(lessons, kept, key, Recording(Path(path).name, track.replay, summary.fps, tuple(events)))
            found = result_json(Path(path).name, summary, events, track, size)
            return result_html(model, summary, events), found
        except NotWantedError:
            return gr.skip(), gr.skip()
        except VideoError as error:
            return _trouble(_sentence(error)), None

    return on_video


def keep(lessons: Lessons, kept: Kept, key: str, recording: Recording) -> None:
    """Keep a recording for its visitor to teach from, if there is room."""
    with suppress(LessonsFullError):
        kept.keep(lessons.of(key), recording)


def _trouble(text: str) -> str:
    return f'<section class="card trouble-card" role="alert"><h2>This did not work</h2><p>{text}</p></section>'


def _sentence(error: VideoError) -> str:
    text = escape(str(error))
    return text if text.endswith((".", "?", "!")) else text + "."
