"""The clip format of the project: many skeleton clips in one .npz, or one recorded clip. Numpy only.

A file of many clips has frames (sum T, 25, 3), float32 metres or int16 with `scale` metres a unit. By clip it has start
and length, and where known label, action (the common label), subject, view and fps. A file of one clip has frames
(T, 25, 3) and fps.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from models.body import judge
from models.layouts import layout_hint
from models.lost_joints import known_joints, mended
from models.skeleton import CENTRE, V
from models.system.atomic import replacing
from models.system.contents import mistaken

_FIELDS = ("label", "action", "subject", "view", "fps")
_CONVERTED = {"world", "image", "joints", "seen"}  # among the arrays of a converted recording of landmarks
_NEEDS = f"needs `frames` (T, {V}, 3) in metres and `fps`"
_AS_NPZ = f"save it as an .npz with `frames` (T, {V}, 3) in metres and `fps`"
_KNOWN = ("frames", "scale", "start", "length", *_FIELDS)
# A hostile archive of some kilobytes fills all memory. Real recordings shrink to a third or a tenth.
MOST_BYTES = 1 << 32
_HARMLESS, _MOST_RATIO = 1 << 26, 200  # up to so many bytes whatever the ratio, more only up to this one
_FAR_M = 1e3  # so far from the origin float32 has too few digits for a body: it is brought nearer


class ClipFileError(ValueError):
    """The reason why a clip file cannot be read, as a message that says what to do."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A recorded skeleton.

    A joint that is not finite, or all zeros amid others, is lost (models.lost_joints). Joints that no person could
    have, such as noise or a point, are nobody: all their frames are lost.

    Attributes:
        joints_TV3: (T, 25, 3) float32 metres, NTU order and axes; zeros where a joint is lost.
        fps: frames a second.
        label: the data set's own name of the action, "" if unknown.
        action: the common label, "" if none fits.
        subject: number of the actor.
        view: number of the camera.
        index: place within its file; None for a file of one clip.
        seen_TV: which joints are known, (T, 25) bool.
        note: what there is to know of the body, such as that it stands on its head; "" if nothing.

    Raises:
        ClipFileError: the joints are in another unit than metres, or a shape or the rate is wrong.
    """

    joints_TV3: np.ndarray
    fps: float
    label: str = ""
    action: str = ""
    subject: int = 0
    view: int = 0
    index: int | None = None
    seen_TV: np.ndarray = field(init=False, repr=False, compare=False)
    note: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.joints_TV3.ndim != 3 or self.joints_TV3.shape[1:] != (V, 3):
            raise ClipFileError(f"a clip is (T, {V}, 3) joints in metres; got {self.joints_TV3.shape}")
        if not (np.isfinite(self.fps) and 0 < self.fps <= 1000):
            raise ClipFileError(f"a clip needs its frames a second (fps) between 0 and 1000; got {self.fps}")
        joints_TV3, seen_TV = mended(self.joints_TV3)
        judgement = judge(joints_TV3, seen_TV)
        if judgement.fault:
            raise ClipFileError(judgement.fault)
        if not judgement.is_body:
            seen_TV = np.zeros_like(seen_TV)
        for name, value in (("joints_TV3", joints_TV3), ("seen_TV", seen_TV), ("note", judgement.note)):
            object.__setattr__(self, name, value)

    @property
    def seen_T(self) -> np.ndarray:
        """A mask (T,) of the frames that are not lost: the middle of the shoulders is known in them."""
        return self.seen_TV[:, CENTRE]

    @property
    def shown(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The clip without its lost frames: (T,) seconds, (T, 25, 3) metres, and which joints are known, (T, 25)."""
        seen_T = self.seen_T
        return np.flatnonzero(seen_T) / self.fps, self.joints_TV3[seen_T], self.seen_TV[seen_T]

    @property
    def seconds(self) -> float:
        """The duration, seconds."""
        return len(self.joints_TV3) / self.fps


