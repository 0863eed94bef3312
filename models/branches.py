"""Query and key branches: one encoder and one projection head for each modality, and the momentum copy of them all.

Source: arXiv 2309.12009, section 3.2; MoCo, arXiv 1911.05722. Shape suffixes: N clips, P people, T frames, V joints,
C coordinates, M modalities, H width of h, D width of the embedding z.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from models.dropout import drawing_from
from models.encoder import Encoder, init_weights
from models.modalities import modalities, time_scale
from models.modality_names import check_modalities
from models.shape import Shape
from models.side_by_side import one_thread, run_networks
from models.student import mean_people


def _encoder(shape: Shape) -> Encoder:
    """Build an untrained encoder."""
    return Encoder(shape.channels, shape.strides, dropout=shape.dropout, published_partition=shape.published_partition)


def projection(widths: Sequence[int]) -> nn.Sequential:
    """Build linear layers with ReLU between them, with the published initial values."""
    layers: list[nn.Module] = []
    for a, b in zip(widths[:-1], widths[1:], strict=True):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1]).apply(init_weights)


@contextmanager
def frozen_statistics(module: nn.Module) -> Iterator[None]:
    """Keep the running statistics of batch-norm unchanged, for a forward pass that is repeated.

    Batch-norm still normalises as in training.
    """
    norms = [m for m in module.modules() if isinstance(m, _BatchNorm)]
    before = [m.momentum for m in norms]
    counters = [m.num_batches_tracked for m in norms if m.num_batches_tracked is not None]
    counts = [counter.clone() for counter in counters]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, before, strict=True):
            norm.momentum = momentum
        for counter, count in zip(counters, counts, strict=True):
            counter.copy_(count)


class _Call:
    """Run of an encoder on an input. A second one gives the same, and leaves the running statistics alone.

    Dropout draws from the seed, or from torch's generator where there is none.
    """

    def __init__(self, encoder: nn.Module, x_BTVC: Tensor, seed: int | None = None) -> None:
        self.encoder, self.x_BTVC, self.seed, self.again = encoder, x_BTVC, seed, False

    def __call__(self) -> Tensor:
        with ExitStack() as stack:
            if self.again:
                stack.enter_context(frozen_statistics(self.encoder))
            if self.seed is not None:
                stack.enter_context(drawing_from(torch.Generator().manual_seed(self.seed)))
            self.again = True
            return self.encoder(self.x_BTVC)


class Branches(nn.Module):
    """The encoders and projection heads of all branches, one of each for each modality.

    Args:
        names: Modalities, in order.
        shape: Shape of the encoders.
        head: Hidden and output width of the projection heads.
        recompute: Keep no activations of a branch, but run it once more in the backward pass, branch by branch.

    Attributes:
        together: Runs all encoders on their inputs in training, in place of one after the other; None for the latter.
        alone: Whether the encoders need no other process, so that they may run side by side in threads.
    """

    together: Callable[[Sequence[nn.Module], Sequence[Tensor]], list[Tensor]] | None = None
    alone = True

    def __init__(
        self, names: Sequence[str], shape: Shape, head: tuple[int, int] = (256, 128), recompute: bool = False
    ) -> None:
        super().__init__()
        self.names, self.shape, self.head, self.recompute = check_modalities(names), shape, tuple(head), recompute
        self.encoders = nn.ModuleDict({name: _encoder(shape) for name in self.names})
        self.heads = nn.ModuleDict({name: projection((shape.channels[-1], *head)) for name in self.names})

    def inputs(self, joints_NPTVC: Tensor, frames_N: Tensor) -> dict[str, Tensor]:
        """Return the branches' modalities of normalised, perhaps augmented joints."""
        scale_N = time_scale(frames_N) if self.shape.time_scaled else None
        return dict(zip(self.names, modalities(joints_NPTVC, scale_N, self.names), strict=True))

    def encode(self, joints_NPTVC: Tensor, frames_N: Tensor, present_NP: Tensor | None = None) -> Tensor:
        """Return h of every branch, (M, N, H).

        Args:
            joints_NPTVC: Normalised joints; modalities are computed in float32 whatever the autocast.
            frames_N: Frames that each clip lasts at 30 fps.
            present_NP: Which slots hold a person; used if the shape masks people.
        """
        kept_NP = self.kept(joints_NPTVC, present_NP)
        return self.pooled(self._run_all(self.rows(joints_NPTVC, frames_N, kept_NP)), len(joints_NPTVC), kept_NP)

    def kept(self, joints_NPTVC: Tensor, present_NP: Tensor | None) -> Tensor | None:
        """Return which people are encoded, (N, P) bool; None for all slots (also where the shape masks nobody)."""
        return present_NP if self.shape.mask_people and joints_NPTVC.shape[1] > 1 else None

    def rows(self, joints_NPTVC: Tensor, frames_N: Tensor, kept_NP: Tensor | None) -> list[Tensor]:
        """Return what each encoder gets, (B, T, V, C): the modalities of the people that are `kept`."""
        with one_thread(), torch.autocast(joints_NPTVC.device.type, enabled=False):
            inputs = self.inputs(joints_NPTVC.float(), frames_N)
        return [x_NPTVC.flatten(0, 1) if kept_NP is None else x_NPTVC[kept_NP] for x_NPTVC in inputs.values()]

    def maps(self, x_MBTVC: Sequence[Tensor]) -> list[Tensor]:
        """Return the encoders' maps (B, H, t, V), whose mean is h.

        One encoder runs after the other, and all activations are kept.
        """
        return [encoder.maps(x_BTVC) for encoder, x_BTVC in zip(self._all_encoders(), x_MBTVC, strict=True)]

    def block_maps(self, x_MBTVC: Sequence[Tensor]) -> list[Iterator[Tensor]]:
        """Return the maps of every block of the encoders, computed one by one as they are asked for."""
        return [encoder.block_maps(x_BTVC) for encoder, x_BTVC in zip(self._all_encoders(), x_MBTVC, strict=True)]

    def _all_encoders(self) -> list[Encoder]:
        return [encoder for encoder in self.encoders.values() if isinstance(encoder, Encoder)]

    def pooled(self, h_MBH: Sequence[Tensor], clips: int, kept_NP: Tensor | None) -> Tensor:
        """Return the mean of h over the people of each clip, (M, N, H) float32."""
        if kept_NP is None:
            return torch.stack([h_BH.float().reshape(clips, -1, h_BH.shape[-1]).mean(1) for h_BH in h_MBH])
        return torch.stack([self._mean_people(h_BH.float(), kept_NP) for h_BH in h_MBH])

    def _mean_people(self, h_BH: Tensor, present_NP: Tensor) -> Tensor:
        h_NPH = h_BH.new_zeros(*present_NP.shape, h_BH.shape[-1])
        h_NPH[present_NP] = h_BH
        return mean_people(h_NPH, present_NP)

    def _run_all(self, x_MBTVC: Sequence[Tensor]) -> list[Tensor]:
        encoders = list(self.encoders.values())
        if self.together is not None and self.training:
            return self.together(encoders, x_MBTVC)
        elsewhere = x_MBTVC[0].device.type != "cpu" or any(x_BTVC.requires_grad for x_BTVC in x_MBTVC)
        if elsewhere or not self.alone or any(encoder._compiled_call_impl is not None for encoder in encoders):
            return [self._run(encoder, x_BTVC) for encoder, x_BTVC in zip(encoders, x_MBTVC, strict=True)]
        # Seeds from torch's generator, so that dropout is the same however many threads there are, and recomputed.
        seeds = torch.randint(2**62, (len(encoders),)).tolist() if self.training else [0] * len(encoders)
        calls = [_Call(*each) for each in zip(encoders, x_MBTVC, seeds, strict=True)]
        parameters = [list(encoder.parameters()) for encoder in encoders]
        return run_networks(calls, parameters, self.recompute and self.training)

    def _run(self, encoder: nn.Module, x_BTVC: Tensor) -> Tensor:
        if not (self.recompute and torch.is_grad_enabled() and encoder.training):
            return encoder(x_BTVC)
        return checkpoint(_Call(encoder, x_BTVC), use_reentrant=False)

    def project(self, h_MNH: Tensor) -> Tensor:
        """Return z of every branch, (M, N, D), unit length, float32."""
        with one_thread():
            z = [head(h_NH) for head, h_NH in zip(self.heads.values(), h_MNH, strict=True)]
            return F.normalize(torch.stack(z).float(), dim=-1)

    def forward(self, joints_NPTVC: Tensor, frames_N: Tensor, present_NP: Tensor | None = None) -> Tensor:
        return self.project(self.encode(joints_NPTVC, frames_N, present_NP))
