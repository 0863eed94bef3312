"""The editor's events, without a page: changes, their undoing, and rows that do not overlap."""

from __future__ import annotations

from tests.app.node_scripts import run_script

START = """
import { Edits, lanesOf } from "./edit_events.js";
const edits = new Edits(10, [[0, "wave", 1, 3, 0.8], [0, "bow", 4, 5, 0.9], [1, "wave", 2, 6, 0.7]]);
const rows = () => edits.rows().map(([person, label, start, end]) => `${person} ${label} ${start}-${end}`);
const id = (label, person = 0) => edits.events.find((it) => it.label === label && it.person === person).id;
"""


def said(tmp_path, text: str) -> object:
    return run_script(tmp_path, START + text)


def test_each_change_is_undone_and_done_again(tmp_path):
    found = said(
        tmp_path,
        """
        const seen = [rows()];
        edits.selected = id("wave");
        const deeds = [
          () => edits.set(edits.selected, { label: "clap" }), () => edits.split(2), () => edits.merge(),
          () => edits.edge(edits.selected, "end", 3.5), () => edits.remove(), () => edits.add(0, "walk", 6, 7),
        ];
        for (const deed of deeds) { deed(); seen.push(rows()); }
        const back = [rows()], on = [];
        for (const _ of deeds) { edits.undo(); back.unshift(rows()); }
        edits.undo();
        for (const _ of deeds) { edits.redo(); on.push(rows()); }
        tell({ seen, back, on, last: edits.rows().pop() });
        """,
    )
    assert found["back"] == found["seen"] and found["on"] == found["seen"][1:]
    assert found["seen"][0] == ["0 wave 1-3", "1 wave 2-6", "0 bow 4-5"]
    assert found["seen"][2] == ["0 clap 1-2", "0 clap 2-3", "1 wave 2-6", "0 bow 4-5"]
    assert found["seen"][3][0] == "0 clap 1-3" and found["seen"][4][0] == "0 clap 1-3.5"
    assert len(found["seen"][5]) == 2 and found["last"] == [0, "walk", 6, 7, 1]


def test_edges_stay_in_order_and_inside(tmp_path):
    found = said(
        tmp_path,
        """
        const bow = id("bow");
        const at = [["start", 9], ["start", -3], ["end", 99], ["end", -1]].map(([side, t]) => edits.edge(bow, side, t));
        tell({ at, rows: rows(), tiny: edits.split(4, bow), far: edits.add(0, "x", 99, 100), late: rows().pop() });
        """,
    )
    assert found["at"] == [4.9, 0, 10, 0.1] and found["rows"][0] == "0 bow 0-0.1"
    assert found["tiny"] is False and found["late"] == "0 x 9.9-10"


def test_a_drag_is_one_step_and_can_be_given_up(tmp_path):
    found = said(
        tmp_path,
        """
        const before = rows();
        edits.hold();
        for (const t of [3.2, 3.4, 3.6]) edits.edge(id("wave"), "end", t);
        edits.drop();
        const after = rows();
        edits.undo();
        const undone = rows();
        edits.hold(); edits.edge(id("wave"), "end", 9); edits.cancel();
        tell({ before, after, undone, cancelled: rows(), steps: edits.past.length });
        """,
    )
    assert "0 wave 1-3.6" in found["after"]
    assert found["undone"] == found["before"] == found["cancelled"] and found["steps"] == 0


def test_nobody_does_the_same_thing_twice_at_a_time(tmp_path):
    found = said(tmp_path, 'edits.add(0, "wave", 2.5, 4); edits.add(0, "bow", 2, 3); tell(rows());')
    assert found == ["0 wave 1-4", "0 bow 2-3", "1 wave 2-6", "0 bow 4-5"]


def test_what_overlaps_stands_in_rows_of_its_person(tmp_path):
    found = said(
        tmp_path,
        """
        edits.add(0, "walk", 0, 9);
        tell(lanesOf(edits.events, [0, 1, 2]).map(({ person, events }) => [person, ...events.map((it) => it.label)]));
        """,
    )
    assert found == [[0, "walk"], [0, "wave", "bow"], [1, "wave"], [2]]


def test_what_is_painted_before_others_stands_beside_them(tmp_path):
    found = said(
        tmp_path,
        """
        edits.hold();
        edits.add(0, "walk", 0, 0.5);
        tell(lanesOf(edits.events, [0]).map(({ events }) => events.map((it) => it.label)));
        """,
    )
    assert found == [["walk", "wave", "bow"]]
