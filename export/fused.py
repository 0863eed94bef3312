"""The student for deployment: branches side by side in grouped operators, with batch norm folded into the weights.

It computes the same as `models.student` in eval mode with a third of the operators, which matters at a batch of one:
10.2 -> 9.2 ms (medians) on two cores. The export compares both before it writes a file.

With `half` the blocks compute in half precision. What comes before them needs metres to a fraction of a millimetre, and
what comes after them (the mean over time and joints, the heads, the gate, the softmax) sums and compares; both stay
fp32.

Shape suffixes: N batch, M branches, C / O channels in / out (of one branch), T frames, V joints, K graph subsets,
B = N x M, H width of h, D width of the embedding.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_weights

from models.encoder import Block, Encoder, spread
from models.graph import SUBSETS
from models.modalities import modalities, normalise, time_scale
from models.skeleton import PARTS
from models.student import Student, fused_scores

# Standard deviations from the mean, at the blocks' input. Real windows stay below 50; a joint that jumps a kilometre
# would leave the range of half precision inside the blocks, and infinity times a zero of the graph is no number.
FARTHEST = 1000.0


def _affine(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Return the scale and shift to which batch norm amounts in eval mode."""
    assert norm.running_mean is not None and norm.running_var is not None, "batch norm without statistics"
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale


def _block(encoder: Encoder, i: int) -> Block:
    block = encoder.blocks[i]
    assert isinstance(block, Block)
    return block


def _temporal(block: Block) -> tuple[nn.BatchNorm2d, nn.Conv2d, nn.BatchNorm2d]:
    """Return the batch norm before the temporal convolution, the convolution, and the batch norm after it."""
    before, _, conv, after, _ = block.tcn
    assert isinstance(before, nn.BatchNorm2d) and isinstance(conv, nn.Conv2d) and isinstance(after, nn.BatchNorm2d)
    return before, conv, after


def _point(block: Block) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    """Return the residual's 1 x 1 convolution and its batch norm."""
    assert isinstance(block.residual, nn.Sequential)
    conv, norm = block.residual
    assert isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
    return conv, norm


