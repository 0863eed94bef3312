"""Real videos that were counted by eye, and videos in which there is nothing to count.

Each is played through the whole app. Beside the counts of its events stands what the counter finds where it is told
that the action lasts from end to end. The first is what a user gets. The second is what the counter is worth where the
model misses the action, or where it has to be taught.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.classify.counts import Counts
from app.types import ActionEvent, Answer
from models.skeleton import bridge
from training.judging.repetitions import counted
from training.judging.videos import Listed, listed, recording_of

if TYPE_CHECKING:
    from export.runtime import Recogniser

REPEATED = "reps.csv"


@dataclass(frozen=True, slots=True)
class CountedVideo:
    """What is counted in one video.

    Attributes:
        file: its name.
        part: val or test.
        action: short id; "" where the model knows none.
        true: repetitions by eye, None where there is nothing to count.
        counter: repetitions by the counter where the action lasts from end to end.
        app: counts of the app's events, such as "squat 3".
    """

    file: str
    part: str
    action: str
    true: int | None
    counter: int | None
    app: str


def count_videos(
    model: Recogniser, pose_model: Path, videos: Path, parts: Sequence[str], seen: Path | None
) -> list[CountedVideo]:
    """Count the videos of VIDEOS/reps.csv, and let the app count all others of VIDEOS/labels.csv.

    Args:
        model: the action model.
        pose_model: looks at the videos.
        videos: folder of the lists and the files that they name.
        parts: of "val" and "test".
        seen: folder of recordings that `classify --skeletons` made of them, which save looking again.
    """
    from tqdm import tqdm

    with open(videos / REPEATED, newline="", encoding="utf-8") as file:
        true = {row["file"]: int(row["reps"]) for row in csv.DictReader(file)}
    rows = [
        _watched(model, pose_model, video, recording_of(video, videos, seen), true.get(video.file))
        for video in tqdm(listed(videos, parts), desc=f"real videos ({', '.join(parts)})")
    ]
    return sorted(rows, key=lambda row: row.true is None)


def _watched(model: Recogniser, pose_model: Path, video: Listed, recording: Path, true: int | None) -> CountedVideo:
    from app.classify.one_input import classify_video

    frames: list[tuple[float, np.ndarray, np.ndarray]] = []

    def look(time_s: float, claimed_s: float | None, answer: Answer) -> None:
        if answer.pose is not None:
            frames.append((time_s, *bridge(answer.pose.world_V3, answer.pose.visibility_V)))

    found = classify_video(recording, model, pose_model, on_frame=look)
    counter = None
    if true is not None and frames:
        times_T, joints_TV3, seen_TV = (np.array(column) for column in zip(*frames, strict=True))
        counter = counted(times_T, joints_TV3, seen_TV, video.action or "taught")
    return CountedVideo(video.file, video.part, video.action, true, counter, _summed(found.events))


def _summed(events: Sequence[ActionEvent]) -> str:
    counts = Counts()
    for event in events:
        counts.add(event)
    return str(counts) or "-"
