"""What a model is worth besides accuracy, on toys whose right answers are known."""

import json
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from app.classify.one_input import Result
from app.classify.summary import Summary
from app.types import ActionEvent
from models.skeleton import CENTRE, JOINTS
from models.skeleton import LOWER_BODY as LOWER
from tests.app.helpers import HAND, Scores
from training.data.tracks import Track
from training.judging.judge import judge
from training.judging.measures import (
    Heard,
    false_events,
    listen,
    listen_all,
    lower_body_unseen,
    rates,
    unknown,
    video_idle,
    without_lower_body,
)

LABELS = ("wave", "squat", "clap", "idle", "other")


@dataclass
class ToyModel:
    """The right hand's x says which label, its y with which score; the rest is idle's (and of idle, other's).

    A wave whose lower body is not known is taken for a clap.
    """

    labels: tuple[str, ...] = LABELS
    window_s: float = 2.0
    frames: int = 50
    modalities: tuple[str, ...] = ("joint",)
    thresholds: dict[str, float] = field(default_factory=lambda: {"enter": 0.5, "leave": 0.3})
    windows: list[np.ndarray] = field(default_factory=list)

    def __call__(self, joints_NTV3: np.ndarray, frames_N: np.ndarray) -> Scores:
        self.windows += list(joints_NTV3)
        fused_NC = np.stack([self._scores(window) for window in joints_NTV3]).astype(np.float32)
        return Scores(fused_NC, fused_NC[:, None], np.zeros((len(fused_NC), 2), np.float32))

    def _scores(self, joints_TV3: np.ndarray) -> np.ndarray:
        column, score = joints_TV3[:, HAND, :2].mean(0)
        label = LABELS[round(float(column))]
        if label == "wave" and np.allclose(joints_TV3[:, LOWER], joints_TV3[:, [CENTRE]]):
            label = "clap"
        scores_C = np.zeros(len(LABELS))
        scores_C[LABELS.index(label)] = score
        scores_C[LABELS.index("other" if label == "idle" else "idle")] += 1 - score
        return scores_C


def track(action: str, says: str = "", score: float = 0.9, seconds: float = 4.0, **more) -> Track:
    """A track of an action that the toy model takes for `says` (the action where not given) with that score."""
    n = round(seconds * 20) + 1
    joints = np.tile(np.linspace(5, 6, 25, dtype=np.float32)[:, None], (n, 1, 3))
    joints[:, HAND] = (LABELS.index(says or action), score, 0)
    return Track(np.arange(n) / 20, joints, np.ones((n, 25), bool), action, "test", "toy", "camera", **more)


def heard(action: str, scores: tuple[float, ...] | None, said: str = "", seconds: float = 4.0, key: str = "") -> Heard:
    """Something heard; `said` is the label of its one event."""
    best = "" if scores is None else LABELS[int(np.argmax(scores))]
    events = ((said, 0.0, 1.0),) if said else ()
    return Heard(action, None if scores is None else np.array(scores), best, events, seconds, key)


def test_the_stream_is_heard():
    said = listen(ToyModel(), track("wave", key="toy#1"))
    assert (said.action, said.best, said.seconds, said.key) == ("wave", "wave", pytest.approx(4), "toy#1")
    assert said.hit and said.mean_C == pytest.approx([0.9, 0, 0, 0.1, 0], abs=1e-6)
    ((label, start_s, end_s),) = said.events
    assert label == "wave" and 0 <= start_s < end_s <= 4
    assert listen(ToyModel(), track("wave", score=0.4)).events == ()  # under the threshold


def test_an_event_ends_in_the_stream_or_with_it():
    late = track("idle", "wave", seconds=6.0)
    first = replace(late, times_T=late.times_T + (late.times_T > 3) * 2)  # out of sight for two seconds
    events = listen(ToyModel(), first).events
    assert [label for label, _, _ in events] == ["wave", "wave"] and events[0][2] <= 3 < 5 <= events[1][1]


@pytest.mark.parametrize("says", ["wave", "squat", "idle"])
def test_the_best_label_is_the_judges(says):
    one = track("wave", says)
    verdict = judge(ToyModel(), one)
    assert listen(ToyModel(), one).best == verdict.ranked[0] and listen(ToyModel(), one).hit == verdict.hit


def test_too_short_to_judge():
    said = listen(ToyModel(), track("wave", seconds=0.2))
    assert said.mean_C is None and said.best == "" and said.events == () and not said.hit


