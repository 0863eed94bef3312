"""Classifiers for few-shot episodes: the app's head on the embedding, and those that it is compared with.

Shapes: N clips, W windows of a clip, D width of the embedding, K shots, A actions of an episode, Q clips that ask,
F frames.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from app.teach.head import features
from app.teach.ridge import Ridge
from training.judging.episodes import Episode

DTW_FRAMES = 25
_ROWS = 16
Answerer = Callable[[Episode], list[np.ndarray]]  # for each action, the answer to each clip that asks


def by_head(x_NWD: np.ndarray, background_BD: np.ndarray, modalities: int) -> Answerer:
    """Make the app's answerer: a ridge regression for each action against the others and everyday movement."""

    ridge = Ridge(background_BD, modalities)
    x = features(x_NWD.reshape(-1, x_NWD.shape[-1]), ridge.mean_D, modalities).reshape(x_NWD.shape)

    def answer(episode: Episode) -> list[np.ndarray]:
        A, K = episode.teach_AK.shape
        weight_AX = ridge.weights(x_NWD[episode.teach_AK.ravel()], np.repeat(np.arange(A), K))
        return [(x[ask].mean(1) @ weight_AX[:, :-1].T + weight_AX[:, -1]).argmax(1) for ask in episode.ask]

    return answer


def by_prototypes(x_NWD: np.ndarray, background_BD: np.ndarray, modalities: int) -> Answerer:
    """Make an answerer by prototypes: it names the action whose mean feature is nearest, by cosine."""
    x_NWD = _features(x_NWD, background_BD, modalities)

    def answer(episode: Episode) -> list[np.ndarray]:
        mean_AD = x_NWD[episode.teach_AK].mean((1, 2))
        mean_AD /= np.linalg.norm(mean_AD, axis=1, keepdims=True)
        return [(x_NWD[ask] @ mean_AD.T).mean(1).argmax(1) for ask in episode.ask]

    return answer


def by_neighbours(x_NWD: np.ndarray, background_BD: np.ndarray, modalities: int, k: int = 3) -> Answerer:
    """Make an answerer by neighbours: it names the action whose k nearest windows are nearest, by cosine."""
    x_NWD = _features(x_NWD, background_BD, modalities)

    def answer(episode: Episode) -> list[np.ndarray]:
        A = len(episode.teach_AK)
        teach_AXD = x_NWD[episode.teach_AK].reshape(A, -1, x_NWD.shape[-1])

        def best(ask: np.ndarray) -> np.ndarray:
            near = np.einsum("qwd,axd->qwax", x_NWD[ask], teach_AXD)
            return np.sort(near, axis=-1)[..., -k:].mean(-1).mean(1).argmax(1)

        return [best(ask) for ask in episode.ask]

    return answer


def _features(x_NWD: np.ndarray, background_BD: np.ndarray, modalities: int) -> np.ndarray:
    mean_D = background_BD.mean(0, dtype=np.float64)
    return features(x_NWD.reshape(-1, x_NWD.shape[-1]), mean_D, modalities).reshape(x_NWD.shape)


def by_warping(distance_NN: np.ndarray) -> Answerer:
    """Make an answerer by warping: it names the action of the nearest clip by dynamic time warping."""
    return lambda episode: [distance_NN[ask[:, None, None], episode.teach_AK].min(-1).argmin(-1) for ask in episode.ask]


def warped(clips_NLV3: np.ndarray) -> np.ndarray:
    """Compute the (N, N) distances of clips by dynamic time warping of joints, centred and turned alike."""
    import torch
    from tqdm import tqdm

    from models.modalities import normalise

    clips = torch.from_numpy(clips_NLV3)
    every = np.linspace(0, clips.shape[1] - 1, DTW_FRAMES).round().astype(int)
    x_NFX = normalise(clips).numpy()[:, every].reshape(len(clips), DTW_FRAMES, -1).astype(np.float32)
    rows = [_warp(x_NFX[i : i + _ROWS], x_NFX) for i in tqdm(range(0, len(x_NFX), _ROWS), desc="warping", leave=False)]
    return np.concatenate(rows)


def _warp(a_NFX: np.ndarray, b_MFX: np.ndarray) -> np.ndarray:
    """Compute the (N, M) path costs, each divided by twice the frames."""
    square = lambda x: (x**2).sum(-1)  # noqa: E731
    cost = square(a_NFX)[:, None, :, None] + square(b_MFX)[None, :, None] - 2 * np.einsum("nfx,mgx->nmfg", a_NFX, b_MFX)
    cost = np.sqrt(np.maximum(cost, 0))
    F = cost.shape[-1]
    path = np.full((*cost.shape[:2], F + 1, F + 1), np.inf, np.float32)
    path[..., 0, 0] = 0
    for i in range(1, F + 1):
        for k in range(1, F + 1):
            before = np.minimum(np.minimum(path[..., i - 1, k], path[..., i, k - 1]), path[..., i - 1, k - 1])
            path[..., i, k] = cost[..., i - 1, k - 1] + before
    return path[..., F, F] / (2 * F)
