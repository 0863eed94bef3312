"""Measurement of everything that the model card says. Each measure is taken once for a model file.

WORK/results holds a JSON file for each measure, which names the model file that it is of.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from models.clips import read_clips
from models.labels import DISPLAY, OTHER, SILENT
from models.system.cores import processor
from training.data.pairs import pair_tracks
from training.data.splits import MORE_SETS, SETS
from training.data.tracks import DOMAINS, Track, camera_tracks
from training.default.before import Before, tried
from training.default.build import PRETRAINED, Build
from training.default.kept import Kept
from training.default.live_appraisal import LiveAppraisal
from training.default.measured import (
    Accuracies,
    ArmSummary,
    DataCounts,
    DomainScores,
    ModelCost,
    ModelMeasures,
)
from training.default.score_tables import calibration, fusion_worth, rejection, unknown_scores
from training.default.trials import WEBCAM, TrialSettings, plan, run_trials, summary
from training.drawing.way_tracks import SOURCE
from training.judging import measures
from training.judging.judge import CAMERA, RECORDED, HeldOut, judge_model
from training.judging.rows import BaselineRow, Judged, by_name, in_turn
from training.judging.stream_rows import FalseEvents, LowerBody, RateAccuracy, Unknown
from training.supervised.calibration import FeatureDistance
from training.supervised.outputs import StudentOutputs, outputs_of

T = TypeVar("T")
LABELS = tuple(DISPLAY)
PARTS = ("val", "test")
PICTURES = {"confusion_recorded.png": 0, "confusion_camera.png": 1, "confusion_utkinect.png": 3}  # of by_measure
EACH, SHOWN = 4, 6  # drawings of each motion in which failures are looked for, and failures that are shown
RUNS = 200  # of the file, to time it
MOST_EMBEDDED = 4000  # training windows that teach the distance of features


def appraise(build: Build, out: Path) -> None:
    """Measure a built model and write its card with its pictures into OUT."""
    from training.default.card import card_values, write_card
    from training.judging.failures import look_for, picture

    appraisal = Appraisal(build, out)
    measured = appraisal.all()
    for name, k in PICTURES.items():
        shutil.copyfile(appraisal.results / f"confusion_test_{k}.png", out / name)
    cases = look_for(appraisal.model, build.pose(), EACH)
    picture(_some([case for case in cases if case.wrong] or cases, SHOWN), DISPLAY, out / "failures.png")
    values = card_values(
        measured, build.recipe, appraisal.config, build.name, _others(build), build.begun, Before.read(), tried()
    )  # fmt: skip
    write_card(values, out)


def _others(build: Build) -> dict[str, Accuracies]:
    """Return the accuracy of the recipe's other models, as far as they were measured in the same work folder."""
    held: dict[str, Accuracies] = {}
    for name in build.recipe.sets:
        files = [build.work.parent / name / "results" / f"accuracy_{part}.json" for part in PARTS]
        if name != build.name and all(file.exists() for file in files):
            val, test = (json.loads(file.read_text(encoding="utf-8"))["value"] for file in files)
            held[name] = Accuracies(Judged.from_dict(val), Judged.from_dict(test))
    return held


