"""The options of `classify`, and what a worker needs to start."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.stream.action_stream import FILE_HOP_S
from app.types import ActionEvent
from models.labels import IDLE, OTHER

if TYPE_CHECKING:
    from app.pose.landmarker import PoseSource
    from export.runtime import Recogniser

HERE, RAY = "here", "ray"
ENGINES = (HERE, RAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of one run of `classify`.

    Attributes:
        out: folder for the results.
        every_s: seconds between two classifications.
        min_score: lowest score of an event that is kept.
        labels: short ids of the only events to keep; empty keeps all.
        top: how many ranked labels to write; None writes the default number of each format.
        count: whether the summary says how often each action was repeated.
        csv, vtt, annotate, skeletons: which files to write besides the JSON lines and the summary.
        seconds: how long cameras and addresses are watched; None watches until Ctrl-C.
        recursive: whether a folder also stands for its subfolders.
        resume: whether to keep results that are already there, complete and made with the same options and model.
        quiet: show no bars, and no line for each input.
        json_lines: write events, and nothing else, to standard output as well.
        workers: number of inputs that are worked on at once.
        engine: HERE or RAY.
        ray_address: of a running cluster; "" starts one on this machine.
    """

    out: Path
    every_s: float = FILE_HOP_S
    min_score: float = 0.0
    labels: tuple[str, ...] = ()
    top: int | None = None
    count: bool = False
    csv: bool = False
    vtt: bool = False
    annotate: bool = False
    skeletons: bool = False
    seconds: float | None = None
    recursive: bool = False
    resume: bool = False
    quiet: bool = False
    json_lines: bool = False
    workers: int = 1
    engine: str = HERE
    ray_address: str = ""

    def keeps(self, label: str | None, score: float) -> bool:
        """Return whether an action of this label and score is to be reported; idle never is."""
        return label not in (None, IDLE) and score >= self.min_score and (not self.labels or label in self.labels)

    def keeps_event(self, event: ActionEvent) -> bool:
        """Return whether an event is to be reported."""
        return self.keeps(event.label, event.score)

    def that_shape_results(self) -> dict[str, Any]:
        """Return the options that change the results, as plain JSON.

        Options that only say how and where the work is done are left out.
        """
        names = ("every_s", "min_score", "top", "count", "vtt", "annotate", "skeletons")
        return {name: getattr(self, name) for name in names} | {"labels": sorted(self.labels)}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSetup:
    """The setup that a worker needs to start; it can be pickled.

    Attributes:
        options: what to do.
        make_model: loads the action model.
        make_pose: opens a pose landmarker; None where no input needs one.
        no_pose: why there is no pose landmarker although inputs need one, "" if there is one.
        pose_name: which pose model it is, for the header of recordings.
        threads: most threads of the decoder, the encoder and OpenCV; None lets them choose.
    """

    options: Options
    make_model: Callable[[], Recogniser]
    make_pose: Callable[[], PoseSource] | None = None
    no_pose: str = ""
    pose_name: str = ""
    threads: int | None = None


def chosen_labels(wanted: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return the labels that the user chose, each once.

    Args:
        wanted: what stands between the commas of --labels. What people taught may have commas in its name: as many
            parts as possible are taken together.
        known: labels of the model.

    Raises:
        ValueError: the model never makes an event of one of them; the message lists those that there are.
    """
    said = {_parts(label): label for label in known if label not in (IDLE, OTHER)}
    waiting, chosen, unknown = _parts(",".join(wanted)), [], []
    while waiting:
        fits = [k for k in range(len(waiting), 0, -1) if waiting[:k] in said]
        if fits:
            chosen.append(said[waiting[: fits[0]]])
        else:
            unknown.append(waiting[0])
        waiting = waiting[fits[0] if fits else 1 :]
    if unknown:
        there = sorted(repr(label) if "," in label else label for label in said.values())
        raise ValueError(f"--labels: no event is called {', '.join(unknown)}; there are {', '.join(there)}")
    return tuple(dict.fromkeys(chosen))


def _parts(label: str) -> tuple[str, ...]:
    return tuple(unicodedata.normalize("NFC", part.strip()) for part in label.split(",") if part.strip())


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's content, or "" if it cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()
