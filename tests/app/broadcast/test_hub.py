"""Listeners: what each gets, what a slow one loses, what one who comes again is told."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from app.broadcast.hub import MOST_WAITING, RING, Hub, Listener, TooManyListeners
from tests.app.broadcast.messages import event, joints, send, state


async def heard(listener: Listener) -> list[dict]:
    """All that waits for a listener."""
    found = []
    while (sent := await listener.next(0.01)) is not None:
        found.append(json.loads(sent.text))
    return found


def ids(messages: list[dict]) -> list[str]:
    return [message["id"] for message in messages if message["type"] == "event"]


def test_the_state_comes_first_then_events_in_their_order():
    async def visit() -> None:
        hub = Hub("run")
        hub.send(event(1), state(event(1), people=2))
        listener = hub.listen()
        send(hub, 2, 3)
        first, *others = await heard(listener)
        assert (first["type"], first["people"], first["missed"]) == ("state", 2, False)
        assert [one["id"] for one in first["open"]] == ["run-0-1"] and ids(others) == ["run-0-2", "run-0-3"]

    asyncio.run(visit())


def test_from_another_thread():
    async def visit() -> None:
        hub = Hub("run")
        listener = hub.listen()
        thread = threading.Thread(target=send, args=(hub, 1))
        waiting = asyncio.ensure_future(listener.next(30))
        await asyncio.sleep(0)
        thread.start()
        sent = await waiting
        assert sent is not None and sent.number == "run-1" and sent.kind == "event"
        thread.join()

    asyncio.run(visit())


def test_who_is_slow_gets_the_newest_joints_and_every_event():
    async def visit() -> None:
        hub = Hub("run")
        listener, other = hub.listen(joints=True), hub.listen()
        for k in range(100):
            hub.send(joints(k), state())
            if k % 10 == 0:
                send(hub, k)
        found = await heard(listener)
        assert ids(found) == [f"run-0-{k}" for k in range(0, 100, 10)]
        assert [one["t"] for one in found if one["type"] == "joints"] == [99.0]
        assert len(await heard(other)) == 10 and hub.wants_joints
        hub.leave(listener)
        assert not hub.wants_joints

    asyncio.run(visit())


def test_who_never_reads_is_sent_away_and_may_come_again_for_the_rest():
    async def visit() -> None:
        hub = Hub("run")
        listener, reader = hub.listen(), hub.listen()
        send(hub, 0)
        assert ids(await heard(listener)) == ids(await heard(reader)) == ["run-0-0"]
        for k in range(1, MOST_WAITING + 2):
            send(hub, k)
            assert ids(await heard(reader)) == [f"run-0-{k}"]  # nobody waits for the slow one
        assert listener.is_slow and listener.is_over and await listener.next(1) is None
        hub.leave(listener)
        again = hub.listen(last="run-2")
        assert ids(await heard(again)) == [f"run-0-{k}" for k in range(2, MOST_WAITING + 2)]

    asyncio.run(visit())


@pytest.mark.parametrize(
    ("last", "missed"),
    [("", False), ("run-1", True), ("run-99999", True), ("other-600", True), ("run-", True), ("run-x", True),
     ("9" * 400, True), ("run-" + "9" * 400, True), ("run-²", True)],
)  # fmt: skip
def test_who_asks_for_what_is_not_held_gets_the_state(last, missed):
    async def visit() -> None:
        hub = Hub("run")
        send(hub, *range(RING + 10))
        (first,) = await heard(hub.listen(last))
        assert first["type"] == "state" and first["missed"] is missed

    asyncio.run(visit())


def test_nothing_is_said_twice():
    async def visit() -> None:
        hub = Hub("run")
        send(hub, 1, 2, 3)
        assert ids(await heard(hub.listen("run-2"))) == ["run-0-3"] and await heard(hub.listen("run-3")) == []

    asyncio.run(visit())


def test_one_person_alone():
    async def visit() -> None:
        hub = Hub("run")
        listener = hub.listen(person=1)
        send(hub, 1, person=0)
        send(hub, 2, person=1)
        assert ids(await heard(listener)) == ["run-1-2"]

    asyncio.run(visit())


def test_places_are_bounded_and_end_with_the_stream():
    async def visit() -> None:
        hub = Hub("run", most=2)
        listener, _ = hub.listen(), hub.listen()
        with pytest.raises(TooManyListeners):
            hub.listen()
        hub.leave(listener)
        last = hub.listen()
        send(hub, 1)
        hub.close()
        assert ids(await heard(last)) == ["run-0-1"] and last.is_over
        hub.leave(last)
        with pytest.raises(TooManyListeners):
            hub.listen()

    asyncio.run(visit())


def test_a_server_that_has_ended_stops_no_camera():
    hub = Hub("run")

    async def visit() -> Listener:
        return hub.listen()

    listener = asyncio.run(visit())
    send(hub, 1)
    assert listener.is_over
