"""Calls that move on the stack to where they are quickest."""

from __future__ import annotations

from tests.app.node_scripts import run_with_web as run_here

# `slow`: at which numbers of unread arguments, by the number of the call, the work takes twice as long.
_PLAY = """
import { StackPlace } from "./stack_place.js";
let now = 0;
globalThis.performance = { now: () => now };
const place = new StackPlace(), places = [];
let spent = 0;
for (let k = 0; k < facts.calls; k++) {
    const before = now;
    const value = place.call((...unread) => {
        const slow = facts.slow.some(([from, to, many]) => k >= from && k < to && unread.length === many);
        now += facts.ms * (slow ? 2 : 1) * (1 + 0.05 * Math.sin(k));
        return k;
    });
    if (value !== k) throw new Error("another value");
    spent += now - before;
    places.push(place.place);
}
tell([places, spent / facts.calls / facts.ms]);
"""


def test_a_call_leaves_a_slow_place(tmp_path):
    places, cost = run_here(tmp_path, _PLAY, {"calls": 400, "ms": 50, "slow": [[0, 1000, 0]]})
    assert places[0] == 0 and places[40] == places[-1] != 0 and cost < 1.12


def test_a_call_stays_where_all_places_are_alike(tmp_path):
    places, cost = run_here(tmp_path, _PLAY, {"calls": 400, "ms": 50, "slow": []})
    assert set(places) == {0} and cost < 1.05


def test_a_place_that_becomes_slow_is_left_within_some_calls(tmp_path):
    """Also where the next one has become slow with it, and also later back to the first."""
    slow = [[100, 300, 0], [100, 300, 64], [300, 1000, 128], [300, 1000, 64]]
    places, cost = run_here(tmp_path, _PLAY, {"calls": 600, "ms": 30, "slow": slow})
    assert places[99] == 0 and places[120] == 2 and places[299] == 2 and places[320] == places[-1] == 0
    assert cost < 1.12


def test_work_that_grows_everywhere_costs_no_more_than_a_round_of_trials(tmp_path):
    everywhere = [[100, 1000, many] for many in (0, 64, 128)]
    places, cost = run_here(tmp_path, _PLAY, {"calls": 400, "ms": 30, "slow": everywhere})
    assert set(places) == {0} and abs(cost - 1.75) < 0.02


def test_a_call_that_fails_fails_and_the_next_one_is_made(tmp_path):
    told = run_here(
        tmp_path,
        """
import { StackPlace } from "./stack_place.js";
const place = new StackPlace(), told = [];
try { place.call(() => { throw new RangeError("no memory"); }); } catch (error) { told.push(error.name); }
told.push(place.call(() => 7));
tell(told);
""",
    )
    assert told == ["RangeError", 7]
