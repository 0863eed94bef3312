"""`python -m training teaching`: how well actions are taught by a few examples, on actions and actors never trained on.

Episodes: some actions are drawn, some clips of each teach, clips of other actors ask. Every way to answer gets the same
episodes. The model should have been trained without these actions (training/recipes/unseen_actions.yaml), and one
trained from scratch stands beside it; so does dynamic time warping of the joints, which needs no training.

Shapes: N clips, W windows of a clip, D width of the embedding, K shots, A actions of an episode, Q clips that ask,
S clips that teach, L frames of a clip, F frames of a window, V joints.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.teach.examples import Recording, clip_of
from app.teach.head import Ridge, features
from app.teach.teacher import Teacher, embedded

if TYPE_CHECKING:
    from export.runtime import ActionModel
    from training.data.tracks import Track

ASKED = 5  # clips of each action that ask, at most
DTW_FRAMES = 25
_ROWS = 16


@dataclass(frozen=True, slots=True)
class Shown:
    """Clips that may teach or ask.

    Attributes:
        clips_NLV3: as teaching cuts them, metres.
        action_N: what each shows.
        actor_N: who it is; names of a set's actors hold the set.
    """

    clips_NLV3: np.ndarray
    action_N: np.ndarray
    actor_N: np.ndarray


def shown_of(tracks: Sequence[Track], actors: Sequence[str], window_s: float, frames: int) -> Shown:
    """The clips about the middles of tracks, as teaching cuts them."""
    clips = []
    for track in tracks:
        recording = Recording(track.times_T, track.joints_TV3, track.seen_TV)
        clips.append(clip_of(recording, float(track.times_T[0]), float(track.times_T[-1]), window_s, frames))
    return Shown(np.stack(clips), np.array([t.action for t in tracks]), np.array(actors))


def gather(
    data: Path, drawn: Sequence[Path], part: str, actions: Sequence[str], domain: str
) -> tuple[list[Track], list[str]]:
    """Tracks of some actions of a part, in one domain, and who is seen in each.

    Args:
        data: folder that holds skeletons/.
        drawn: folders of drawn clips.
        part: val, test, or unseen for the sets that never train.
        actions: short ids.
        domain: "raw", or "camera" for the same clips drawn and seen through the app's pose path.
    """
    from training.data.splits import SETS, UNSEEN_SETS, samples
    from training.data.tracks import camera_tracks, raw_track

    held = [s for s in samples(data, UNSEEN_SETS if part == "unseen" else SETS) if s.part == part]
    held = [s for s in held if s.action in actions]
    actor = {s.key: f"{s.set} {s.clip.subject}" for s in held}
    if domain == "raw":
        return [raw_track(s) for s in held], [actor[s.key] for s in held]
    seen = [t for folder in drawn for t in camera_tracks(folder) if t.part == part and t.key in actor]
    seen = [t for t in seen if t.action in actions]
    return seen, [actor[t.key] for t in seen]


def strangers(data: Path, drawn: Sequence[Path], part: str, domain: str, most: int = 60) -> list[Track]:
    """Clips of no action and of stillness, of the same part and domain, at most so many, spread over all."""
    from training.data.splits import OTHER
    from training.data.tracks import camera_tracks, raw_tracks

    part = "test" if part == "unseen" else part  # no set is kept back that has them
    every = raw_tracks(data, other=True) if domain == "raw" else [t for f in drawn for t in camera_tracks(f)]
    held = [t for t in every if t.part == part and t.action in (OTHER, "idle")]
    return [held[i] for i in np.unique(np.linspace(0, len(held) - 1, min(most, len(held))).astype(int))]


@dataclass(frozen=True, slots=True)
class Episode:
    """Places of clips: (A, K) that teach, and for each action those that ask."""

    teach_AK: np.ndarray
    ask: tuple[np.ndarray, ...]


def episodes(shown: Shown, ways: int, shots: int, count: int, seed: int) -> list[Episode]:
    """Seeded episodes; who teaches an action never asks for it.

    Raises:
        ValueError: fewer than `ways` actions have enough clips and actors.
    """
    rng = np.random.default_rng([seed, ways, shots])
    places: dict[str, np.ndarray] = {a: np.flatnonzero(shown.action_N == a) for a in sorted(set(shown.action_N))}
    able = [a for a, mine in places.items() if len(set(shown.actor_N[mine])) > 1 and len(mine) > 2 * shots]
    if len(able) < ways:
        raise ValueError(f"{ways} actions with clips of two actors and {2 * shots + 1} clips are needed; got {able}")
    made: list[Episode] = []
    while len(made) < count:
        pairs = [_split(shown, places[able[i]], shots, rng) for i in rng.permutation(len(able))[:ways]]
        made.append(Episode(np.stack([teach for teach, _ in pairs]), tuple(ask for _, ask in pairs)))
    return made


def _split(shown: Shown, mine: np.ndarray, shots: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Clips of some actors that teach, and of the others that ask."""
    mine = rng.permutation(mine)
    actors = rng.permutation(np.unique(shown.actor_N[mine]))
    for i in range(1, len(actors)):
        teaching = np.isin(shown.actor_N[mine], actors[:i])
        if teaching.sum() >= shots and i >= len(actors) // 2:
            break
    if teaching.sum() < shots:  # the actor who is left has too few
        return _split(shown, mine, shots, rng)
    return mine[teaching][:shots], mine[~teaching][:ASKED]


