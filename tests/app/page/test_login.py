"""The login: who gets in, what a wrong guess costs, and that it is told in the log without the password."""

from __future__ import annotations

import asyncio

import pytest

from app.page.login import Login, cookie_of, login_html, set_cookie

SECRET = "correct horse: battery"


def login(first_wait_s: float = 0.0) -> Login:
    return Login([("ann", SECRET)], "ikem-login-7860", first_wait_s)


def test_in_and_out():
    doors = login()
    token = asyncio.run(doors.enter("ann", SECRET, "1.2.3.4"))
    assert token and doors.user(token) == "ann" and doors.user("") is None and doors.user(token[:-1]) is None
    doors.leave(token)
    assert doors.user(token) is None


@pytest.mark.parametrize(
    "pair", [("ann", "wrong"), ("ann", ""), ("bob", SECRET), ("", ""), ("ann", SECRET + " "), ("ann\n", "\u00e9")]
)
def test_wrong_ones_are_logged_without_the_password(capsys, pair):
    assert asyncio.run(login().enter(*pair, "1.2.3.4")) is None
    told = capsys.readouterr().err
    assert told.startswith("log-in refused") and "1.2.3.4" in told and told.count("\n") == 1
    assert "wrong name or password" in told and SECRET not in told and "caf" not in told


def test_each_guess_costs_more_and_one_waits_for_the_other(monkeypatch):
    waits_s, under_way, usual = [], [], asyncio.sleep

    async def sleep(seconds: float) -> None:
        assert not under_way, "two guesses of one address wait at once"
        under_way.append(seconds)
        await usual(0.001)
        waits_s.append(under_way.pop())

    monkeypatch.setattr("app.page.login.asyncio.sleep", sleep)
    doors = login(0.02)

    async def guess(count: int) -> None:
        await asyncio.gather(*(doors.enter("ann", str(k), "1.2.3.4") for k in range(count)))

    asyncio.run(guess(4))
    assert waits_s == pytest.approx([0.02, 0.04, 0.08, 0.16])
    assert asyncio.run(doors.enter("ann", SECRET, "5.6.7.8"))
    assert asyncio.run(doors.enter("ann", SECRET, "1.2.3.4"))
    assert len(waits_s) == 4, "who knows it waits for nothing"
    asyncio.run(doors.enter("ann", "wrong", "1.2.3.4"))
    assert waits_s[4:] == pytest.approx([0.32]), "what was guessed is not forgotten by a right one"


def test_many_guesses_at_once():
    doors = login(0.05)

    async def guess() -> list:
        tries = (doors.enter("ann", str(k), "1.2.3.4") for k in range(30))
        return await asyncio.gather(*tries, return_exceptions=True)

    found = asyncio.run(guess())
    assert sum(isinstance(one, TimeoutError) for one in found) == 25


def test_the_cookie():
    text = set_cookie("ikem-login-7860", "abc", "/ikem", secure=True)
    assert text == "ikem-login-7860=abc; Path=/ikem; HttpOnly; SameSite=Strict; Secure"
    assert "Max-Age=0" in set_cookie("ikem-login-7860", "", "", secure=False)
    assert cookie_of("a=b; ikem-login-7860=abc", "ikem-login-7860") == "abc"
    assert cookie_of("", "a") == "" and cookie_of("a=b", "c") == ""


def test_the_page_is_the_product_s_own_and_escapes_what_was_typed():
    html = login_html("IKEM Live", '"><script>alert(1)', "The name or the password is wrong.").decode()
    assert "<h1>IKEM Live</h1>" in html and 'role="alert"' in html and "<script>alert" not in html
    assert "{" not in html[html.index("<body>") :] and 'role="alert"' not in login_html("IKEM Live").decode()
