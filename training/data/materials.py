"""Materials that train the default model, by name: recorded sets, people at webcams, pairs of two sensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.data.pairs import SOURCE, pair_tracks
from training.data.poses import POSES, pose_tracks
from training.data.splits import MORE_SETS, SETS
from training.data.tracks import Track

MATERIALS = (*SETS, *MORE_SETS, *POSES, SOURCE)


@dataclass(frozen=True, slots=True)
class Materials:
    """Materials of one model.

    Attributes:
        sets: recorded sets, in DATA/skeletons.
        poses: files of landmarks of people at webcams, in DATA/poses.
        pairs: whether the pairs of two sensors are among them, in DATA/pairs.
    """

    sets: tuple[str, ...]
    poses: tuple[str, ...]
    pairs: bool

    @classmethod
    def of(cls, names: Sequence[str]) -> Materials:
        """Sort names into kinds.

        Raises:
            ValueError: a name is none of MATERIALS, or there are none.
        """
        unknown = [name for name in names if name not in MATERIALS]
        if unknown or not names:
            raise ValueError(f"there is no {', '.join(unknown) or 'material'}; there are {', '.join(MATERIALS)}")
        sets = tuple(name for name in names if name in (*SETS, *MORE_SETS))
        return cls(sets, tuple(name for name in names if name in POSES), SOURCE in names)

    def missing(self, data: Path) -> list[str]:
        """Return the files that DATA lacks, by their places in it."""
        needs = [f"skeletons/{name}.npz" for name in self.sets] + [f"poses/{name}.npz" for name in self.poses]
        needs += [f"pairs/{SOURCE}.npz"] if self.pairs else []
        return [place for place in needs if not (data / place).is_file()]

    def people(self, data: Path) -> list[Track]:
        """Read the labelled windows of people at webcams, in all parts."""
        return pose_tracks(data, files=self.poses) if self.poses else []

    def unlabelled(self, data: Path) -> list[Track]:
        """Read what trains without labels alone: the pairs, and windows of people whose action nobody knows."""
        people = pose_tracks(data, ("train",), self.poses, unlabelled=True) if self.poses else []
        return [t for t in people if not t.action] + (pair_tracks(data) if self.pairs else [])
