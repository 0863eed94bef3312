"""The page's scripts for a visitor whose own browser recognises: their answers are those that a server gives."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.page.answer import live_event_json, window_json
from app.page.own_words import OWN_WORDS
from app.page.wire import pack_pose
from app.site.constants import constants
from app.types import ActionEvent
from tests.app.helpers import HandModel, pose
from tests.app.node_scripts import run_with_web as run_here

MODEL = HandModel()
CARD = {
    "labels": list(MODEL.labels),
    "display": MODEL.display,
    "modalities": list(MODEL.modalities),
    "thresholds": MODEL.thresholds,
    "embedding": MODEL.embedding,
    "window_s": MODEL.window_s,
    "keep_s": MODEL.window_s + 0.6,
    "clip_s": MODEL.window_s + 1,
    "seen_from": 0.5,
    "bridge": [[[min(v, 32), 1.0]] for v in range(25)],
    "turn": [-1, -1, 1],
    "parents": [0] * 25,
}
# A body that stands, whose landmarks are in the middle of the picture.
BODY = """
const body = (wave) => ({
    image: Float32Array.from({ length: 99 }, (_, i) => [0.4 + 0.2 * (i % 2), 0.2 + (i % 5) / 10, 0][i % 3]),
    world: Float32Array.from({ length: 99 }, (_, i) => Math.sin(i + (wave ? 3 * wave : 0)) / 2),
    visibility: new Float32Array(33).fill(1),
});
"""


def card() -> dict:
    return CARD | {"constants": constants()}


def test_an_answer_has_what_the_servers_has(tmp_path):
    """Numbers are coded as wire.js reads them, and rounded as Python rounds them."""
    one, window = pose(1.0), np.random.default_rng(0).normal(0, 1, (50, 25, 3)).astype(np.float32)
    facts = {"card": card(), "window": window.ravel().tolist()}
    facts["pose"] = [one.image_V3.ravel().tolist(), one.visibility_V.tolist()]
    told = run_here(
        tmp_path,
        """
import { use } from "../web/constants.js";
import { answerJson } from "./here_answer.js";
use(facts.card);
const [image, visibility] = facts.pose.map((numbers) => Float32Array.from(numbers));
const fused = Float32Array.of(0.2, 0.7, 0.1), modality = Float32Array.from({ length: 9 }, (_, i) => i / 10);
const scores = { label: "wave", score: 0.2, fused, modality, count: 2 };
const person = { person: 3, main: true, pose: { image, visibility }, ...scores };
const gone = { ...person, person: 4, main: false, pose: null };
const event = { person: 3, label: "wave", startS: 1.23456, endS: 2.5, score: 0.123456, count: 2,
    top3: [["wave", 0.123456], ["idle", 0.1]], modalityScores: { joint: 0.98765, bone: 0.5 },
    repetitionsS: [1.5, 2.00049] };
const all = { timeS: 12.3456, people: 1, note: "", persons: [person, gone], events: [event] };
const answer = { ...all, ...person, closest: ["squat", 0.7] };
tell(answerJson(answer, { session: "a", model: facts.card, sensitivity: 0.5, told: [[7, event]],
    sees: Float32Array.from(facts.window), ms: 12.345, recording: "on" }));
""",
        facts,
    )
    assert told["persons"] == [{"id": 3, "main": True, "pose": pack_pose(one), "label": "wave", "count": 2}]
    assert told["sees"] == window_json(window)
    top3, modalities = (("wave", 0.123456), ("idle", 0.1)), {"joint": 0.98765, "bone": 0.5}
    event = ActionEvent(3, "wave", 1.23456, 2.5, 0.123456, top3, modalities, 2, (1.5, 2.00049))
    assert told["events"] == json.loads(json.dumps([live_event_json(7, event)]))
    assert told["top"] == [["wave", 0.2], ["squat", 0.7], ["idle", 0.1]], "the named one comes first"
    assert told["modalities"] == [0.0, 0.3, 0.6] and told["closest"] == ["squat", 0.7, told["threshold"]]
    assert (told["s"], told["t"], told["ms"], told["recording"], told["label"]) == ("a", 12.346, 12.3, "on", "wave")
    keys = "s t people note persons label score count threshold closest top modalities events sees recording ms"
    assert list(told) == keys.split()


def test_a_session_names_what_is_done_and_begins_anew_after_a_rest(tmp_path):
    told = run_here(
        tmp_path,
        BODY
        + """
