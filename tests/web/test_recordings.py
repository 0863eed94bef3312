"""Recordings of people at webcams: the browser's stream says what Python's says, with its own graph too.

The scores are Python's at first, so that the events must be the same; then those of the graph, run by onnxruntime-web.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.app.node_scripts import run_script
from tests.web.graph import RUN, graph_facts
from tests.web.recordings import recordings
from tests.web.streams import PATIENCE_S, START, play, said_by_python, same_events

MANY = [2, pytest.param(20, marks=pytest.mark.slow)]
HOP_S = 0.2
GRAPH = """
import { ActionStream } from "./action_stream.js";
import { ownModel } from "./taught_model.js";
const model = ownModel(facts);
const told = [];
for (const { frames, hopS } of facts.streams) {
  const stream = new ActionStream(model, hopS), scores = [], events = [];
  for (const [timeS, poses] of frames) {
    for (const window of stream.push(timeS, poses.map(poseOf))) {
      const out = await run(window, facts.starts.live);
      const raw = { fused: out.scores.data, modality: out.modality_scores.data, embedding: out.embedding.data };
      const { fused, modality } = model.scoresOf(raw);
      scores.push([[...fused], [...modality]]);
      stream.take(window, { fused, modality });
    }
    events.push(...stream.answer().events);
  }
  told.push({ scores, events: [...events, ...stream.finish()] });
}
tell(told);
"""


@pytest.fixture(scope="module", params=MANY)
def python(request, shared_data, shipped_model):
    return [said_by_python(shipped_model, frames, HOP_S) for frames in recordings(shared_data, request.param)]


def test_with_the_same_scores_the_events_are_the_same(python, tmp_path):
    for ours, one in zip(play(tmp_path, python), python, strict=True):
        assert [frame for frame, *_ in ours["due"]] == [int(i) for i, rows in one["windows"].items() for _ in rows]
        assert [answer[1] for answer in ours["said"]] == [answer[1] for answer in one["said"]]
        assert [answer[3] for answer in ours["said"]] == [answer[3] for answer in one["said"]]
        same_events(ours["events"], one["events"], within=1e-3)
    assert sum(len(one["events"]) for one in python) >= len(python)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_with_the_graph_s_scores_too(python, precision, tmp_path):
    (folder := tmp_path / "node").mkdir()
    facts = graph_facts(tmp_path, precision) | {"streams": [one["stream"] for one in python]}
    for ours, one in zip(run_script(folder, START + RUN + GRAPH, facts, "web", PATIENCE_S), python, strict=True):
        scores = [row for rows in one["windows"].values() for row in rows]
        for k in (0, 1):
            np.testing.assert_allclose([row[k] for row in ours["scores"]], [row[k] for row in scores], atol=1e-3)
        assert [event["label"] for event in ours["events"]] == [event.label for event in one["events"]]
        for event, other in zip(ours["events"], one["events"], strict=True):
            np.testing.assert_allclose([event["startS"], event["endS"]], [other.start_s, other.end_s], atol=HOP_S)
            assert abs(event["score"] - other.score) < 1e-3 and event["count"] == other.count
