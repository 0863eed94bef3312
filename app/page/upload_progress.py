"""How far each upload is, told to the page that uploads it, in the events that Gradio's page reads."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.responses import Response, StreamingResponse

from app.page.visits import Owner

WAIT_S = 3.0  # for an upload that has not begun
_LOOK_S = 0.1
_KEPT_S = 30.0  # an upload may have ended before its page asks
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(slots=True)
class Progress:
    """How far one upload is.

    Attributes:
        name: the file's name as the visitor has it, "" before it is known.
        size: bytes so far.
        has_ended: whether no more come.
    """

    name: str = ""
    size: int = 0
    has_ended: bool = False


class Progresses:
    """The uploads under way and those that ended a moment ago. It is used in the server's event loop alone."""

    def __init__(self) -> None:
        self._all: dict[tuple[str, Owner], Progress] = {}

    @contextmanager
    def one(self, id: str, owner: Owner) -> Iterator[Progress]:
        """Yield the progress of an upload, which is under way while the `with` lasts.

        Args:
            id: what the page calls it; one that is no such name is told to nobody.
            owner: who uploads it.
        """
        progress = Progress()
        if _ID.fullmatch(id):
            self._all[id, owner] = progress
        try:
            yield progress
        finally:
            progress.has_ended = True
            asyncio.get_running_loop().call_later(_KEPT_S, self._forget, (id, owner), progress)

    def _forget(self, key: tuple[str, Owner], progress: Progress) -> None:
        if self._all.get(key) is progress:
            del self._all[key]

    async def told(self, id: str, owner: Owner) -> Response | None:
        """Return a stream of the progress of an upload of this owner; None where there is none within a short while."""
        end_s = asyncio.get_running_loop().time() + WAIT_S
        while (progress := self._all.get((id, owner))) is None:
            if not _ID.fullmatch(id) or asyncio.get_running_loop().time() > end_s:
                return None
            await asyncio.sleep(_LOOK_S)
        return StreamingResponse(_events(progress), media_type="text/event-stream")


async def _events(progress: Progress) -> AsyncIterator[str]:
    told = 0
    while not progress.has_ended:
        new = progress.size - told
        if progress.name and new:
            told += new
            yield _event({"msg": "update", "orig_name": progress.name, "chunk_size": new})
        await asyncio.sleep(_LOOK_S)
    yield _event({"msg": "done"})


def _event(facts: dict) -> str:
    return f"data: {json.dumps(facts)}\n\n"
