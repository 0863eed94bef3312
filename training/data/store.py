"""Clip store: one memory-mapped folder of pre-processed skeletons that every trainer reads.

Shapes: R rows (one a person of a clip), N clips, P people, T = 50 frames, V = 25 joints, C = 3 coordinates (metres).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from models.skeleton import CENTRE
from models.system.atomic import hand_over, replacing, write_json
from models.system.command_line import called
from training.data.counterparts import COUNTERPART, COUNTERPARTS, read_counterparts, write_counterparts

if TYPE_CHECKING:
    import torch

FORMAT = "ikem-clips/1"
FRAMES = 50
SKELETONS, INDEX, META = "skeletons.npy", "index.npz", "store.json"
FIELDS = ("first", "people", "frames", "label", "subject", "view", "setup", "name")
VAL = "-val"  # after a split's name
_LEFT_SHOULDER, _RIGHT_SHOULDER = 4, 8


def resample(x_TVC: np.ndarray, frames: int = FRAMES) -> np.ndarray:
    """Resample frames linearly in time, with half-pixel centres and held ends.

    cv2.resize does the same (method of the published code).
    """
    return _between(x_TVC, ((np.arange(frames) + 0.5) * len(x_TVC) / frames - 0.5).clip(0, len(x_TVC) - 1))


def _between(x_TVC: np.ndarray, at_K: np.ndarray) -> np.ndarray:
    """Return frames at fractional indices, on the straight line between their neighbours."""
    a_K = np.floor(at_K).astype(int)
    b_K = np.minimum(a_K + 1, len(x_TVC) - 1)
    share_K11 = (at_K - a_K)[:, None, None]
    return x_TVC[a_K] * (1 - share_K11) + x_TVC[b_K] * share_K11


def preprocess(joints_TVC: np.ndarray, valid_T: np.ndarray, clock: slice | None = None) -> np.ndarray:
    """Pre-process one person of one clip for the trainers (arXiv 2309.12009, section 3.1).

    Every frame is centred on the person's own joint 21. The clip's clock is resampled to 50 frames, on which everybody
    in it is read. Where the person was lost in between, a straight line leads from the last pose to the next, as in the
    app's window; before the first and after the last, these are held. Every frame is then turned about y until the
    shoulders (9 minus 5) are parallel to x, by the angle's own sign.

    Args:
        joints_TVC: (T, 25, 3) metres, y up.
        valid_T: (T,) bool, where the person was seen.
        clock: frames from which to which the clip is read; None takes those from the person's first to their last.

    Returns:
        (50, 25, 3) float32.

    Raises:
        ValueError: no valid frame, or numbers that are not finite.
    """
    x_TVC = joints_TVC[valid_T].astype(np.float64)
    if not len(x_TVC) or not np.isfinite(x_TVC).all():
        raise ValueError("a clip needs at least one valid frame of finite coordinates")
    x_TVC = x_TVC - x_TVC[:, CENTRE : CENTRE + 1]
    seen = np.flatnonzero(valid_T)
    read = clock or slice(seen[0], seen[-1] + 1)
    x_TVC = resample(_between(x_TVC, np.interp(np.arange(read.start, read.stop), seen, np.arange(len(seen)))))
    across_TC = x_TVC[:, _RIGHT_SHOULDER] - x_TVC[:, _LEFT_SHOULDER]
    angle_T1 = np.arctan2(across_TC[:, 2], across_TC[:, 0])[:, None]
    x, y, z = np.moveaxis(x_TVC, -1, 0)
    cos, sin = np.cos(angle_T1), np.sin(angle_T1)
    return np.stack([cos * x + sin * z, y, cos * z - sin * x], axis=-1).astype(np.float32)


def write_store(
    folder: str | Path,
    people: list[list[np.ndarray]],
    fields: dict[str, np.ndarray],
    labels: tuple[str, ...],
    splits: dict[str, np.ndarray],
    source: str,
    counterparts: Sequence[np.ndarray | None] = (),
) -> None:
    """Write a store of clips that fit in memory.

    store.json comes last; a folder without it is unfinished.

    Args:
        folder: created where it is missing.
        people: per clip one or two (50, 25, 3) arrays of `preprocess`, the most moving first.
        fields: frames (seconds of the clip's clock x 30), label (-1 unknown), subject, view, setup, name; missing ones
            become zeros (label -1, name "").
        labels: names of the label numbers.
        splits: name -> (N,) with 1 trains, 0 tests, -1 neither.
        source: what the clips came from.
        counterparts: per clip its first person as another sensor saw it, like `people`, or None; nothing for none.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / META).unlink(missing_ok=True)
    counts = np.array([len(some) for some in people], np.int8)
    rows = np.stack([row for some in people for row in some]).astype(np.float32)
    np.save(folder / SKELETONS, rows)
    first = np.concatenate([[0], np.cumsum(counts[:-1], dtype=np.int64)])
    beside = write_counterparts(folder, counterparts)
    finish_store(folder, {"first": first, "people": counts, **fields, **beside}, labels, splits, source)


