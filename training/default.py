"""The default model, from data to files: draw, pre-train, distil, train with labels, calibrate, export. Resumable.

Shapes: N windows, M modalities, C classes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from training import calibrate
from training.outputs import DISPLAY, SILENT, outputs_of
from training.recipe import DefaultRecipe
from training.tracks import Track, camera_tracks, raw_tracks

if TYPE_CHECKING:
    from models.student import Student
    from models.weights import StudentConfig

def tracks_of(data: Path, drawn: list[Path], sets: tuple[str, ...]) -> list[Track]:
    """Both domains' tracks of some sets and of the written motions, all parts, clips of no action among them.

    Raises:
        ValueError: data that is not there.
    """
    camera = [track for folder in drawn for track in camera_tracks(folder)]
    return raw_tracks(data, sets, other=True) + [t for t in camera if t.source in (*sets, "motion")]


class Build:
    """One recipe under way: each step is done once, and taken up where it was stopped.

    Args:
        recipe: how.
        name: which of its sets train.
        data: folder that holds skeletons/.
        work: folder of everything in between.
        pose: a pose model file, to look at drawn clips.
        workers: processes that draw.
        note: told what happens.

    Raises:
        ValueError: the recipe has no sets of that name, or data is missing.
    """

    def __init__(
        self,
        recipe: DefaultRecipe,
        name: str,
        data: Path,
        work: Path,
        pose: Callable[[], Path],
        workers: int,
        note: Callable[[str], None],
    ) -> None:
        if name not in recipe.sets:
            raise ValueError(f"the recipe has no {name}; it has {', '.join(recipe.sets)}")
        lost = [one for one in recipe.sets[name] if not (data / "skeletons" / f"{one}.npz").is_file()]
        if lost:
            raise ValueError(f"{data}/skeletons lacks {', '.join(f'{one}.npz' for one in lost)}; give --data DATA")
        self._recipe, self._sets = recipe, recipe.sets[name]
        self._data, self._drawn, self._work = data, work / "drawn", work / name
        self._pose, self._workers, self._note = pose, workers, note

    def draw(self) -> list[Path]:
        """Folders of drawn clips; shared by all recipes of a work folder."""
        from training.camera_clips import draw_all, jobs

        folders = []
        for name, how in self._recipe.drawings.items():
            todo = jobs(
                self._data, how.per_action, how.held_out, how.motions, how.seed, how.film, how.other
            )[: how.limit]  # fmt: skip
            draw_all(todo, self._drawn / name, self._pose(), self._workers)
            folders.append(self._drawn / name)
        return folders

    def student_run(self, training: list[Track]) -> Path:
        """Pre-train six modalities on the windows of all training clips, distil; the student's run."""
        from training.distil import distil
        from training.pool import Pool
        from training.pretrain import pretrain
        from training.windows import store_windows

        recipe, windows = self._recipe, self._work / "windows"
        store_windows(
            training, windows, recipe.train.window_s, recipe.hop_s, recipe.train.frames, self._note
        )  # fmt: skip
        pool = Pool.open([str(windows)])
        pretrain(pool, recipe.pretrain, self._work / "teacher", self._note)
        distil(pool, self._work / "teacher", recipe.distil, self._work / "student", self._note)
        return self._work / "student"

    def trained(self, training: list[Track], start: Path | None, seed: int) -> Student:
        """The student after training with labels."""
        from training.supervised import train

        how = replace(self._recipe.train, seed=seed)
        run = self._work / (f"labels-{seed}" if start else f"labels-scratch-{seed}")
        student, log = train(training, tuple(DISPLAY), how, run, self._note, start)
        (run / "log.json").write_text(json.dumps(log, indent=1), encoding="utf-8")
        return student

    def calibrated(self, student: Student, choosing: list[Track]) -> StudentConfig:
        """Fusion, temperature and thresholds, fitted on held-out clips, as the model file's configuration."""
        from models.weights import StudentConfig

        recipe = self._recipe
        held = outputs_of(student, choosing, recipe.train)
        fusion = calibrate.fit_fusion(held.logits_NMC, held.label_N)
        mean_NC = np.einsum("nmc,m->nc", held.logits_NMC, fusion)
        temperature = calibrate.fit_temperature(mean_NC, held.label_N)
        scores_NC = calibrate.softmax(mean_NC / temperature)
        silent = [list(DISPLAY).index(label) for label in SILENT]
        thresholds = calibrate.fit_thresholds(
            scores_NC[np.isin(held.label_N, silent)], silent, recipe.false_alarms
        )  # fmt: skip
        self._note(f"fusion {fusion}, temperature {temperature}, thresholds {thresholds}")
        return StudentConfig(
            labels=tuple(DISPLAY), display=DISPLAY, window_s=recipe.train.window_s, temperature=temperature,
            fusion=fusion, thresholds=thresholds, modalities=recipe.train.modalities, channels=recipe.train.channels,
            strides=recipe.train.strides, version=recipe.version,
        )  # fmt: skip

    def make(self, out: Path) -> None:
        """Everything, ending in OUT/student.safetensors, config.json and student.onnx."""
        from export.onnx import export_student
        from models.weights import save

        everything = tracks_of(self._data, self.draw(), self._sets)
        training = [track for track in everything if track.part == "train"]
        choosing = [track for track in everything if track.part == "val"]
        self._note(f"{len(training):,} clips train, {len(choosing):,} choose")
        start = self.student_run(training)
        student = self.trained(training, start, self._recipe.seeds[0])
        config = self.calibrated(student, choosing)
        student.temperature, student.fusion = config.temperature, config.fusion
        save(student, config, out)
        export_student(student, config, out / "student.onnx")
