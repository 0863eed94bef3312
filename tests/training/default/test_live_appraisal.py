"""What users meet, of a tiny model; recordings and videos are put in their places."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from models.labels import DISPLAY
from tests.training.default.test_appraisal import tracks
from tests.training.judging.test_webcam import SaysWave, data  # noqa: F401  (a fixture)
from training.data.splices import Splice
from training.default import live_appraisal
from training.default.kept import Kept
from training.default.live_appraisal import LiveAppraisal
from training.judging.soon import SoonRow
from training.judging.videos import Listed, Watched


@pytest.fixture
def live(data: Path) -> LiveAppraisal:  # noqa: F811
    build = SimpleNamespace(
        data=data, drawings=[], pose=lambda: Path("none"), note=lambda line: None, recipe=SimpleNamespace(without=())
    )
    return LiveAppraisal(SaysWave(), data / "student.onnx", build, Kept(data / "results", "a", build.note))


def test_every_measure_is_kept(live: LiveAppraisal, monkeypatch: pytest.MonkeyPatch) -> None:
    joints = np.zeros((90, 25, 3), np.float32)
    seconds = Watched(Listed("a.mp4", "wave", "clip", "val", "newer", ""), ("wave",), ("wave",), 2.0)
    soon = SoonRow(recordings="spliced", action="all", times=1, never=0, word_s=1, word90_s=1, silence_s=1,
                   silence90_s=1)  # fmt: skip
    places = {
        "raw_tracks": lambda *_: tracks("train", "raw") + tracks("test", "raw"),
        "splices": lambda *_: [Splice(joints, (("wave", 1.0, 2.0),), "kard 2")],
        "watch": lambda model, pose, videos, parts: [seconds] if parts == ("val",) else [],
        "timelines": lambda *_: [], "spliced": lambda *_: [], "written": lambda *_: [],
        "judge_soon": lambda *_: [soon], "gather": lambda *_: ([], []),
    }  # fmt: skip
    for name, place in places.items():
        monkeypatch.setattr(live_appraisal, name, place)
    first = live.all()
    assert first.webcam["held"].tables["people at webcams"].windows == 4
    assert [(row.videos, row.right) for row in first.videos] == [("newer", 1)]
    assert first.more[0].accuracy.clips == 12 and first.more[0].accuracy.top1 == 33.3  # of test: wave, squat, idle
    assert first.spliced.recordings == 6 and first.few_shot == () and first.soon["test"] == (soon,)
    for name in places:
        monkeypatch.setattr(live_appraisal, name, lambda *_: pytest.fail("measured twice"))
    assert live.all() == first


def test_too_few_drawn_clips_teach_nothing(live: LiveAppraisal, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    live.build.note = said.append
    some = tracks("test", "camera")
    monkeypatch.setattr(live_appraisal, "gather", lambda *_: (some, ["a"] * len(some)))
    assert live.few_shot() == [] and "teaching is not measured: 5 actions" in said[0]


def test_a_model_without_the_actions_is_said_to_lack_them(live: LiveAppraisal, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [SimpleNamespace(embedding_BD=np.zeros((4, 6)))]
    some = [t for t in tracks("test", "camera") if t.action in DISPLAY]
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(live_appraisal, "gather", lambda *args: asked.append(args[3]) or (some, ["a"] * len(some)))
    monkeypatch.setattr(live_appraisal, "episodes", lambda *args, seed: [])
    monkeypatch.setattr(live_appraisal, "accuracy", lambda head, some: {"top1": 70.0, "interval": 1.0})
    monkeypatch.setattr(live_appraisal, "by_head", lambda *args: None)
    monkeypatch.setattr("app.teach.background.read_background", lambda *args: rows[0])
    monkeypatch.setattr("app.teach.teacher.embedded", lambda *args: np.zeros((1, 1, 6)))
    assert live.few_shot()[0].known and "kick" in asked[0]
    live.build.recipe.without = ("wave", "walk")
    assert not live.few_shot()[0].known and asked[1] == ("wave", "walk")
