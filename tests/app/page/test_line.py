"""In which state the page takes camera and line to be, what it says then, and how large its pictures are."""

from __future__ import annotations

import pytest

from tests.app.node_scripts import run_script

NOW = 100_000.0  # ms
CAMERA = {"phase": "on", "kind": "", "since": NOW - 60_000, "muted": False, "paused": False}
LINE = {"pictureAt": NOW - 30, "status": 200, "goodAt": NOW - 40, "since": NOW - 60_000, "refusedAt": NOW - 100}
RATES = {"answers": 30.0, "pictures": 30.0, "server": 12.0}
SILENT = {"goodAt": NOW - 1500}  # no answer since then

STATES = [  # camera, line, rates, and the state they are of
    ({}, {}, {}, "live"),
    ({"phase": "off"}, {"status": 0}, {}, "off"),
    ({"phase": "key"}, {}, {}, "key"),
    ({"phase": "starting", "since": NOW - 100}, {}, {}, "starting"),
    ({"phase": "starting", "since": NOW - 700}, {}, {}, "asking"),
    ({"phase": "resting"}, {}, {}, "resting"),
    ({"phase": "failed", "kind": "Gone"}, {}, {}, "failed"),
    ({"muted": True}, {"status": 0} | SILENT, {}, "muted"),
    ({"paused": True}, {}, {}, "paused"),
    ({}, {"pictureAt": NOW - 2100}, {}, "still"),
    ({}, {"status": 0} | SILENT, {}, "offline"),
    ({}, {"status": 0}, {}, "live"),  # the other picture under way was answered a moment ago
    ({}, {"status": 401} | SILENT, {}, "login"),
    ({}, {"status": 403}, {}, "renewing"),
    ({}, {"status": 403, "refusedAt": NOW - 3100}, {}, "refused"),
    ({}, {"status": 408} | SILENT, {}, "tardy"),
    ({}, {"status": 413} | SILENT, {}, "large"),
    ({}, {"status": 415} | SILENT, {}, "unreadable"),
    ({}, {"status": 429} | SILENT, {}, "busy"),
    ({}, {"status": 503} | SILENT, {}, "busy"),
    ({}, {"status": 500} | SILENT, {}, "failing"),
    ({}, {"status": 502} | SILENT, {}, "failing"),
    ({}, {"status": 404} | SILENT, {}, "failing"),
    ({}, {"status": "foreign"} | SILENT, {}, "foreign"),
    ({}, {"status": "encode"} | SILENT, {}, "encode"),
    ({}, {"goodAt": NOW - 1900}, {}, "live"),
    ({}, {"goodAt": NOW - 2100}, {}, "silent"),
    ({}, {"status": 204, "goodAt": NOW - 2100}, {}, "silent"),  # the server drops every picture
    ({}, {"status": None, "goodAt": None, "since": NOW - 1900}, {}, "live"),
    ({}, {"status": None, "goodAt": None, "since": NOW - 2100}, {}, "first"),
    ({}, {"status": None, "goodAt": None, "since": NOW - 5100}, {}, "silent"),
    ({}, {"status": None, "goodAt": NOW - 2100}, {}, "silent"),
    ({}, {"status": 204, "goodAt": None, "since": NOW - 2100}, {}, "silent"),
    ({}, {}, {"answers": None, "pictures": None}, "live"),
    ({}, {}, {"answers": 6.0}, "live"),
    ({}, {}, {"answers": 5.9}, "slow line"),
    ({}, {}, {"answers": 5.9, "server": 150.0}, "slow server"),
    ({}, {}, {"answers": 4.0, "pictures": 5.0}, "slow camera"),
    ({}, {"goodAt": NOW - 2100}, {"here": True}, "stuck"),  # where this browser looks, no server is to blame
    ({}, {}, {"answers": 5.9, "here": True}, "slow browser"),
    ({}, {"status": "loading"} | SILENT, {"here": True}, "loading"),
    ({}, {"status": "broken"} | SILENT, {"here": True}, "broken"),
]


def test_states(tmp_path):
    cases = [(CAMERA | camera, LINE | line, RATES | rates, NOW) for camera, line, rates, _ in STATES]
    found = run_script(
        tmp_path,
        """
        import { isLive, stateOf } from "./state.js";
        const found = facts.map((it) => stateOf(...it));
        tell(found.map((state) => [state, isLive(state)]));
        """,
        cases,
    )
    assert [state for state, _ in found] == [state for *_, state in STATES]
    assert {state for state, live in found if live} == {
        "live",
        "slow line",
        "slow server",
        "slow browser",
        "slow camera",
    }


def test_every_state_has_words(tmp_path):
    """Where nothing comes, words stand in place of the last answer; the stage says the same as the line below them."""
    states = sorted({state for *_, state in STATES} | {"starting"})
    words = run_script(
        tmp_path,
        """
        import { curtain, noteOf, wordsOf } from "./words.js";
        const kinds = ["Gone", "Held", "NoKey", "Insecure", "NotAllowedError", "what a browser may come up with"];
        tell({
            words: Object.fromEntries(facts.map((state) => [state, [...wordsOf(state, "Gone"), noteOf(state)]])),
            curtains: kinds.map(curtain),
        });
        """,
        states,
    )
    for state, (large, line, note) in words["words"].items():
        assert large or state.startswith("slow"), state
        assert len(large) <= 12, "longer words are written smaller"
        assert note == ("" if state in ("off", "failed", "live") else line), state
        assert state == "starting" or line
    assert words["words"]["failed"][1] == words["curtains"][0][0]
    assert all(title and text.endswith(".") for title, text in words["curtains"])


def test_rates(tmp_path):
    looks = [[250 * k, 7 * k, 3 * k] for k in range(30)]  # ms, pictures, answers
    found = run_script(
        tmp_path,
        """
        import { Rates } from "./rates.js";
        const rates = new Rates();
        tell(facts.map((it) => rates.look(...it)));
        """,
        looks,
    )
    assert all(it == {"pictures": None, "answers": None} for it in found[:12])
    assert all(it == {"pictures": pytest.approx(28), "answers": pytest.approx(12)} for it in found[12:])


def test_pace(tmp_path):
    """Smaller while too little gets through; larger after a while of room, and later if that was too much."""
    found = run_script(
        tmp_path,
        """
        import { Pace } from "./pace.js";
        const pace = new Pace(), sides = [];
        let now = 0;
        const until = (end, deed) => { for (; now < end; now += 250) deed(); sides.push(pace.size.side); };
        until(2000, () => pace.smaller(now));
        until(60_000, () => pace.smaller(now));
        until(75_000, () => pace.larger(30, now));
        until(82_000, () => pace.larger(30, now));
        until(86_000, () => pace.smaller(now));
        until(120_000, () => pace.larger(30, now));
        until(128_000, () => pace.larger(30, now));
        until(400_000, () => pace.larger(8, now));
        tell(sides);
        """,
    )
    assert found == [480, 224, 224, 320, 224, 224, 320, 320]
