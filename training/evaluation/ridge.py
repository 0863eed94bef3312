"""Linear heads in closed form: ridge regression onto the classes, which needs no schedule and has nothing random.

Source: ridge classifiers on frozen features as in ROCKET (arXiv 1910.13051), regularised linear probing as in CLIP
(arXiv 2103.00020). Features of an encoder that trained without labels have a few strong directions. SGD on
cross-entropy learns these first; the closed form weighs all of them by what they tell.

Shape suffixes: N clips, D width of all modalities' features side by side, C classes.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

LEAST_STD = 1e-6  # of a feature that is used


def ridge_scores(train_ND: Tensor, label_N: Tensor, test_ND: Tensor, classes: int, penalty: float) -> Tensor:
    """Fit W and b of least mean squared error against the classes, and score the test clips.

    The features are standardised by the training clips. W minimises the mean over clips of |x W + b - onehot|^2, plus
    penalty D |W|^2: D is the sum of the standardised features' variances.

    Args:
        train_ND: features of the training clips.
        label_N: their class numbers.
        test_ND: features of the test clips.
        classes: C.
        penalty: of |W|^2, as a share of D.

    Returns:
        Scores of the test clips, (N, C) float64.
    """
    x_ND, test_ND = train_ND.double(), test_ND.double()
    mean_D, std_D = x_ND.mean(0), x_ND.std(0, correction=0)
    scale_D = torch.where(std_D > LEAST_STD, 1 / std_D.clamp(min=LEAST_STD), 0.0)
    x_ND, test_ND = (x_ND - mean_D) * scale_D, (test_ND - mean_D) * scale_D
    y_NC = F.one_hot(label_N, classes).to(x_ND)
    b_C = y_NC.mean(0)
    N, D = x_ND.shape
    # The smaller of the two equal systems.
    if D <= N:
        W_DC = torch.linalg.solve(x_ND.t() @ x_ND + N * D * penalty * _eye(D, x_ND), x_ND.t() @ (y_NC - b_C))
    else:
        W_DC = x_ND.t() @ torch.linalg.solve(x_ND @ x_ND.t() + N * D * penalty * _eye(N, x_ND), y_NC - b_C)
    return test_ND @ W_DC + b_C


def _eye(size: int, like: Tensor) -> Tensor:
    return torch.eye(size, dtype=like.dtype, device=like.device)
