"""Contrastive losses: InfoNCE, EKEM, IKEM and CMD, without dense logit matrices or masks.

Source: arXiv 2309.12009, sections 3.2 and 3.3; CrosSCLR, arXiv 2104.14466; CMD, arXiv 2208.12448. Shape suffixes:
N clips, M modalities, K queue columns, D width of z, E = M x D, k mined neighbours. Everything is float32 or better,
whatever the autocast; keys and queues get no gradient. mask_NK names columns to leave out (True: the clip's own).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from training.method.queue_log_sum import queue_log_sum
from training.method.queue_sums import queue_sums


def full_precision(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Keep a loss out of its caller's autocast.

    Similarities over T = 0.07 need more than bf16's 8 bits.
    """

    @functools.wraps(loss)
    def run(first: Tensor, *rest: Any, **named: Any) -> Tensor:
        with torch.autocast(first.device.type, enabled=False):
            return loss(first, *rest, **named)

    return run


def mine(q_ND: Tensor, queue_KD: Tensor, topk: int, mask_NK: Tensor | None = None) -> Tensor:
    """Return the columns of the topk keys most similar to each query, (N, k)."""
    s_NK = q_ND.detach() @ queue_KD.detach().t()
    if mask_NK is not None:
        s_NK = s_NK.masked_fill(mask_NK, -torch.inf)
    if topk == 1:
        return s_NK.argmax(1, keepdim=True)
    # A left-out column must never become a positive.
    return s_NK.topk(min(topk, _free_columns(queue_KD, mask_NK)), dim=1).indices


def similarity_at(q_ND: Tensor, queue_KD: Tensor, column_Nk: Tensor) -> Tensor:
    """Return each query's similarities with some columns of its own, (N, k)."""
    return torch.einsum("nd,nkd->nk", q_ND, queue_KD.detach()[column_Nk])


@full_precision
def info_nce(q_ND: Tensor, k_ND: Tensor, queue_KD: Tensor, temperature: float, mask_NK: Tensor | None = None) -> Tensor:
    """Compute InfoNCE, the cross-entropy of the positive against the queue (MoCo, arXiv 1911.05722, eq. 1).

    The result is the mean over the batch.

    Args:
        q_ND: Unit queries.
        k_ND: Unit keys of the same clips' other view.
        queue_KD: Unit keys of other clips.
        temperature: T.
        mask_NK: Columns to leave out, or None.
    """
    positive_N = (q_ND * k_ND.detach()).sum(1) / temperature
    single_N = queue_log_sum(q_ND[None], queue_KD, temperature, mask_NK)[0]
    return (torch.logaddexp(positive_N, single_N) - positive_N).mean()


@full_precision
def mixed_info_nce(
    q_ND: Tensor,
    k_ND: Tensor,
    other_ND: Tensor,
    own_N: Tensor,
    queue_KD: Tensor,
    temperature: float,
    mask_NK: Tensor | None = None,
) -> Tensor:
    """Compute InfoNCE of queries that are mixed of two clips, each clip's key a positive by its share.

    The result is the mean over the batch.

    Args:
        q_ND: Unit queries of the mixed clips.
        k_ND: Unit keys of the first clip.
        other_ND: Unit keys of the second clip.
        own_N: Share of the first clip, in [0, 1].
        queue_KD: Unit keys of other clips.
        temperature: T.
        mask_NK: Columns to leave out, or None; those of either clip.
    """
    single_SN, _ = queue_sums([q_ND], [queue_KD], [], temperature, mask_NK)
    terms = []
    for share_N, key_ND in ((own_N, k_ND), (1 - own_N, other_ND)):
        positive_N = (q_ND * key_ND.detach()).sum(1) / temperature
        terms.append(share_N * (torch.logaddexp(positive_N, single_SN[0]) - positive_N))
    return sum(terms, q_ND.new_zeros(())).mean()


