"""Long recordings with known times, spliced from clips: one actor's actions in turn, with stillness between them.

Of each clip the actor's own body and place are kept; stillness comes from other recordings, scaled and turned to fit,
and is played forth and back for as long as it is needed. Between two pieces BLEND_S are filled by interpolation.

Shapes: T frames, V joints.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.labels import IDLE, SAME
from models.resample import bridge_gaps
from models.skeleton import JOINTS, fill_lost
from training.data.splits import IDLE_ENDS, SETS, samples
from training.data.stillness import heading, turn
from training.data.tracks import Track

FPS = 30.0
BLEND_S = 0.3
STILL_S = (1.5, 4.0)  # how long stillness lasts between two actions
ACTIONS = (4, 6)  # of a recording, both ends included
# One-second slices begin and end within an action: they have no times of their own.
SLICED = ("cad60",)
FIRST, LAST = ("stand_up",), ("sit_down", "lie_down")  # the body's posture before and after them is not standing
_NEAR = 8  # of the stillness that fits best, one piece is drawn from so many
Clips = dict[str, list[np.ndarray]]  # of one actor, by action
_PELVIS = JOINTS.index("pelvis")
_HEAD = JOINTS.index("head")


@dataclass(frozen=True, slots=True)
class Splice:
    """Spliced recording and the actions in it.

    Attributes:
        joints_TV3: metres, FPS frames a second.
        truth: label, start and end in seconds of each action, in turn.
        source: the set and the actor.
    """

    joints_TV3: np.ndarray
    truth: tuple[tuple[str, float, float], ...]
    source: str


def splices(data: str | Path, part: str, each: int, seed: int = 0) -> list[Splice]:
    """Make recordings of one part's actors, `each` of every set whose clips are whole actions.

    Args:
        data: folder that holds skeletons/.
        part: "train", "val" or "test" of training.data.splits.
        each: recordings a set.
        seed: everything random comes from it.
    """
    actors, still = _read(data, part)
    pool = Stillness(still)
    made = []
    for number, name in enumerate(SETS):
        rng = np.random.default_rng([seed, number])
        several = {actor: clips for (owner, actor), clips in actors.items() if owner == name and len(clips) > 1}
        for _ in range(each if several else 0):
            actor = int(rng.choice(sorted(several)))
            made.append(splice(_draw(several[actor], rng), pool, rng, f"{name} {actor}"))
    return made


def _read(data: str | Path, part: str) -> tuple[dict[tuple[str, int], Clips], list[np.ndarray]]:
    """Read whole actions by set and actor, and stillness, all at FPS."""
    actors: dict[tuple[str, int], Clips] = defaultdict(lambda: defaultdict(list))
    still = []
    for sample in samples(data):
        if sample.part != part:
            continue
        joints_TV3 = _at_fps(fill_lost(*sample.clip.shown[1:]), sample.clip.fps)
        if sample.action == IDLE:
            still.append(joints_TV3)
            continue
        rest = round(IDLE_ENDS.get(sample.set, 0.0) * FPS)
        if sample.set not in SLICED and len(joints_TV3) > 2 * rest + 4:
            whole_TV3 = joints_TV3[rest : len(joints_TV3) - rest]
            actors[sample.set, sample.clip.subject][sample.action].append(whole_TV3)
    return actors, still


def amid_stillness(tracks: Sequence[Track], still: Sequence[Track], seed: int = 0) -> list[Track]:
    """Put stillness before and after each clip, as a stream would show it.

    The stillness is of somebody who stands or sits still.

    Args:
        tracks: clips of one action each.
        still: clips of stillness.
        seed: everything random comes from it.

    Raises:
        ValueError: there are no clips of stillness.
    """
    pool, made = Stillness([_even(track) for track in still]), []
    for i, track in enumerate(tracks):
        joints_TV3 = splice([(track.action, _even(track))], pool, np.random.default_rng([seed, i]), "").joints_TV3
        columns = (np.arange(len(joints_TV3)) / FPS, joints_TV3, np.ones(joints_TV3.shape[:2], bool))
        made.append(replace(track, times_T=columns[0], joints_TV3=columns[1], seen_TV=columns[2], truth_TV3=None))
    return made


class Stillness:
    """Pieces of stillness, found by the pose that they show. The more restless half is left out.

    Args:
        clips: (T, V, 3) metres each, at FPS.
    """

    def __init__(self, clips: Sequence[np.ndarray]) -> None:
        if not clips:
            raise ValueError("there are no clips of stillness to put between the actions")
        speed_N = np.array([np.abs(np.diff(upright(clip), axis=0)).mean() for clip in clips])
        self._clips = [clips[i] for i in np.argsort(speed_N)[: max(1, (len(clips) + 1) // 2)]]
        self._pose_NV3 = np.stack([upright(clip).mean(0) for clip in self._clips])

    def like(self, pose_V3: np.ndarray, frames: int, rng: np.random.Generator) -> np.ndarray:
        """Return (frames, V, 3) of stillness in about that pose, moved to its place and scaled to its size."""
        far_N = np.linalg.norm(self._pose_NV3 - upright(pose_V3), axis=-1).mean(-1)
        clip = self._clips[int(rng.choice(np.argsort(far_N)[:_NEAR]))]
        there_and_back = np.concatenate([clip, clip[-2:0:-1]])
        start = int(rng.integers(len(there_and_back)))
        clip = there_and_back[(start + np.arange(frames)) % len(there_and_back)]
        scale, turn_33 = _size(pose_V3) / _size(clip[0]), turn(heading(clip[0]) - heading(pose_V3))
        return ((clip - clip[:1, _PELVIS, None]) @ turn_33.T * scale + pose_V3[_PELVIS]).astype(np.float32)


def splice(actions: Sequence[tuple[str, np.ndarray]], pool: Stillness, rng: np.random.Generator, source: str) -> Splice:
    """Splice the actions in turn, with stillness before, between and after them."""
    draw = lambda: round(rng.uniform(*STILL_S) * FPS)  # noqa: E731
    pieces, truth, frames = [pool.like(actions[0][1][0], draw(), rng)], [], 0
    for k, (_, clip) in enumerate(actions):
        pieces.append(_placed(clip, pieces[-1][-1]))
        last, after = pieces[-1][-1], actions[min(k + 1, len(actions) - 1)][1][0]
        middle = last if k + 1 == len(actions) else (last + _placed(after[None], last)[0]) / 2
        pieces.append(pool.like(middle.astype(np.float32), draw(), rng))
    blend, parts = round(BLEND_S * FPS), []
    for k, piece in enumerate(pieces):
        if k:
            share = np.linspace(0, 1, blend + 2)[1:-1, None, None]
            parts.append((1 - share) * pieces[k - 1][-1] + share * piece[0])
            frames += blend
        if k % 2:
            label = actions[k // 2][0]
            truth.append((SAME.get(label, label), frames / FPS, (frames + len(piece)) / FPS))
        parts.append(piece)
        frames += len(piece)
    return Splice(np.concatenate(parts).astype(np.float32), tuple(truth), source)


def upright(joints_V3: np.ndarray) -> np.ndarray:
    """Place joints about the pelvis of the first frame, facing the camera, in trunk lengths, (..., V, 3)."""
    first_V3 = joints_V3.reshape(-1, *joints_V3.shape[-2:])[0]
    return (joints_V3 - first_V3[_PELVIS]) @ turn(heading(first_V3)).T / _size(first_V3)


def _draw(clips: Clips, rng: np.random.Generator) -> list[tuple[str, np.ndarray]]:
    """Draw actions of one actor in turn, no two alike in a row.

    Actions that change the posture come only where they can: FIRST at the start, LAST at the end.
    """
    names = sorted(clips)
    drawn: list[tuple[str, np.ndarray]] = []
    count = int(rng.integers(ACTIONS[0], ACTIONS[1] + 1))
    for place in range(count):
        fit = [n for n in names if (place == 0 or n not in FIRST) and (place == count - 1 or n not in LAST)]
        fit = [n for n in fit if not drawn or n != drawn[-1][0]]
        if fit:
            name = str(rng.choice(fit))
            drawn.append((name, clips[name][int(rng.integers(len(clips[name])))]))
    return drawn


def _at_fps(joints_TV3: np.ndarray, fps: float) -> np.ndarray:
    """Resample joints to FPS frames a second."""
    when = np.arange(0, len(joints_TV3) - 1 + 1e-6, fps / FPS)
    a = np.minimum(when.astype(int), max(len(joints_TV3) - 2, 0))
    b, share = np.minimum(a + 1, len(joints_TV3) - 1), (when - a)[:, None, None]
    return ((1 - share) * joints_TV3[a] + share * joints_TV3[b]).astype(np.float32)


def _even(track: Track) -> np.ndarray:
    """Return a track's joints at FPS, (T, V, 3).

    Joints out of sight are filled as the app does it.
    """
    known_TV3 = bridge_gaps(track.times_T, track.joints_TV3, track.seen_TV)
    when_T = np.arange(track.times_T[0], track.times_T[-1] + 1e-6, 1 / FPS)
    b_T = np.searchsorted(track.times_T, when_T, "right").clip(1, len(track.times_T) - 1)
    step_T = track.times_T[b_T] - track.times_T[b_T - 1]
    share_T = ((when_T - track.times_T[b_T - 1]) / step_T)[:, None, None]
    return ((1 - share_T) * known_TV3[b_T - 1] + share_T * known_TV3[b_T]).astype(np.float32)


def _placed(clip_TV3: np.ndarray, before_V3: np.ndarray) -> np.ndarray:
    """Move and turn a clip so that it begins where the pose before it ended."""
    turn_33 = turn(heading(clip_TV3[0]) - heading(before_V3))
    return ((clip_TV3 - clip_TV3[0, _PELVIS]) @ turn_33.T + before_V3[_PELVIS]).astype(np.float32)


def _size(pose_V3: np.ndarray) -> float:
    return float(np.linalg.norm(pose_V3[_HEAD] - pose_V3[_PELVIS])) + 1e-6
