"""The server of what a visitor's own browser needs to recognise: npm's parts, the pose model, the recogniser.

All of it stands at addresses that change with the content, so that a browser asks once. WebAssembly is compressed once
and kept so. The recogniser is made in the background, and who asks sooner waits.
"""

from __future__ import annotations

import gzip
import hashlib
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from app.page.here import Here
from app.page.motions import FOR_EVER
from app.page.scripts import PATH
from app.site.parts import PARTS, has_parts, parts_folder
from app.site.recogniser import CARD, GRAPH, digest, recogniser_files, why_not
from app.site.teaching import FILE, teaching_bytes
from export.runtime import Recogniser
from models.system.atomic import replacing

POSE = "pose.task"
_LEVEL = 9
_KINDS = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm", ".json": "application/json"}
_HEADERS = {"cache-control": FOR_EVER}
# The names by which the page's scripts know the files.
NAMES = {
    "vision": "vision.mjs", "visionLoader": "vision_wasm.js", "visionWasm": "vision_wasm.wasm",
    "ort": "ort.mjs", "ortLoader": "ort_wasm.mjs", "ortWasm": "ort_wasm.wasm",
    "pose": POSE, "graph": GRAPH, "card": CARD, "teaching": FILE,
}  # fmt: skip


def here(model: Recogniser, model_path: Path, pose_model: Path) -> Here:
    """Return what serves the recogniser for browsers, and begin to prepare it.

    Args:
        model: of the page.
        model_path: its file, with the weights beside it.
        pose_model: the pose model's file.
    """
    if not has_parts():
        return Here(why_not="the server has not fetched the parts that a browser needs (make web)")
    reason = why_not(model, model_path)
    if reason:
        return Here(why_not=reason)
    folder, parts = parts_folder(), f"{PATH}/{parts_folder().name}"
    content = hashlib.sha256(digest(model_path).encode() + pose_model.read_bytes())
    own = f"{PATH}/model-{content.hexdigest()[:12]}"
    files = Once(lambda: recogniser_files(model, model_path, pose_model))
    teaching = Once(lambda: teaching_bytes(model, model_path))
    routes = [Route(f"{parts}/{name}", _part(folder / name)) for name in PARTS]
    routes += [
        Route(f"{own}/{POSE}", _file(pose_model)),
        Route(f"{own}/{GRAPH}", _made(GRAPH, lambda: files()[0])),
        Route(f"{own}/{CARD}", _made(CARD, lambda: files()[1])),
        Route(f"{own}/{FILE}", _made(FILE, teaching)),
    ]
    Thread(target=_prepare, args=(files, folder), name="for-browsers", daemon=True).start()
    addresses = {key: f".{parts if name in PARTS else own}/{name}" for key, name in NAMES.items()}
    return Here(addresses=addresses, routes=list(routes))


class Once:
    """A function that is called once, by the first who asks; the others wait for what it returns or raises.

    Args:
        make: the function.
    """

    def __init__(self, make: Callable[[], bytes | tuple[bytes, bytes]]) -> None:
        self._make, self._lock = make, Lock()
        self._value: bytes | tuple[bytes, bytes] | None = None
        self._error: ValueError | None = None

    def __call__(self) -> bytes | tuple[bytes, bytes]:
        with self._lock:
            if self._error is not None:
                raise self._error
            if self._value is None:
                try:
                    self._value = self._make()
                except ValueError as error:
                    self._error = error
                    raise
            return self._value


def compressed(path: Path) -> bytes:
    """Return a file's content as gzip, from beside it where it was kept the last time."""
    kept = path.with_name(f"{path.name}.gz")
    with suppress(OSError):
        return kept.read_bytes()
    small = gzip.compress(path.read_bytes(), _LEVEL, mtime=0)
    with suppress(OSError), replacing(kept) as part:  # a folder of somebody else's: then it is done at each start
        part.write_bytes(small)
    return small


def _prepare(files: Once, folder: Path) -> None:
    try:
        files()
        for name in PARTS:
            if name.endswith(".wasm"):
                compressed(folder / name)
    except (ValueError, OSError) as error:
        print(f"warning: visitors' browsers cannot do the work: {error}", file=sys.stderr)


def _part(path: Path) -> Callable:
    kind = _KINDS[path.suffix]

    async def answer(request: Request) -> Response:
        if path.suffix != ".wasm":  # the page's own compression takes scripts
            return Response(path.read_bytes(), media_type=kind, headers=_HEADERS)
        headers = {**_HEADERS, "vary": "Accept-Encoding"}
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return FileResponse(path, media_type=kind, headers=headers)
        small = await run_in_threadpool(compressed, path)
        return Response(small, media_type=kind, headers={**headers, "content-encoding": "gzip"})

    return answer


def _file(path: Path) -> Callable:
    async def answer(request: Request) -> Response:
        return FileResponse(path, media_type="application/octet-stream", headers=_HEADERS)

    return answer


def _made(name: str, make: Callable) -> Callable:
    kind = _KINDS.get(Path(name).suffix, "application/octet-stream")

    async def answer(request: Request) -> Response:
        try:
            content = await run_in_threadpool(make)
        except ValueError as error:
            return PlainTextResponse(str(error), 503)
        return Response(content, media_type=kind, headers=_HEADERS)

    return answer
