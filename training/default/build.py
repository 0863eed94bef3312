"""Build of the default model: draw, pre-train, distil, train with labels, calibrate, export. It can be resumed.

Shapes: N windows, M modalities, C classes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.teach.background import FILE
from models.labels import DISPLAY, SAME
from training.data.materials import Materials
from training.data.stillness import settled
from training.data.tracks import Track, camera_tracks, raw_tracks
from training.default.recipe import DefaultRecipe, Drawing
from training.default.trials import Trial, recipe_of
from training.supervised.background import BACKGROUND, some_of_each, write_background
from training.supervised.fit import fit

if TYPE_CHECKING:
    from models.student import Student
    from models.weights import StudentConfig
    from training.drawing.jobs import DrawJob


PRETRAINED, SCRATCH = "pre-trained", "from scratch"  # how a student can begin, beside another model's encoders


def tracks_of(data: Path, drawn: list[Path], materials: Materials) -> list[Track]:
    """Read all tracks of some materials, of what was drawn of them and of the written motions, in all parts.

    Clips of no action are among them.

    Raises:
        ValueError: data that is not there.
    """
    camera = [track for folder in drawn for track in camera_tracks(folder)]
    mine = [t for t in camera if t.source in (*materials.sets, "motion")]
    return raw_tracks(data, materials.sets, other=True) + mine + materials.people(data)


class Build:
    """Build of one recipe. Each step is done once, and taken up where it was stopped.

    Args:
        recipe: how the model is made.
        name: which of its sets train.
        data: folder that holds skeletons/.
        work: folder of everything in between.
        pose: a pose model file, to look at drawn clips.
        workers: processes that draw.
        note: told what happens.

    Attributes:
        name: of the sets that train.
        materials: those sets.
        drawn: folder of all drawn clips.
        work: folder of this choice of sets.
        begun: how the student began: PRETRAINED, SCRATCH, or the name of the model whose encoders it took.

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
        self.recipe, self.name, self.materials = recipe, name, Materials.of(recipe.sets[name])
        if lost := self.materials.missing(data):
            raise ValueError(f"{data} lacks {', '.join(lost)}; give --data DATA")
        self.data, self.drawn, self.work = data, work / "drawn", work / name
        self.pose, self.workers, self.note = pose, workers, note
        self.begun = PRETRAINED

    @functools.cached_property
    def drawings(self) -> list[Path]:
        """Folders of drawn clips, drawn where they are missing. All recipes of a work folder share them."""
        return [self._draw(name, self._jobs_of(how)[: how.limit]) for name, how in self.recipe.drawings.items()]

    def _jobs_of(self, how: Drawing) -> list[DrawJob]:
        from training.drawing.jobs import jobs, way_jobs

        if how.kind == "ways":
            return way_jobs(how.per_action, how.seed)
        return jobs(
            self.data, how.per_action, how.held_out, how.motions, how.seed, how.film, how.other, near=how.near
        )  # fmt: skip

    def draw_rates(self) -> dict[float, Path]:
        """Draw the same held-out scenes at every camera rate, and return the folders by rate.

        Nothing of them trains or chooses.
        """
        from training.drawing.jobs import jobs

        how = self.recipe.judge
        rates = {}
        for rate in how.rates:
            todo = jobs(self.data, 1, how.held_out, 0, how.seed, rate=rate, parts=("test",))
            rates[rate] = self._draw(f"judge_{rate:g}_fps", todo)
        return rates

    def draw_stillness(self, part: str) -> Path:
        """Draw held-out stillness in front of many cameras, and return the folder.

        It chooses (part "val") or reports ("test").
        """
        from training.drawing.jobs import idle_jobs

        how = self.recipe.judge
        name = "judge_idle" if part == "test" else "choose_idle"
        return self._draw(name, idle_jobs(self.data, how.cameras, how.seed, part))

    def _draw(self, name: str, todo: list[DrawJob]) -> Path:
        from training.drawing.camera_clips import draw_all

        draw_all(todo, self.drawn / name, self.pose(), self.workers)
        return self.drawn / name

    def student_run(self, training: list[Track]) -> Path:
        """Pre-train six modalities on the windows of all training clips, distil, and return the student's run."""
        from training.data.pool import Pool
        from training.data.window_store import store_windows
        from training.method.distil import distil
        from training.method.pretrain import pretrain

        recipe, windows = self.recipe, self.work / "windows"
        store_windows(
            training, windows, recipe.train.window_s, recipe.hop_s, recipe.train.frames, self.note
        )  # fmt: skip
        pool = Pool.open([str(windows)])
        pretrain(pool, recipe.pretrain, self.work / "teacher", self.note)
        distil(pool, self.work / "teacher", recipe.distil, self.work / "student", self.note)
        return self.work / "student"

    def trained(self, training: list[Track], start: Path | None, seed: int) -> Student:
        """Train with labels and return the student.

        Args:
            training: clips that train.
            start: whose encoders it begins with: the distilled run of this build, or another model; None for nobody's.
            seed: of the training.
        """
        from training.supervised.train import train

        kinds = {None: "scratch", self.work / "student": "student"}
        trial = Trial(start=kinds.get(start, "model"), seed=seed)
        how = recipe_of(trial, self.recipe.train, self.recipe.trials.epochs)
        return train(training, tuple(DISPLAY), how, self.work / "trials" / trial.name, self.note, start)[0]

    def calibrated(self, student: Student, choosing: list[Track], training: list[Track]) -> StudentConfig:
        """Fit fusion, temperature, gate and thresholds, and return the model file's configuration.

        Args:
            student: is given what was fitted.
            choosing: held-out clips.
            training: clips that trained; the gate's direction is theirs, if the recipe wants a gate.
        """
        from models.weights import StudentConfig

        recipe = self.recipe
        fitted = fit(
            student, choosing, recipe.train, tuple(DISPLAY), recipe.false_alarms,
            training=training if recipe.gate else (), events=recipe.events, note=self.note,
        )  # fmt: skip
        self.note(str(fitted))
        return StudentConfig(
            labels=tuple(DISPLAY), display=DISPLAY, window_s=recipe.train.window_s, modalities=recipe.train.modalities,
            channels=recipe.train.channels, strides=recipe.train.strides, version=recipe.version,
            terms=recipe.terms[self.name], **fitted,
        )  # fmt: skip

    @functools.cached_property
    def clips(self) -> dict[str, list[Track]]:
        """Clips of the sets that train, and of the written motions, by part."""
        parts: dict[str, list[Track]] = {"train": [], "val": [], "test": []}
        for track in map(_named, tracks_of(self.data, self.drawings, self.materials) + self._written()):
            if track.action in DISPLAY and track.action not in self.recipe.without:
                parts[track.part].append(track)
        parts["train"] = settled(parts["train"])
        return parts

    def _written(self) -> list[Track]:
        from training.drawing.way_tracks import way_tracks

        how = self.recipe.written
        return way_tracks(how.per_action, how.seed) if how.per_action else []

    def make(self, out: Path, scratch: bool = False, start: Path | None = None) -> None:
        """Make everything, ending in the weights, config.json, student.onnx and background.safetensors in OUT.

        Args:
            out: the folder.
            scratch: from labels alone, to compare with.
            start: a model's folder, or a finished run, whose encoders take the place of pre-training; None pre-trains.

        Raises:
            ValueError: both are given, or START is no model of the recipe's shape.
        """
        from export.onnx import export_student
        from models.weights import save

        self.begun = _begun(scratch, start, self.recipe)
        training, choosing = self.clips["train"], self.clips["val"]
        self.note(f"{len(training):,} clips train, {len(choosing):,} choose; the student begins {self.begun}")
        if not scratch and start is None:
            start = self.student_run(training + self.materials.unlabelled(self.data))
        student = self.trained(training, start, self.recipe.seeds[0])
        config = self.calibrated(student, choosing + camera_tracks(self.draw_stillness("val")), training)
        save(student, config, out)
        export_student(student, config, out / "student.onnx")
        write_background(student, config, some_of_each(training, BACKGROUND), self.recipe.train, out / FILE)


def _named(track: Track) -> Track:
    """Give a track the name that its action has here."""
    return replace(track, action=SAME[track.action]) if track.action in SAME else track


def _begun(scratch: bool, start: Path | None, recipe: DefaultRecipe) -> str:
    """Say how a student begins, before anything is drawn or trained."""
    if start is None:
        return SCRATCH if scratch else PRETRAINED
    if scratch:
        raise ValueError("a model begins from scratch or with another's encoders, not both: leave out one")
    from models.student import Student
    from models.weights import WEIGHTS, read_config
    from training.supervised.train import begin

    how = recipe.train
    begin(Student(len(DISPLAY), how.modalities, how.channels, strides=how.strides), start)
    version = f", version {read_config(start).version}" if (start / WEIGHTS).exists() else ""
    return f"with the encoders of {start.resolve().name}{version}"
