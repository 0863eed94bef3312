"""The page's number of repetitions goes up with its action, stays a moment, and never passes to another one."""

from __future__ import annotations

from tests.app.node_scripts import run_script

SCRIPT = """
import { NONE, counted } from "./repetition.js";
let state = NONE;
tell(facts.map(([t, label, count, person = 0, s = 1]) => {
  state = counted(state, { s, t, label, count, persons: [{ id: person, main: true }] });
  return [state.count, state.up];
}));
"""


def played(tmp_path, *answers):
    """What is shown after each answer of (t, label, count, person, session): the number, and whether it went up."""
    return [tuple(shown) for shown in run_script(tmp_path, SCRIPT, answers)]


def test_it_goes_up_once_a_repetition(tmp_path):
    answers = (0, None, None), (1, "squat", 1), (1.2, "squat", 1), (3, "squat", 2), (3.2, "squat", 2)
    assert played(tmp_path, *answers) == [(None, False), (1, True), (1, False), (2, True), (2, False)]


def test_it_stays_a_moment_after_the_action(tmp_path):
    answers = (1, "squat", 5), (2, None, None), (3.9, "idle", None), (4.1, "idle", None), (5, "squat", 1)
    assert played(tmp_path, *answers) == [(5, True), (5, False), (5, False), (None, False), (1, True)]


def test_it_is_not_left_over_for_another_action(tmp_path):
    answers = (1, "squat", 5), (2, "walk", None), (3, "squat", 4), (4, "jumping_jack", 1), (5, "jumping_jack", 2)
    assert played(tmp_path, *answers) == [(5, True), (None, False), (4, True), (1, True), (2, True)]


def test_nor_for_another_person_or_session(tmp_path):
    answers = (1, "squat", 5, 0), (2, "idle", None, 1), (3, "squat", 2, 1), (0.5, "squat", 2, 1, 2)
    assert played(tmp_path, *answers) == [(5, True), (None, False), (2, True), (2, True)]
