"""Real videos of labels.csv through the whole app: right names for single actions, and events where there is no action.

The videos that came with a `person` are the newer ones; they are told apart from the older, which chose and reported
for models before them.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models.labels import IDLE, OTHER
from models.system.atomic import write_json, write_text
from training.evaluation.results import markdown
from training.judging.rows import as_dicts
from training.judging.stream_rows import VideoRow

if TYPE_CHECKING:
    from export.runtime import Recogniser

CLIP = "clip"  # the kind of a video of one action
SINGLE = (CLIP, IDLE)  # kinds with one label
QUIET = (IDLE, OTHER, "empty")  # kinds of video in which every event is wrong
NEWER, OLDER = "newer", "older"


@dataclass(frozen=True, slots=True)
class Listed:
    """Line of labels.csv.

    Attributes:
        file: name.
        action: short id, "" where there is none or more than one.
        kind: "clip" (one action), "timeline" (several), "idle", "other", "multi" or "empty" (nobody).
        part: val or test.
        age: "newer" or "older".
        what: what happens, with times where they are known.
    """

    file: str
    action: str
    kind: str
    part: str
    age: str
    what: str


@dataclass(frozen=True, slots=True)
class Watched:
    """Video and what is said of it.

    Attributes:
        video: its line.
        ranked: labels, best first; empty where nobody could be judged.
        events: labels, in turn.
        seconds: duration.
    """

    video: Listed
    ranked: tuple[str, ...]
    events: tuple[str, ...]
    seconds: float

    @property
    def right(self) -> bool:
        return self.video.action in self.ranked[:1]


def listed(videos: Path, parts: Sequence[str]) -> list[Listed]:
    """Read the lines of VIDEOS/labels.csv of some parts."""
    with open(videos / "labels.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["part"] in parts]
    return [
        Listed(row["file"], row["action"], row["kind"], row["part"], NEWER if row.get("person") else OLDER, row["what"])
        for row in rows
    ]


def recording_of(video: Listed, videos: Path, seen: Path | None) -> Path:
    """Return the recording of a video's landmarks in SEEN if there is one, and the video otherwise."""
    from app.landmarks.file_format import RECORD_SUFFIX

    recorded = seen / f"{Path(video.file).stem}{RECORD_SUFFIX}" if seen is not None else None
    return recorded if recorded is not None and recorded.exists() else videos / video.file


def watch(
    model: Recogniser,
    pose_model: Path,
    videos: Path,
    parts: Sequence[str],
    seen: Path | None = None,
    kinds: Sequence[str] = (CLIP, *QUIET),
) -> list[Watched]:
    """Classify the videos of some kinds: those that show one action or none.

    Args:
        model: the action model.
        pose_model: looks at the videos.
        videos: folder of labels.csv and the files that it names.
        parts: of "val" and "test".
        seen: folder of recordings that `classify --skeletons` made of them, which save looking again.
        kinds: of labels.csv.

    Raises:
        VideoError, LandmarkError: a file cannot be read.
    """
    from tqdm import tqdm

    from app.classify.one_input import classify_video

    watched = []
    some = [video for video in listed(videos, parts) if video.kind in kinds]
    for video in tqdm(some, desc=f"real videos ({', '.join(parts)})"):
        result = classify_video(recording_of(video, videos, seen), model, pose_model)
        ranked = tuple(label for label, _ in result.summary.ranked)
        watched.append(Watched(video, ranked, tuple(e.label for e in result.events), result.summary.seconds))
    return watched


def video_rows(watched: Sequence[Watched]) -> list[VideoRow]:
    """Count by age and part."""
    groups = sorted({(w.video.age, w.video.part) for w in watched}, key=lambda group: (group[0], group[1] != "val"))
    return [_row(age, part, [w for w in watched if (w.video.age, w.video.part) == (age, part)]) for age, part in groups]


def write_videos(watched: Sequence[Watched], model: str, out: Path, part: str) -> str:
    """Write OUT/videos_<part>.{json,md}, and return the tables for people.

    Single answers are shown of val alone: those of test are reported as counts.
    """
    rows = video_rows(watched)
    text = markdown([row.cells() for row in rows])
    chosen = [_answers(w) for w in watched if w.video.part == "val"]
    if chosen:
        text += f"\n\n{markdown(chosen)}"
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / f"videos_{part}.md", text + "\n")
    write_json(out / f"videos_{part}.json", {"part": part, "model": model, "rows": as_dicts(rows)}, indent=1)
    return text


def _row(age: str, part: str, watched: Sequence[Watched]) -> VideoRow:
    clips = [w for w in watched if w.video.kind == CLIP]
    quiet = [w for w in watched if w.video.kind in QUIET]
    minutes, said = sum(w.seconds for w in quiet) / 60, [label for w in quiet for label in w.events]
    return VideoRow(
        videos=age,
        part=part,
        clips=len(clips),
        right=sum(w.right for w in clips),
        top3=sum(w.video.action in w.ranked[:3] for w in clips),
        quiet=len(quiet),
        minutes=round(minutes, 2),
        events=len(said),
        per_minute=round(len(said) / minutes, 2) if minutes else None,
        labels=dict(Counter(said).most_common()),
    )


def _answers(watched: Watched) -> dict[str, str]:
    return {
        "video": watched.video.file, "action or kind": watched.video.action or watched.video.kind,
        "answers": ", ".join(watched.ranked[:3]) or "-", "events": ", ".join(watched.events) or "-",
    }  # fmt: skip
