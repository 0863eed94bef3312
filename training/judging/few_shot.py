"""`python -m training teaching`: few-shot accuracy of taught actions, on actions and actors never trained on.

In an episode some actions are drawn, some clips of each teach, and clips of other actors ask. Every way to answer gets
the same episodes. The model should have been trained without these actions (training/recipes/unseen_actions.yaml). It
is compared with a model trained from scratch, and with dynamic time warping of the joints, which needs no training.

Shapes: N clips, W windows of a clip, D width of the embedding.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.teach.teacher import Teacher, embedded
from models.labels import IDLE
from training.judging.episodes import Episode, Shown, episodes
from training.judging.few_shot_answerers import Answerer, by_head, by_neighbours, by_prototypes, by_warping, warped

if TYPE_CHECKING:
    from app.teach.pack import Pack
    from export.runtime import Recogniser
    from training.data.tracks import Track


def accuracy(answer: Answerer, some: Sequence[Episode]) -> dict[str, float]:
    """Return the mean accuracy over episodes in %, and half of its 95 % interval."""
    right = [np.concatenate([said == a for a, said in enumerate(answer(episode))]).mean() for episode in some]
    return {
        "top1": round(100 * float(np.mean(right)), 1),
        "interval": round(196 * float(np.std(right, ddof=1)) / len(right) ** 0.5, 1),
    }


def compare(answerers: dict[str, Answerer], drawn: dict[int, list[Episode]], ways: int) -> list[dict[str, Any]]:
    """Return a row for each way to answer and number of shots."""
    from tqdm import tqdm

    rows: list[dict[str, Any]] = []
    for name in tqdm(answerers, desc="episodes", unit="way"):
        row: dict[str, Any] = {"answered by": name}
        for k, some in drawn.items():
            found = accuracy(answerers[name], some)
            row[f"{ways}-way {k}-shot"] = f"{found['top1']} ± {found['interval']}"
        rows.append(row)
    return rows


def measure(
    models: Mapping[str, tuple[Recogniser, Path]],
    shown: Callable[[Recogniser], Shown],
    ways: int,
    shots: Sequence[int],
    count: int,
    seed: int,
    within: bool = False,
) -> list[dict[str, Any]]:
    """Measure all ways to answer on each model's embedding, and warping.

    Args:
        models: by name, with their files; the first one's clips are warped.
        shown: the clips as a model's windows cut them.
        ways: actions of an episode.
        shots: clips that teach each action.
        count: number of episodes.
        seed: of the episodes.
        within: all clips of an episode come from one set.
    """
    from app.teach.background import read_background

    answerers: dict[str, Answerer] = {}
    kinds = {"ridge head (the app)": by_head, "nearest mean": by_prototypes, "3 nearest windows": by_neighbours}
    for name, (model, path) in models.items():
        x_NWD, background_BD = embedded(model, shown(model).clips_NLV3), read_background(path, model).embedding_BD
        answerers |= {
            f"{name}: {kind}": make(x_NWD, background_BD, len(model.modalities)) for kind, make in kinds.items()
        }
    clips = shown(next(iter(models.values()))[0])
    answerers["joints, time warping"] = by_warping(warped(clips.clips_NLV3))
    return compare(answerers, {k: episodes(clips, ways, k, count, seed, within) for k in shots}, ways)


def live(
    model: Recogniser,
    path: Path,
    shown: Shown,
    tracks: Sequence[Track],
    strange: Sequence[Track],
    some: Sequence[Episode],
) -> dict[str, Any]:
    """Measure what the app says where actions are taught beside the model's own.

    It is shown clips of the taught actions, and of everything else.

    Args:
        model: and its file `path`.
        shown: clips that teach, of the same order as `tracks`, which are played, each amid the stillness in `strange`.
        strange: clips of no action and of stillness: each taught action that is said of them is a mistake.
        some: episodes; each is a pack.

    Returns:
        packs: number of packs.
        clips: number of clips that were played, over all packs.
        said: share of the clips with an event of the taught name, in %.
        wrong: share of the clips with an event of another taught name, in %.
        false_a_minute: taught names said of `strange` in a minute.
        minutes: of `strange` that were played, over all packs.
        pack_kb: size of the last pack with all its clips.
        teach_s: median seconds to teach one of its actions, the clips cut already.
    """  # fmt: skip
    from tqdm import tqdm

    from app.teach.pack import pack_bytes
    from app.teach.taught_model import TaughtModel
    from training.data.splices import amid_stillness
    from training.judging.measures import listen

    played = amid_stillness(tracks, [track for track in strange if track.action == IDLE])
    teacher, said, wrong, false, seconds, asked = Teacher(model, path), 0, 0, 0, 0.0, 0
    took: list[float] = []
    for episode in tqdm(some, desc="live", unit="pack"):
        pack = _taught(teacher, shown, episode, took)
        taught = TaughtModel(model, pack)
        for name, place in _asked(episode):
            names = {label for label, *_ in listen(taught, played[place]).events} & set(pack.actions)
            asked, said, wrong = asked + 1, said + (name in names), wrong + bool(names - {name})
        for track in strange:
            heard = listen(taught, track)
            false, seconds = false + sum(label in pack.actions for label, *_ in heard.events), seconds + heard.seconds
    return {
        "packs": len(some),
        "clips": asked,
        "said": round(100 * said / asked, 1),
        "wrong": round(100 * wrong / asked, 1),
        "false_a_minute": round(60 * false / seconds, 2),
        "minutes": round(seconds / 60, 1),
        "pack_kb": round(len(pack_bytes(pack)) / 1000),
        "teach_s": round(float(np.median(took)), 3),
    }


def _taught(teacher: Teacher, shown: Shown, episode: Episode, took: list[float]) -> Pack:
    """Teach the episode's actions and return their pack.

    The seconds that each of them took are added to `took`.
    """
    pack = teacher.pack()
    for a, teach in enumerate(episode.teach_AK):
        began = time.perf_counter()
        pack = teacher.add(pack, f"taught {a}", shown.clips_NLV3[teach])
        took.append(time.perf_counter() - began)
    return pack


def _asked(episode: Episode) -> Iterator[tuple[str, int]]:
    """Yield the taught name and the place of each clip that asks."""
    for a, ask in enumerate(episode.ask):
        for place in ask:
            yield f"taught {a}", place