@full_precision
def soft_neighbours(
    z_MND: Tensor, k_MND: Tensor, queue_MKD: Tensor, topk: int, mask_NK: Tensor | None = None
) -> Tensor:
    """Compute the loss of soft neighbours: a clip's key tells its query how similar the queue's clips are.

    It is CMD's term of a modality with itself (ReSSL, arXiv 2107.09282). The result is the sum over the modalities.

    Args:
        z_MND: Unit queries.
        k_MND: Unit keys of the same clips' other view.
        queue_MKD: Keys of other clips.
        topk: Neighbours compared, at most K.
        mask_NK: Columns to leave out, or None.
    """
    loss = z_MND.new_zeros(())
    for z_ND, k_ND, queue_KD in zip(z_MND, k_MND.detach(), queue_MKD.detach(), strict=True):
        loss = loss + neighbour_kl(k_ND @ queue_KD.t(), z_ND @ queue_KD.t(), topk, 0.05, 0.1, mask_NK)
    return loss


def mined_term(
    positive_N: Tensor, own_Nk: Tensor, context_Nk: Tensor, single_N: Tensor, double_N: Tensor, temperature: float
) -> Tensor:
    """Average -log softmax over the positive, its neighbours and their context.

    The softmax runs over [positive, queue, context]. The result is the mean over the batch.
    """
    total_N = torch.logaddexp(positive_N / temperature, torch.logaddexp(single_N, double_N))
    chosen_Np = torch.cat([positive_N[:, None], own_Nk, context_Nk], dim=1) / temperature
    return (total_N - chosen_Np.mean(1)).mean()


@full_precision
def ekem(
    z_MND: Tensor,
    k_MND: Tensor,
    queue_MKD: Tensor,
    temperature: float,
    topk: int = 1,
    context_gradient: bool = True,
    mask_NK: Tensor | None = None,
) -> Tensor:
    """Compute the loss of explicit knowledge exchange, EKEM (CrosSCLR, arXiv 2104.14466, section 3.3).

    The result is the sum over modalities u of the mean over modalities v != u.

    The neighbours of one modality are further positives of another; the products of both similarities are further
    logits, positive at the neighbours.

    Args:
        z_MND: Unit queries of every modality.
        k_MND: Unit keys of the same clips' other view.
        queue_MKD: Keys of other clips; column i is the same sample in every modality.
        temperature: T.
        topk: Neighbours mined a clip.
        context_gradient: Whether the products carry gradient, as published; else they are constants.
        mask_NK: Columns to leave out, or None.

    Raises:
        ValueError: for fewer than two modalities.
    """
    M = len(z_MND)
    if M < 2:
        raise ValueError("explicit exchange needs two modalities at least; choose exchange none or ikem for one")
    pairs = list(itertools.combinations(range(M), 2))
    single_MN, double_PN = queue_sums(z_MND.unbind(), queue_MKD.unbind(), pairs, temperature, mask_NK)
    if not context_gradient:
        double_PN = double_PN.detach()
    positive_MN = (z_MND * k_MND.detach()).sum(2)
    mined_MNk = [mine(z_MND[v], queue_MKD[v], topk, mask_NK) for v in range(M)]
    at = {(u, v): similarity_at(z_MND[u], queue_MKD[u], mined_MNk[v]) for u in range(M) for v in range(M)}
    loss = z_MND.new_zeros(())
    for u, v in itertools.permutations(range(M), 2):
        context_Nk = at[u, v] * at[v, v]
        context_Nk = context_Nk if context_gradient else context_Nk.detach()
        double_N = double_PN[pairs.index((min(u, v), max(u, v)))]
        loss = loss + mined_term(positive_MN[u], at[u, v], context_Nk, single_MN[u], double_N, temperature)
    return loss / (M - 1)


def concatenated(k_MND: Tensor) -> Tensor:
    """Concatenate the modalities' keys and normalise the result to unit length, (N, M x D).

    As a formula: norm([k_1; ...; k_M]).
    """
    return F.normalize(k_MND.transpose(0, 1).flatten(1), dim=1)


