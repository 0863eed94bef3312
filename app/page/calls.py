"""The calls of the page's functions through Gradio: who may call which, and which files they may name.

Gradio fetches whatever a call names as a file: a URL, or another visitor's upload. Here a file is what this visitor
uploaded, or what the page itself made (the example), and nothing else.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.page.jobs import QUEUE, Jobs
from app.page.uploads import Uploads
from app.page.visits import Owner, RefusedError
from models.system.places import EXAMPLE

if TYPE_CHECKING:
    import gradio as gr

_DEEPEST = 32  # of what a call brings
_LONG_TEXT = 4096  # nothing but a pack is longer; the beginning of another file is enough to be told that it is none


class BadCallError(ValueError):
    """The error of a call that no page of ours makes."""


class Calls:
    """The check of each call before Gradio sees it.

    Args:
        page: the page with its functions.
        uploads: the visitors' recordings.
        jobs: the recordings that wait.
    """

    def __init__(self, page: gr.Blocks, uploads: Uploads, jobs: Jobs) -> None:
        self._page, self._uploads, self._jobs = page, uploads, jobs
        self._folder = uploads.folder.parent.resolve()

    @asynccontextmanager
    async def checked(self, body: object, owner: Owner, queued: bool) -> AsyncIterator[bytes]:
        """Yield a call's body as Gradio may have it, while the `with` lasts.

        Args:
            body: the JSON that came, whose session is the owner's.
            owner: who calls.
            queued: whether it is to wait in Gradio's queue.

        Raises:
            BadCallError: no page makes such a call.
            RefusedError: a recording may not wait now.
        """
        if not isinstance(body, dict):
            raise BadCallError("a call is a JSON object")
        visitor, number, data = str(body.get("session_hash")), body.get("fn_index"), body.get("data")
        function = self._page.fns.get(number) if type(number) is int else None
        if function is None or function.fn is None or bool(function.queue) != queued:
            raise BadCallError("there is no such function")
        if any(way == "unload" for _, way in function.targets):
            raise BadCallError("there is no such function")
        if not isinstance(data, list) or len(data) != len(function.inputs):
            raise BadCallError(f"it takes {len(function.inputs)} inputs")
        watches = function.concurrency_id == QUEUE
        data = self._clean(data, owner, visitor if watches else "", 0)
        kept = {"data": data, "fn_index": number, "session_hash": visitor, "event_data": None}
        trigger = body.get("trigger_id")
        try:
            text = json.dumps(kept | ({"trigger_id": trigger} if type(trigger) is int else {}), ensure_ascii=False)
            content = text.encode()
        except UnicodeEncodeError:
            raise BadCallError("half a letter is no text") from None
        async with self._jobs.admitted(visitor) if watches else nullcontext():
            yield content

    def has_results(self, visitor: str) -> bool:
        """Return whether there are results, or will be, for a session to wait for."""
        return self._jobs.has_results(visitor)

    def _clean(self, value: Any, owner: Owner, visitor: str, depth: int) -> Any:
        if depth > _DEEPEST:
            raise BadCallError("that is nested too deeply")
        if isinstance(value, list):
            return [self._clean(item, owner, visitor, depth + 1) for item in value]
        if isinstance(value, str) and len(value) > _LONG_TEXT and not _may_be_pack(value):
            return value[:_LONG_TEXT]
        if not isinstance(value, dict):
            return value
        if "path" in value:
            path = self.file(str(value["path"]), owner, visitor) if visitor else None
            if path is None:
                raise RefusedError("That file is not here.")
            return {"path": str(path), "orig_name": path.name, "meta": {"_type": "gradio.FileData"}}
        return {key: self._clean(item, owner, visitor, depth + 1) for key, item in value.items()}

    def file(self, name: str, owner: Owner, visitor: str = "") -> Path | None:
        """Return the file that a visitor names: an upload of their own, what the page made, or the example; else None.

        Args:
            name: as the visitor has it.
            owner: who asks.
            visitor: the session that is to show it, "" to read it alone.
        """
        upload = self._uploads.find(name, owner, visitor)
        if upload is not None:
            return upload.path
        try:
            path = Path(name).resolve()
            if not Path(name).is_absolute() or not path.is_file():
                return None
        except (OSError, ValueError):  # too long, or no text
            return None
        if not visitor and path == EXAMPLE.resolve():
            return path
        mine = path.is_relative_to(self._folder) and not path.is_relative_to(self._uploads.folder.resolve())
        return path if mine else None


def _may_be_pack(text: str) -> bool:
    """Return whether a file in base64 begins as safetensors do: the length of a header, and the header's {."""
    try:
        begin = base64.b64decode(text[:12], validate=True)
    except (binascii.Error, ValueError):
        return False
    return int.from_bytes(begin[:8], "little") <= len(text) and begin[8:9] == b"{"
