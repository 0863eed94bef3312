"""Stage-2 pre-training step as the published IKEM code takes it, for `python -m training bench` to compare with.

Written anew from the paper (arXiv 2309.12009, sections 2 and 3, and CrosSCLR, arXiv 2104.14466, for EKEM) and from
what the published code is known to do: channels first, einsum over the graph, torch's own dropout, float32, six
encoders one after the other, both body slots computed whether somebody is in them or not, every activation kept, and
for each ordered pair of modalities a dense (N, 1 + 2K) matrix of logits beside a dense mask of positives. Nothing
trains with it.

Shape suffixes: N clips, P people, B = N x P, C channels (O out), T frames, V joints, S subsets of the graph, K queue,
M modalities, D = 128 embedding, E = M x D.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.encoder import TEMPORAL_KERNEL, init_weights
from models.graph import SUBSETS, spatial_partition
from models.shape import CHANNELS, STRIDES

EMBEDDING = 128
TEMPERATURE = 0.07
MOMENTUM = 0.999


class _GraphConv(nn.Module):
    """Graph convolution: a convolution to three times the channels, then an einsum that adds the neighbours."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out * SUBSETS, kernel_size=1)

    def forward(self, x_BCTV: Tensor, A_SVV: Tensor) -> Tensor:
        x_BXTV = self.conv(x_BCTV)
        B, X, T, V = x_BXTV.shape
        x_BSOTV = x_BXTV.view(B, SUBSETS, X // SUBSETS, T, V)
        return torch.einsum("nkctv,kvw->nctw", x_BSOTV, A_SVV).contiguous()


class _Block(nn.Module):
    """Block of graph convolution, temporal convolution and residual."""

    def __init__(self, channels_in: int, channels_out: int, stride: int, residual: bool, dropout: float) -> None:
        super().__init__()
        self.gcn = _GraphConv(channels_in, channels_out)
        self.tcn = nn.Sequential(
            nn.BatchNorm2d(channels_out),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels_out, channels_out, (TEMPORAL_KERNEL, 1), (stride, 1), (TEMPORAL_KERNEL // 2, 0)),
            nn.BatchNorm2d(channels_out),
            nn.Dropout(dropout, inplace=True),
        )
        self.residual: nn.Module | None = None
        if residual and (channels_in != channels_out or stride != 1):
            self.residual = nn.Sequential(
                nn.Conv2d(channels_in, channels_out, kernel_size=1, stride=(stride, 1)), nn.BatchNorm2d(channels_out)
            )
        elif residual:
            self.residual = nn.Identity()

    def forward(self, x_BCTV: Tensor, A_SVV: Tensor) -> Tensor:
        x_BOTV = self.tcn(self.gcn(x_BCTV, A_SVV))
        if self.residual is not None:
            x_BOTV = x_BOTV + self.residual(x_BCTV)
        return F.relu(x_BOTV, inplace=True)


class _Encoder(nn.Module):
    """Encoder of one modality: ten blocks give h, and the head gives z."""

    A: Tensor

    def __init__(self, channels: tuple[int, ...]) -> None:
        super().__init__()
        A_SVV = torch.from_numpy(spatial_partition(published_partition=True))
        self.register_buffer("A", A_SVV)
        self.data_bn = nn.BatchNorm1d(3 * A_SVV.shape[1])
        widths = (3, *channels)
        self.blocks = nn.ModuleList(
            _Block(widths[i], widths[i + 1], STRIDES[i], i > 0, 0.5 if i else 0.0) for i in range(len(channels))
        )
        self.edge_importance = nn.ParameterList(torch.ones_like(A_SVV) for _ in channels)
        H = channels[-1]
        self.head = nn.Sequential(nn.Linear(H, H), nn.ReLU(), nn.Linear(H, EMBEDDING))
        self.apply(init_weights)

    def forward(self, x_NPTVC: Tensor) -> tuple[Tensor, Tensor]:
        N, P, T, V, C = x_NPTVC.shape
        x_BXT = x_NPTVC.permute(0, 1, 3, 4, 2).reshape(N * P, V * C, T)
        x_BCTV = self.data_bn(x_BXT).view(N * P, V, C, T).permute(0, 2, 3, 1).contiguous()
        for block, importance_SVV in zip(self.blocks, self.edge_importance, strict=True):
            x_BCTV = block(x_BCTV, self.A * importance_SVV)
        h_NH = F.avg_pool2d(x_BCTV, x_BCTV.shape[2:]).view(N, P, -1).mean(1)
        return h_NH, F.normalize(self.head(h_NH), dim=1)


def _topk_onehot(similarity_NK: Tensor, k: int = 1) -> Tensor:
    onehot_NK = torch.zeros_like(similarity_NK)
    return onehot_NK.scatter_(1, similarity_NK.topk(k, dim=1).indices, 1)


class PublishedStep(nn.Module):
    """Stage-2 training step (EKEM and IKEM) as published: query and key encoders, queues, losses and update.

    Args:
        modalities: How many modalities M.
        queue: Queue length K.
        channels: Widths of the ten blocks.
        exchange: Which of "ekem" and "ikem", joined by a plus sign.
    """

    queues: Tensor

    def __init__(
        self, modalities: int = 6, queue: int = 32768, channels: tuple[int, ...] = CHANNELS, exchange: str = "ekem+ikem"
    ) -> None:
        super().__init__()
        self.exchange = exchange.split("+")
        self.query = nn.ModuleList(_Encoder(channels) for _ in range(modalities))
        self.key = nn.ModuleList(_Encoder(channels) for _ in range(modalities))
        self.key.load_state_dict(self.query.state_dict())
        self.key.requires_grad_(False)
        H, E = channels[-1], modalities * EMBEDDING
        self.implicit = nn.ModuleList(
            nn.Sequential(nn.Linear(H, E), nn.ReLU(), nn.Linear(E, E)) for _ in range(modalities)
        )
        self.implicit.apply(init_weights)
        queues_MDK = F.normalize(torch.randn(modalities, EMBEDDING, queue), dim=1)
        self.register_buffer("queues", queues_MDK)
        self.pointer = 0
        self.optimizer = torch.optim.SGD(
            [*self.query.parameters(), *self.implicit.parameters()], lr=0.1, momentum=0.9, weight_decay=1e-4
        )

    def step(self, query_MNPTVC: list[Tensor], key_MNPTVC: list[Tensor]) -> float:
        """Take one training step on two views of a batch and return the loss.

        A view is a list of (N, P, T, 25, 3) tensors, one for each modality.
        """
        encoded = [encoder(x_NPTVC) for encoder, x_NPTVC in zip(self.query, query_MNPTVC, strict=True)]
        with torch.no_grad():
            self._follow()
            k_MND = [encoder(x_NPTVC)[1] for encoder, x_NPTVC in zip(self.key, key_MNPTVC, strict=True)]
        loss = self._loss([h for h, _ in encoded], [z for _, z in encoded], k_MND)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self._push(k_MND)
        return loss.item()

    def _loss(self, h_MNH: list[Tensor], z_MND: list[Tensor], k_MND: list[Tensor]) -> Tensor:
        loss = h_MNH[0].new_zeros(())
        if "ekem" in self.exchange:
            loss = loss + self._ekem(z_MND, k_MND)
        if "ikem" in self.exchange:
            loss = loss + self._ikem(h_MNH, k_MND)
        return loss

    def _ekem(self, z_MND: list[Tensor], k_MND: list[Tensor]) -> Tensor:
        positive_MN1 = [torch.einsum("nc,nc->n", z, k).unsqueeze(-1) for z, k in zip(z_MND, k_MND, strict=True)]
        negative_MNK = [
            torch.einsum("nc,ck->nk", z, queue.clone().detach()) for z, queue in zip(z_MND, self.queues, strict=True)
        ]
        onehot_MNK = [_topk_onehot(similarity_NK) for similarity_NK in negative_MNK]
        masks_MNX = [torch.cat([torch.ones_like(hot[:, :1]), hot, hot], dim=1) for hot in onehot_MNK]
        loss = positive_MN1[0].new_zeros(())
        for u, (positive_N1, negative_NK) in enumerate(zip(positive_MN1, negative_MNK, strict=True)):
            for v, mask_NX in enumerate(masks_MNX):
                if u == v:
                    continue
                context_NK = torch.einsum("nk,nk->nk", negative_NK, negative_MNK[v])
                logits_NX = torch.cat([positive_N1, negative_NK, context_NK], dim=1) / TEMPERATURE
                picked_NX = F.log_softmax(logits_NX, dim=1) * mask_NX
                loss = loss - (picked_NX.sum(1) / mask_NX.sum(1)).mean() / (len(z_MND) - 1)
        return loss

    def _ikem(self, h_MNH: list[Tensor], k_MND: list[Tensor]) -> Tensor:
        k_NE = F.normalize(torch.cat(k_MND, dim=1), dim=1)
        queue_EK = F.normalize(torch.cat(list(self.queues), dim=0), dim=0)
        loss = k_NE.new_zeros(())
        for head, h_NH in zip(self.implicit, h_MNH, strict=True):
            y_NE = F.normalize(head(h_NH), dim=1)
            positive_N1 = torch.einsum("nc,nc->n", y_NE, k_NE).unsqueeze(-1)
            logits_NX = torch.cat([positive_N1, torch.einsum("nc,ck->nk", y_NE, queue_EK)], dim=1) / TEMPERATURE
            loss = loss + F.cross_entropy(logits_NX, torch.zeros(len(y_NE), dtype=torch.long, device=y_NE.device))
        return loss

    def _follow(self) -> None:
        """Move the key encoders towards the query encoders by an exponential moving average."""
        for q, k in zip(self.query.parameters(), self.key.parameters(), strict=True):
            k.data = k.data * MOMENTUM + q.data * (1 - MOMENTUM)

    def _push(self, k_MND: list[Tensor]) -> None:
        N, K = len(k_MND[0]), self.queues.shape[2]
        columns = (self.pointer + torch.arange(N, device=self.queues.device)) % K
        for queue_DK, k_ND in zip(self.queues, k_MND, strict=True):
            queue_DK[:, columns] = k_ND.T
        self.pointer = (self.pointer + N) % K
