"""Stillness to train on: clips that are still indeed, and long enough to fill a window.

Most recorded stillness is the ends of clips: short, and half of it on the way into or out of a movement. What moves is
left out, and short pieces of about the same pose are joined.

Shapes: T frames, V joints, N tracks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.stream.motion import BASE_S, FASTEST
from models.labels import IDLE
from models.skeleton import CENTRE, JOINTS
from training.data.tracks import Track

RECORDED_MPS = 0.25  # a recorded clip of stillness peaks below it, ...
SEEN_MPS = 0.5  # ... and one seen by a camera, whose landmarks jitter, below this
LASTS_S = (3.0, 8.0)  # of stillness that was joined
GAP_S = 0.6  # least time between two pieces, in which one pose passes into the next ...
PASSING_MPS = 0.3  # ... no faster than this
_NEAR = 6  # of the pieces whose pose fits best, one is drawn from so many
_LEFT, _RIGHT = JOINTS.index("left_shoulder"), JOINTS.index("right_shoulder")


def speeds(times_T: np.ndarray, joints_TV3: np.ndarray, seen_TV: np.ndarray) -> np.ndarray:
    """Measure how fast the fastest joints move about the shoulders, (T,) m/s, over the BASE_S before each frame.

    The first frames have the speed of the first that can tell. A joint out of sight does not move.
    """
    if len(times_T) < 2:
        return np.zeros(len(times_T))
    body_TV3 = joints_TV3 - joints_TV3[:, CENTRE : CENTRE + 1]
    back_T = np.searchsorted(times_T, times_T - BASE_S + 1e-6, "right") - 1
    can_T = back_T >= 0
    if not can_T.any():
        can_T[-1], back_T[-1] = True, 0
    back_T = back_T.clip(0)
    gone_TV = np.linalg.norm(body_TV3 - body_TV3[back_T], axis=-1) * (seen_TV & seen_TV[back_T])
    span_T = np.maximum(times_T - times_T[back_T], 1e-3)
    speed_T = np.sort(gone_TV, 1)[:, -FASTEST:].mean(1) / span_T
    speed_T[~can_T] = speed_T[np.flatnonzero(can_T)[0]]
    return speed_T


def peak_speed(track: Track) -> float:
    """Return the greatest speed of a track's fastest joints, in m/s."""
    return float(speeds(track.times_T, track.joints_TV3, track.seen_TV).max())


def is_still(track: Track) -> bool:
    """Return whether a track of stillness is still indeed."""
    return peak_speed(track) < (RECORDED_MPS if track.domain == "raw" else SEEN_MPS)


def heading(joints_V3: np.ndarray) -> float:
    """Return the angle of the shoulders of (V, 3) about y in radians, 0 for a person who faces the camera."""
    across = joints_V3[_RIGHT] - joints_V3[_LEFT]
    return float(np.arctan2(across[2], across[0]))


def turn(angle: float) -> np.ndarray:
    """Return the rotation about y, (3, 3) float32, that turns a heading of `angle` radians to 0."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32)


def turned(joints_TV3: np.ndarray, angle: float) -> np.ndarray:
    """Turn joints (..., V, 3) about y, so that a heading of `angle` radians becomes 0."""
    return (joints_TV3 @ turn(angle).T).astype(np.float32)


def shoulder_width(joints_TV3: np.ndarray) -> float:
    """Return the median distance between the shoulders of (..., V, 3), in metres."""
    return float(np.median(np.linalg.norm(joints_TV3[..., _RIGHT, :] - joints_TV3[..., _LEFT, :], axis=-1))) + 1e-6


def settled(tracks: Sequence[Track], seed: int = 0) -> list[Track]:
    """Return the tracks with their stillness made fit to train on; tracks of actions stay as they are.

    Args:
        tracks: of any action.
        seed: of what is joined with what.
    """
    moving = [track for track in tracks if track.action != IDLE]
    groups: dict[tuple[str, str], list[Track]] = defaultdict(list)
    for track in tracks:
        if track.action == IDLE and is_still(track):
            groups[track.domain, track.source].append(track)
    still: list[Track] = []
    for number, (_, mine) in enumerate(sorted(groups.items())):
        still += _joined(mine, np.random.default_rng([seed, number]))
    return moving + still


def _joined(mine: list[Track], rng: np.random.Generator) -> list[Track]:
    """Keep the long clips of one source, and join the short ones."""
    whole = [track for track in mine if track.seconds >= LASTS_S[0]]
    short = [track for track in mine if track.seconds < LASTS_S[0]]
    if not short:
        return whole
    pose_NV3 = np.stack([middle_pose(track) for track in short])
    legs_N = np.array([track.seen_TV.mean() for track in short])
    left, made = set(range(len(short))), []
    while left:
        at = min(left)
        chain, lasts = [at], rng.uniform(*LASTS_S)
        left.remove(at)
        seconds = 2 * short[at].seconds
        while seconds < lasts:
            far_N = np.linalg.norm(pose_NV3 - pose_NV3[chain[-1]], axis=-1).mean(-1) + np.abs(legs_N - legs_N[at])
            far_N[[i for i in range(len(short)) if i not in left]] += 1e-3  # rather one that was not used yet
            far_N[chain[-1]] = np.inf if len(short) > 1 else 0.0
            chain.append(int(rng.choice(np.argsort(far_N)[: min(_NEAR, max(len(short) - 1, 1))])))
            left.discard(chain[-1])
            seconds += 2 * short[chain[-1]].seconds + GAP_S
        made.append(_chained([short[i] for i in chain]))
    return whole + made


def middle_pose(track: Track) -> np.ndarray:
    """Return a track's middle pose about the shoulders, (V, 3), facing the camera, in shoulder widths."""
    middle_V3 = track.joints_TV3[len(track.joints_TV3) // 2]
    centred = middle_V3 - middle_V3[CENTRE]
    return turned(centred, heading(centred)) / shoulder_width(track.joints_TV3)


def _chained(pieces: list[Track]) -> Track:
    """Play each piece forth and back, one after the other, at the size and heading of the first."""
    first = pieces[0]
    size, facing = shoulder_width(first.joints_TV3), heading(first.joints_TV3[0])
    times: list[np.ndarray] = []
    joints: list[np.ndarray] = []
    seen: list[np.ndarray] = []
    at = 0.0
    for piece in pieces:
        times_T = piece.times_T - piece.times_T[0]
        step = times_T[-1] / max(len(times_T) - 1, 1)
        there = piece.joints_TV3 - piece.joints_TV3[:, CENTRE : CENTRE + 1]
        there = turned(there, heading(there[0]) - facing) * (size / shoulder_width(there))
        if joints:
            gone_V = np.sort(np.linalg.norm(there[0] - joints[-1][-1], axis=-1))
            at += max(GAP_S, float(gone_V[-FASTEST:].mean()) / PASSING_MPS)
        times.append(at + np.concatenate([times_T, 2 * times_T[-1] + step - times_T[::-1]]))
        joints.append(np.concatenate([there, there[::-1]]))
        seen.append(np.concatenate([piece.seen_TV, piece.seen_TV[::-1]]))
        at = times[-1][-1]
    return replace(
        first,
        times_T=np.concatenate(times),
        joints_TV3=np.concatenate(joints).astype(np.float32),
        seen_TV=np.concatenate(seen),
        truth_TV3=None,
    )