def test_hop():
    calls = []
    for hop_s in (0.25, 1.0):
        model = ToyModel()
        listen(model, track("wave"), hop_s)
        calls.append(len(model.windows))
    assert calls[0] > 3 * calls[1] > 0


def test_the_unknown_by_hand():
    some = [
        heard("wave", (0.8, 0.1, 0, 0.1, 0), "wave"),
        heard("squat", (0.4, 0.0, 0, 0.6, 0)),  # any label that may be said counts, right or wrong
        heard("other", (0.5, 0.1, 0, 0.4, 0), "wave"),
        heard("other", (0.2, 0.1, 0, 0.0, 0.7)),  # its own 0.7 does not count
        heard("other", None),
        heard("idle", (0.9, 0, 0, 0.1, 0), "wave"),  # neither
        heard("juggle", (0.9, 0, 0, 0.1, 0), "wave"),  # neither: no label of this model
    ]
    result = unknown(some, LABELS)
    # pairs in which the known one scores more: 3 of 3 for 0.8, 2 of 3 for 0.4; 95 % of the known score 0.42 or more
    assert result.to_dict() == {
        "known": 2, "unknown": 3, "auroc": round(5 / 6, 3), "fpr95": 33.3, "said_of_unknown": 33.3,
        "said_of_known": 50.0,
    }  # fmt: skip
    assert json.loads(json.dumps(result.to_dict())) == result.to_dict()


def test_a_known_clip_too_short_to_judge_scores_nothing():
    some = [heard("wave", None), heard("wave", (0.9, 0, 0, 0.1, 0)), heard("other", (0.1, 0, 0, 0, 0.9))]
    assert unknown(some, LABELS).auroc == 0.5


def test_nothing_unknown_and_nothing_at_all():
    result = unknown([heard("wave", (0.9, 0, 0, 0.1, 0), "wave")], LABELS)
    assert result.to_dict() == {
        "known": 1, "unknown": 0, "auroc": None, "fpr95": None, "said_of_unknown": None, "said_of_known": 100.0
    }  # fmt: skip
    assert set(unknown([], LABELS).to_dict().values()) == {0, None}


def test_a_model_that_has_no_word_for_the_unknown():
    some = [heard("wave", (0.9, 0.0, 0.1), "wave"), heard("other", (0.3, 0.0, 0.7))]
    assert unknown(some, ("wave", "squat", "idle")).auroc == 1.0


def test_unknown_through_the_stream():
    clips = [track("wave"), track("squat", score=0.6), track("other", "clap", 0.55), track("other", "idle")]
    result = unknown(listen_all(ToyModel(), clips, "toy"), LABELS)
    assert (result.auroc, result.fpr95) == (1.0, 0.0)
    assert (result.said_of_known, result.said_of_unknown) == (100.0, 50.0)


def test_false_events_by_hand():
    some = [
        heard("idle", (0, 0, 0, 1, 0), seconds=30.0),
        heard("idle", (0, 0, 0, 1, 0), "wave", seconds=45.0),
        replace(heard("idle", None), events=(("wave", 0.0, 1.0), ("clap", 2.0, 3.0)), seconds=15.0),
        heard("wave", (1, 0, 0, 0, 0), "wave", seconds=600.0),
    ]
    result = false_events(some)
    assert result.to_dict() == {
        "clips": 3, "minutes": 1.5, "events": 3, "per_minute": 2.0, "labels": {"wave": 2, "clap": 1}
    }  # fmt: skip
    assert list(result.labels) == ["wave", "clap"] and json.loads(json.dumps(result.to_dict())) == result.to_dict()
    assert false_events(some[3:]).to_dict() == {
        "clips": 0,
        "minutes": 0.0,
        "events": 0,
        "per_minute": None,
        "labels": {},
    }


def test_false_events_through_the_stream():
    result = false_events(listen_all(ToyModel(), [track("idle"), track("idle", "squat", seconds=8.0)], "toy"))
    assert (result.clips, result.minutes, result.per_minute) == (2, 0.2, 5.0)
    assert result.labels == {"squat": 1}


def _at_rate(hits: dict[str, bool | None]) -> list[Heard]:
    """Waves by key: heard rightly, wrongly, or not at all."""
    scores = {True: (0.9, 0, 0, 0.1, 0), False: (0.1, 0, 0, 0.9, 0), None: None}
    return [heard("wave", scores[hit], key=key) for key, hit in hits.items()]


