"""Rows of what users meet: people at webcams, real videos, how soon words come, actions taught, spliced recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from training.judging.rows import MeasureRow
from training.judging.soon import SoonRow
from training.judging.stream_rows import VideoRow
from training.judging.webcam_rows import Webcam


@dataclass(frozen=True, slots=True, kw_only=True)
class FewShot:
    """Accuracy of actions taught by a few drawn clips, answered by the app's head.

    Attributes:
        ways: actions of an episode.
        shots: clips that teach each.
        episodes: number of them.
        clips: that teach and ask, over all episodes.
        top1: mean over the episodes, in %.
        interval: half of its 95 % interval, in points.
        known: whether the model's own training showed these actions.
    """

    ways: int
    shots: int
    episodes: int
    clips: int
    top1: float
    interval: float
    known: bool

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> FewShot:
        return cls(**held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spliced:
    """Events on spliced recordings of known times (training.judging.events.judge).

    Attributes:
        recordings: of all seeds.
        actions: in them.
        f1: of segments at an intersection over union of 0.5, in %.
        edit: score of the labels' order, in %.
        said: share of the actions that overlap an event of their label, in %.
    """

    recordings: int
    actions: int
    f1: float
    edit: float
    said: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> Spliced:
        return cls(**held)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveMeasures:
    """Measures of what users meet.

    Attributes:
        webcam: part ("val", and "held" for val and test) -> windows of people at webcams.
        videos: real videos by age and part.
        soon: part -> how soon words come and go.
        more: recorded sets whose odd actors may train, and that are in no other measure.
        few_shot: actions taught; () where too few clips are drawn.
        spliced: events in spliced recordings, of the test part.
    """

    webcam: dict[str, Webcam]
    videos: tuple[VideoRow, ...]
    soon: dict[str, tuple[SoonRow, ...]]
    more: tuple[MeasureRow, ...]
    few_shot: tuple[FewShot, ...]
    spliced: Spliced
