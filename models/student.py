"""The recogniser: one encoder and one linear head for each modality (the student has three, the teacher all six).

Shape suffixes: N batch, P people, B = N x P, T frames, V joints, M modalities, C coordinates or classes, H width of h,
D width of the embedding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.encoder import Encoder, init_weights, spread
from models.gate import Gate
from models.modalities import modalities, normalise, time_scale
from models.modality_names import check_modalities
from models.shape import CHANNELS, STRIDES
from models.skeleton import PARTS


def mean_people(h_NPC: Tensor, present_NP: Tensor | None = None) -> Tensor:
    """Return the mean over people, (N, C).

    Args:
        h_NPC: One row for each person.
        present_NP: Which slots hold a person; None counts every slot, as the published code does.
    """
    if present_NP is None:
        return h_NPC.mean(1)
    weight_NP1 = present_NP.to(h_NPC.dtype).unsqueeze(-1)
    return (h_NPC * weight_NP1).sum(1) / weight_NP1.sum(1).clamp(min=1)


def fused_scores(
    logits_NMC: Tensor,
    temperature: float,
    fusion: tuple[float, ...] = (),
    gate: Gate | None = None,
    embedding_ND: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the softmax, at the temperature, of the branches' mean logits (N, C) and of each branch's own (N, M, C).

    Args:
        logits_NMC: One row of logits for each branch.
        temperature: Divides the logits.
        fusion: Weights of the branches in the mean, which sum to 1; () weighs them equally.
        gate: Shares the fused scores out between actions and no action; those of the branches stay as they are.
        embedding_ND: The embedding of the same windows, which a gate needs.

    Raises:
        ValueError: If there is a gate and no embedding.
    """
    if fusion:
        weight_M1 = torch.tensor(fusion, dtype=logits_NMC.dtype, device=logits_NMC.device).unsqueeze(1)
        mean_NC = (logits_NMC * weight_M1).sum(1)
    else:
        mean_NC = logits_NMC.mean(1)
    single_NMC = torch.softmax(logits_NMC / temperature, dim=-1)
    if gate is None:
        return torch.softmax(mean_NC / temperature, dim=-1), single_NMC
    if embedding_ND is None:
        raise ValueError("this student has a gate on the embedding: give its scores the embedding beside the logits")
    return gate(mean_NC / temperature, embedding_ND), single_NMC


class Student(nn.Module):
    """A network from raw joints to branch logits.

    Args:
        labels_count: Number of classes.
        modalities: Which modalities, one branch each.
        channels: Widths of the encoder's blocks; None takes the published ones.
        dropout: Dropout of the encoders' blocks 2 to 10.
        time_scaled: Whether velocities are multiplied with the clip's time scale f.
        published_partition: See `models.graph.spatial_partition`.
        strides: Strides of the encoder's blocks, in time; None takes the published ones.

    Attributes:
        temperature: Divisor of the logits before the softmax.
        fusion: Weights of the branches in the fused score; () weighs them equally.
        gate: The gate for the unknown, None for fused scores without one.
    """

    def __init__(
        self,
        labels_count: int,
        modalities: tuple[str, ...] = ("joint", "bone", "motion"),
        channels: tuple[int, ...] | None = None,
        dropout: float = 0.5,
        time_scaled: bool = True,
        published_partition: bool = False,
        strides: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__()
        if labels_count < 1:
            raise ValueError(f"labels_count must be at least 1; got {labels_count}")
        self.modalities = check_modalities(modalities)
        self.channels, self.strides = tuple(channels or CHANNELS), tuple(strides or STRIDES)
        self.time_scaled = time_scaled
        self.temperature = 1.0
        self.fusion: tuple[float, ...] = ()
        self.gate: Gate | None = None
        self.encoders = nn.ModuleDict(
            {
                name: Encoder(self.channels, self.strides, dropout=dropout, published_partition=published_partition)
                for name in self.modalities
            }
        )
        self.heads = nn.ModuleDict({name: nn.Linear(self.channels[-1], labels_count) for name in self.modalities})
        self.heads.apply(init_weights)

    def encoder(self, name: str) -> Encoder:
        """Return the encoder of a modality's branch."""
        encoder = self.encoders[name]
        assert isinstance(encoder, Encoder)
        return encoder

    def head(self, name: str) -> nn.Linear:
        """Return the linear head of a modality's branch."""
        head = self.heads[name]
        assert isinstance(head, nn.Linear)
        return head

    def forward(self, joints: Tensor, frames_N: Tensor, present_NP: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Recognise raw joints.

        Args:
            joints: (N, T, 25, 3) metres, y up, or with people (N, P, T, 25, 3).
            frames_N: Frames that the clip lasts at 30 fps, that is seconds x 30, (N,).
            present_NP: Which of the P slots hold a person; None counts them all.

        Returns:
            Branch logits (N, M, C) and the embedding (N, D). The embedding is, of each branch side by side, the spread
            of its maps over the parts of the body (models.encoder.spread); taught actions are recognised from it.
        """
        maps = self._maps(joints, frames_N)
        spreads = [
            mean_people(spread(x_NPHTV.flatten(0, 1)).unflatten(0, x_NPHTV.shape[:2]), present_NP) for x_NPHTV in maps
        ]
        return self._classified(maps, present_NP), torch.cat(spreads, dim=1)

    def logits(self, joints: Tensor, frames_N: Tensor, present_NP: Tensor | None = None) -> Tensor:
        """Return only the branch logits, which are all that training needs."""
        return self._classified(self._maps(joints, frames_N), present_NP)

    def _maps(self, joints: Tensor, frames_N: Tensor) -> list[Tensor]:
        """Return each branch's last maps, (N, P, H, T', V)."""
        joints_NPTVC = normalise(joints if joints.dim() == 5 else joints.unsqueeze(1))
        scale_N = time_scale(frames_N) if self.time_scaled else None
        inputs = modalities(joints_NPTVC, scale_N, self.modalities)
        encode = lambda name, x: self.encoder(name).maps(x.flatten(0, 1)).unflatten(0, x.shape[:2])  # noqa: E731
        return [encode(name, x_NPTVC) for name, x_NPTVC in zip(self.modalities, inputs, strict=True)]

    def _classified(self, maps: list[Tensor], present_NP: Tensor | None) -> Tensor:
        h = [mean_people(x_NPHTV.mean((3, 4)), present_NP) for x_NPHTV in maps]
        return torch.stack([head(h_NH) for head, h_NH in zip(self.heads.values(), h, strict=True)], dim=1)

    @property
    def width(self) -> int:
        """The width D of the embedding."""
        return len(self.modalities) * PARTS * self.channels[-1]

    def scores(self, logits_NMC: Tensor, embedding_ND: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return fused scores (N, C) and per-modality ones (N, M, C), at the student's temperature and weights.

        Args:
            logits_NMC: What `forward` or `logits` returned.
            embedding_ND: What `forward` returned beside it; a student with a gate needs it.

        Raises:
            ValueError: If there is a gate and no embedding.
        """
        return fused_scores(logits_NMC, self.temperature, self.fusion, self.gate, embedding_ND)
