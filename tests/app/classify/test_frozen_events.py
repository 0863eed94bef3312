"""A recording of our own whose events are known: what changes them changes what users get, and must be meant.

The recording is a motion written by hand (tests/app/make_scene_clip.py); the model is a few rules, so that a new
action model changes nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from app.classify.one_input import classify_clip
from app.stream.action_stream import LIVE_HOP_S, ActionStream
from models.clips import read_clips
from models.skeleton import JOINTS
from tests.app.helpers import HandModel, Scores
from tests.app.make_scene_clip import SCENE, STEPS

J = {name: i for i, name in enumerate(JOINTS)}
FROZEN = [("wave", 2.96, 7.45), ("squat", 9.96, 12.43), ("clap", 14.96, 16.34)]  # label, start and end in seconds


@dataclass
class RuleModel(HandModel):
    """Knows an action by a fifth of a window of it, wherever that lies: as wide an ear as a trained network's."""

    labels: tuple[str, ...] = ("wave", "squat", "clap", "idle")
    window_s: float = 2.5

    def __call__(self, joints_NTV3, frames_N):
        height = lambda a, b: joints_NTV3[:, :, J[a], 1] - joints_NTV3[:, :, J[b], 1]  # noqa: E731
        hand_NT, low_NT = height("right_hand", "right_shoulder"), height("pelvis", "left_ankle") < 0.7
        seen_NTC = np.stack([hand_NT > 0.3, low_NT, ~low_NT & (hand_NT > -0.4) & (hand_NT < 0.1)], -1)
        known_NC = np.minimum(seen_NTC.mean(1) / 0.2, 1.0)
        fused_NC = np.concatenate([known_NC, 1.05 - known_NC.max(1, keepdims=True)], 1)
        fused_NC = (fused_NC / fused_NC.sum(1, keepdims=True)).astype(np.float32)
        return Scores(fused_NC, np.repeat(fused_NC[:, None], 3, 1), np.zeros((len(fused_NC), 8), np.float32))


def close(found, frozen, within):
    assert [label for label, *_ in found] == [label for label, *_ in frozen]
    for (_, *times), (_, *expected) in zip(found, frozen):
        assert times == pytest.approx(expected, abs=within)


def test_the_events_of_the_recording():
    (clip,) = read_clips(SCENE)
    result = classify_clip(clip, RuleModel())
    close([(e.label, e.start_s, e.end_s) for e in result.events], FROZEN, 0.02)
    assert (result.summary.people, result.summary.status) == (1, "ok")


def test_they_lie_on_the_actions():
    ends = np.cumsum([seconds for _, seconds in STEPS])
    truth = [(name, end - seconds, end) for (name, seconds), end in zip(STEPS, ends) if name != "stand"]
    close(FROZEN, truth, 0.5)


def test_a_live_stream_gives_the_same():
    (clip,) = read_clips(SCENE)
    stream, events = ActionStream(RuleModel(), LIVE_HOP_S), []
    for i, joints_V3 in enumerate(clip.joints_TV3):
        events += stream.push_joints(i / clip.fps, joints_V3, np.ones(25, bool)).events
    close([(e.label, e.start_s, e.end_s) for e in events + stream.finish()], FROZEN, 0.15)