@full_precision
def ikem(y_MNE: Tensor, k_MND: Tensor, queue_MKD: Tensor, temperature: float, mask_NK: Tensor | None = None) -> Tensor:
    """Compute the loss of implicit knowledge exchange, IKEM (arXiv 2309.12009, section 3.3).

    This is InfoNCE of every y_u against all modalities' keys.

    Args:
        y_MNE: Unit predictions of every modality, E = M x D.
        k_MND: Unit keys of the same clips' other view.
        queue_MKD: Keys of other clips.
        temperature: T.
        mask_NK: Columns to leave out, or None.

    Returns:
        The sum over the modalities.
    """
    k_NE, queue_KE = concatenated(k_MND.detach()), queue_MKD.detach().transpose(0, 1).flatten(1)
    # The queue lies in memory as it is read here, and is not copied: its logits are divided by the keys' lengths.
    length_K = torch.linalg.vector_norm(queue_KE, dim=1)
    single_MN = queue_log_sum(y_MNE, queue_KE, temperature, mask_NK, length_K=length_K)
    positive_MN = (y_MNE * k_NE).sum(2) / temperature
    return (torch.logaddexp(positive_MN, single_MN) - positive_MN).mean(1).sum()


def _free_columns(queue_KD: Tensor, mask_NK: Tensor | None) -> int:
    taken = 0 if mask_NK is None else int(mask_NK.sum(1).max())
    return queue_KD.shape[0] - taken


def neighbour_kl(
    teacher_NK: Tensor,
    student_NK: Tensor,
    topk: int,
    teacher_temperature: float,
    student_temperature: float,
    mask_NK: Tensor | None = None,
) -> Tensor:
    """Compute the KL of two neighbour distributions over the teacher's topk columns (CMD, eq. 4 to 6).

    The result is the mean over the batch.

    Args:
        teacher_NK: The teacher's similarities; constants.
        student_NK: The student's similarities with the same columns.
        topk: Columns to compare, at most those that no clip has masked.
        teacher_temperature: Of the teacher's softmax.
        student_temperature: Of the student's.
        mask_NK: Columns to leave out, or None.
    """
    teacher_NK = teacher_NK.detach()
    if mask_NK is not None:
        teacher_NK = teacher_NK.masked_fill(mask_NK, -torch.inf)
    best_Nk, column_Nk = teacher_NK.topk(min(topk, _free_columns(teacher_NK.t(), mask_NK)), dim=1)
    target_Nk = F.log_softmax(best_Nk / teacher_temperature, dim=1)
    guess_Nk = F.log_softmax(student_NK.gather(1, column_Nk) / student_temperature, dim=1)
    return F.kl_div(guess_Nk, target_Nk, reduction="batchmean", log_target=True)


@full_precision
def cmd(
    z_MND: Tensor,
    k_MND: Tensor,
    queue_MKD: Tensor,
    topk: int = 8192,
    teacher_temperature: float = 0.05,
    student_temperature: float = 0.1,
    mask_NK: Tensor | None = None,
) -> Tensor:
    """Compute the loss of cross-modal mutual distillation, CMD (arXiv 2208.12448, section 3.3).

    The result is the sum over ordered pairs a -> b of modalities.

    The key of a teaches the query of b how similar the queue's samples are.

    Args:
        z_MND: Unit queries; the students.
        k_MND: Unit keys; the teachers.
        queue_MKD: Keys of other clips.
        topk: Neighbours compared, at most K.
        teacher_temperature: Of the keys' softmax.
        student_temperature: Of the queries' softmax.
        mask_NK: Columns to leave out, or None.

    Raises:
        ValueError: for fewer than two modalities.
    """
    if len(z_MND) < 2:
        raise ValueError("CMD needs two modalities at least; choose exchange none or ikem for one")
    student_MNK = z_MND @ queue_MKD.detach().transpose(1, 2)
    loss = z_MND.new_zeros(())
    for a in range(len(z_MND)):
        teacher_NK = k_MND[a].detach() @ queue_MKD[a].detach().t()
        for b in range(len(z_MND)):
            if a != b:
                temperatures = (teacher_temperature, student_temperature)
                loss = loss + neighbour_kl(teacher_NK, student_MNK[b], topk, *temperatures, mask_NK)
    return loss
