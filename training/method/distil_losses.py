"""Losses that distil the teacher's modalities into the student: relational (RCKD), plain KL, CMD and feature.

Source: arXiv 2309.12009, section 3.4. Shape suffixes: N clips, S student branches, M teacher modalities, K queue
columns, D width of a teacher's z, E = M x D. The teacher is constant throughout.
"""

from __future__ import annotations

from torch import Tensor

from training.method.losses import mine, mined_term, neighbour_kl, similarity_at
from training.method.queue_sums import queue_sums


def rckd(
    e_SNE: Tensor,
    t_NE: Tensor,
    queue_KE: Tensor,
    z_MND: Tensor,
    queue_MKD: Tensor,
    temperature: float,
    mask_NK: Tensor | None = None,
) -> Tensor:
    """Compute the relational cross-modality distillation loss (RCKD).

    The result is the sum over student branches of the mean over teacher modalities.

    Args:
        e_SNE: Unit embeddings of the student's branches, on the second view.
        t_NE: Unit concatenation of the teacher's z, on the first view.
        queue_KE: Earlier t; column i is the same sample as in queue_MKD.
        z_MND: The teacher's z, modality by modality: who the neighbours are.
        queue_MKD: Earlier z.
        temperature: T.
        mask_NK: Columns to leave out, or None.
    """
    S, M = len(e_SNE), len(z_MND)
    t_NE, z_MND = t_NE.detach(), z_MND.detach()
    pairs = [(s, S + v) for s in range(S) for v in range(M)]
    streams = [*e_SNE.unbind(), *z_MND.unbind()]
    single_SN, double_PN = queue_sums(streams, [queue_KE] * S + list(queue_MKD), pairs, temperature, mask_NK)
    mined_MNk = [mine(z_MND[v], queue_MKD[v], 1, mask_NK) for v in range(M)]
    loss = e_SNE.new_zeros(())
    for p, (s, stream) in enumerate(pairs):
        v = stream - S
        own_Nk = similarity_at(e_SNE[s], queue_KE, mined_MNk[v])
        context_Nk = own_Nk * similarity_at(z_MND[v], queue_MKD[v], mined_MNk[v])
        positive_N = (e_SNE[s] * t_NE).sum(1)
        loss = loss + mined_term(positive_N, own_Nk, context_Nk, single_SN[s], double_PN[p], temperature)
    return loss / M


def kl(
    e_SNE: Tensor,
    t_NE: Tensor,
    queue_KE: Tensor,
    teacher_temperature: float = 0.05,
    student_temperature: float = 0.1,
    mask_NK: Tensor | None = None,
) -> Tensor:
    """Compute plain KL: the student's similarities with the whole queue follow the teacher's.

    The result is the sum over student branches.
    """
    teacher_NK = t_NE.detach() @ queue_KE.detach().t()
    K = queue_KE.shape[0]
    each = (
        neighbour_kl(teacher_NK, e_NE @ queue_KE.detach().t(), K, teacher_temperature, student_temperature, mask_NK)
        for e_NE in e_SNE
    )
    return sum(each, e_SNE.new_zeros(()))


def cross_modal_kl(
    e_SNE: Tensor,
    queue_KE: Tensor,
    z_MND: Tensor,
    queue_MKD: Tensor,
    topk: int = 8192,
    teacher_temperature: float = 0.05,
    student_temperature: float = 0.1,
    mask_NK: Tensor | None = None,
) -> Tensor:
    """Compute CMD's distillation loss: every teacher modality's top neighbours, KL to every student branch.

    The sum over student branches of the mean over teacher modalities (arXiv 2208.12448, section 3.3).
    """
    loss = e_SNE.new_zeros(())
    student_SNK = e_SNE @ queue_KE.detach().t()
    for z_ND, queue_KD in zip(z_MND.detach(), queue_MKD.detach(), strict=True):
        teacher_NK = z_ND @ queue_KD.t()
        for student_NK in student_SNK:
            loss = loss + neighbour_kl(teacher_NK, student_NK, topk, teacher_temperature, student_temperature, mask_NK)
    return loss / len(z_MND)


def feature(e_SNE: Tensor, t_NE: Tensor) -> Tensor:
    """Compute feature distillation: the squared distance of unit embeddings to the teacher's.

    The result is the sum over student branches.
    """
    return ((e_SNE - t_NE.detach()) ** 2).sum(2).mean(1).sum()
