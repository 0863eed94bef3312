"""The start of the demo page from the command line: everything is checked first, then it is served until Ctrl-C."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from app.page.access import address_elsewhere, check_certificate, read_auth, warnings
from app.page.guard import make_rules
from app.page.here import NOT_HERE, MakeHere
from app.page.hosts import read_root
from app.page.recorder import Recordings
from app.page.security_headers import check_ancestors
from app.page.server import TITLE, Place, serve
from app.pose.model_file import ensure_pose_model
from app.teach.lessons import open_lessons
from models.system.native_warnings import forget_old_warnings

_LOOK_S = 0.1  # how often it is looked whether the page still runs


def launch(
    model_path: Path,
    *,
    pose: str = "wheel",
    device: str = "auto",
    threads: int | None = None,
    host: str = "127.0.0.1",
    port: int = 7860,
    open_browser: bool = False,
    auth: str | None = None,
    certfile: Path | None = None,
    keyfile: Path | None = None,
    record: Path | None = None,
    pack: Path | None = None,
    only: bool = False,
    root: str = "",
    hosts: Sequence[str] = (),
    frame_ancestors: str = "",
    per_address: int = 2,
    events: bool = False,
    make_here: MakeHere | None = None,
) -> None:
    """Serve the page until Ctrl-C.

    Args:
        model_path: the ONNX file of the action model.
        pose: kind of pose model (app.pose.model_file).
        device: "auto", "cpu", "cuda" or "tensorrt".
        threads: most CPU threads of the action model; None takes one.
        host, port, certfile, keyfile: see Place.
        open_browser: open the page in the default browser.
        auth: see app.page.access.read_auth.
        record: file for the landmarks of the first visitor; see app.page.recorder.
        pack: actions that every visitor begins with.
        only: whether to name only these, not the model's own.
        root: place behind a proxy, a path or an address; see app.page.hosts.read_root.
        hosts, frame_ancestors, per_address, events: see Place.
        make_here: makes the recogniser that visitors' own browsers run; None makes none.

    Raises:
        ValueError: the model, the pack, the pose model, the port or a file is not available; the message says what to
            do.
    """
    from export.runtime import ActionModel

    check_certificate(certfile, keyfile)
    place = Place(
        host=host, port=port, auth=None if auth is None else read_auth(auth), certfile=certfile, keyfile=keyfile,
        root=read_root(root), hosts=tuple(hosts), frame_ancestors=check_ancestors(frame_ancestors),
        per_address=per_address, events=events,
    )  # fmt: skip
    make_rules(TITLE, host, port, place.root, place.hosts)  # fail before anything is loaded
    recordings = Recordings(record, {"pose": pose, "source": "live page"}) if record else None
    for line in warnings(host, place.auth is not None, certfile is not None):
        print(f"warning: {line}", file=sys.stderr)
    # A visitor's window takes some milliseconds on one thread; more would take the cores from the pose network.
    model = ActionModel(model_path, device=device, threads=threads or 1)
    lessons = open_lessons(model, model_path, pack, only)
    if lessons.why_not:
        print(f"warning: the Teach tab is off: {lessons.why_not}", file=sys.stderr)
    pose_model = ensure_pose_model(pose)
    here = NOT_HERE if make_here is None else make_here(model, model_path, pose_model)
    served = serve(model, pose_model, place, recordings=recordings, lessons=lessons, here=here)
    with served as (page, address, sessions), suppress(KeyboardInterrupt):
        sessions.sweep_in_background()
        elsewhere = address_elsewhere(address, host)
        others = f", and for other machines at {elsewhere}" if elsewhere else ""
        others += f", behind its proxy at {place.root.origin}{place.root.path}/" if place.root.origin else ""
        print(f"IKEM Live is open at {address}{others} ({model.provider}). Ctrl-C ends it.", flush=True)
        if record:
            print(f"The landmarks of whoever starts the camera are recorded in {record}.", flush=True)
        if open_browser:
            import webbrowser

            webbrowser.open(address)
        while page.is_running:  # Gradio's own way to wait reports Ctrl-C
            time.sleep(_LOOK_S)
            forget_old_warnings()
