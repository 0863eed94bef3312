"""Running statistics of batch-norm at the end of a run, and whether what is evaluated with them tells clips apart.

Initial weights of N(0, 0.02) make activations tiny. In training batch-norm hides that, but running variances begin at 1
and come down by a tenth a step. A run of a few steps would therefore be evaluated with statistics that are not its own:
its embeddings would be equal for all clips.

Shape suffixes: N clips, M modalities, D width of z.
"""

from __future__ import annotations

import itertools

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from models.branches import Branches
from training.config.schema import Schedule
from training.data.pool import Pool
from training.parallel.torchrun import Group
from training.runs.precision import encoders_in
from training.runs.two_views import two_views

FEW_STEPS = 200  # after more, running statistics have long forgotten where they began
LEAST_SPREAD = 1e-2  # of z (1: even); below it the clips are as good as equal


@torch.no_grad()
def settle_statistics(branches: Branches, pool: Pool, config: Schedule, group: Group) -> None:
    """Replace the running statistics by their mean over one pass of the training clips, in one view.

    All processes take part. The branches are left in training mode.
    """
    norms = [module for module in branches.modules() if isinstance(module, _BatchNorm)]
    before = [norm.momentum for norm in norms]
    branches.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all batches
    for view, _ in two_views(pool, config, config.epochs, group):
        with encoders_in(config.precision, group.device):
            branches.encode(view.joints_NPTVC, view.frames_N, view.present_NP)
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum


@torch.no_grad()
def spread(branches: Branches, pool: Pool, config: Schedule, group: Group) -> dict[str, float]:
    """Return how much each modality's z differs from clip to clip when it is evaluated: 1 for directions spread evenly.

    It is the mean over dimensions of the standard deviation, times sqrt(D), over this process's share of one batch.
    """
    training = branches.training
    branches.eval()
    view, _ = next(itertools.islice(two_views(pool, config, config.epochs, group), 1))
    z_MND = branches(view.joints_NPTVC, view.frames_N, view.present_NP)
    branches.train(training)
    each_M = z_MND.std(1, correction=0).mean(1) * z_MND.shape[2] ** 0.5
    return dict(zip(branches.names, each_M.tolist(), strict=True))
