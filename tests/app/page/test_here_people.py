"""Several people before a browser that recognises by itself: each has a name, skeleton and events of their own."""

from __future__ import annotations

import json

import numpy as np

from app.landmarks.reader import LandmarkReader
from app.stream.action_stream import ActionStream
from tests.app.browser_files import browser_files
from tests.app.node_scripts import run_with_web
from tests.web.graph import RUN, runtime
from tests.web.recordings import FOLDER, recordings, side_by_side, write_recording
from tests.web.same import same_told

SECONDS = 14.0
SCRIPT = """
import { use } from "../web/constants.js";
import { HereSession } from "./here_session.js";
use(facts.card);
const { readLandmarks } = await import(facts.reader), { played } = await import(facts.played);
const bytes = new Uint8Array(readFileSync(facts.file));
const { frames } = await readLandmarks(bytes, facts.card.constants["app.landmarks.codec"]);
const windows = async ({ inputs, kind }) => {
  const found = await run(inputs, facts.card.starts[kind]);
  return Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data]));
};
tell(await played((windows) => new HereSession(facts.card, windows, "a"), windows, frames));
"""


def test_two_people_have_names_and_events_of_their_own(
    shared_data, shipped_model, pretrained, pose_model_path, tmp_path
):
    files = browser_files(pretrained, pose_model_path)
    _, left, right = recordings(shared_data, 3)
    path = write_recording(tmp_path / "two.ikem", side_by_side(left, right, SECONDS))
    (graph := tmp_path / "recogniser.onnx").write_bytes(files["graph"])
    (folder := tmp_path / "node").mkdir()
    facts = {"card": json.loads(files["card"]), "runtime": runtime(), "graph": str(graph), "file": str(path)}
    facts |= {"reader": (FOLDER / "landmark_reader.mjs").as_uri(), "played": (FOLDER / "played.mjs").as_uri()}
    ours = run_with_web(folder, RUN + SCRIPT, facts, patience_s=600)

    stream, events, said = ActionStream(shipped_model), [], []
    with LandmarkReader(path) as reader:
        for time_s, poses in reader.poses():
            answer = stream.push(time_s, poses)
            events += answer.events
            said.append({one.person: one.label for one in answer.persons})
    events += stream.finish()
    same_told(ours["events"], events)
    assert {event.person for event in events} == {0, 1}, "each of them did something"
    named = [dict(map(tuple, persons)) for persons in ours["said"]]
    assert all(set(persons) == {0, 1} for persons in named), "both are followed, and nobody else"
    late = [persons == before for persons, before in zip(named[1:], said)]  # an answer comes before its own windows
    assert np.mean(late) > 0.97
    assert any(all(persons.values()) for persons in named), "both have a name at a time"
