"""Few-shot episodes: some actions are drawn, some clips of each teach (support), clips of other actors ask (query).

Shapes: N clips, L frames of a clip, K shots, A actions of an episode.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.teach.examples import Demonstration, clip_of
from models.labels import IDLE, OTHER

if TYPE_CHECKING:
    from training.data.tracks import Track

ASKED = 5  # clips of each action that ask, at most


@dataclass(frozen=True, slots=True)
class Shown:
    """Clips that may teach or ask.

    Attributes:
        clips_NLV3: as teaching cuts them, metres.
        action_N: what each shows.
        actor_N: who it is; names of a set's actors hold the set.
        set_N: where it was recorded.
    """

    clips_NLV3: np.ndarray
    action_N: np.ndarray
    actor_N: np.ndarray
    set_N: np.ndarray


def shown_of(tracks: Sequence[Track], actors: Sequence[str], window_s: float, frames: int) -> Shown:
    """Cut the clips about the middles of tracks, as teaching cuts them."""
    clips = []
    for track in tracks:
        recording = Demonstration(track.times_T, track.joints_TV3, track.seen_TV)
        clips.append(clip_of(recording, float(track.times_T[0]), float(track.times_T[-1]), window_s, frames))
    action_N, set_N = (np.array(names) for names in zip(*((t.action, t.source) for t in tracks), strict=True))
    return Shown(np.stack(clips), action_N, np.array(actors), set_N)


def gather(
    data: Path, drawn: Sequence[Path], part: str, actions: Sequence[str], domain: str, within: bool = False
) -> tuple[list[Track], list[str]]:
    """Collect tracks of some actions of a part in one domain, and who is seen in each.

    Args:
        data: folder that holds skeletons/.
        drawn: folders of drawn clips.
        part: val, test, or unseen for the sets that never train.
        actions: short ids.
        domain: "raw", or "camera" for the same clips drawn and seen through the app's pose path.
        within: call each action by its own name in its set, as one action here may be several there.
    """
    from training.data.splits import SETS, UNSEEN_SETS, samples
    from training.data.tracks import camera_tracks, raw_track

    held = [s for s in samples(data, UNSEEN_SETS if part == "unseen" else SETS) if s.part == part]
    held = [s for s in held if s.action in actions]
    by_key = {s.key: s for s in held}
    if domain == "raw":
        tracks = [raw_track(s) for s in held]
    else:
        seen = [t for folder in drawn for t in camera_tracks(folder) if t.part == part and t.action in actions]
        tracks = [t for t in seen if t.recorded in by_key]
    clips = [by_key[t.recorded].clip for t in tracks]
    if within:
        tracks = [replace(t, action=f"{t.source}: {clip.label}") for t, clip in zip(tracks, clips, strict=True)]
    return tracks, [f"{t.source} {clip.subject}" for t, clip in zip(tracks, clips, strict=True)]


def strangers(data: Path, drawn: Sequence[Path], part: str, domain: str, most: int = 60) -> list[Track]:
    """Collect clips of no action and of stillness, of the same part and domain.

    There are at most so many, spread over all.
    """
    from training.data.tracks import camera_tracks, raw_tracks

    part = "test" if part == "unseen" else part  # no set is kept back that has them
    every = raw_tracks(data, other=True) if domain == "raw" else [t for f in drawn for t in camera_tracks(f)]
    held = [t for t in every if t.part == part and t.action in (OTHER, IDLE)]
    return [held[i] for i in np.unique(np.linspace(0, len(held) - 1, min(most, len(held))).astype(int))]


@dataclass(frozen=True, slots=True)
class Episode:
    """Places of an episode's clips: (A, K) that teach, and for each action those that ask."""

    teach_AK: np.ndarray
    ask: tuple[np.ndarray, ...]


def episodes(shown: Shown, ways: int, shots: int, count: int, seed: int, within: bool = False) -> list[Episode]:
    """Draw seeded episodes, in which who teaches an action never asks for it.

    Args:
        shown: the clips.
        ways: actions of an episode.
        shots: clips that teach each.
        count: of episodes.
        seed: of everything random.
        within: all clips of an episode come from one set.

    Raises:
        ValueError: fewer than `ways` actions have enough clips and actors.
    """
    rng = np.random.default_rng([seed, ways, shots])
    places = {a: np.flatnonzero(shown.action_N == a) for a in sorted(set(shown.action_N.tolist()))}
    able = [a for a, mine in places.items() if len(set(shown.actor_N[mine])) > 1 and len(mine) > 2 * shots]
    groups: dict[str, list[str]] = defaultdict(list)
    for action in able:
        groups[shown.set_N[places[action][0]] if within else ""].append(action)
    drawn = [actions for actions in groups.values() if len(actions) >= ways]
    if not drawn:
        where = " of one set" if within else ""
        raise ValueError(
            f"{ways} actions{where} with clips of two actors and {2 * shots + 1} clips are needed; got {able}"
        )
    made: list[Episode] = []
    while len(made) < count:
        actions = drawn[rng.integers(len(drawn))] if len(drawn) > 1 else drawn[0]
        pairs = [_split(shown, places[actions[i]], shots, rng) for i in rng.permutation(len(actions))[:ways]]
        made.append(Episode(np.stack([teach for teach, _ in pairs]), tuple(ask for _, ask in pairs)))
    return made


def _split(shown: Shown, mine: np.ndarray, shots: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Choose clips of some actors that teach, and clips of the others that ask."""
    mine = rng.permutation(mine)
    actors = rng.permutation(np.unique(shown.actor_N[mine]))
    for i in range(1, len(actors)):
        teaching = np.isin(shown.actor_N[mine], actors[:i])
        if teaching.sum() >= shots and i >= len(actors) // 2:
            break
    if teaching.sum() < shots:  # the actor who is left has too few
        return _split(shown, mine, shots, rng)
    return mine[teaching][:shots], mine[~teaching][:ASKED]


def counts(shown: Shown) -> str:
    """Say in a line how many clips there are."""
    by_action: dict[str, set[str]] = defaultdict(set)
    for action, actor in zip(shown.action_N.tolist(), shown.actor_N.tolist()):
        by_action[action].add(actor)
    told = (f"{a} {int((shown.action_N == a).sum())} of {len(actors)}" for a, actors in sorted(by_action.items()))
    return f"{len(shown.action_N)} clips (of actors): " + ", ".join(told)
