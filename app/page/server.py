"""The server of the demo page, which builds the page, serves it and cleans up at the end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from app.page.about_tab import build_about
from app.page.calls import Calls
from app.page.compression import compression
from app.page.connections import bound_connections
from app.page.event_connections import let_sockets_in
from app.page.event_streams import EventStreams
from app.page.folder import run_folder
from app.page.frame_route import FrameRoute
from app.page.guard import Guard, forget_name, make_rules
from app.page.here import NOT_HERE, Here
from app.page.hosts import Root
from app.page.html_head import own_name
from app.page.jobs import Jobs, look_less_often
from app.page.live_tab import Addresses, build_live, frame_handler, page_settings
from app.page.own_gradio import gr
from app.page.recorder import Recordings
from app.page.scripts import head, hook
from app.page.scripts import route as scripts_route
from app.page.sessions import Sessions
from app.page.teach_tab import build_teach, connect_teach
from app.page.theme import PAGE_ASSETS, css, theme
from app.page.unused import unused_routes
from app.page.uploads import Uploads
from app.page.video_analysis import Turns
from app.page.video_tab import AT_ONCE, MOST_MEGABYTES, build_video
from app.page.visits import Owner, Visits
from app.page.web_server import own_start
from app.pose.landmarker import PoseSource
from app.teach.lessons import Lessons
from models.system.cores import usable_cores
from models.system.places import EXAMPLE

if TYPE_CHECKING:
    from export.runtime import Recogniser

TITLE = "IKEM Live"
_PROMISE = "What you do, in words, as you do it"
_LOG_OUT = '<form id="log-out" method="post" action="logout"><button class="quiet">Log out</button></form>'
_UPLOADS_SWEEP_S, _UPLOADS_AGE_S = 300, 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The address and the visitors for whom the page is served.

    Attributes:
        host: address to listen on; any but this machine's own shows the page to the network.
        port: port to listen on.
        auth: names and passwords, None to let everybody in.
        certfile, keyfile: certificate and key for https, in PEM; None for http.
        root: the place of the page behind a proxy.
        hosts: further names under which it may be asked for.
        frame_ancestors: sites that may show it in a frame; "" for none.
        per_address: most visitors of one address that are served live at once.
        events: whether other programs may hear a visitor's events, by an address that the visitor's page shows.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    auth: list[tuple[str, str]] | None = None
    certfile: Path | None = None
    keyfile: Path | None = None
    root: Root = Root()
    hosts: tuple[str, ...] = ()
    frame_ancestors: str = ""
    per_address: int = 2
    events: bool = False


def build(
    model: Recogniser,
    pose_model: Path,
    sessions: Sessions,
    route: FrameRoute,
    visits: Visits,
    turns: Turns,
    auth: bool,
    addresses: Addresses | None = None,
) -> tuple[gr.Blocks, Jobs]:
    """Build the page's four tabs, and return it with the recordings that wait."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(_UPLOADS_SWEEP_S, _UPLOADS_AGE_S)) as page:
        jobs = Jobs(visits, lambda: page._queue, turns.end)
        log_out = _LOG_OUT if auth else ""
        gr.HTML(f'<header class="top"><h1>{TITLE}</h1><p>{_PROMISE}</p>{log_out}</header>', js_on_load=None)
        with gr.Tabs():
            # The Teach tab shows the Live tab's camera too, by style alone: see teach.css.
            with gr.Tab("Live", elem_id="live-tab"):
                build_live(page, model, sessions, route, addresses)
                connect_teach(sessions)  # here, because Gradio builds another tab only once it is opened
            with gr.Tab("Teach", elem_id="teach-tab"):
                build_teach(sessions)
            with gr.Tab("Video"):
                build_video(sessions.lessons, pose_model, turns, jobs)
            with gr.Tab("About"):
                build_about(model)
        page.unload(lambda: None)  # without one, Gradio's page would hold no stream open that tells that it is there
    return page, jobs


