"""Accuracy of the shipped model file on clips that never trained it, judged through the app's own stream.

Users meet the same stream, with its windows, the clip's mean and the weight of stillness, so the numbers are those of
the product. Shapes: C classes.
"""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.labels import OTHER
from models.system.atomic import write_json, write_text, write_whole
from training.data.splits import UNSEEN_SETS
from training.data.tracks import Track, camera_tracks, raw_tracks
from training.evaluation.confusion import draw
from training.evaluation.results import markdown
from training.judging.rows import Accuracy, ActionRow, Hits, Judged, MeasureRow, VideoAnswers, as_dicts
from training.judging.videos import SINGLE, Watched

if TYPE_CHECKING:
    from export.runtime import Recogniser


@dataclass(frozen=True, slots=True)
class Verdict:
    """One clip's true label and the model's labels, best first (none where it could not judge)."""

    truth: str
    ranked: tuple[str, ...]

    @property
    def hit(self) -> bool:
        return bool(self.ranked) and self.ranked[0] == self.truth


def judge(model: Recogniser, track: Track) -> Verdict:
    """Return the stream's answer for a whole track."""
    from app.classify.one_input import events_of
    from app.stream.action_stream import FILE_HOP_S, ActionStream

    stream = ActionStream(model, FILE_HOP_S)
    events_of(stream, track.played())
    scores_C = stream.clip.mean_C
    if scores_C is None:
        return Verdict(track.action, ())
    return Verdict(track.action, tuple(model.labels[c] for c in np.argsort(-scores_C, kind="stable")))


def rates(verdicts: list[Verdict]) -> Accuracy:
    """Count clips, and compute top-1, top-3, and the mean over actions of the top-1, in %."""
    per_action: dict[str, list[bool]] = defaultdict(list)
    for verdict in verdicts:
        per_action[verdict.truth].append(verdict.hit)
    top3 = [v.truth in v.ranked[:3] for v in verdicts]
    return Accuracy(
        clips=len(verdicts),
        top1=round(100 * float(np.mean([v.hit for v in verdicts])), 1),
        top3=round(100 * float(np.mean(top3)), 1),
        mean_per_action=round(100 * float(np.mean([np.mean(hits) for hits in per_action.values()])), 1),
    )


def per_action(verdicts: list[Verdict]) -> list[ActionRow]:
    """Return a row for each action: clips, recall and precision in %, and what it is most often taken for."""
    rows = []
    said = Counter(v.ranked[0] for v in verdicts if v.ranked)
    for action in sorted({v.truth for v in verdicts}):
        mine = [v for v in verdicts if v.truth == action]
        hits = sum(v.hit for v in mine)
        wrong = Counter(v.ranked[0] for v in mine if v.ranked and not v.hit).most_common(1)
        precision = round(100 * hits / said[action], 1) if said[action] else 0.0
        taken_for = f"{wrong[0][0]} ({wrong[0][1]})" if wrong else ""
        rows.append(ActionRow(action, len(mine), round(100 * hits / len(mine), 1), precision, taken_for))
    return rows


def confusion_picture(verdicts: list[Verdict], labels: Iterable[str], title: str, path: Path) -> None:
    """Draw the confusion matrix, rows the truth in % of its clips."""
    truths = [label for label in labels if any(v.truth == label for v in verdicts)]
    columns = list(labels)
    counts = np.zeros((len(truths), len(columns)))
    for v in verdicts:
        if v.ranked:
            counts[truths.index(v.truth), columns.index(v.ranked[0])] += 1
    draw(counts, truths, columns, title, path)


RECORDED = "recorded skeletons, unseen actors"
CAMERA = "the same actions drawn and seen by the camera path, unseen actors"
KARD = "KARD, even actors (trained on odd)"