Answerer = Callable[[Episode], list[np.ndarray]]  # for each action, which one each asking clip is taken for


def by_head(x_NWD: np.ndarray, background_BD: np.ndarray, modalities: int) -> Answerer:
    """What the app does: a ridge regression for each action against the others and everyday movement."""

    ridge = Ridge(background_BD, modalities)
    x = features(x_NWD.reshape(-1, x_NWD.shape[-1]), ridge.mean_D, modalities).reshape(x_NWD.shape)

    def answer(episode: Episode) -> list[np.ndarray]:
        A, K = episode.teach_AK.shape
        weight_AX = ridge.weights(x_NWD[episode.teach_AK.ravel()], np.repeat(np.arange(A), K))
        return [(x[ask].mean(1) @ weight_AX[:, :-1].T + weight_AX[:, -1]).argmax(1) for ask in episode.ask]

    return answer


def by_prototypes(x_NWD: np.ndarray, background_BD: np.ndarray, modalities: int) -> Answerer:
    """The action whose mean feature is nearest, by cosine."""
    x_NWD = _features(x_NWD, background_BD, modalities)

    def answer(episode: Episode) -> list[np.ndarray]:
        mean_AD = x_NWD[episode.teach_AK].mean((1, 2))
        mean_AD /= np.linalg.norm(mean_AD, axis=1, keepdims=True)
        return [(x_NWD[ask] @ mean_AD.T).mean(1).argmax(1) for ask in episode.ask]

    return answer


def by_neighbours(x_NWD: np.ndarray, background_BD: np.ndarray, modalities: int, k: int = 3) -> Answerer:
    """The action whose k nearest windows are nearest, by cosine."""
    x_NWD = _features(x_NWD, background_BD, modalities)

    def answer(episode: Episode) -> list[np.ndarray]:
        A = len(episode.teach_AK)
        teach_AXD = x_NWD[episode.teach_AK].reshape(A, -1, x_NWD.shape[-1])

        def best(ask: np.ndarray) -> np.ndarray:
            near = np.einsum("qwd,axd->qwax", x_NWD[ask], teach_AXD)
            return np.sort(near, axis=-1)[..., -k:].mean(-1).mean(1).argmax(1)

        return [best(ask) for ask in episode.ask]

    return answer


def _features(x_NWD: np.ndarray, background_BD: np.ndarray, modalities: int) -> np.ndarray:
    mean_D = background_BD.mean(0, dtype=np.float64)
    return features(x_NWD.reshape(-1, x_NWD.shape[-1]), mean_D, modalities).reshape(x_NWD.shape)


def by_warping(distance_NN: np.ndarray) -> Answerer:
    """The action of the nearest clip by dynamic time warping."""
    return lambda episode: [distance_NN[ask[:, None, None], episode.teach_AK].min(-1).argmin(-1) for ask in episode.ask]


def warped(shown: Shown) -> np.ndarray:
    """(N, N) distances of clips by dynamic time warping of joints, centred and turned alike."""
    import torch
    from tqdm import tqdm

    from models.modalities import normalise

    clips = torch.from_numpy(shown.clips_NLV3)
    every = np.linspace(0, clips.shape[1] - 1, DTW_FRAMES).round().astype(int)
    x_NFX = normalise(clips).numpy()[:, every].reshape(len(clips), DTW_FRAMES, -1).astype(np.float32)
    rows = [_warp(x_NFX[i : i + _ROWS], x_NFX) for i in tqdm(range(0, len(x_NFX), _ROWS), desc="warping", leave=False)]
    return np.concatenate(rows)


