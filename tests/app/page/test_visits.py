"""Live sessions: whose they are, how many there may be, and when they end."""

from __future__ import annotations

import asyncio

import pytest

from app.page import visits as page_visits
from app.page.visits import Owner, RefusedError, Taken, Visits, address_of

ANN, BOB = Owner("10.0.0.1", browser="a"), Owner("10.0.0.2", browser="b")


@pytest.mark.parametrize(
    ("client", "address"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::1", "::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
        ("\x1b[2J\n", "\\x1b[2J\\n"),  # a proxy may write anything, and the log shows it
    ],
)
def test_addresses_that_limits_count_by(client, address):
    assert address_of(client) == address


def test_a_session_is_its_owner_s_while_its_stream_is_open():
    left = []

    async def visit():
        visits = Visits(on_leave=lambda visitor, owner: left.append((visitor, owner)), grace_s=0.05)
        assert not await visits.admits("ann1", ANN, wait_s=0)
        async with visits.present("ann1", ANN):
            assert await visits.admits("ann1", ANN) and visits.of(ANN) == ["ann1"]
            for other in (BOB, Owner("10.0.0.1"), Owner("10.0.0.1", "login", "a"), Owner("10.0.0.2", browser="a")):
                assert not await visits.admits("ann1", other)
                with pytest.raises(RefusedError):
                    async with visits.present("ann1", other):
                        pass
        assert visits.is_live("ann1") and not left, "a stream that broke may come again"
        async with visits.present("ann1", ANN):
            await asyncio.sleep(0.1)
        assert not left
        await asyncio.sleep(0.2)
        assert not visits.is_live("ann1") and not await visits.admits("ann1", ANN, wait_s=0)

    asyncio.run(visit())
    assert left == [("ann1", ANN)]


def test_a_call_may_come_before_its_stream():
    async def visit():
        visits = Visits()
        asked = asyncio.create_task(visits.admits("ann1", ANN, wait_s=5))
        await asyncio.sleep(0.05)
        assert not asked.done()
        async with visits.present("ann1", ANN):
            return await asked

    assert asyncio.run(visit())


@pytest.mark.parametrize("visitor", ["", None, 3, "a" * 65, "a b", "a/b", "caf\u00e9", {"a": 1}])
def test_what_is_no_session(visitor):
    assert not asyncio.run(Visits().admits(visitor, ANN, wait_s=0))


def test_too_many_pages(monkeypatch):
    monkeypatch.setattr(page_visits, "MOST_PER_ADDRESS", 2)
    monkeypatch.setattr(page_visits, "MOST", 3)

    async def visit():
        visits = Visits()
        async with visits.present("1", ANN), visits.present("2", ANN), visits.present("3", BOB):
            for owner in (ANN, BOB):
                with pytest.raises(RefusedError, match="Too many"):
                    async with visits.present("4", owner):
                        pass
        assert len(visits) == 3

    asyncio.run(visit())


def test_logging_out_ends_the_sessions_of_that_login():
    async def visit():
        visits, mine = Visits(), Owner("10.0.0.1", login="token")
        async with visits.present("1", mine), visits.present("2", ANN):
            visits.log_out("token")
            assert not visits.is_live("1") and visits.is_live("2")
            visits.log_out("")
            assert visits.is_live("2"), "who never logged in is no login"

    asyncio.run(visit())


def test_what_one_address_has_under_way():
    async def visit():
        taken = Taken(1)
        async with taken.one("a"), taken.one("b"):
            with pytest.raises(RefusedError):
                async with taken.one("a"):
                    pass
        async with taken.one("a"):
            pass

    asyncio.run(visit())