class FusedBlock(nn.Module):
    """A block of all branches; x is (N, M C, T, V)."""

    gather_MVW: Tensor
    spatial_weight: Tensor
    spatial_bias: Tensor
    temporal_weight: Tensor
    temporal_bias: Tensor
    point_weight: Tensor  # these two where the residual is a convolution
    point_bias: Tensor

    def __init__(self, blocks: Sequence[Block], A_MKVV: Tensor) -> None:
        super().__init__()
        first = _temporal(blocks[0])[1]
        self.branches, self.stride, self.pad = len(blocks), first.stride, first.padding
        # A frame's K gathered copies lie one below the other: a kernel and stride of (K, 1) sums over them.
        self.register_buffer("gather_MVW", A_MKVV.permute(0, 2, 1, 3).flatten(2))
        spatial = [self._graph_weights(block, A_KVV) for block, A_KVV in zip(blocks, A_MKVV, strict=True)]
        temporal = [self._folded(*_temporal(block)[1:]) for block in blocks]
        self._register("spatial", spatial)
        self._register("temporal", temporal)
        self.residual = "none" if blocks[0].residual is None else "same"
        if isinstance(blocks[0].residual, nn.Sequential):
            self.residual = "point"
            self._register("point", [self._folded(*_point(block)) for block in blocks])

    def _register(self, name: str, pairs: list[tuple[Tensor, Tensor]]) -> None:
        for kind, tensors in zip(("weight", "bias"), zip(*pairs, strict=True), strict=True):
            self.register_buffer(f"{name}_{kind}", torch.cat(tensors))

    @staticmethod
    def _folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
        assert norm.running_mean is not None and norm.running_var is not None, "batch norm without statistics"
        return fuse_conv_bn_weights(
            conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
        )

    @staticmethod
    def _graph_weights(block: Block, A_KVV: Tensor) -> tuple[Tensor, Tensor]:
        """Fold the graph convolution and its batch norm into a weight (O, C, K, 1) and a bias (O, 1, V).

        The bias goes through A.
        """
        conv, (scale_O, shift_O) = block.gcn.conv, _affine(_temporal(block)[0])
        assert conv.bias is not None, "the graph convolution has a bias"
        weight_KOC = conv.weight.reshape(SUBSETS, -1, conv.in_channels) * scale_O.unsqueeze(1)
        bias_OV = (conv.bias.reshape(SUBSETS, -1) * scale_O).t() @ A_KVV.sum(1) + shift_O.unsqueeze(1)
        return weight_KOC.permute(1, 2, 0).unsqueeze(-1), bias_OV.unsqueeze(1)

    def forward(self, x: Tensor) -> Tensor:
        M, T, V = self.branches, x.shape[2], x.shape[3]
        gathered = torch.matmul(x.reshape(-1, M, x.shape[1] // M * T, V), self.gather_MVW)
        gathered = gathered.reshape(-1, x.shape[1], T * SUBSETS, V)
        y = F.conv2d(gathered, self.spatial_weight, stride=(SUBSETS, 1), groups=M) + self.spatial_bias
        y = F.conv2d(F.relu(y), self.temporal_weight, self.temporal_bias, self.stride, self.pad, groups=M)
        if self.residual == "same":
            y = y + x
        elif self.residual == "point":
            y = y + F.conv2d(x, self.point_weight, self.point_bias, self.stride, groups=M)
        return F.relu(y)


class FusedStudent(nn.Module):
    """A network that gives a student's scores of one person, for export.

    Args:
        student: The student, which is copied; later changes to it have no effect here.
        half: Whether the blocks compute in half precision; inputs and outputs stay fp32.
    """

    scale_M1VC: Tensor
    shift_M1VC: Tensor
    head_MHC: Tensor
    head_bias_MC: Tensor

    @torch.no_grad()
    def __init__(self, student: Student, half: bool = False) -> None:
        super().__init__()
        self.half_blocks = half
        self.modalities, self.time_scaled = student.modalities, student.time_scaled
        self.temperature, self.fusion, self.gate = student.temperature, student.fusion, copy.deepcopy(student.gate)
        # Folded in double precision, kept in single.
        encoders = [copy.deepcopy(student.encoder(name)).double() for name in student.modalities]
        affine = [[x_VC.reshape(1, -1, 3) for x_VC in _affine(encoder.data_bn)] for encoder in encoders]
        self.register_buffer("scale_M1VC", torch.stack([scale for scale, _ in affine]))
        self.register_buffer("shift_M1VC", torch.stack([shift for _, shift in affine]))
        self.blocks = nn.ModuleList(
            FusedBlock(
                [_block(encoder, i) for encoder in encoders],
                torch.stack([encoder.A * encoder.edge_importance[i] for encoder in encoders]),
            )
            for i in range(len(encoders[0].blocks))
        )
        heads = [student.head(name) for name in student.modalities]
        self.register_buffer("head_MHC", torch.stack([head.weight.t() for head in heads]))
        self.register_buffer("head_bias_MC", torch.stack([head.bias for head in heads]))
        self.float()
        if half:
            self.blocks.half()

    def forward(self, joints: Tensor, frames: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute fused scores, per-modality scores and embedding of joints (N, T, V, 3) in metres and frames (N,)."""
        scale_N = time_scale(frames) if self.time_scaled else None
        x_NMTVC = torch.stack(modalities(normalise(joints), scale_N, self.modalities), dim=1)
        x = (x_NMTVC * self.scale_M1VC + self.shift_M1VC).permute(0, 1, 4, 2, 3).flatten(1, 2)
        if self.half_blocks:
            x = x.clamp(-FARTHEST, FARTHEST).half()
        for block in self.blocks:
            x = block(x)
        maps_BHTV = x.float().reshape(-1, self.head_MHC.shape[1], *x.shape[2:])
        h_NM1H = maps_BHTV.mean((2, 3)).reshape(-1, len(self.modalities), 1, self.head_MHC.shape[1])
        logits_NMC = torch.matmul(h_NM1H, self.head_MHC).squeeze(2) + self.head_bias_MC
        embedding_ND = spread(maps_BHTV).reshape(-1, len(self.modalities) * PARTS * self.head_MHC.shape[1])
        return *fused_scores(logits_NMC, self.temperature, self.fusion, self.gate, embedding_ND), embedding_ND
