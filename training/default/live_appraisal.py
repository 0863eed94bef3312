"""Measurement of what users meet: people at webcams, real videos, how soon words come, actions taught, events."""

from __future__ import annotations

import functools
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from models.labels import OTHER
from models.system.places import RECIPES
from training.data.splices import splices
from training.data.tracks import raw_tracks
from training.default.kept import Kept
from training.default.live_measured import FewShot, LiveMeasures, Spliced
from training.default.recipe import DefaultRecipe
from training.judging import events
from training.judging.episodes import episodes, gather, shown_of
from training.judging.few_shot import accuracy
from training.judging.few_shot_answerers import by_head
from training.judging.judge import judge, rates
from training.judging.rows import MeasureRow, in_turn
from training.judging.soon import SoonRow, judge_soon
from training.judging.stream_rows import VideoRow
from training.judging.timed import spliced, timelines, written
from training.judging.videos import Watched, video_rows, watch
from training.judging.webcam import PARTS, judge_webcam
from training.judging.webcam_rows import Webcam

if TYPE_CHECKING:
    from export.runtime import Recogniser
    from training.default.build import Build

EVEN = "utd_mhad"  # the set whose even actors report, and are in no other measure
WEBCAM_PARTS, SOON_PARTS = ("val", "held"), ("val", "test")
SEEDS, EACH = range(6), 5  # of the spliced recordings, and recordings a set
WAYS, SHOTS, EPISODES = 5, 5, 600


class LiveAppraisal:
    """Measurement of one built model as users meet it.

    Args:
        model: the model file, loaded.
        file: its path; background.safetensors lies beside it.
        build: how it was built.
        kept: where measures are kept.
    """

    def __init__(self, model: Recogniser, file: Path, build: Build, kept: Kept) -> None:
        self.model, self.file, self.build, self.kept = model, file, build, kept

    def all(self) -> LiveMeasures:
        """Take every measure."""
        once = self.kept.once
        return LiveMeasures(
            webcam={
                part: once(f"people_{part}", partial(self.webcam, part), Webcam.from_dict) for part in WEBCAM_PARTS
            },
            videos=once("real_videos", self.videos, in_turn(VideoRow.from_dict)),
            soon={
                part: once(f"how_soon_{part}", partial(self.soon, part), in_turn(SoonRow.from_dict))
                for part in SOON_PARTS
            },
            more=once("more_sets", self.more, in_turn(MeasureRow.from_dict)),
            few_shot=once("few_shot", self.few_shot, in_turn(FewShot.from_dict)),
            spliced=once("spliced", self.spliced, Spliced.from_dict),
        )

    def webcam(self, part: str) -> Webcam:
        """Judge the windows of people at webcams of one part."""
        return judge_webcam(self.model, self.build.data, self.kept.folder, part)

    @functools.cached_property
    def watched(self) -> dict[str, list[Watched]]:
        """Real videos of both parts and what is said of them, by part."""
        videos = self.build.data / "videos"
        return {part: watch(self.model, self.build.pose(), videos, (part,)) for part in PARTS["held"]}

    def videos(self) -> list[VideoRow]:
        """Count what is said of the real videos, by age and part."""
        return video_rows([one for watched in self.watched.values() for one in watched])

    def soon(self, part: str) -> list[SoonRow]:
        """Measure how soon words come and go in recordings of known times."""
        from app.pose.landmarker import PoseSource

        data, parts = self.build.data, PARTS[part]
        videos = timelines(data / "videos", parts, lambda: PoseSource(self.build.pose()))
        recordings = [*videos, *spliced(data, parts), *written(parts)]
        return judge_soon(self.model, recordings, self.kept.folder, part)

    def more(self) -> list[MeasureRow]:
        """Judge the held-out actors of UTD-MHAD."""
        tracks = [t for t in raw_tracks(self.build.data, (EVEN,)) if t.part != "train"]
        said = [t for t in tracks if t.action in self.model.labels and t.action != OTHER]
        return [MeasureRow(EVEN, rates([judge(self.model, track) for track in said]))] if said else []

    def few_shot(self) -> list[FewShot]:
        """Teach actions by clips of test actors, drawn and seen by the camera path, and ask for others'.

        They are the actions that the recipe leaves out; where it leaves none out, those of unseen_actions.yaml, which
        this model knows.
        """
        from app.teach.background import read_background
        from app.teach.teacher import embedded

        without = self.build.recipe.without
        actions = without or DefaultRecipe.read(RECIPES / "unseen_actions.yaml").without
        tracks, actors = gather(self.build.data, self.build.drawings, "test", actions, "camera")
        if not tracks:
            return []
        shown = shown_of(tracks, actors, self.model.window_s, self.model.frames)
        try:
            some = episodes(shown, WAYS, SHOTS, EPISODES, seed=0)
        except ValueError as error:
            self.build.note(f"teaching is not measured: {error}")
            return []
        background_BD = read_background(self.file, self.model).embedding_BD
        head = by_head(embedded(self.model, shown.clips_NLV3), background_BD, len(self.model.modalities))
        return [
            FewShot(
                ways=WAYS, shots=SHOTS, episodes=EPISODES, clips=len(tracks), known=not without, **accuracy(head, some)
            )
        ]  # fmt: skip

    def spliced(self) -> Spliced:
        """Judge the events of spliced recordings of test actors, all seeds together."""
        from tqdm import tqdm

        recordings = [one for seed in SEEDS for one in splices(self.build.data, "test", EACH, seed)]
        found = [events.heard(self.model, one) for one in tqdm(recordings, desc="spliced recordings")]
        told = events.judge(found, [one.truth for one in recordings])
        return Spliced(**{name: told[name] for name in ("recordings", "actions", "f1", "edit", "said")})