class Appraisal:
    """Measurement of one built model.

    Args:
        build: how it was built.
        out: folder that holds its student.onnx and weights.
    """

    def __init__(self, build: Build, out: Path) -> None:
        from export.runtime import ActionModel
        from models.weights import CONFIG, WEIGHTS, load

        self.build, self.out, self.results = build, out, build.work / "results"
        self.model = ActionModel(out / "student.onnx", device="cpu", threads=1)
        self.student, self.config = load(out)
        self.held = HeldOut(build.data, build.drawings)
        # Not of the ONNX file: it names the revision that wrote it.
        told = (out / WEIGHTS).read_bytes() + (out / CONFIG).read_bytes()
        self.kept = Kept(self.results, hashlib.sha256(told).hexdigest()[:16], build.note)
        self.live = LiveAppraisal(self.model, out / "student.onnx", build, self.kept)

    def all(self) -> ModelMeasures:
        """Take every measure."""
        once = self.kept.once
        return ModelMeasures(
            live=self.live.all(),
            data=once("data", self._data, DataCounts.from_dict),
            cost=once("cost", self._cost, ModelCost.from_dict),
            accuracy=Accuracies(
                val=once("accuracy_val", lambda: self._accuracy("val"), Judged.from_dict),
                test=once("accuracy_test", lambda: self._accuracy("test"), Judged.from_dict),
            ),
            scores=once("scores", self._scores, by_name(DomainScores.from_dict)),
            unknown=once("unknown", self._unknown, by_name(Unknown.from_dict)),
            idle=once("idle", self._idle, by_name(FalseEvents.from_dict)),
            rates=once("rates", self._rates, RateAccuracy.from_dict),
            lower_body=once("lower_body", self._lower_body, by_name(LowerBody.from_dict)),
            baseline=once("floor", self._baseline, in_turn(BaselineRow.from_dict), of_model=False),
            trials=once("trials", self._trials, in_turn(ArmSummary.from_dict)),
        )

    def _data(self) -> DataCounts:
        clips = {part: [t for t in some if t.source != SOURCE] for part, some in self.build.clips.items()}
        written = len(self.build.clips["train"]) - len(clips["train"])
        counts = {
            domain: {part: sum(t.domain == domain for t in some) for part, some in clips.items()} for domain in DOMAINS
        }
        names = (*SETS, *MORE_SETS)
        sources = {name: sum(t.source == name and t.domain == "raw" for t in clips["train"]) for name in names}
        actions = {label: [sum(t.action == label and t.domain == domain for t in clips["train"])
                           for domain in DOMAINS] for label in LABELS}  # fmt: skip
        folder = self.build.data / "skeletons"
        recorded = {name: sum(1 for _ in read_clips(folder / f"{name}.npz")) for name in self.build.materials.sets}
        train = [t for t in clips["train"] if t.domain == "webcam"]
        files = sorted({t.source for t in train})
        people = {
            name: [sum(t.source == name for t in train), len({t.subject for t in train if t.source == name})]
            for name in files
        }
        pairs = len(pair_tracks(self.build.data)) if self.build.materials.pairs else 0
        return DataCounts(counts, sources, actions, recorded, people, pairs, written)

    def _cost(self) -> ModelCost:
        """Measure parameters, file size, and the median milliseconds of a window on one thread of this processor."""
        rng = np.random.default_rng(0)
        window = rng.normal(size=(1, self.model.frames, 25, 3)).astype(np.float32)
        frames_N, times = np.array([self.model.window_s * 30], np.float32), []
        for _ in range(RUNS):
            began = time.perf_counter()
            self.model(window, frames_N)
            times.append(time.perf_counter() - began)
        return ModelCost(
            parameters=sum(p.numel() for p in self.student.parameters()),
            bytes=(self.out / "student.onnx").stat().st_size,
            latency_ms=round(1000 * float(np.median(times[RUNS // 10 :])), 1),
            processor=processor(),
        )

    def _accuracy(self, part: str) -> Judged:
        return judge_model(self.model, self.held, self.live.watched[part], self.results, part)

    def _outputs(self, tracks: Sequence[Track]) -> StudentOutputs:
        return outputs_of(self.student, tracks, self.build.recipe.train)

    def _held(self, part: str) -> dict[str, list[Track]]:
        """Return one part's held-out clips of what the labels name, by domain.

        A set's action that has no label of its own any more is left out.
        """
        return {domain: [t for t in some if t.action in LABELS] for domain, some in self.held.by_domain(part).items()}

    def _scores(self) -> dict[str, DomainScores]:
        """Measure calibration, fusion and rejection of the unknown, by part and domain."""
        fusion, temperature = self.config.fusion, self.config.temperature
        teach = self._outputs(_some(self.build.clips["train"], MOST_EMBEDDED))
        known_N = np.array([LABELS[c] not in SILENT for c in teach.label_N])
        far = FeatureDistance(teach.embedding_ND[known_N], teach.label_N[known_N])
        rows: dict[str, DomainScores] = {}
        for part in PARTS:
            for domain, tracks in self._held(part).items():
                out = self._outputs(tracks)
                rows[f"{part} {domain}"] = DomainScores(
                    clips=len(tracks),
                    calibration=calibration(out, fusion, temperature, self.student.gate),
                    fusion=fusion_worth(out, fusion),
                    rejection=rejection(unknown_scores(out, fusion, temperature, far, self.student.gate), out.label_N),
                )
        return rows

    def _unknown(self) -> dict[str, Unknown]:
        return {
            part: measures.unknown(measures.listen_all(self.model, self._held(part)["camera"], part), LABELS)
            for part in PARTS
        }

    def _idle(self) -> dict[str, FalseEvents]:
        drawn = camera_tracks(self.build.draw_stillness("test"))
        heard = measures.listen_all(self.model, drawn, "stillness")
        videos = self.build.data / "videos"
        return {"drawn": measures.false_events(heard)} | {
            f"videos, {part}": measures.video_idle(self.model, self.build.pose(), videos, part) for part in PARTS
        }

    def _rates(self) -> RateAccuracy:
        return measures.rates({
            rate: measures.listen_all(self.model, camera_tracks(folder), f"{rate:g} fps")
            for rate, folder in self.build.draw_rates().items()
        })  # fmt: skip

    def _lower_body(self) -> dict[str, LowerBody]:
        return {part: measures.lower_body_unseen(self.model, self._held(part)["camera"]) for part in PARTS}

    def _baseline(self) -> list[BaselineRow]:
        from training.judging.svm_baseline import baseline_rows

        return baseline_rows(self.build.data)

    def _trials(self) -> list[ArmSummary]:
        """Run the trainings beside this one.

        They are judged on what the card reports, and on val. The list is empty where the recipe wants none, and where
        there was no pre-training to compare with.
        """
        build, recipe = self.build, self.build.recipe
        if build.name not in recipe.trials.of or build.begun != PRETRAINED:
            return []
        groups, chosen = (self.held.by_measure(part, LABELS) for part in ("test", "val"))
        groups |= {f"{title} (val)": chosen[title] for title in (RECORDED, CAMERA)}
        for part, mark in (("test", ""), ("val", " (val)")):
            groups[WEBCAM + mark] = [t for t in build.clips[part] if t.domain == "webcam" and t.action != OTHER]
        starts = {"student": build.work / "student", "teacher": build.work / "teacher", "scratch": None}
        setting = TrialSettings(
            tracks=build.clips["train"], labels=LABELS, recipe=recipe.train, few_epochs=recipe.trials.epochs,
            starts=starts, groups=groups, out=build.work / "trials",
        )  # fmt: skip
        todo = plan(recipe.seeds, recipe.trials.shares, recipe.trials.starts)
        return summary(run_trials(todo, setting, build.workers, build.note))


def _some(items: Sequence[T], most: int) -> list[T]:
    """Choose at most so many items, spread evenly over all."""
    ids = np.unique(np.linspace(0, len(items) - 1, min(most, len(items))).astype(int))
    return [items[i] for i in ids]
