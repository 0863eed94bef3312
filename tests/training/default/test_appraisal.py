"""Everything that the card says, of a tiny model; what looks at pictures, or at recorded data, is put in its place."""

import functools
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from export.onnx import export_student
from models.labels import DISPLAY
from models.weights import StudentConfig, save
from training.data.materials import Materials
from training.data.tracks import Track
from training.default import appraisal
from training.default.appraisal import Appraisal
from training.default.build import PRETRAINED, SCRATCH
from training.default.measured import DataCounts, TrialResult
from training.default.recipe import Judging, Trials
from training.drawing.motions import make_motion
from training.judging import judge
from training.judging.measures import false_events
from training.judging.rows import BaselineRow
from training.supervised.recipe import Recipe

motion = functools.cache(make_motion)  # the same of every part and domain
TINY = Recipe(epochs=1, windows=8, batch=4, channels=(4, 8), strides=(2, 2))


def tracks(part: str, domain: str) -> list[Track]:
    some = []
    for seed, action in enumerate(("wave", "squat", "idle", "walk", "other", "point") * 4):
        joints = motion("walk" if action == "other" else action, 3.0, 15.0, seed)
        columns = (np.arange(len(joints)) / 15, joints, np.ones(joints.shape[:2], bool))
        some.append(Track(*columns, action, part, "kard", domain, key=str(seed)))
    return some


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder."""
    folder = tmp_path_factory.mktemp("model")
    config = StudentConfig(
        labels=tuple(DISPLAY), display=DISPLAY, window_s=2.5, channels=(4, 8), strides=(2, 2), fusion=(0.4, 0.3, 0.3)
    )
    student = config.build().eval()
    save(student, config, folder)
    export_student(student, config, folder / "student.onnx")
    return folder


@pytest.fixture(scope="module")
def every() -> dict[tuple[str, str], list[Track]]:
    """Tracks by (part, domain)."""
    return {(part, domain): tracks(part, domain) for part in ("train", "val", "test") for domain in ("raw", "camera")}


@pytest.fixture
def build(
    every: dict[tuple[str, str], list[Track]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> SimpleNamespace:
    both = lambda domain: [t for (_, d), some in every.items() if d == domain for t in some]  # noqa: E731
    monkeypatch.setattr(judge, "raw_tracks", lambda *args, **named: both("raw"))
    monkeypatch.setattr(judge, "camera_tracks", lambda *args: both("camera"))
    monkeypatch.setattr(appraisal, "camera_tracks", lambda *args: both("camera")[:24])
    trials = Trials(shares=(0.5,), epochs=1, of=("all",))
    recipe = SimpleNamespace(train=TINY, seeds=(0,), trials=trials, judge=Judging())
    folder = Path("drawn")
    return SimpleNamespace(
        recipe=recipe, name="all", work=tmp_path, data=tmp_path, begun=PRETRAINED,
        pose=functools.cache(lambda: Path("none")), workers=1, note=lambda line: None, drawings=[folder],
        draw_rates=lambda: {15.0: folder, 30.0: folder}, draw_stillness=lambda part: folder,
        clips={part: every[part, "raw"] + every[part, "camera"] for part in ("train", "val", "test")},
    )  # fmt: skip


def test_scores_of_every_part_and_domain(
    build: SimpleNamespace, files: Path, every: dict[tuple[str, str], list[Track]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a set calls by a name that is no label any more (carrying) is left out."""
    raw = [t for (_, domain), some in every.items() if domain == "raw" for t in some]
    carried = [replace(t, action="carry") for t in raw if t.part == "val"]
    monkeypatch.setattr(judge, "raw_tracks", lambda *args, **named: raw + carried)
    rows = Appraisal(build, files)._scores()
    assert list(rows) == ["val raw", "val camera", "test raw", "test camera"]
    for row in rows.values():
        assert row.clips == 24 and len(row.rejection) >= 4 and 0 <= row.calibration.ece_before <= 1


def test_clips_are_counted_by_what_they_are(
    build: SimpleNamespace, files: Path, every: dict[tuple[str, str], list[Track]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appraisal, "read_clips", lambda path: iter([1, 2, 3]))
    monkeypatch.setattr(appraisal, "pair_tracks", lambda data: [1, 2])
    build.materials = Materials.of(["kard", "self_filmed", "totalcapture"])
    some = every["train", "raw"]
    people = [replace(t, domain="webcam", source="self_filmed", subject=str(k % 4)) for k, t in enumerate(some)]
    build.clips = build.clips | {"train": [*some, *people, *(replace(t, source="ways") for t in some[:5])]}
    data = Appraisal(build, files)._data()
    assert data.counts["raw"]["train"] == data.counts["webcam"]["train"] == data.sources["kard"] == 24
    assert data.people == {"self_filmed": [24, 4]} and (data.pairs, data.written) == (2, 5)
    assert data.recorded == {"kard": 3} and DataCounts.from_dict(data.to_dict()) == data


def test_what_the_stream_does(build: SimpleNamespace, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appraisal.measures, "video_idle", lambda *args: false_events([]))
    mine = Appraisal(build, files)
    idle = mine._idle()
    assert idle["drawn"].clips == 4 and "videos, test" in idle
    rates = mine._rates()
    assert rates.change["30"] == 0 and rates.clips == 24


def test_trials_are_summed_up(build: SimpleNamespace, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appraisal, "run_trials", lambda trials, setting, *rest: [
        TrialResult(t.arm, t.seed, 9, 1, dict.fromkeys(setting.groups, 50.0)) for t in trials
    ])  # fmt: skip
    rows = Appraisal(build, files)._trials()
    assert {row.arm for row in rows} == {"student-100", "scratch-100", "teacher-100", "student-50", "scratch-50"}
    assert f"{appraisal.RECORDED} (val)" in rows[0].mean and appraisal.WEBCAM in rows[0].mean
    build.begun = SCRATCH  # there is no pre-training to compare with
    assert Appraisal(build, files)._trials() == []
    build.name, build.begun = "open", PRETRAINED
    assert Appraisal(build, files)._trials() == []


def test_each_measure_once_for_a_model(build: SimpleNamespace, files: Path) -> None:
    mine, calls = Appraisal(build, files), []

    def measure() -> BaselineRow:
        calls.append(1)
        return BaselineRow("a", len(calls), 50.0)

    once = lambda: mine.kept.once("a", measure, BaselineRow.from_dict)  # noqa: E731
    assert once() == once() == BaselineRow("a", 1, 50.0)
    path = build.work / "results" / "a.json"
    assert json.loads(path.read_text())["value"] == {"measure": "a", "clips": 1, "top1": 50.0}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"model": "another"}))
    assert once().clips == 2  # of another model file: measured anew


def test_the_cost_of_a_window(build: SimpleNamespace, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appraisal, "RUNS", 5)
    cost = Appraisal(build, files)._cost()
    assert cost.parameters > 1000 and cost.bytes > 10_000 and cost.latency_ms > 0 and cost.processor
