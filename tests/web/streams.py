"""Streams of people for the browser's modules: what Python says of them, and the same frames for Node.js.

Shapes: T frames, V joints (25), L landmarks (33), N windows, M modalities, C classes.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

import numpy as np

from app.site.constants import constants
from app.stream.action_stream import ActionStream
from app.types import ActionEvent, Pose
from models.resample import kept_seconds
from models.skeleton import BRIDGE_VL
from tests.app.helpers import Scores
from tests.app.node_scripts import run_script

PATIENCE_S = 1200  # for hundreds of windows on a busy machine
_INVERSE_LV = np.linalg.pinv(BRIDGE_VL)
Frame = tuple[float, list[Pose]]

# What a script begins with that gets poses of `coded`.
START = """
import { use } from "./constants.js";
use(facts);
const floats = (text) => new Float32Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
const poseOf = (coded) => {
  const [world, image, visibility] = coded.map(floats);
  return { world, image, visibility };
};
"""
# Each stream in turn: the windows that were due, the answers' words, and all events.
PLAY = (
    START
    + """
import { ActionStream } from "./action_stream.js";
tell(facts.streams.map(({ model, hopS, sensitivity, frames, scores }) => {
  const stream = new ActionStream(model, hopS, sensitivity);
  const [due, said, events] = [[], [], []];
  frames.forEach(([timeS, poses], i) => {
    const windows = stream.push(timeS, poses.map(poseOf));
    windows.forEach((window, k) => {
      due.push([i, window.person, window.endS, window.times.length, window.times[0], window.landmarks.length]);
      const [fused, modality] = scores[i]?.[k] ?? [];
      if (fused) stream.take(window, { fused, modality });
    });
    const answer = stream.answer();
    events.push(...answer.events);
    said.push([
      answer.people, answer.label, answer.score, answer.count, answer.closest,
      answer.persons.map(({ person, main, label, count }) => [person, main, label, count]),
    ]);
  });
  return { due, said, events: [...events, ...stream.finish()] };
}));
"""
)


@dataclass
class MadeUp:
    """A model whose scores wander from label to label, whatever it is shown."""

    seed: int = 0
    labels: tuple[str, ...] = ("squat", "wave", "walk", "drink", "idle", "other")
    window_s: float = 2.5
    frames: int = 50
    modalities: tuple[str, ...] = ("joint", "bone", "motion")
    thresholds: dict = field(default_factory=lambda: {"enter": 0.6, "leave": 0.45, "by_label": {"wave": 0.5}})

    def __post_init__(self) -> None:
        self._rng, self._logit_C, self._calls = np.random.default_rng(self.seed), np.zeros(len(self.labels)), 0

    def __call__(self, joints_NTV3: np.ndarray, frames_N: np.ndarray) -> Scores:
        rows = [self._next() for _ in joints_NTV3]
        modality_NMC = np.stack([np.stack([row, np.roll(row, 1), row[::-1]]) for row in rows])
        return Scores(np.stack(rows), modality_NMC, np.zeros((len(rows), 8), np.float32))

    def _next(self) -> np.ndarray:
        if self._calls % 14 == 0:
            self._aim = int(self._rng.integers(len(self.labels)))
        self._calls += 1
        goal_C = 4.0 * (np.arange(len(self.labels)) == self._aim)
        self._logit_C = 0.6 * self._logit_C + 0.4 * goal_C + self._rng.normal(0, 0.3, len(self.labels))
        share_C = np.exp(self._logit_C)
        return (share_C / share_C.sum()).astype(np.float32)


class Told(ActionStream):
    """A stream that writes down the scores of the windows that were due, frame by frame."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.frame, self.due, self.scores = -1, [], {}

    def _classify(self, time_s: float) -> list[ActionEvent]:
        self._listening = True
        self.frame += 1
        events = super()._classify(time_s)
        self._listening = False
        return events

    def _scores(self, joints, frames):
        fused_NC, modality_NMC = super()._scores(joints, frames)
        if self._listening:
            rows = [[f.tolist(), m.ravel().tolist()] for f, m in zip(fused_NC, modality_NMC)]
            self.scores[self.frame] = rows
        return fused_NC, modality_NMC


def said_by_python(model, frames: list[Frame], hop_s: float = 0.2, sensitivity: float = 0.5) -> dict:
    """Return what the stream says of each frame, its events, and the stream for Node.js."""
    stream, said, events = Told(model, hop_s, sensitivity), [], []
    for time_s, poses in frames:
        answer = stream.push(time_s, poses)
        events += answer.events
        persons = [[one.person, one.main, one.label, one.count] for one in answer.persons]
        closest = None if answer.closest is None else list(answer.closest)
        said.append([answer.people, answer.label, answer.score, answer.count, closest, persons])
    card = {name: getattr(model, name) for name in ("labels", "window_s", "modalities", "thresholds")}
    card["keep_s"] = kept_seconds(model.window_s)
    play = {"model": card, "hopS": hop_s, "sensitivity": sensitivity, "scores": stream.scores}
    play["frames"] = [[time_s, [coded(pose) for pose in poses]] for time_s, poses in frames]
    return {"said": said, "events": events + stream.finish(), "windows": stream.scores, "stream": play}


def coded(pose: Pose) -> list[str]:
    """Return a pose as base64 of float32: world, image, visibility."""
    arrays = (pose.world_V3, pose.image_V3, pose.visibility_V)
    return [base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode("ascii") for array in arrays]


def play(folder, streams: list[dict]) -> list[dict]:
    """Return what Node.js says of the streams of `said_by_python`, in one process."""
    return run_script(
        folder, PLAY, {"constants": constants(), "streams": [one["stream"] for one in streams]}, "web", PATIENCE_S
    )


def person(times_T, joints_TV3, middle_T2, size=0.5, seed: int = 0) -> list[Pose]:
    """Return somebody's poses: joints in metres, where its middle is in the picture, and how high it is there."""
    rng, poses = np.random.default_rng(seed), []
    size_T = np.broadcast_to(size, len(times_T))
    for time_s, joints_V3, middle_2, size in zip(times_T, joints_TV3, middle_T2, size_T, strict=True):
        world_L3 = _INVERSE_LV @ ((joints_V3 - joints_V3[0]) * [-1, -1, 1]) + rng.normal(0, 0.004, (33, 3))
        image_L3 = size / 1.8 * world_L3 + [*middle_2, 0]
        seen_L = rng.uniform(0.6, 1, 33)
        arrays = (array.astype(np.float32) for array in (world_L3, image_L3, seen_L))
        poses.append(Pose(float(time_s), *arrays))
    return poses


def same_events(ours: list[dict], python: list[ActionEvent], within: float = 1e-4) -> None:
    """Assert that both say the same."""
    assert [(one["person"], one["label"]) for one in ours] == [(one.person, one.label) for one in python]
    for one, other in zip(ours, python, strict=True):
        np.testing.assert_allclose([one["startS"], one["endS"]], [other.start_s, other.end_s], atol=within)
        assert abs(one["score"] - other.score) < within and one["count"] == other.count
        np.testing.assert_allclose(one["repetitionsS"], other.repetitions_s, atol=within)
        assert [label for label, _ in one["top3"]] == [label for label, _ in other.top3]
        assert one["modalityScores"].keys() == other.modality_scores.keys()
        for name, score in other.modality_scores.items():
            assert abs(one["modalityScores"][name] - score) < within
