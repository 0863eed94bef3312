"""Landmarks that a visitor whose own browser recognises records: Python reads the file."""

from __future__ import annotations

import base64

from app.landmarks.reader import LandmarkReader
from tests.app.node_scripts import run_with_web as run_here
from tests.app.page.test_here import BODY, card


def test_landmarks_are_recorded_once_asked_for(tmp_path):
    """The file is Python's own format, on the clock of the events; a pause of the camera does not end it."""
    (folder := tmp_path / "node").mkdir()
    told = run_here(
        folder,
        BODY
        + """
import { use } from "../web/constants.js";
import { HereSession } from "./here_session.js";
use(facts.card);
const windows = async () => ({ scores: Float32Array.of(0.9, 0.05, 0.05), modality_scores: new Float32Array(9),
    embedding: new Float32Array(8), window: new Float32Array(50 * 75) });
const session = new HereSession(facts.card, windows, "here"), said = [];
const play = (from, to, people) => {
    for (let k = 30 * from; k < 30 * to; k++) {
        const poses = Array.from({ length: people }, () => body(k / 30));
        said.push(session.frame({ timeS: k / 30, poses, sensitivity: 0.5, ms: 1 }).recording);
    }
};
const text = async (blob) => Buffer.from(await blob.arrayBuffer()).toString("base64");
play(100, 101, 1);
const before = await session.recorded();
session.record();
play(101, 104, 1);
play(110, 111, 0);
const file = await text(await session.recorded());
play(111, 112, 1);
session.record();
tell({ states: [...new Set(said)], file, before, nothing: await session.recorded(), last: said.at(-1) });
""",
        {"card": card() | {"pose": {"name": "wheel", "bytes": 1, "sha256": ""}}},
    )
    assert told["states"] == ["", "on"] and told["last"] == "" and told["before"] is None and told["nothing"] is None
    (path := tmp_path / "ours.ikem").write_bytes(base64.b64decode(told["file"]))
    with LandmarkReader(path) as reader:
        frames = list(reader)
        assert reader.settings == {"pose": "wheel", "source": "live page, in the browser"} and not reader.note
    assert [round(30 * time_s) for time_s, _ in frames] == [*range(30, 120), *range(300, 330)], "from the first picture"
    assert [len(people) for _, people in frames] == 90 * [1] + 30 * [0] and {n for _, p in frames for n, _ in p} == {0}
    assert frames[0][1][0][1].visibility_V.min() > 0.99


def test_a_recording_ends_by_itself_and_is_kept(tmp_path):
    told = run_here(
        tmp_path,
        BODY
        + """
import { use } from "../web/constants.js";
import { HereRecorder } from "./here_recorder.js";
use(facts);
const one = { person: 0, pose: body(0) }, broken = { person: 0, pose: { ...body(0), world: Float32Array.of(NaN) } };
const kept = async (frames) => {
    const recorder = new HereRecorder({}), states = frames.map(([timeS, person]) => {
        recorder.add(timeS, [person]);
        return recorder.state;
    });
    return [states, (await recorder.finish())?.size > 100];
};
tell([await kept([[0, one], [7199, one], [7201, one], [7202, one]]), await kept([[0, one], [1, broken], [2, one]])]);
""",
        card(),
    )
    assert told == [[["on", "on", "full", "full"], True], [["on", "failed", "failed"], True]]