def finish_store(
    folder: Path,
    fields: dict[str, np.ndarray],
    labels: tuple[str, ...],
    splits: dict[str, np.ndarray],
    source: str,
) -> None:
    """Write index and store.json beside an existing skeletons.npy (arguments as in `write_store`).

    Where the fields name counterparts, counterparts.npy exists too.
    """
    count = len(fields["people"])
    defaults = {name: np.zeros(count, np.int64) for name in ("subject", "view", "setup")}
    defaults |= {"label": np.full(count, -1), "name": np.full(count, ""), "frames": np.full(count, FRAMES, np.float32)}
    kinds = {"people": np.int8, "frames": np.float32, "name": np.str_}
    whole = {k: np.asarray(v).astype(kinds.get(k, np.int64)) for k, v in (defaults | fields).items()}
    whole |= {f"split_{name}": np.asarray(part, np.int8) for name, part in splits.items()}
    with replacing(folder / INDEX) as part, open(part, "wb") as file:
        np.savez(file, allow_pickle=False, **whole)
    sizes = {name: [int((part == 1).sum()), int((part == 0).sum())] for name, part in splits.items()}
    meta = {"format": FORMAT, "source": source, "labels": list(labels), "hash": content_hash(folder), "clips": count}
    for name in _arrays(whole):
        hand_over(folder / name)
    write_json(folder / META, meta | {"splits": sizes})


def _arrays(index: Mapping[str, np.ndarray]) -> list[str]:
    return [SKELETONS, COUNTERPARTS] if COUNTERPART in index else [SKELETONS]


def content_hash(folder: Path) -> str:
    """Return the SHA-256 over the files of skeletons and counterparts, and the index's arrays.

    The index's file is not hashed as a whole, because the archive holds times of day.
    """
    digest = hashlib.sha256()
    with np.load(folder / INDEX, allow_pickle=False) as index:
        for name in _arrays(index):
            with open(folder / name, "rb") as file:
                while block := file.read(1 << 22):
                    digest.update(block)
        for name in sorted(index.files):
            digest.update(name.encode() + index[name].tobytes())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Batch:
    """Batch of clips of a store.

    Attributes:
        joints_NPTVC: normalised joints, zeros where a clip has no second person.
        frames_N: frames that the clip lasts at 30 fps.
        present_NP: bool, which people there are.
        label_N: label numbers, -1 unknown.
        ids_N: numbers of the clips in the store.
    """

    joints_NPTVC: torch.Tensor
    frames_N: torch.Tensor
    present_NP: torch.Tensor
    label_N: torch.Tensor
    ids_N: torch.Tensor


