"""The encoder of one branch: ST-GCN (arXiv 1801.07455), with the widths and initial values of the published IKEM code.

Shape suffixes: B clips x people, T frames, V joints, C / O channels in / out, K subsets of the graph's partition,
P parts of the body, X = T x V.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.block_step import train_block
from models.dropout import ByteDropout
from models.graph import SUBSETS, spatial_partition
from models.shape import CHANNELS, STRIDES
from models.skeleton import PART_V, PARTS
from models.temporal_conv import TemporalConv

TEMPORAL_KERNEL = 9


class GraphConv(nn.Module):
    """A spatial graph convolution: the sum over the subsets k of (W_k x + c_k) A_k, as two matmuls.

    Neighbours are gathered first, which is the cheaper order while channels grow. Channels stay last in memory, so
    that the gathered (joint, subset, channel) rows enter the second matmul without being moved.
    """

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        # Only holds the parameters, in the published shape: its rows are W_1, W_2, W_3.
        self.conv = nn.Conv2d(channels_in, channels_out * SUBSETS, kernel_size=1)

    def matrices(self, A_KVV: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the matrix that gathers neighbours (V x K, V), the weight (K x C, O) and the bias (V, O)."""
        V, C = A_KVV.shape[2], self.conv.in_channels
        gather_GV = A_KVV.permute(2, 0, 1).reshape(V * SUBSETS, V)
        weight_SO = self.conv.weight.reshape(SUBSETS, -1, C).transpose(1, 2).reshape(SUBSETS * C, -1)
        assert self.conv.bias is not None, "the graph convolution has a bias"
        return gather_GV, weight_SO, A_KVV.sum(1).t() @ self.conv.bias.reshape(SUBSETS, -1)

    def forward(self, x_BCTV: Tensor, A_KVV: Tensor) -> Tensor:
        B, C, T, V = x_BCTV.shape
        gather_GV, weight_SO, bias_VO = self.matrices(A_KVV)
        rows = torch.matmul(gather_GV, x_BCTV.permute(0, 2, 3, 1).reshape(B * T, V, C)).reshape(-1, SUBSETS * C)
        out_BTVO = torch.matmul(rows, weight_SO).reshape(B, T, V, -1)
        return (out_BTVO + bias_VO).permute(0, 3, 1, 2)


class PointConv(nn.Conv2d):
    """A 1 x 1 convolution with a stride in time, as a matmul over channels-last rows.

    oneDNN's own (torch 2.13, float32, channels last, 8 channels) writes past its buffers in the backward pass.
    """

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__(channels_in, channels_out, kernel_size=1, stride=(stride, 1))

    def forward(self, x_BCTV: Tensor) -> Tensor:
        x_BTVC = x_BCTV[:, :, :: self.stride[0]].permute(0, 2, 3, 1)
        return F.linear(x_BTVC, self.weight.flatten(1), self.bias).permute(0, 3, 1, 2)


class Block(nn.Module):
    """A block of graph convolution, temporal convolution and residual.

    Attributes:
        own_step: Train by a forward and backward pass of its own on a CPU. Off where norms are not their own.
    """

    own_step = True

    def __init__(self, channels_in: int, channels_out: int, stride: int, residual: bool, dropout: float) -> None:
        super().__init__()
        self.gcn = GraphConv(channels_in, channels_out)
        self.tcn = nn.Sequential(
            nn.BatchNorm2d(channels_out),
            nn.ReLU(),
            TemporalConv(channels_out, TEMPORAL_KERNEL, stride),
            nn.BatchNorm2d(channels_out),
            ByteDropout(dropout),
        )
        self.residual: nn.Module | None = None
        if residual and (channels_in != channels_out or stride != 1):
            self.residual = nn.Sequential(PointConv(channels_in, channels_out, stride), nn.BatchNorm2d(channels_out))
        elif residual:
            self.residual = nn.Identity()

    def forward(self, x_BCTV: Tensor, A_KVV: Tensor) -> Tensor:
        if self.training and self.own_step and x_BCTV.device.type == "cpu" and not torch.compiler.is_compiling():
            return train_block(x_BCTV, self.gcn.matrices(A_KVV), self.tcn, self.residual)
        out_BOTV = self.tcn(self.gcn(x_BCTV, A_KVV))
        if self.residual is not None:
            out_BOTV = out_BOTV + self.residual(x_BCTV)
        return F.relu(out_BOTV)