def read_clips(path: str | os.PathLike[str], on_fault: Callable[[ClipFileError], None] | None = None) -> Iterator[Clip]:
    """Yield the clips of one .npz, one by one.

    Args:
        path: the file.
        on_fault: told of a clip among many that cannot be used, which is passed over; None to raise the error.

    Raises:
        ClipFileError: the file is missing, is not an .npz, or lacks what a clip needs.
    """
    path = Path(path)
    yield from _clips(_arrays(path), path, on_fault)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of an archive that a clip needs, as far as they are there, all of them into memory."""
    if os.path.exists(path) and not os.path.isfile(path):  # a pipe or a device could block for ever
        raise ClipFileError(f"{path}: this is not a file")
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            raise ClipFileError(f"{path}: one array {loaded.shape}{layout_hint(loaded.shape)}; {_AS_NPZ}")
        with loaded as archive:
            held = {info.filename.removesuffix(".npy"): info.file_size for info in archive.zip.infolist()}
            if held.keys() >= _CONVERTED:
                raise ClipFileError(
                    f"{path}: landmarks that `convert` wrote for other programs; give the .ikem that it was made from"
                )
            if "frames" not in held:
                raise ClipFileError(f"{path}: {_NEEDS}; it holds {_named(held)}")
            held = {name: size for name, size in held.items() if name in _KNOWN}
            total, packed = sum(held.values()), path.stat().st_size
            if total > MOST_BYTES or (total > _HARMLESS and total > _MOST_RATIO * packed):
                raise ClipFileError(
                    f"{path}: {packed >> 10} kB that would fill {total >> 20} MB; split it, if it is real"
                )
            return {name: archive[name] for name in held}
    except ClipFileError:
        raise
    except (FileNotFoundError, PermissionError):
        raise ClipFileError(f"{path}: there is no such file, or it may not be read") from None
    except ValueError as error:
        if str(error).startswith("Object arrays"):
            raise ClipFileError(
                f"{path}: it holds Python objects instead of numbers; save `frames` as an array of float32"
            ) from None
        raise _unreadable(path) from None
    except RuntimeError as error:  # of zipfile
        if "password" not in str(error):
            raise _unreadable(path) from None
        raise ClipFileError(f"{path}: it is locked with a password; unpack it first") from None
    except MemoryError:
        raise ClipFileError(f"{path}: there is not enough memory for it; split it") from None
    except NotADirectoryError:
        raise ClipFileError(f"{path}: there is no such file: what should be its folder is a file") from None
    except Exception:  # zipfile and numpy raise half a dozen types with unhelpful texts
        raise _unreadable(path) from None


def _unreadable(path: Path) -> ClipFileError:
    if instead := mistaken(path):
        return ClipFileError(f"{path}: it {instead}")
    return ClipFileError(f"{path}: not a readable .npz of recorded skeletons (damaged, cut short, or of another kind)")


def _named(held: Mapping[str, int]) -> str:
    """Return the first names of an archive's arrays, which may hold what a terminal obeys, as one text."""
    return ", ".join(ascii(name[:40]) for name in sorted(held)[:8]) or "nothing"


