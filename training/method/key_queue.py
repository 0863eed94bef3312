"""Queue of keys, with one pointer for all modalities, so that column i is the same sample in each of them.

Source: MoCo (arXiv 1911.05722, section 3.2); arXiv 2309.12009, section 3.3. Shapes: K columns, M modalities,
N clips, D width of a key.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

NOISE = -1


class Queue(nn.Module):
    """Queue of the last K keys of every modality. It begins as unit noise, as published.

    Args:
        names: Modalities, in order.
        length: K.
        width: D.
    """

    keys_MKD: Tensor
    ids_K: Tensor
    pointer: Tensor
    filled: Tensor

    def __init__(self, names: Sequence[str], length: int, width: int = 128) -> None:
        super().__init__()
        if length < 1:
            raise ValueError(f"a queue needs at least one column; got {length}")
        self.names = tuple(names)
        noise_MKD = F.normalize(torch.randn(len(self.names), length, width), dim=-1)
        # A column's keys of all modalities lie side by side, so that IKEM reads them as one key without copying.
        self.register_buffer("keys_MKD", noise_MKD.transpose(0, 1).contiguous().transpose(0, 1))
        self.register_buffer("ids_K", torch.full((length,), NOISE))
        self.register_buffer("pointer", torch.zeros((), dtype=torch.long))
        self.register_buffer("filled", torch.zeros((), dtype=torch.long))

    def __len__(self) -> int:
        return len(self.ids_K)

    @torch.no_grad()
    def push(self, k_MND: Tensor, ids_N: Tensor) -> None:
        """Write the newest keys over the oldest, wrapping around.

        Of a batch longer than the queue the last K stay.
        """
        K = len(self)
        k_MND, ids_N = k_MND[:, -K:], ids_N[-K:]
        columns_N = (self.pointer + torch.arange(len(ids_N), device=ids_N.device)) % K
        self.keys_MKD[:, columns_N] = k_MND.to(self.keys_MKD.dtype)
        self.ids_K[columns_N] = ids_N
        self.pointer.copy_((self.pointer + len(ids_N)) % K)
        self.filled.copy_((self.filled + len(ids_N)).clamp(max=K))

    def own_columns(self, ids_N: Tensor) -> Tensor:
        """Return which columns hold an earlier key of the sample's own clip, (N, K) bool."""
        return ids_N[:, None] == self.ids_K[None]
