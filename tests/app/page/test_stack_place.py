"""Calls that move on the stack to where they are quickest."""

from __future__ import annotations

from tests.app.node_scripts import run_with_web as run_here

# `slow`: at which numbers of unread arguments, by the number of the call, the work takes twice as long.
_PLAY = """
import { StackPlace } from "./stack_place.js";
let now = 0;
globalThis.performance = { now: () => (facts.grain ? facts.grain * Math.floor(now / facts.grain) : now) };
const place = new StackPlace(), places = [];
let spent = 0, away = 0;
for (let k = 0; k < facts.calls; k++) {
    const value = place.call((...unread) => {
        const slow = facts.slow.some(([from, to, many]) => k >= from && k < to && unread.length === many);
        const ms = facts.ms * (slow ? 2 : 1) * (1 + 0.05 * Math.sin(k));
        spent += ms;
        away += unread.length !== 64 * place.place;
        now += ms;
        return k;
    });
    if (value !== k) throw new Error("another value");
    places.push(place.place);
}
tell([places, spent / facts.calls / facts.ms, away]);
"""


def test_a_call_leaves_a_slow_place(tmp_path):
    places, cost, _ = run_here(tmp_path, _PLAY, {"calls": 400, "ms": 50, "slow": [[0, 1000, 0]]})
    assert places[0] == 0 and places[40] == places[-1] != 0 and cost < 1.12


def test_a_call_stays_where_all_places_are_alike(tmp_path):
    places, _, away = run_here(tmp_path, _PLAY, {"calls": 400, "ms": 50, "slow": []})
    assert set(places) == {0} and 0 < away <= 12  # two rounds of trials


def test_a_place_that_becomes_slow_is_left_within_some_calls(tmp_path):
    """Also where the next one has become slow with it, and also later back to the first."""
    slow = [[100, 300, 0], [100, 300, 64], [300, 1000, 128], [300, 1000, 64]]
    places, cost, _ = run_here(tmp_path, _PLAY, {"calls": 600, "ms": 30, "slow": slow})
    assert places[99] == 0 and places[120] == 2 and places[299] == 2 and places[320] == places[-1] == 0
    assert cost < 1.12


def test_work_that_grows_everywhere_costs_no_more_than_a_round_of_trials(tmp_path):
    everywhere = [[100, 1000, many] for many in (0, 64, 128)]
    places, _, away = run_here(tmp_path, _PLAY, {"calls": 400, "ms": 30, "slow": everywhere})
    assert set(places) == {0} and away <= 18


def test_a_clock_of_coarse_steps(tmp_path):
    facts = {"calls": 800, "ms": 50, "slow": [[0, 1000, 0]], "grain": 16}
    places, cost, _ = run_here(tmp_path, _PLAY, facts)
    assert places[60] == places[-1] != 0 and cost < 1.12


def test_a_clock_that_stands_still(tmp_path):
    places, _, away = run_here(tmp_path, _PLAY, {"calls": 400, "ms": 0, "slow": []})
    assert set(places) == {0} and away <= 12


def test_a_place_at_which_the_work_fails_is_not_taken(tmp_path):
    failed = run_here(
        tmp_path,
        """
import { StackPlace } from "./stack_place.js";
let now = 0;
globalThis.performance = { now: () => now };
const place = new StackPlace(), told = { failed: 0, values: 0, names: [] };
for (let k = 0; k < 800; k++) {
    try {
        told.values += place.call((...unread) => {
            now += 30;
            if (unread.length === 64 || k === 0) throw new RangeError("no memory");
            return 1;
        });
    } catch (error) {
        told.failed += 1;
        told.names.push(error.name);
    }
}
tell(told);
""",
    )
    assert set(failed["names"]) == {"RangeError"} and failed["failed"] + failed["values"] == 800
    assert 3 < failed["failed"] <= 16  # the first call, and three of each round
