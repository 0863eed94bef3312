"""`python -m app classify`: videos and recorded skeletons in, events and a summary out."""

from __future__ import annotations

import glob
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from app.recording import Summary, classify_clip, classify_video
from app.report import OutputError, Report
from app.types import Answer
from app.video import VIDEO_SUFFIXES

if TYPE_CHECKING:
    from tqdm import tqdm

    from export.runtime import ActionModel

SKELETON_SUFFIX = ".npz"
OK, SOME_FAILED = 0, 1


def expand(inputs: Iterable[str]) -> Iterator[Path]:
    """Files behind the inputs, each once, in order.

    A folder stands for the videos and .npz files directly in it, a pattern for what it matches (`**` for folders in
    folders). What matches nothing is given as it is, so that it is reported as missing.
    """
    done: set[Path] = set()
    for text in inputs:
        for path in _files(text):
            if path.resolve() not in done:
                done.add(path.resolve())
                yield path


def _files(text: str) -> list[Path]:
    path = Path(text)
    if path.is_dir():
        return _known(path.iterdir()) or [path]
    if path.exists() or not glob.has_magic(text):
        return [path]
    return _known(Path(match) for match in glob.glob(text, recursive=True)) or [path]


def _known(paths: Iterable[Path]) -> list[Path]:
    wanted = VIDEO_SUFFIXES | {SKELETON_SUFFIX}
    return sorted(p for p in paths if p.suffix.lower() in wanted and p.is_file() and not p.name.startswith("."))


def sources(files: list[Path]) -> list[str]:
    """What results call each file: its name, or the path as given where two files share the name."""
    names = Counter(path.name for path in files)
    return [path.name if path.name and names[path.name] == 1 else str(path) for path in files]


class Batch:
    """Classifies inputs one by one into a report.

    Args:
        model: the action model, shared by all inputs.
        pose_model: makes or finds the pose model's file; called once, at the first video.
        report: where results go.
        say: shows a line to the user.
        complain: shows an error to the user.

    Attributes:
        done: recordings classified so far.
        failed: inputs that could not be.
    """

    def __init__(
        self,
        model: ActionModel,
        pose_model: Callable[[], Path],
        report: Report,
        say: Callable[[str], None] = print,
        complain: Callable[[str], None] = lambda line: print(line, file=sys.stderr),
    ) -> None:
        self._model, self._make_pose_model, self._report = model, pose_model, report
        self._pose_model: Path | Exception | None = None
        self._say, self._complain = say, complain
        self.done = self.failed = 0

    def classify(self, path: Path, source: str, bar: tqdm) -> None:
        """Classify one file, called `source` in the results; what goes wrong with it ends as its row in the summary."""
        before = self.done
        try:
            if path.suffix.lower() == SKELETON_SUFFIX:
                self._clips(path, source, bar)
            else:
                self._video(path, source, bar)
        except OutputError:
            raise
        except Exception as error:  # whatever is wrong with one file, the others come next
            self.failed += 1
            reason = " ".join(str(error).split()) or type(error).__name__
            reason = reason.removeprefix(f"{path}: ").removeprefix(f"{path.name}: ")
            self._report.add(source, Summary(status=f"error: {reason}"))
            self._complain(f"{path}: {reason}")
        else:
            if path.suffix.lower() == SKELETON_SUFFIX:
                self._say(f"{path}: {_count(self.done - before, 'clip')}")

    def _video(self, path: Path, source: str, bar: tqdm) -> None:
        if path.is_dir():
            raise ValueError("no video and no .npz file in this folder")
        if glob.has_magic(str(path)) and not path.exists():
            raise ValueError("no file matches this pattern")
        pose_model = self._ensure_pose_model()

        def on_frame(time_s: float, claimed_s: float | None, _: Answer) -> None:
            bar.total = None if claimed_s is None else round(max(claimed_s, time_s), 1)
            bar.update(round(time_s, 1) - bar.n)

        with self._report.events(source, path.stem) as write:
            summary = classify_video(path, self._model, pose_model, write, on_frame)
        self._add(source, summary)
        name = self._model.display.get(summary.label, summary.label)
        self._say(f"{path}: {name} {summary.score:.0%} ({summary.status})" if name else f"{path}: {summary.status}")

    def _ensure_pose_model(self) -> Path:
        """The pose model's file; a failure is kept, for it may have taken a minute of waiting for the network."""
        if self._pose_model is None:
            try:
                self._pose_model = self._make_pose_model()
            except ValueError as error:
                self._pose_model = error
        if isinstance(self._pose_model, Exception):
            raise self._pose_model
        return self._pose_model

    def _clips(self, path: Path, source: str, bar: tqdm) -> None:
        from models.clips import read_clips

        for clip in read_clips(path):
            mark = "" if clip.index is None else f"#{clip.index}"
            with self._report.events(f"{source}{mark}", f"{path.stem}{mark}") as write:
                summary = classify_clip(clip, self._model, write)
            self._add(f"{source}{mark}", summary)
            bar.update()

    def _add(self, source: str, summary: Summary) -> None:
        self._report.add(source, summary)
        self.done += 1


def classify_all(inputs: list[str], out: str, model: ActionModel, pose_model: Callable[[], Path]) -> int:
    """Run the command; returns its exit code.

    Raises:
        OutputError: the results cannot be written.
    """
    from tqdm import tqdm

    # Where no terminal redraws the bars, each redrawing is a line of a log.
    often = {"mininterval": 0.2 if sys.stderr.isatty() else 10.0}
    with Report(out) as report:
        files = list(expand(inputs))
        with tqdm(list(zip(files, sources(files))), desc="inputs", unit="file", **often) as outer:
            batch = Batch(model, pose_model, report, tqdm.write, lambda line: tqdm.write(line, file=sys.stderr))
            for path, source in outer:
                is_clips = path.suffix.lower() == SKELETON_SUFFIX
                with tqdm(desc=path.name, unit="clip" if is_clips else "s", leave=False, **often) as bar:
                    batch.classify(path, source, bar)
    failed = f", {_count(batch.failed, 'input')} failed" if batch.failed else ""
    print(f"{report.folder / 'summary.csv'}: {_count(batch.done, 'recording')}{failed}")
    return SOME_FAILED if batch.failed else OK


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