def _warp(a_NFX: np.ndarray, b_MFX: np.ndarray) -> np.ndarray:
    """(N, M) path costs, each divided by twice the frames."""
    square = lambda x: (x**2).sum(-1)  # noqa: E731
    cost = square(a_NFX)[:, None, :, None] + square(b_MFX)[None, :, None] - 2 * np.einsum("nfx,mgx->nmfg", a_NFX, b_MFX)
    cost = np.sqrt(np.maximum(cost, 0))
    F = cost.shape[-1]
    path = np.full((*cost.shape[:2], F + 1, F + 1), np.inf, np.float32)
    path[..., 0, 0] = 0
    for i in range(1, F + 1):
        for k in range(1, F + 1):
            before = np.minimum(np.minimum(path[..., i - 1, k], path[..., i, k - 1]), path[..., i - 1, k - 1])
            path[..., i, k] = cost[..., i - 1, k - 1] + before
    return path[..., F, F] / (2 * F)


def accuracy(answer: Answerer, some: Sequence[Episode]) -> dict[str, float]:
    """Mean over episodes in %, and half of its 95 % interval."""
    right = [np.concatenate([said == a for a, said in enumerate(answer(episode))]).mean() for episode in some]
    return {
        "top1": round(100 * float(np.mean(right)), 1),
        "interval": round(196 * float(np.std(right, ddof=1)) / len(right) ** 0.5, 1),
    }


def compare(
    shown: Shown, answerers: dict[str, Answerer], ways: int, shots: Sequence[int], count: int, seed: int
) -> list[dict[str, Any]]:
    """A row each way to answer and number of shots."""
    from tqdm import tqdm

    rows: list[dict[str, Any]] = []
    drawn = {k: episodes(shown, ways, k, count, seed) for k in shots}
    for name in tqdm(answerers, desc="episodes", unit="way"):
        row: dict[str, Any] = {"answered by": name}
        for k, some in drawn.items():
            found = accuracy(answerers[name], some)
            row[f"{ways}-way {k}-shot"] = f"{found['top1']} ± {found['interval']}"
        rows.append(row)
    return rows


def measure(
    models: dict[str, tuple[ActionModel, Path]],
    shown: Callable[[ActionModel], Shown],
    ways: int,
    shots: Sequence[int],
    count: int,
    seed: int,
) -> list[dict[str, Any]]:
    """All ways to answer on each model's embedding, and warping.

    Args:
        models: by name, with their files; the first one's clips are warped.
        shown: the clips as a model's windows cut them.
        ways: actions of an episode. shots: clips that teach each. count: episodes. seed: of them.
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
    return compare(clips, answerers | {"joints, time warping": by_warping(warped(clips))}, ways, shots, count, seed)


def live(
    model: ActionModel,
    path: Path,
    shown: Shown,
    tracks: Sequence[Track],
    strange: Sequence[Track],
    some: Sequence[Episode],
) -> dict[str, Any]:
    """What the app says with actions taught beside the model's own: of clips of them, and of everything else.

    Args:
        model: and its file `path`.
        shown: clips that teach, of the same order as `tracks`, whole, which are played.
        strange: clips of no action and of stillness: each taught action that is said of them is a mistake.
        some: episodes; each is a pack.

    Returns:
        packs, clips played in all; said: in % of the clips an event with the taught name; wrong: with another taught
        name; false_a_minute: taught names said of `strange`, and the minutes of it; pack_kb: size of the last pack, which
        holds all its clips; teach_s: to teach one action of them, its clips cut already, the median.
    """  # fmt: skip
    from tqdm import tqdm

    from app.teach.model import TaughtModel
    from app.teach.pack import pack_bytes
    from training.default.measures import listen

    teacher, said, wrong, false, seconds, asked = Teacher(model, path), 0, 0, 0, 0.0, 0
    took: list[float] = []
    for episode in tqdm(some, desc="live", unit="pack"):
        pack = teacher.pack()
        for a, teach in enumerate(episode.teach_AK):
            began = time.perf_counter()
            pack = teacher.add(pack, f"taught {a}", shown.clips_NLV3[teach])
            took.append(time.perf_counter() - began)
        taught = TaughtModel(model, pack)
        for a, ask in enumerate(episode.ask):
            for place in ask:
                names = {label for label, *_ in listen(taught, tracks[place]).events} & set(pack.actions)
                asked, said = asked + 1, said + (f"taught {a}" in names)
                wrong += bool(names - {f"taught {a}"})
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
        "teach_s": round(float(np.median(took)), 2),
    }


def counts(shown: Shown) -> str:
    """What there is, in a line."""
    by_action: dict[str, set[str]] = defaultdict(set)
    for action, actor in zip(shown.action_N.tolist(), shown.actor_N.tolist()):
        by_action[action].add(actor)
    told = (f"{a} {int((shown.action_N == a).sum())} of {len(actors)}" for a, actors in sorted(by_action.items()))
    return f"{len(shown.action_N)} clips (of actors): " + ", ".join(told)
