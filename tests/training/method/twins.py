"""Slow, obvious twins of the losses: one clip and one pair of modalities at a time, all logits of a clip side by side.

Written from the papers' formulas and independent of the code under test on purpose. float64 tensors in and out, which
autograd follows. A mask's True columns are taken away before anything else happens.
"""

from __future__ import annotations

import torch
from torch import Tensor


def free_columns(mask: Tensor | None, n: int, columns: int) -> list[int]:
    return [i for i in range(columns) if mask is None or not bool(mask[n, i])]


def unit(x: Tensor) -> Tensor:
    return x / x.pow(2).sum().sqrt()


def log_softmax(logits: Tensor) -> Tensor:
    """By the definition, with the largest taken off first."""
    top = logits.max().detach()
    return logits - ((logits - top).exp().sum().log() + top)


def best(similarity: Tensor, k: int) -> list[int]:
    """Places of the k largest, by sorting a list."""
    values = similarity.tolist()
    return sorted(range(len(values)), key=lambda i: values[i], reverse=True)[:k]


def info_nce(q, k, queue, temperature, mask=None) -> Tensor:
    """CE([s+, s_1..K] / T, 0), mean over the batch."""
    k, queue = k.detach(), queue.detach()
    terms = []
    for n in range(len(q)):
        others = queue[free_columns(mask, n, len(queue))]
        logits = torch.cat([(q[n] @ k[n])[None], others @ q[n]]) / temperature
        terms.append(-log_softmax(logits)[0])
    return torch.stack(terms).mean()


def mined_term(positive: Tensor, own: Tensor, context: Tensor, near: list[int], temperature: float) -> Tensor:
    """Mean over {positive, neighbours, their context} of -log softmax([positive, queue, context] / T), one clip."""
    K = len(own)
    logs = log_softmax(torch.cat([positive[None], own, context]) / temperature)
    picked = [0] + [1 + i for i in near] + [1 + K + i for i in near]
    return sum(-logs[i] for i in picked) / len(picked)


def ekem(z, k, queue, temperature, topk=1, context_gradient=True, mask=None) -> Tensor:
    """Sum over u of the mean over v != u of EKEM(u <- v)."""
    k, queue = k.detach(), queue.detach()
    total = torch.zeros((), dtype=z.dtype)
    for u in range(len(z)):
        of_u = []
        for v in range(len(z)):
            if v == u:
                continue
            for n in range(len(z[u])):
                free = free_columns(mask, n, len(queue[u]))
                s_u, s_v = queue[u][free] @ z[u][n], queue[v][free] @ z[v][n]
                context = s_u * s_v if context_gradient else (s_u * s_v).detach()
                of_u.append(mined_term(z[u][n] @ k[u][n], s_u, context, best(s_v, topk), temperature))
        total = total + torch.stack(of_u).mean()
    return total


def ikem(y, k, queue, temperature, mask=None) -> Tensor:
    """Sum over u of CE([y_u . k_cat, y_u . Q_cat] / T, 0)."""
    k, queue = k.detach(), queue.detach()
    k_cat = torch.stack([unit(torch.cat(list(k[:, n]))) for n in range(k.shape[1])])
    queue_cat = torch.stack([unit(torch.cat(list(queue[:, i]))) for i in range(queue.shape[1])])
    return sum(info_nce(y[u], k_cat, queue_cat, temperature, mask) for u in range(len(y)))


def divergence(teacher: Tensor, student: Tensor, columns: list[int], t_teacher: float, t_student: float) -> Tensor:
    """KL(softmax(teacher / t_teacher) || softmax(student / t_student)) over some columns, one clip."""
    log_p = log_softmax(teacher.detach()[columns] / t_teacher)
    log_q = log_softmax(student[columns] / t_student)
    return (log_p.exp() * (log_p - log_q)).sum()


def neighbour_kl(x_teacher, queue_teacher, x_student, queue_student, topk, t_teacher, t_student, mask) -> Tensor:
    """Mean over the batch; topk columns, or as many as the clip with the fewest has left."""
    K, N = len(queue_teacher), len(x_teacher)
    topk = min([topk] + [len(free_columns(mask, n, K)) for n in range(N)])
    terms = []
    for n in range(N):
        free = free_columns(mask, n, K)
        teacher, student = queue_teacher[free] @ x_teacher[n], queue_student[free] @ x_student[n]
        terms.append(divergence(teacher, student, best(teacher, topk), t_teacher, t_student))
    return torch.stack(terms).mean()


def cmd(z, k, queue, topk, t_teacher=0.05, t_student=0.1, mask=None) -> Tensor:
    """Sum over ordered pairs a -> b: the key of a teaches the query of b."""
    k, queue = k.detach(), queue.detach()
    total = torch.zeros((), dtype=z.dtype)
    for a in range(len(z)):
        for b in range(len(z)):
            if a != b:
                total = total + neighbour_kl(k[a], queue[a], z[b], queue[b], topk, t_teacher, t_student, mask)
    return total


def rckd(e, t, queue_t, z, queue_z, temperature, mask=None) -> Tensor:
    """Sum over student branches s of the mean over teacher modalities v."""
    t, queue_t, z, queue_z = t.detach(), queue_t.detach(), z.detach(), queue_z.detach()
    total = torch.zeros((), dtype=e.dtype)
    for s in range(len(e)):
        of_s = []
        for v in range(len(z)):
            for n in range(len(t)):
                free = free_columns(mask, n, len(queue_t))
                own, near = queue_t[free] @ e[s][n], queue_z[v][free] @ z[v][n]
                of_s.append(mined_term(e[s][n] @ t[n], own, own * near, best(near, 1), temperature))
        total = total + torch.stack(of_s).mean()
    return total


def kl(e, t, queue_t, t_teacher=0.05, t_student=0.1, mask=None) -> Tensor:
    """Sum over student branches of the KL over the whole queue."""
    t, queue_t = t.detach(), queue_t.detach()
    K = len(queue_t)
    return sum(neighbour_kl(t, queue_t, e[s], queue_t, K, t_teacher, t_student, mask) for s in range(len(e)))


def cross_modal_kl(e, queue_t, z, queue_z, topk, t_teacher=0.05, t_student=0.1, mask=None) -> Tensor:
    """Sum over student branches of the mean over teacher modalities of CMD's KL."""
    queue_t, z, queue_z = queue_t.detach(), z.detach(), queue_z.detach()
    total = torch.zeros((), dtype=e.dtype)
    for s in range(len(e)):
        for v in range(len(z)):
            total = total + neighbour_kl(z[v], queue_z[v], e[s], queue_t, topk, t_teacher, t_student, mask) / len(z)
    return total


def feature(e, t) -> Tensor:
    """Sum over student branches of the mean squared distance of the unit embeddings."""
    total = torch.zeros((), dtype=e.dtype)
    for s in range(len(e)):
        total = total + sum(((e[s][n] - t[n].detach()) ** 2).sum() for n in range(len(t))) / len(t)
    return total
