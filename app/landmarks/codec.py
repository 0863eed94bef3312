"""The coding of people's landmarks as bytes: 6-8 kB a second for each person at 30 frames a second.

World landmarks are kept in steps of 0.2 mm, image landmarks in steps of 1/8192 of the frame, visibility in 250 bins.
What is written is the difference to the same person's frame before, with high bytes and low bytes apart, compressed by
zlib.

Shapes: F frames, P poses in them, L landmarks (33), K numbers of a pose.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np

from app.types import LANDMARKS, Pose

Frame = tuple[float, tuple[tuple[int, Pose], ...]]  # (seconds, (person's number, pose) of everybody in it)

WORLD_M = 0.0002  # up to 6.5 m from the hips
IMAGE = 1 / 8192  # up to 4 frames from the corner
BINS = 250  # bins of visibility; 0.3, from which a landmark counts as seen, is the edge of one
MOST_PEOPLE = 255
MOST_FRAMES, MOST_POSES = 1024, 4096  # most in one piece
MOST_RAW = 1 << 22  # bytes of a piece before compression
_HEAD = struct.Struct("<II")
_LARGEST = 32767


class LandmarkError(ValueError):
    """The reason why recorded landmarks cannot be read, as one sentence for the user."""


def pack(frames: Sequence[Frame]) -> bytes:
    """Compress frames in order to bytes, with times to the microsecond.

    There are at most MOST_FRAMES frames with MOST_POSES poses.
    """
    times_F = np.array([round(time_s * 1e6) for time_s, _ in frames], "<i8")
    counts_F = np.array([len(people) for _, people in frames], np.uint8)
    everybody = [entry for _, people in frames for entry in people]
    numbers_P = np.array([number for number, _ in everybody], "<u4")
    order_P = np.argsort(numbers_P, kind="stable")  # each person's frames one after the other
    poses = [everybody[p][1] for p in order_P]
    world_PK = _steps(np.array([pose.world_V3 for pose in poses]).reshape(-1, LANDMARKS * 3), WORLD_M)
    image_PK = _steps(np.array([pose.image_V3 for pose in poses]).reshape(-1, LANDMARKS * 3), IMAGE)
    seen_PL = np.array([pose.visibility_V for pose in poses], np.float32).reshape(-1, LANDMARKS)
    seen_PL = np.floor(seen_PL.clip(0, 1) * BINS).astype("<i2")
    starts_P = _starts(numbers_P[order_P])
    parts: list[bytes | np.ndarray] = [_HEAD.pack(len(times_F), len(numbers_P)), times_F, counts_F, numbers_P]
    parts += [_planes(_differences(steps_PK, starts_P)) for steps_PK in (world_PK, image_PK, seen_PL)]
    return zlib.compress(b"".join(part if isinstance(part, bytes) else part.tobytes() for part in parts))


def unpack(packed: bytes) -> list[Frame]:
    """Return the frames that `pack` compressed.

    Raises:
        LandmarkError: the bytes are not from `pack`, or would fill more memory than a piece may.
    """
    try:
        inflate = zlib.decompressobj()
        raw = inflate.decompress(packed, MOST_RAW)
        if not inflate.eof:
            raise LandmarkError("cut short, or larger than a piece may be")
        frames, poses = _HEAD.unpack_from(raw)
        sizes = (8 * frames, frames, 4 * poses, *(2 * poses * k for k in (LANDMARKS * 3, LANDMARKS * 3, LANDMARKS)))
        if frames > MOST_FRAMES or poses > MOST_POSES or len(raw) != _HEAD.size + sum(sizes):
            raise LandmarkError("of another size than it says")
    except (zlib.error, struct.error):
        raise LandmarkError("not compressed landmarks") from None
    ends = np.cumsum((_HEAD.size, *sizes)).tolist()
    times, counts, numbers, world, image, seen = (raw[a:b] for a, b in zip(ends, ends[1:]))
    times_F, counts_F, numbers_P = (
        np.frombuffer(times, "<i8"),
        np.frombuffer(counts, np.uint8),
        np.frombuffer(numbers, "<u4"),
    )
    if counts_F.sum() != poses or np.any(np.diff(times_F) <= 0):
        raise LandmarkError("its frames make no sense")
    order_P = np.argsort(numbers_P, kind="stable")
    starts_P = _starts(numbers_P[order_P])
    steps = [_undone(plane, poses, starts_P)[np.argsort(order_P)] for plane in (world, image, seen)]
    return _frames(times_F, counts_F, numbers_P, *steps)


def _frames(
    times_F: np.ndarray,
    counts_F: np.ndarray,
    numbers_P: np.ndarray,
    world_PK: np.ndarray,
    image_PK: np.ndarray,
    seen_PL: np.ndarray,
) -> list[Frame]:
    world_PL3 = (world_PK.astype(np.float32) * np.float32(WORLD_M)).reshape(-1, LANDMARKS, 3)
    image_PL3 = (image_PK.astype(np.float32) * np.float32(IMAGE)).reshape(-1, LANDMARKS, 3)
    seen_PL = ((seen_PL.astype(np.float32) + 0.5) / BINS).clip(0, 1)
    frames, p = [], 0
    for microseconds, count in zip(times_F.tolist(), counts_F.tolist()):
        time_s, span = microseconds / 1e6, range(p, p + count)
        people = ((int(numbers_P[k]), Pose(time_s, world_PL3[k], image_PL3[k], seen_PL[k])) for k in span)
        frames.append((time_s, tuple(people)))
        p += count
    return frames


def _steps(values_PK: np.ndarray, step: float) -> np.ndarray:
    return np.rint(values_PK / step).clip(-_LARGEST, _LARGEST).astype("<i2")


def _starts(numbers_P: np.ndarray) -> np.ndarray:
    """Return a mask (P,) of the poses with which, in the order of people, another person begins."""
    return np.concatenate([[True], numbers_P[1:] != numbers_P[:-1]])[: len(numbers_P)]


def _differences(steps_PK: np.ndarray, starts_P: np.ndarray) -> np.ndarray:
    """Return the differences to the same person's pose before; int16 wraps around, and back again."""
    differences_PK = steps_PK.copy()
    differences_PK[1:] -= np.where(starts_P[1:, None], 0, steps_PK[:-1]).astype("<i2")
    return differences_PK


def _planes(steps_PK: np.ndarray) -> bytes:
    """Return each number's course in time as bytes, the high ones first.

    The sign goes into the lowest bit, so that small steps have empty high bytes.
    """
    folded_KP = ((steps_PK << 1) ^ (steps_PK >> 15)).astype("<i2").T
    halves = np.ascontiguousarray(folded_KP).view(np.uint8).reshape(-1, 2)
    return halves[:, 1].tobytes() + halves[:, 0].tobytes()


def _undone(plane: bytes, poses: int, starts_P: np.ndarray) -> np.ndarray:
    """Return the steps (P, K), in the order of people, from which `_differences` and `_planes` made these bytes."""
    high, low = np.frombuffer(plane, np.uint8).reshape(2, -1)
    halves = np.stack([low, high], 1)
    folded_PK = (
        np.ascontiguousarray(halves).view("<u2").reshape(-1, poses).T if poses else np.zeros((0, len(low)), "<u2")
    )
    steps_PK = ((folded_PK >> 1) ^ -(folded_PK & 1)).astype("<i2")
    for part in np.split(np.arange(poses), np.flatnonzero(starts_P)[1:]):
        steps_PK[part] = np.cumsum(steps_PK[part], axis=0, dtype="<i2")
    return steps_PK