class Store:
    """Clip store on disk, memory-mapped, as `write_store` or `python -m training prepare` wrote it.

    Args:
        folder: the folder.

    Raises:
        ValueError: it is missing, unfinished or damaged.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        try:
            meta = json.loads((self.folder / META).read_text(encoding="utf-8"))
            self.rows = np.load(self.folder / SKELETONS, mmap_mode="r", allow_pickle=False)
            with np.load(self.folder / INDEX, allow_pickle=False) as index:
                self.index = {name: index[name] for name in index.files}
            self._counterparts = read_counterparts(self.folder, self.index)
        except FileNotFoundError as error:
            raise ValueError(
                f"{self.folder} is no finished clip store ({Path(str(error.filename)).name} is missing); "
                f"make one: {called('training')} prepare SOURCE --out {self.folder}"
            ) from None
        except (OSError, ValueError, EOFError, BadZipFile) as error:
            raise ValueError(f"{self.folder} is damaged ({error}); prepare it again") from error
        fits = meta.get("format") == FORMAT and set(FIELDS) <= set(self.index) and meta["clips"] == len(self)
        if not fits or self.rows.shape != (int(self.people_N.sum()), FRAMES, 25, 3):
            raise ValueError(f"{self.folder} is damaged or of another version; prepare it again")
        self.labels, self.hash, self.source = tuple(meta["labels"]), str(meta["hash"]), str(meta["source"])

    @classmethod
    def open(cls, folder: str | Path) -> Store:
        """Open a store, as the constructor does."""
        return cls(folder)

    def __len__(self) -> int:
        return len(self.index["people"])

    @property
    def people_N(self) -> np.ndarray:
        return self.index["people"]

    @property
    def frames_N(self) -> np.ndarray:
        return self.index["frames"]

    @property
    def label_N(self) -> np.ndarray:
        return self.index["label"]

    @property
    def subject_N(self) -> np.ndarray:
        return self.index["subject"]

    @property
    def view_N(self) -> np.ndarray:
        return self.index["view"]

    @property
    def counterpart_N(self) -> np.ndarray:
        """Number of each clip's counterpart for `counterparts`, -1 where it has none."""
        return self.index.get(COUNTERPART, np.full(len(self), -1))

    def counterparts(self, numbers: np.ndarray) -> np.ndarray:
        """Return counterparts, (N, 50, 25, 3) normalised: clips' first persons as another sensor saw them."""
        return self._counterparts[numbers] if self._counterparts is not None else np.empty((0, *self.rows.shape[1:]))

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits."""
        return tuple(name.removeprefix("split_") for name in self.index if name.startswith("split_"))

    def split(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers of the clips that train and of those that test, int64.

        "NAME-val" cuts the training half of the split NAME once more by what NAME is cut by (cameras, set-ups or
        actors), so that choices need no test clip: every second of them tests. xview-val of cameras 1 and 2 trains on
        camera 1 and tests on camera 2.

        Raises:
            ValueError: there is no such split, or its training half has one camera or actor alone.
        """
        whole = name.removesuffix(VAL)
        part_N = self.index.get(f"split_{whole}")
        if part_N is None:
            raise ValueError(f"{self.folder} has no split {whole!r}; it has {', '.join(self.splits) or 'none'}")
        train, test = np.flatnonzero(part_N == 1), np.flatnonzero(part_N == 0)
        return (train, test) if whole == name else self._cut_again(whole, train, test)

    def _cut_again(self, name: str, train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        for field in ("view", "setup", "subject"):
            value_N = self.index[field]
            values = np.unique(value_N[train])
            if len(values) > 1 and not np.isin(values, value_N[test]).any():
                tests_N = np.isin(value_N[train], values[1::2])
                return train[~tests_N], train[tests_N]
        raise ValueError(
            f"the split {name} of {self.folder} cannot be cut again: its training clips are of one camera, set-up or "
            "actor alone, or the test clips have the same"
        )

    def batch(self, ids: np.ndarray, device: str | torch.device = "cpu", people: int | None = None) -> Batch:
        """Return some clips on a device.

        `people` is P; None takes the most that these clips have.
        """
        import torch

        ids = np.asarray(ids, np.int64)
        count_N = self.people_N[ids].astype(np.int64)
        P = people or int(count_N.max(initial=1))
        present_NP = np.arange(P) < count_N[:, None]
        joints = np.zeros((len(ids), P, FRAMES, 25, 3), np.float32)
        row_NP = self.index["first"][ids][:, None] + np.arange(P)
        joints[present_NP] = self.rows[row_NP[present_NP]]
        columns = (joints, self.frames_N[ids], present_NP, self.label_N[ids], ids)
        return Batch(*(torch.from_numpy(column).to(device) for column in columns))
