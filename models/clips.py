"""The one clip format of the project: many skeleton clips in one .npz, or one recorded clip. Numpy only.

Many clips: frames (sum T, 25, 3) float32 metres, or int16 with `scale` metres a unit; start, length, and where known
label, action (the common label), subject, view, fps by clip. One clip: frames (T, 25, 3) and fps.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.skeleton import V

_FIELDS = ("label", "action", "subject", "view", "fps")


class ClipFileError(ValueError):
    """A clip file cannot be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One recorded skeleton.

    Attributes:
        joints_TV3: (T, 25, 3) float32 metres, NTU order and axes.
        fps: frames a second.
        label: the set's own name of the action, "" where unknown.
        action: the common label, "" where none fits.
        subject: number of the actor.
        view: number of the camera.
        index: place within its file; None for a file of one clip.
    """

    joints_TV3: np.ndarray
    fps: float
    label: str = ""
    action: str = ""
    subject: int = 0
    view: int = 0
    index: int | None = None

    def __post_init__(self) -> None:
        if self.joints_TV3.ndim != 3 or self.joints_TV3.shape[1:] != (V, 3):
            raise ClipFileError(f"a clip is (T, {V}, 3) joints in metres; got {self.joints_TV3.shape}")
        if not np.isfinite(self.joints_TV3).all():
            raise ClipFileError("a clip holds numbers that are not finite; mark lost joints by zeros instead")
        if not (np.isfinite(self.fps) and 0 < self.fps <= 1000):
            raise ClipFileError(f"a clip needs its frames a second (fps) between 0 and 1000; got {self.fps}")

    @property
    def seen_T(self) -> np.ndarray:
        """(T,) bool: a frame of all zeros is a lost frame."""
        return self.joints_TV3.any((1, 2))

    @property
    def seconds(self) -> float:
        """Duration, seconds."""
        return len(self.joints_TV3) / self.fps


def read_clips(path: str | os.PathLike) -> Iterator[Clip]:
    """Clips of one .npz, one by one.

    Raises:
        ClipFileError: the file is missing, no .npz, or lacks what a clip needs.
    """
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            fields = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise ClipFileError(f"{path}: there is no such file") from None
    except Exception as error:  # zipfile and numpy raise half a dozen kinds for a broken archive
        raise ClipFileError(f"{path}: not a readable .npz of recorded skeletons ({error})") from None
    yield from _clips(fields, path)


def _clips(fields: dict[str, np.ndarray], path: Path) -> Iterator[Clip]:
    frames = fields.get("frames")
    if frames is None or frames.ndim != 3 or frames.shape[1:] != (V, 3) or "fps" not in fields:
        held = ", ".join(f"{name} {array.shape}" for name, array in sorted(fields.items()))
        raise ClipFileError(f"{path}: needs `frames` (T, {V}, 3) in metres and `fps`; it holds {held or 'nothing'}")
    scale = float(fields.get("scale", 1.0))
    if "start" not in fields:
        yield Clip(frames.astype(np.float32) * scale, float(np.ravel(fields["fps"])[0]))
        return
    start, length = fields["start"], fields.get("length")
    if length is None or len(start) != len(length):
        raise ClipFileError(f"{path}: `start` and `length` must name the same clips")
    for name in _FIELDS:
        if name in fields and len(np.ravel(fields[name])) != len(start):
            raise ClipFileError(f"{path}: `{name}` must have one entry a clip ({len(start)})")
    for i, (a, n) in enumerate(zip(start.tolist(), length.tolist(), strict=True)):
        if not 0 <= a <= a + n <= len(frames):
            raise ClipFileError(f"{path}: clip {i} reaches past the end of `frames`")
        extra = {name: np.ravel(fields[name])[i].item() for name in _FIELDS if name in fields}
        yield Clip(frames[a : a + n].astype(np.float32) * scale, index=i, **extra)


def write_clips(path: str | os.PathLike, clips: list[Clip]) -> None:
    """Write clips to one .npz, whole or not at all: joints as int16 of half a millimetre."""
    path, scale = Path(path), 0.0005
    lengths = np.array([len(c.joints_TV3) for c in clips], np.int32)
    frames = np.concatenate([c.joints_TV3 for c in clips]) if clips else np.zeros((0, V, 3), np.float32)
    fields = {name: np.array([getattr(c, name) for c in clips]) for name in _FIELDS}
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        np.savez_compressed(
            file,
            frames=np.clip(np.round(frames / scale), -32767, 32767).astype(np.int16),
            scale=np.float32(scale),
            start=np.concatenate([[0], np.cumsum(lengths)])[:-1].astype(np.int64),
            length=lengths,
            **fields,
        )
    os.replace(part, path)