class Encoder(nn.Module):
    """A stack of ST-GCN blocks, ten as published, from one modality of one person to h.

    Args:
        channels: Widths of the blocks; the last is the size of h.
        strides: Strides in time of the blocks.
        channels_in: Coordinates per joint.
        dropout: Dropout of all blocks but the first.
        published_partition: See `models.graph.spatial_partition`.

    Raises:
        ValueError: For no block, or if the numbers of widths and strides differ.
    """

    A: Tensor  # (K, V, V), a buffer

    def __init__(
        self,
        channels: tuple[int, ...] = CHANNELS,
        strides: tuple[int, ...] = STRIDES,
        channels_in: int = 3,
        dropout: float = 0.5,
        published_partition: bool = False,
    ) -> None:
        super().__init__()
        if not channels or len(channels) != len(strides):
            raise ValueError(
                f"channels must give the widths of as many blocks as strides has entries ({len(strides)}); "
                f"got {list(channels)}"
            )
        A_KVV = torch.from_numpy(spatial_partition(published_partition))
        self.register_buffer("A", A_KVV, persistent=False)
        self.data_bn = nn.BatchNorm1d(channels_in * A_KVV.shape[1])
        widths = (channels_in, *channels)
        self.blocks = nn.ModuleList(
            Block(widths[i], widths[i + 1], strides[i], residual=i > 0, dropout=dropout if i > 0 else 0.0)
            for i in range(len(channels))
        )
        self.edge_importance = nn.ParameterList(torch.ones_like(A_KVV) for _ in channels)
        self.apply(init_weights)

    def forward(self, x_BTVC: Tensor) -> Tensor:
        """Encode one modality.

        Args:
            x_BTVC: (B, T, 25, C) float32.

        Returns:
            h (B, channels[-1]), the mean over time and joints.
        """
        return mean(self.maps(x_BTVC))

    def maps(self, x_BTVC: Tensor) -> Tensor:
        """Return the maps whose mean is h, (B, channels[-1], frames left by the strides, 25)."""
        x_BCTV = self._normalised(x_BTVC)
        for block, importance_KVV in zip(self.blocks, self.edge_importance, strict=True):
            x_BCTV = block(x_BCTV, self.A * importance_KVV)
        return x_BCTV

    def block_maps(self, x_BTVC: Tensor) -> Iterator[Tensor]:
        """Yield the maps of each block, (B, its channels, its frames, 25); the last are `maps`."""
        x_BCTV = self._normalised(x_BTVC)
        for block, importance_KVV in zip(self.blocks, self.edge_importance, strict=True):
            yield (x_BCTV := block(x_BCTV, self.A * importance_KVV))

    def _normalised(self, x_BTVC: Tensor) -> Tensor:
        B, T, V, C = x_BTVC.shape
        return self.data_bn(x_BTVC.reshape(B * T, V * C)).reshape(B, T, V, C).permute(0, 3, 1, 2)


def mean(x_BCTV: Tensor) -> Tensor:
    """Return the mean of maps over time and joints, (B, C)."""
    # Channels last, its gradient is as quick to read as any other.
    return x_BCTV.permute(0, 2, 3, 1).flatten(1, 2).mean(1)


def spread(x_BCTV: Tensor) -> Tensor:
    """Return the standard deviation of maps over time and each body part's joints (models.skeleton), (B, 4 C).

    How much something changes, and where, tells apart movements that were never trained on, better than its mean does.
    """
    T = x_BCTV.shape[2]
    at_XP = F.one_hot(torch.from_numpy(PART_V), PARTS).to(x_BCTV).repeat(T, 1)
    mean_XP = at_XP / at_XP.sum(0)
    x_BCX = x_BCTV.flatten(2)
    off_BCX = x_BCX - (x_BCX @ mean_XP) @ at_XP.t()
    return (off_BCX * off_BCX @ mean_XP).sqrt().transpose(1, 2).flatten(1)  # ONNX writes .square() as a slow power


def init_weights(module: nn.Module) -> None:
    """Set the published initial values: conv and linear N(0, 0.02), batch-norm N(1, 0.02), biases 0."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
