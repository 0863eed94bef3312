"""What one run of `classify` is asked to do."""

from __future__ import annotations

import hashlib
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
    """The options of `classify`.

    Attributes:
        out: folder for the results.
        every_s: seconds between two classifications.
        min_score: events with a lower score are left out.
        labels: short ids of the only events to keep; empty keeps all.
        top: how many ranked labels to write; None writes what is usual.
        csv, vtt, annotate, skeletons: which files to write besides the JSON lines and the summary.
        seconds: cameras and addresses end after so long; None ends them by Ctrl-C alone.
        recursive: whether a folder stands for the folders in it too.
        resume: whether results that are there, whole and made the same way are kept.
        quiet: no bars, and no line for each input.
        json_lines: events go to standard output as well, and nothing else does.
        workers: inputs that are worked on at once.
        engine: HERE or RAY.
        ray_address: of a running cluster; "" starts one on this machine.
    """

    out: Path
    every_s: float = FILE_HOP_S
    min_score: float = 0.0
    labels: tuple[str, ...] = ()
    top: int | None = None
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
        """Whether an action of this label and score is one to report; stillness is none."""
        return label not in (None, IDLE) and score >= self.min_score and (not self.labels or label in self.labels)

    def keeps_event(self, event: ActionEvent) -> bool:
        """Whether an event is one to report."""
        return self.keeps(event.label, event.score)

    def that_shape_results(self) -> dict[str, Any]:
        """The options without those that only say how and where the work is done; plain JSON."""
        names = ("every_s", "min_score", "top", "vtt", "annotate", "skeletons")
        return {name: getattr(self, name) for name in names} | {"labels": sorted(self.labels)}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSetup:
    """What a worker needs to begin; it travels between processes.

    Attributes:
        options: what to do.
        make_model: loads the action model.
        make_pose: opens a pose landmarker; None where no input needs one.
        no_pose: why there is no pose landmarker though inputs need one, "" where there is.
        pose_name: which pose model it is, for the header of recordings.
        threads: most threads of the decoder, the encoder and OpenCV; None lets them choose.
    """

    options: Options
    make_model: Callable[[], Recogniser]
    make_pose: Callable[[], PoseSource] | None = None
    no_pose: str = ""
    pose_name: str = ""
    threads: int | None = None


def check_labels(wanted: Sequence[str], known: Sequence[str]) -> None:
    """Refuse labels that the model never makes an event of.

    Raises:
        ValueError: one of them is unknown; the message lists those that there are.
    """
    said = [label for label in known if label not in (IDLE, OTHER)]
    unknown = [label for label in wanted if label not in said]
    if unknown:
        raise ValueError(f"--labels: no event is called {', '.join(unknown)}; there are {', '.join(sorted(said))}")


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content, "" where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()