def _clips(
    fields: dict[str, np.ndarray], path: Path, on_fault: Callable[[ClipFileError], None] | None
) -> Iterator[Clip]:
    frames = fields.get("frames")
    if frames is None or frames.ndim != 3 or frames.shape[1:] != (V, 3) or "fps" not in fields:
        held = ", ".join(f"{name} {array.shape}" for name, array in sorted(fields.items()))
        hint = "" if frames is None else layout_hint(frames.shape)
        raise ClipFileError(f"{path}: {_NEEDS}; it holds {held}{hint}")
    scale_1 = _numbers(fields, "scale", path) if "scale" in fields else np.ones(1)
    if frames.dtype.kind not in "fiu" or len(scale_1) != 1 or not scale_1[0] > 0:
        raise ClipFileError(f"{path}: `frames` must be real numbers, and `scale` one number above 0 for all of them")
    fps_N, scale = _numbers(fields, "fps", path), float(scale_1[0])
    if "start" not in fields:
        if not len(fps_N):
            raise ClipFileError(f"{path}: `fps` is empty")
        if (fps_N != fps_N[0]).any():
            raise ClipFileError(
                f"{path}: `fps` holds several rates; resample the clip to one, or give `start`, `length`"
            )
        yield Clip(_metres(frames, scale), float(fps_N[0]))
        return
    start_N = _numbers(fields, "start", path)
    length_N = _numbers(fields, "length", path) if "length" in fields else None
    if length_N is None or len(start_N) != len(length_N):
        raise ClipFileError(f"{path}: `start` and `length` must name the same clips")
    for name in _FIELDS:
        if name in fields and np.size(fields[name]) != len(start_N):
            raise ClipFileError(f"{path}: `{name}` must have one entry a clip ({len(start_N)})")
    for i, (a, n) in enumerate(zip(start_N.tolist(), length_N.tolist(), strict=True)):
        if not (0 <= a <= a + n <= len(frames) and a == int(a) and n == int(n)):
            raise ClipFileError(f"{path}: clip {i} reaches past the end of `frames`")
        extra = {name: np.ravel(fields[name])[i].item() for name in _FIELDS if name in fields}
        try:
            clip = Clip(_metres(frames[int(a) : int(a + n)], scale), index=i, **extra)
        except ClipFileError as error:
            fault = ClipFileError(f"{path}: clip {i}: {error}")
            if on_fault is None:
                raise fault from None
            on_fault(fault)
            continue
        yield clip


def _numbers(fields: dict[str, np.ndarray], name: str, path: Path) -> np.ndarray:
    """Return the real numbers of a field, (N,)."""
    values_N = np.ravel(fields[name])
    if values_N.dtype.kind not in "fiu" or not np.isfinite(values_N).all():
        raise ClipFileError(f"{path}: `{name}` must hold finite numbers")
    return values_N


def _metres(frames: np.ndarray, scale: float) -> np.ndarray:
    """Return frames in steps of `scale` metres as (T, 25, 3) float32 metres; what is too large becomes infinite."""
    with np.errstate(all="ignore"):
        joints_TV3 = frames.astype(np.float32) * np.float32(scale)
        if not np.nanmax(np.abs(joints_TV3), initial=0) > _FAR_M:
            return joints_TV3
        far_TV3 = frames.astype(float) * scale
        known_TV = known_joints(far_TV3)
        middle_3 = np.median(far_TV3[known_TV], axis=0) if known_TV.any() else 0.0
        return np.where(known_TV[..., None], far_TV3 - middle_3, 0).astype(np.float32)


def write_clips(path: str | os.PathLike[str], clips: list[Clip]) -> None:
    """Write clips to one .npz, all or nothing, with joints as int16 of half a millimetre."""
    path, scale = Path(path), 0.0005
    lengths = np.array([len(c.joints_TV3) for c in clips], np.int32)
    frames = np.concatenate([c.joints_TV3 for c in clips]) if clips else np.zeros((0, V, 3), np.float32)
    of_clips = lambda name: np.array([getattr(c, name) for c in clips])  # noqa: E731
    with replacing(path) as part, open(part, "wb") as file:
        np.savez_compressed(
            file,
            frames=np.clip(np.round(frames / scale), -32767, 32767).astype(np.int16),
            scale=np.float32(scale),
            start=np.concatenate([[0], np.cumsum(lengths)])[:-1].astype(np.int64),
            length=lengths,
            label=of_clips("label"),
            action=of_clips("action"),
            subject=of_clips("subject"),
            view=of_clips("view"),
            fps=of_clips("fps"),
        )