class HeldOut:
    """Held-out clips of every set, whichever sets train. They are read once.

    Args:
        data: folder that holds skeletons/.
        drawn: folders of drawn clips.
    """

    def __init__(self, data: Path, drawn: Sequence[Path]) -> None:
        self._data, self._drawn = data, drawn

    @functools.cached_property
    def _every(self) -> dict[str, list[Track]]:
        camera = [track for folder in self._drawn for track in camera_tracks(folder, 0.0)]
        every = {"raw": raw_tracks(self._data, other=True), "camera": camera}
        return {domain: [t for t in tracks if t.part != "train"] for domain, tracks in every.items()}

    @functools.cached_property
    def _unseen(self) -> dict[str, list[Track]]:
        return {f"{name}, a set never trained on": raw_tracks(self._data, (name,)) for name in UNSEEN_SETS}

    def by_domain(self, part: str) -> dict[str, list[Track]]:
        """Return the clips of one part ("val" or "test") by domain, "raw" and "camera".

        Clips of no action are among them.
        """
        return {domain: [t for t in tracks if t.part == part] for domain, tracks in self._every.items()}

    def by_measure(self, part: str, labels: Sequence[str]) -> dict[str, list[Track]]:
        """Return the clips that report (part "test") or choose ("val"), by measure.

        Only clips of an action among the labels are given.

        KARD and the sets that never train come with "test" alone.
        """
        held = self.by_domain(part)
        groups = {RECORDED: held["raw"], CAMERA: held["camera"]}
        if part == "test":
            groups[KARD] = [t for t in held["raw"] if t.source == "kard"]
            groups |= self._unseen
        said = set(labels) - {OTHER}
        return {title: [t for t in tracks if t.action in said] for title, tracks in groups.items()}


def judge_model(model: Recogniser, held: HeldOut, watched: Sequence[Watched], out: Path, part: str) -> Judged:
    """Fill every table of accuracy, and write OUT/results_<part>.{json,md} with confusion pictures.

    Args:
        model: the model file.
        held: clips that judge.
        watched: real videos of this part; those of one action and of stillness count.
        out: folder of the results.
        part: "val" while choosing, "test" to report.
    """
    from tqdm import tqdm

    rows: list[MeasureRow] = []
    detail: dict[str, tuple[ActionRow, ...]] = {}
    out.mkdir(parents=True, exist_ok=True)
    for k, (title, tracks) in enumerate(held.by_measure(part, model.labels).items()):
        verdicts = [judge(model, t) for t in tqdm(tracks, desc=title, unit="clip")]
        rows.append(MeasureRow(title, rates(verdicts)))
        detail[title] = tuple(per_action(verdicts))
        above = f"{title}: top-1 {rows[-1].accuracy.top1} %"
        write_whole(out / _picture(part, k), functools.partial(confusion_picture, verdicts, model.labels, above))
    some = [w for w in watched if w.video.kind in SINGLE]
    said = [(w.video.file, Verdict(w.video.action, w.ranked)) for w in some]
    judged = Judged(
        part=part,
        model=model.version,
        rows=tuple(rows),
        videos=Hits(sum(v.hit for _, v in said), sum(v.truth in v.ranked[:3] for _, v in said), len(said)),
        clips=tuple(VideoAnswers(name, v.truth, v.ranked[:3]) for name, v in said),
        per_action=detail,
    )
    write_text(out / f"results_{part}.md", _report(judged))
    write_json(out / f"results_{part}.json", judged.to_dict(), indent=1)
    return judged


def _picture(part: str, group: int) -> str:
    """Return the file name of the picture of a group's confusions."""
    return f"confusion_{part}_{group}.png"


def _report(judged: Judged) -> str:
    """Format the tables for people."""
    part, videos = judged.part, judged.videos
    text = [
        markdown(as_dicts(judged.rows)), f"Real videos ({part}): {videos} right, {videos.top3} in the top three."
    ]  # fmt: skip
    if part == "val":  # the test half is reported as one count
        text.append(markdown([clip.cells() for clip in judged.clips]))
    text += [
        f"### {title}\n\n{markdown(as_dicts(rows))}\n\n![]({_picture(part, k)})"
        for k, (title, rows) in enumerate(judged.per_action.items())
    ]
    return "\n\n".join(text) + "\n"
