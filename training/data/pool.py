"""Pool of the clips that train, and its batches.

Shape suffixes: N clips, P people, T frames, V joints, C coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from training.data.store import VAL, Batch, Store


class Pool:
    """Training clips of several stores, without their labels. They are numbered from the first store to the last.

    Args:
        parts: stores and the numbers of the clips to use.
    """

    def __init__(self, parts: Sequence[tuple[Store, np.ndarray]]) -> None:
        self.parts = list(parts)
        self.starts = np.concatenate([[0], np.cumsum([len(ids) for _, ids in self.parts])])

    @classmethod
    def open(cls, names: Sequence[str]) -> Pool:
        """Open stores by name and pool their clips.

        Args:
            names: "FOLDER" for all clips, "FOLDER:SPLIT" for the split's training clips, "FOLDER:SPLIT+" for these
                and the clips that the split leaves aside: all but those that it tests on.

        Raises:
            ValueError: no such store or split, a split without training clips, or a store that is named twice.
        """
        parts, seen = [], set()
        for name in names:
            folder, split = name, ""
            if not Path(name).exists() and ":" in name:
                folder, _, split = name.rpartition(":")
            store = Store(folder)
            if store.hash in seen:
                raise ValueError(f"{folder} is named twice; its clips would count as each other's negatives")
            seen.add(store.hash)
            ids = np.arange(len(store))
            if split:
                if split.endswith(f"{VAL}+"):
                    raise ValueError(
                        f"{name} would train on what {split.removesuffix(f'{VAL}+')} tests on: leave out +"
                    )
                train, test = store.split(split.removesuffix("+"))
                ids = np.setdiff1d(ids, test) if split.endswith("+") else train
                if not len(ids):
                    raise ValueError(f"split {split!r} of {folder} has no training clips; take another split")
            parts.append((store, ids))
        return cls(parts)

    def require(self, batch: int) -> None:
        """Refuse fewer clips than a batch.

        Raises:
            ValueError: there are fewer.
        """
        if len(self) < batch:
            raise ValueError(f"{len(self)} clips are fewer than a batch of {batch}; take a smaller --batch")

    @property
    def paired(self) -> bool:
        """Whether another sensor saw some of the clips as well."""
        return any((store.counterpart_N[ids] >= 0).any() for store, ids in self.parts)

    @property
    def record(self) -> list[dict[str, str | int]]:
        """Description of the clips for config.json."""
        return [{"source": s.source, "data_hash": s.hash, "clips": len(ids)} for s, ids in self.parts]

    def __len__(self) -> int:
        return int(self.starts[-1])

    def batch(self, numbers: np.ndarray, device: torch.device) -> Batch:
        """Return clips by their number in the pool.

        ids_N are these numbers, label_N is -1.
        """
        which = np.searchsorted(self.starts, numbers, side="right") - 1
        people = max(int(s.people_N[ids].max(initial=1)) for s, ids in self.parts)
        order, batches = [], []
        for p in np.unique(which):
            store, ids = self.parts[p]
            at = np.flatnonzero(which == p)
            order.append(at)
            batches.append(store.batch(ids[numbers[at] - self.starts[p]], people=people))
        back = torch.from_numpy(np.argsort(np.concatenate(order), kind="stable"))
        columns = [
            torch.cat([getattr(b, f) for b in batches])[back] for f in ("joints_NPTVC", "frames_N", "present_NP")
        ]
        numbers_N = torch.from_numpy(numbers)
        return Batch(*(c.to(device) for c in (*columns, torch.full_like(numbers_N, -1), numbers_N)))

    def exchanged(self, batch: Batch, wanted_N: np.ndarray) -> torch.Tensor:
        """Return a batch's joints_NPTVC with some clips' first person as another sensor saw it.

        Args:
            batch: of this pool.
            wanted_N: bool; a clip that is wanted but has no counterpart stays as it is.
        """
        numbers_N, joints_NPTVC = batch.ids_N.cpu().numpy(), batch.joints_NPTVC.clone()
        which_N = np.searchsorted(self.starts, numbers_N, side="right") - 1
        for p in np.unique(which_N[wanted_N]):
            store, ids = self.parts[p]
            at = np.flatnonzero((which_N == p) & wanted_N)
            counterpart = store.counterpart_N[ids[numbers_N[at] - self.starts[p]]]
            at, counterpart = at[counterpart >= 0], counterpart[counterpart >= 0]
            seen = torch.from_numpy(store.counterparts(counterpart)).to(joints_NPTVC)
            joints_NPTVC[torch.from_numpy(at).to(seen.device), 0] = seen
        return joints_NPTVC
