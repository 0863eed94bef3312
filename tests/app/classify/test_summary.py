"""The one answer for a recording: what may be said, and what is only a guess."""

from __future__ import annotations

import numpy as np
import pytest

from app.classify.one_input import summarise
from app.classify.summary import answer_of
from app.types import JointFrame
from tests.app.helpers import HandModel, body

THRESHOLDS = {"enter": 0.6, "leave": 0.3}


def ranked(**scores: float) -> tuple[tuple[str, float], ...]:
    return tuple(scores.items())


@pytest.mark.parametrize(
    ("scores", "said", "answer"),
    [
        (ranked(wave=0.6, clap=0.4), (), "wave"),
        (ranked(wave=0.59, clap=0.41), (), ""),
        (ranked(wave=0.1, clap=0.09), ("wave",), "wave"),
        (ranked(wave=0.3, clap=0.2), ("wave", "clap"), "wave"),
        (ranked(wave=0.29, clap=0.2), ("wave", "clap"), ""),  # several actions
        (ranked(wave=0.4, clap=0.3), ("clap",), "clap"),
        (ranked(wave=0.9, clap=0.1), ("clap",), "wave"),
        (ranked(idle=0.4, wave=0.3), (), "idle"),
        (ranked(other=0.4, wave=0.3), (), "other"),
        (ranked(other=0.9, wave=0.1), ("wave",), "wave"),
        (ranked(other=0.9, wave=0.1), ("wave", "clap"), ""),
        ((), (), ""),
    ],
)
def test_what_may_be_said(scores, said, answer):
    assert answer_of(scores, set(said), THRESHOLDS) == answer


def test_a_recording_that_nothing_stands_out_of():
    class Unsure(HandModel):
        def __call__(self, joints_NTV3, frames_N):
            scores = super().__call__(joints_NTV3, frames_N)
            scores.fused_NC[:] = [0.45, 0.3, 0.25]
            return scores

    frames = [JointFrame(i / 30, body(), np.ones(25, bool)) for i in range(120)]
    events = []
    summary = summarise(Unsure(), frames, events.append)
    assert (summary.label, summary.answer, summary.status, events) == ("wave", "", "ok", [])
    summary = summarise(HandModel(), [frame._replace(joints_V3=body(wave=True)) for frame in frames], events.append)
    assert (summary.label, summary.answer, summary.status) == ("wave", "wave", "ok") and len(events) == 1