import { use } from "../web/constants.js";
import { HereSession } from "./here_session.js";
use(facts.card);
let runs = 0;
const windows = async ({ inputs, kind }) => {
    runs += 1;
    return { scores: Float32Array.of(0.9, 0.05, 0.05), modality_scores: new Float32Array(9).fill(0.3),
        embedding: new Float32Array(8), window: new Float32Array(50 * 75) };
};
const session = new HereSession(facts.card, windows, "here"), said = [];
const play = async (from, to, poses) => {
    for (let timeS = from; timeS < to; timeS += 1 / 30) {
        said.push(session.frame({ timeS, poses: poses(timeS), sensitivity: 0.5, ms: 1 }));
        await new Promise((wake) => setTimeout(wake));
    }
};
await play(0, 5, (timeS) => [body(timeS)]);
const label = said.at(-1).label, sees = said.some(({ sees }) => sees?.frames === 25);
await play(20, 20.5, () => []);
await play(30, 34, (timeS) => [body(timeS)]);
const { stopped } = session.finish();
const numbers = said.flatMap(({ events }) => events.map(([n]) => n));
tell({ label, sees, runs, after: said.find(({ people }) => !people), first: said[0].top, numbers, stopped });
""",
        {"card": card()},
    )
    assert told["label"] == "wave" and told["sees"] and told["first"] == []
    assert 30 <= told["runs"] <= 45, "a window each 0.2 s"
    assert set(told["numbers"]) == {0}, "the pause ended the action"
    assert [(number, label) for number, _, label, *_ in told["stopped"]] == [(1, "wave")], "and so did the stop"
    assert told["after"]["people"] == 0 and told["after"]["label"] is None


def test_of_each_person_only_the_newest_window_waits(tmp_path):
    told = run_here(
        tmp_path,
        BODY
        + """
import { use } from "../web/constants.js";
import { HereSession } from "./here_session.js";
use(facts.card);
const ends = [];
let done = null;
const windows = ({ inputs }) => {
    ends.push(inputs.endS);
    return new Promise((wake) => { done = wake; });
};
const session = new HereSession(facts.card, windows, "here");
for (let timeS = 0; timeS < 5; timeS += 1 / 30) {
    session.frame({ timeS, poses: [body(timeS)], sensitivity: 0.5, ms: 1 });
}
const before = ends.length, embedding = new Float32Array(8);
done({ scores: Float32Array.of(1, 0, 0), modality_scores: new Float32Array(9), embedding, window: null });
await new Promise((wake) => setTimeout(wake));
tell([before, ends.length, ends.at(-1) - ends[0]]);
""",
        {"card": card()},
    )
    assert told[:2] == [1, 2] and told[2] > 2


@pytest.mark.parametrize(("name", "is_refused"), [*((word, True) for word in sorted(OWN_WORDS)[:3]), ("p 2", True),
                                                  ("Ready !", True), ("salute", False)])  # fmt: skip
def test_names_that_the_page_says_itself_are_refused(tmp_path, name, is_refused):
    told = run_here(
        tmp_path,
        """
import { use } from "../web/constants.js";
import { Lesson } from "../web/lesson.js";
import { answered } from "./here_lesson.js";
use(facts.card);
const lesson = new Lesson(facts.card, { pack: () => null }), shown = () => null;
tell(await answered({ lesson, shown }, { do: "start", name: facts.name, have: [] }));
""",
        {"card": card(), "name": name},
    )
    assert told["failed"] is is_refused and ("the page itself says" in told["said"].lower()) is is_refused
    assert told["recording"] == ("" if is_refused else name) and told["actions"] == [] and told["did"] == "start"


def test_what_cannot_be_done_is_said(tmp_path):
    told = run_here(
        tmp_path,
        """
import { use } from "../web/constants.js";
import { Lesson } from "../web/lesson.js";
import { answered } from "./here_lesson.js";
use(facts.card);
const session = { lesson: new Lesson(facts.card), shown: () => null }, said = [];
for (const asked of [{ do: "save" }, { do: "fix", event: 3, name: "" }, { do: "delete", clip: "x" }, { do: "look" },
    { do: "load", name: "a.pack", file: btoa("no pack") }]) {
    said.push((await answered(session, { ...asked, have: [] })).said);
}
tell(said);
""",
        {"card": card()},
    )
    assert told[0].startswith("There is nothing to save yet") and told[1].startswith("That event is too long ago")
    assert told[2].startswith("That example is gone") and told[3] == "" and '"a.pack"' in told[4]


def test_what_was_taught_is_told_as_the_server_tells_it(tmp_path):
    """The newest action first; of each the newest clips; of clips those that the page does not have."""
    told = run_here(
        tmp_path,
        """
import { use } from "../web/constants.js";
import { answered } from "./here_lesson.js";
use(facts.card);
const many = 15, names = [...Array(many).keys()].map((k) => `clip${k}`);
const pack = {
    actions: ["salute", "wave"], corrects: ["wave"], action: [...Array(many - 2).fill(0), 0, 1],
    counter: [...Array(many - 2).fill(false), true, false], clips: names.map(() => new Float32Array(70 * 75)),
};
const verdict = (name) => ({ said: `of ${name}`, good: name === "wave", advice: "", odd: [1] });
const lesson = { pack, recording: "", only: true, teaches: true, clipNames: () => names, verdict };
tell(await answered({ lesson, shown: () => null }, { do: "look", have: ["clip14", "clip12"] }));
""",
        {"card": card()},
    )
    assert [(it["name"], it["own"], it["count"], it["verdict"], it["good"]) for it in told["actions"]] == [
        ("wave", True, 1, "of wave", True), ("salute", False, 13, "of salute", False)
    ]  # fmt: skip
    salute = told["actions"][1]
    assert salute["shown"] == [f"clip{k}" for k in range(12, 0, -1)] and salute["not"] == ["clip13"]
    assert set(told["clips"]) == {f"clip{k}" for k in (*range(1, 12), 13)}
    assert salute["odd"] == [1] and told["worse"] is False
    assert told["clips"]["clip1"]["frames"] == 35 and told["only"] is True and not told["failed"]