@contextmanager
def serve(
    model: Recogniser,
    pose_model: Path,
    place: Place,
    visitors: int | None = None,
    recordings: Recordings | None = None,
    clock: Callable[[], float] = time.monotonic,
    lessons: Lessons | None = None,
    here: Here = NOT_HERE,
) -> Iterator[tuple[gr.Blocks, str, Sessions]]:
    """Serve the page while the `with` lasts, and yield the Blocks, the address and the visitors' registry.

    Args:
        model: the action model, shared by all visitors.
        pose_model: the pose model's file; each visitor gets a landmarker of their own.
        place: where to listen, and for whom.
        visitors: most visitors served live at once (by default twice the cores: one needs about half a core).
        recordings: files for the visitors' landmarks; None records nothing.
        clock: of the sessions, seconds. A clock that runs slower than real time lets a busy machine keep up with a
            camera that is slower by the same factor.
        lessons: the registry of what visitors teach, and what they begin with; None for a page without teaching.
        here: the recogniser that visitors' own browsers run.

    Raises:
        ValueError: the port is taken, or the pose model does not load.
    """
    PoseSource(pose_model).close()  # loads MediaPipe now, so that it fails here and not before the first visitor
    visitors = visitors or 2 * usable_cores()
    lessons = Lessons(model) if lessons is None else lessons
    before = os.environ.get("GRADIO_TEMP_DIR")
    # A folder of this run's own, so that whatever was uploaded goes when the run ends.
    with run_folder() as folder:
        os.environ["GRADIO_TEMP_DIR"] = str(folder)
        uploads = Uploads(folder)
        visits = Visits(lambda visitor: sessions.welcome(visitor), lambda visitor, owner: leave(visitor, owner))
        lessons.address = visits.address
        streams = EventStreams(visits.is_live)
        broadcast, addresses = (streams.broadcast, streams.addresses) if place.events else (None, None)
        sessions = Sessions(
            lambda: PoseSource(pose_model), lessons, visitors, clock=clock, make_recorder=recordings,
            address=visits.address, per_address=place.per_address, broadcast=broadcast,
        )  # fmt: skip
        route = FrameRoute(frame_handler(sessions), visitors)
        turns = Turns(lambda visitor: not visits.is_live(visitor))

        def leave(visitor: str, owner: Owner) -> None:
            sessions.leave(visitor)
            if visits.is_live(visitor):  # it came again meanwhile
                sessions.welcome(visitor)
            turns.end(visitor)
            jobs.leave(visitor)
            streams.leave(visitor)
            uploads.leave(visitor, owner, last=not visits.of(owner))

        page, jobs = build(model, pose_model, sessions, route, visits, turns, place.auth is not None, addresses)
        look_less_often(page._queue)
        rules = make_rules(
            TITLE, place.host, place.port, place.root, place.hosts, place.auth, place.frame_ancestors
        )  # fmt: skip
        door = streams.door(rules.hosts, rules.root.path, lambda: page.server) if place.events else None
        guard = Guard(rules, visits, uploads, Calls(page, uploads, jobs), door)
        try:
            settings = page_settings(model, recordings is not None, here, place.events)
            routes = [*route.routes, *here.routes]
            address = _launch(page, settings, place, routes, guard, visitors + AT_ONCE)
            guard.open()
            yield page, address, sessions
        finally:
            streams.close()
            page.close(verbose=False)
            route.close()
            sessions.close()
            os.environ.pop("GRADIO_TEMP_DIR")
            if before is not None:
                os.environ["GRADIO_TEMP_DIR"] = before


def _launch(page: gr.Blocks, settings: dict, place: Place, routes: list[BaseRoute], guard: Guard, threads: int) -> str:
    with own_start(place.host):
        _, address, _ = page.launch(
            server_name=place.host,
            server_port=place.port,
            app_kwargs={
                "lifespan": guard.lifespan,
                "routes": [*routes, scripts_route(), *unused_routes()],
                "middleware": [compression(), own_name(TITLE, _PROMISE, bool(place.root.origin or place.hosts))],
            },
            ssl_certfile=str(place.certfile) if place.certfile else None,
            ssl_keyfile=str(place.keyfile) if place.keyfile else None,
            ssl_verify=False,  # only for Gradio's question; a self-signed certificate is fine
            theme=theme(),
            css=css(),
            head=head(settings),
            js=hook("pageBuilt"),
            allowed_paths=[str(EXAMPLE)],  # Gradio shows no other file from outside the working directory
            favicon_path=PAGE_ASSETS / "favicon.svg",
            max_file_size=MOST_MEGABYTES * 2**20,
            max_threads=max(40, threads),
            prevent_thread_lock=True,
            share=False,
            _frontend=False,  # it would ask its own page, and give up after 3 s
            quiet=True,
            ssr_mode=False,
            run_history=False,
            enable_monitoring=False,
            mcp_server=False,
            footer_links=[],
        )
    bound_connections(page.server)
    let_sockets_in(page.server)
    forget_name(page.server)
    return address
