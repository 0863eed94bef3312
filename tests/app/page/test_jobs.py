"""Recordings that wait to be watched: one of a session, two of an address, of open pages alone."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from app.page.jobs import MOST_OF_ADDRESS, QUEUE, Jobs, look_less_often
from app.page.visits import Owner, RefusedError, Visits

gr = pytest.importorskip("gradio")


@dataclass
class Event:
    session_hash: str
    _id: str = ""
    concurrency_id: str = QUEUE


class Queue:
    """Gradio's queue as far as it is asked."""

    def __init__(self) -> None:
        self.event_queue_per_concurrency_id = {QUEUE: SimpleNamespace(queue=[])}
        self.active_jobs: list = [None, None]
        self.pending_messages_per_session: dict = {"a": 1, "b": 1}
        self.told: list = []

    @property
    def waiting(self) -> list[Event]:
        return self.event_queue_per_concurrency_id[QUEUE].queue

    async def clean_events(self, *, event_id: str) -> None:
        self.waiting[:] = [event for event in self.waiting if event._id != event_id]

    def send_message(self, event: Event, message) -> None:
        self.told.append((event._id, message.output["data"]))


def run(act, address=lambda visitor: visitor) -> tuple[Queue, list[str]]:
    """Act with (jobs, queue) while the sessions a to e are open; returns the queue and whose older one was given up."""
    queue, given_up = Queue(), []

    async def visit() -> None:
        visits = Visits()
        async with AsyncExitStack() as stack:
            for visitor in "abcde":
                await stack.enter_async_context(visits.present(visitor, Owner(address(visitor))))
            await act(Jobs(visits, lambda: queue, given_up.append), queue)

    asyncio.run(visit())
    return queue, given_up


def test_a_session_has_one_and_the_newer_takes_its_place():
    async def act(jobs: Jobs, queue: Queue) -> None:
        queue.waiting[:] = [Event("a", "1"), Event("b", "2"), Event("gone", "3")]
        async with jobs.admitted("a"):
            pass

    queue, given_up = run(act)
    assert [event._id for event in queue.waiting] == ["2"], "nor does one wait whose page was closed"
    assert queue.told == [("1", [gr.skip(), gr.skip()])] and given_up == ["a"]


def test_an_address_has_two():
    async def act(jobs: Jobs, queue: Queue) -> None:
        queue.waiting[:] = [Event(visitor, visitor) for visitor in "abcde"[:MOST_OF_ADDRESS]]
        with pytest.raises(RefusedError, match="Two recordings from your address"):
            async with jobs.admitted("d"):
                pass
        assert "wait already" in jobs.why("d") and jobs.why("d") == "", "it is told once"
        async with jobs.admitted("a"):
            pass

    queue, given_up = run(act, address=lambda visitor: "10.0.0.1")
    assert len(queue.waiting) == MOST_OF_ADDRESS - 1 and given_up == ["a"]


def test_many_that_come_at_once():
    async def act(jobs: Jobs, queue: Queue) -> None:
        async with jobs.admitted("a"), jobs.admitted("b"):
            for visitor in "ac":
                with pytest.raises(RefusedError):
                    async with jobs.admitted(visitor):
                        pass
        async with jobs.admitted("c"):
            pass

    assert run(act, address=lambda visitor: "10.0.0.1")[1] == ["a", "b", "c"]


def test_other_addresses_do_not_count():
    async def act(jobs: Jobs, queue: Queue) -> None:
        queue.waiting[:] = [Event(visitor, visitor) for visitor in "abc"]
        async with jobs.admitted("d"):
            pass
        assert [jobs.before(visitor) for visitor in "ad"] == [2, 3]
        queue.active_jobs[0] = [Event("b"), Event("b", concurrency_id="other")]
        assert jobs.before("a") == 3

    assert len(run(act)[0].waiting) == 3


def test_the_place_is_told():
    from app.page.video_tab import AT_ONCE, working

    assert "<p>" not in working(0) + working(AT_ONCE - 1)
    assert "1 recording of other visitors comes before yours" in working(AT_ONCE)
    assert "3 recordings of other visitors come" in working(AT_ONCE + 2)


def test_the_queue_looks_for_work_less_often():
    """Under the names that Gradio reads, or it would go on looking a thousand times a second."""
    with gr.Blocks() as page:
        names = set(vars(page._queue))
        look_less_often(page._queue)
    assert set(vars(page._queue)) == names
    assert page._queue.sleep_when_free >= 0.05 and page._queue.progress_update_sleep_when_free >= 0.1
