"""Several encoders layer by layer, so that what they send to other processes after a layer is one message.

Shape suffixes: B clips x people, T frames, V joints, C channels; a list holds one entry for each encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from models.block_step import train_blocks
from models.encoder import Block, Encoder, mean
from models.lock_step import Total

Norms = Callable[[Sequence[nn.Module], Sequence[Tensor]], list[Tensor]]  # applies norms to their inputs, all at once


def encode_in_step(
    encoders: Sequence[nn.Module], x_BTVC: Sequence[Tensor], norms: Norms, total: Total | None = None
) -> list[Tensor]:
    """Compute h (B, C) of every encoder as its own forward pass does, in training mode.

    Args:
        encoders: of one shape.
        x_BTVC: the input of each.
        norms: applies a layer's batch-norms of all encoders.
        total: sums over processes. With it the blocks take their own training step on a CPU; without, autograd's.
    """
    stacks = [encoder for encoder in encoders if isinstance(encoder, Encoder)]
    assert len(stacks) == len(encoders)
    flat = norms([encoder.data_bn for encoder in stacks], [x.flatten(2).flatten(0, 1) for x in x_BTVC])
    x_BCTV = [y.reshape(x.shape).permute(0, 3, 1, 2) for x, y in zip(x_BTVC, flat, strict=True)]
    for i in range(len(stacks[0].blocks)):
        edges = [encoder.A * encoder.edge_importance[i] for encoder in stacks]
        blocks = [block for block in (encoder.blocks[i] for encoder in stacks) if isinstance(block, Block)]
        if total is not None and x_BCTV[0].device.type == "cpu":
            each = zip(blocks, x_BCTV, edges, strict=True)
            x_BCTV = train_blocks([(x, b.gcn.matrices(A), b.tcn, b.residual) for b, x, A in each], total)
        else:
            x_BCTV = _block(blocks, x_BCTV, edges, norms)
    return [mean(x) for x in x_BCTV]


def _block(same: Sequence[Block], x_BCTV: list[Tensor], A_KVV: list[Tensor], norms: Norms) -> list[Tensor]:
    """Apply the same block of every encoder. The second norm and the residual's share a message."""
    first, relu, conv, second, dropout = zip(*(block.tcn for block in same), strict=True)
    y = norms(first, [block.gcn(x, A) for block, x, A in zip(same, x_BCTV, A_KVV, strict=True)])
    y = [c(r(some)) for c, r, some in zip(conv, relu, y, strict=True)]
    beside = [block.residual for block in same]
    if isinstance(beside[0], nn.Sequential):
        point, last = zip(*(some for some in beside if isinstance(some, nn.Sequential)), strict=True)
        y = norms([*second, *last], [*y, *(p(x) for p, x in zip(point, x_BCTV, strict=True))])
        y, x_BCTV = y[: len(same)], y[len(same) :]
    else:
        y = norms(second, y)
    y = [drop(some) for drop, some in zip(dropout, y, strict=True)]
    if beside[0] is None:
        return [F.relu(some) for some in y]
    return [F.relu(some + x) for some, x in zip(y, x_BCTV, strict=True)]