def test_rates_on_the_clips_that_all_of_them_show():
    by_rate = {
        60.0: _at_rate({"d": True, "c": True, "b": True, "a": True, "e": False}),  # another order
        30.0: _at_rate({"a": True, "b": True, "c": False, "d": True, "e": True}),
        12.5: _at_rate({"a": False, "b": True, "c": False, "d": None}),  # d too short to judge, e not found
    }
    result = rates(by_rate)
    assert result.to_dict() == {
        "clips": 3, "left_out": 2, "top1": {"12.5": 33.3, "30": 66.7, "60": 100.0},
        "change": {"12.5": -33.3, "30": 0.0, "60": 33.3},
    }  # fmt: skip
    assert json.loads(json.dumps(result.to_dict())) == result.to_dict()


def test_rates_without_a_common_clip():
    result = rates({30.0: _at_rate({"a": True}), 15.0: _at_rate({"b": True})})
    assert result.to_dict() == {
        "clips": 0, "left_out": 2, "top1": {"15": None, "30": None}, "change": {"15": None, "30": None}
    }  # fmt: skip


@pytest.mark.parametrize(
    "by_rate, message",
    [
        ({15.0: _at_rate({"a": True})}, "30 frames a second"),
        ({30.0: _at_rate({"": True})}, "by their keys"),
        ({30.0: _at_rate({"a": True}), 15.0: _at_rate({"a": True}) * 2}, "by their keys"),
    ],
)
def test_rates_that_cannot_be_compared(by_rate, message):
    with pytest.raises(ValueError, match=message):
        rates(by_rate)


def test_lower_body_unseen_by_hand():
    hidden = without_lower_body(track("wave"))
    clips = [track("wave"), track("wave"), track("clap"), track("clap", "wave"), hidden]
    clips += [track("squat"), track("idle"), track("other", "idle")]  # not of the arms alone
    model = ToyModel()
    result = lower_body_unseen(model, clips)
    # seen: wave, wave and clap; unseen: both claps, as the second, taken for a wave, is now taken for a clap
    assert result.to_dict() == {"clips": 4, "left_out": 1, "seen": 75.0, "unseen": 50.0, "change": -25.0}
    assert json.loads(json.dumps(result.to_dict())) == result.to_dict()
    none = lower_body_unseen(model, clips[5:])
    assert none.to_dict() == {"clips": 0, "left_out": 0, "seen": None, "unseen": None, "change": None}


def test_the_model_gets_a_lower_body_that_is_not_known_and_all_the_rest():
    one, model = track("wave"), ToyModel()
    masked = without_lower_body(one)
    listen(model, masked)
    window = model.windows[0]
    lost = {JOINTS[v] for v in range(25) if v != CENTRE and np.allclose(window[:, v], window[:, CENTRE])}
    sides = {f"{side}_{name}" for side in ("left", "right") for name in ("hip", "knee", "ankle", "foot")}
    assert lost == sides | {"pelvis", "spine_mid"}
    rest = [v for v in range(25) if v not in LOWER]
    np.testing.assert_allclose(window[:, rest], one.joints_TV3[:50, rest], rtol=1e-5, atol=1e-5)
    assert one.seen_TV.all() and masked.seen_TV[:, CENTRE].all()


def test_videos_of_stillness_of_one_part(tmp_path, monkeypatch):
    (tmp_path / "labels.csv").write_text(
        "file,action,kind,part\nsit.mp4,idle,idle,val\nstand.mp4,idle,idle,val\n"
        "late.mp4,idle,idle,test\nwave.mp4,wave,clip,val\nlong.mp4,,timeline,val\n"
    )
    asked = []

    def classify(path, model, pose_model):
        asked.append((path.name, model, pose_model))
        wave = ActionEvent(0, "wave", 1.0, 2.0, 0.9, (("wave", 0.9),), {"joint": 0.9})
        return Result(Summary(seconds=15.0), (wave,) if path.name == "sit.mp4" else ())

    monkeypatch.setattr("app.classify.one_input.classify_video", classify)
    model = ToyModel()
    result = video_idle(model, tmp_path / "pose.task", tmp_path, "val")
    assert asked == [(name, model, tmp_path / "pose.task") for name in ("sit.mp4", "stand.mp4")]
    assert result.to_dict() == {"clips": 2, "minutes": 0.5, "events": 1, "per_minute": 2.0, "labels": {"wave": 1}}
    assert json.loads(json.dumps(result.to_dict())) == result.to_dict()
    assert video_idle(model, tmp_path / "pose.task", tmp_path, "none").per_minute is None
