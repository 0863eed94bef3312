"""The recordings that wait to be watched: one of each session, two of each address, and the place of each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from app.page.visits import RefusedError, Visits

if TYPE_CHECKING:
    from gradio.queueing import Event, Queue

QUEUE = "video"  # Gradio's concurrency id of what watches recordings
MOST_OF_ADDRESS = 2
_SKIPPED = {"data": [{"__type__": "update"}, {"__type__": "update"}]}  # what gr.skip() twice becomes on its way
_WAIT = "Two recordings from your address wait already: try again when one of them is done."


def look_less_often(queue: Queue) -> None:
    """Let Gradio's queue look for work twenty times a second while there is none, as it does on Windows.

    By itself it looks a thousand times a second, which takes 6 % of a core when nobody is there.
    """
    queue.sleep_when_free, queue.progress_update_sleep_when_free = 0.05, 0.1


class Jobs:
    """The waiting recordings, as Gradio's queue has them.

    Args:
        visits: the live sessions.
        queue: returns Gradio's.
        replaced: called with a session whose earlier recording is no longer wanted.
    """

    def __init__(self, visits: Visits, queue: Callable[[], Queue], replaced: Callable[[str], None]) -> None:
        self._visits, self._queue, self._replaced = visits, queue, replaced
        self._refused: dict[str, str] = {}  # session -> why, until it is told
        self._coming: set[str] = set()  # sessions whose recording is on its way into the queue

    @asynccontextmanager
    async def admitted(self, visitor: str) -> AsyncIterator[None]:
        """Let a live session's recording wait, in the place of one of its own that waits.

        Gradio puts it into its queue while the `with` lasts.

        Raises:
            RefusedError: others of the same address wait already.
        """
        address = self._visits.address(visitor)
        waiting = self._waiting()
        others = ({event.session_hash for event in waiting} | self._coming) - {visitor}
        if (
            visitor in self._coming
            or sum(self._visits.address(other) == address for other in others) >= MOST_OF_ADDRESS
        ):
            self._refused[visitor] = _WAIT
            raise RefusedError(_WAIT)
        self._coming.add(visitor)
        try:
            self._replaced(visitor)
            for event in waiting:
                if event.session_hash == visitor or not self._visits.is_live(event.session_hash):
                    await self._take_out(event)
            yield
        finally:
            self._coming.discard(visitor)

    def before(self, visitor: str) -> int:
        """Return how many recordings of others are watched or wait before a new one of this session."""
        running: list[Any] = [event for jobs in self._queue().active_jobs for event in jobs or []]
        others = [event for event in running if event.concurrency_id == QUEUE] + self._waiting()
        return sum(event.session_hash != visitor and self._visits.is_live(event.session_hash) for event in others)

    def why(self, visitor: str) -> str:
        """Return why a session's recording was refused a moment ago, "" if it was not; told once."""
        return self._refused.pop(visitor, "")

    def has_results(self, visitor: str) -> bool:
        """Return whether Gradio keeps results for a session, or waits for some; else it fails aloud at who asks."""
        return visitor in self._queue().pending_messages_per_session

    def leave(self, visitor: str) -> None:
        """Forget a session."""
        self._refused.pop(visitor, None)

    def _waiting(self) -> list[Event]:
        queue = self._queue().event_queue_per_concurrency_id.get(QUEUE)
        return [] if queue is None else list(queue.queue)

    async def _take_out(self, event: Event) -> None:
        from gradio.server_messages import ProcessCompletedMessage

        await self._queue().clean_events(event_id=event._id)
        if event.session_hash in self._queue().pending_messages_per_session:
            self._queue().send_message(event, ProcessCompletedMessage(output=_SKIPPED, success=True))
