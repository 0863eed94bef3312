"""The head on the embedding: it tells actions apart, from the background and from counter-examples."""

from __future__ import annotations

import numpy as np
import pytest

from app.teach.ridge import DIRECTIONS, Ridge, _directions

M, D, W = 3, 24, 5


def cloud(centre: np.ndarray, clips: int, rng: np.random.Generator, spread: float = 0.15) -> np.ndarray:
    """(E, W, D) windows about a centre; clips differ more than windows do."""
    around = centre + spread * rng.normal(size=(clips, 1, D))
    return (around + 0.2 * spread * rng.normal(size=(clips, W, D))).astype(np.float32)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


@pytest.fixture
def background(rng: np.random.Generator) -> np.ndarray:
    return (1 + 0.5 * rng.normal(size=(400, D))).astype(np.float32)


def best(head, x_EWD: np.ndarray, enter: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    logits_NA, _ = head.logits(x_EWD.reshape(-1, D), enter, M)
    return logits_NA.argmax(1), logits_NA.max(1)


@pytest.mark.parametrize("clips", [1, 3, 5])
def test_new_examples_are_told_apart_and_pass(clips: int, rng: np.random.Generator, background: np.ndarray) -> None:
    centres = 1 + 1.5 * rng.normal(size=(3, D))
    x = np.concatenate([cloud(centre, clips, rng) for centre in centres])
    head = Ridge(background, M).head(x, np.repeat(np.arange(3), clips), np.zeros(3 * clips, bool))
    passing = np.log(0.6 / 0.4)
    for a, centre in enumerate(centres):
        which, score = best(head, cloud(centre, 20, rng))
        assert (which == a).mean() > 0.95
        assert clips == 1 or (score > passing).mean() > 0.9
    _, score = best(head, (1 + 0.5 * rng.normal(size=(200, 1, D))).astype(np.float32))
    assert (score > passing).mean() < 0.03  # everyday movement does not


def test_at_the_threshold_the_score_is_that_of_entering(rng: np.random.Generator, background: np.ndarray) -> None:
    x = cloud(1 + 1.5 * rng.normal(size=D), 4, rng)
    head = Ridge(background, M).head(x, np.zeros(4, int), np.zeros(4, bool))
    for enter in (0.3, 0.6, 0.9):
        logits_NA, parts_NMA = head.logits(x.reshape(-1, D), enter, M)
        own = logits_NA[:, 0] - np.log(enter / (1 - enter))  # 0 at the threshold
        plain = parts_NMA.mean(1)[:, 0] - np.log(enter / (1 - enter))
        np.testing.assert_allclose(own, plain, atol=1e-9)  # the modalities' mean is the whole
        assert (own > 0).mean() > 0.7


def test_counter_examples_push_away(rng: np.random.Generator, background: np.ndarray) -> None:
    centre, aside = 1 + 1.5 * rng.normal(size=D), rng.normal(size=D)
    near = centre + 0.7 * aside
    x, no = cloud(centre, 4, rng), cloud(near, 4, rng)
    passing = np.log(0.6 / 0.4)
    plain = Ridge(background, M).head(x, np.zeros(4, int), np.zeros(4, bool))
    told = Ridge(background, M).head(np.concatenate([x, no]), np.zeros(8, int), np.arange(8) > 3)
    fresh = cloud(near, 30, rng)
    before, after = ((best(head, fresh)[1] > passing).mean() for head in (plain, told))
    assert before > 0.5 and after < 0.1
    assert (best(told, cloud(centre, 30, rng))[1] > passing).mean() > 0.6


def test_what_cannot_be_told_from_everyday_movement_is_vague(rng: np.random.Generator, background: np.ndarray) -> None:
    everyday = (1 + 0.5 * rng.normal(size=(4, W, D))).astype(np.float32)
    clear = cloud(1 + 1.5 * rng.normal(size=D), 4, rng)
    head = Ridge(background, M).head(np.concatenate([everyday, clear]), np.repeat([0, 1], 4), np.zeros(8, bool))
    assert head.is_vague.tolist() == [True, False]


def test_shapes_are_checked(rng: np.random.Generator, background: np.ndarray) -> None:
    head = Ridge(background, M).head(cloud(rng.normal(size=D), 2, rng), np.zeros(2, int), np.zeros(2, bool))
    assert head.fits(1, D) and not head.fits(2, D) and not head.fits(1, D + 3)


def test_what_the_background_holds_under_another_name_is_left_out(
    rng: np.random.Generator, background: np.ndarray
) -> None:
    """A kind of the background that is the taught action does not keep it from being told; the other kinds do."""
    centre = rng.normal(size=D)
    same = np.concatenate(cloud(centre, 10, rng))
    everyday, kinds = np.concatenate([background, same]), np.repeat([0, 1], (len(background), len(same)))
    x, new = cloud(centre, 4, rng), cloud(centre, 6, rng)
    arguments = x, np.zeros(4, int), np.zeros(4, bool)
    blind, told = Ridge(everyday, M).head(*arguments), Ridge(everyday, M, kinds).head(*arguments)
    assert blind.is_vague[0] and not told.is_vague[0]
    passed = lambda head: (head.logits(np.concatenate(new), 0.6, M)[0] >= np.log(0.6 / 0.4)).mean()  # noqa: E731
    assert passed(told) > 0.9 > passed(blind)
    false, _ = told.logits(background, 0.6, M)
    assert (false >= np.log(0.6 / 0.4)).mean() < 0.02
    distinct = cloud(rng.normal(size=D), 4, rng), *arguments[1:]  # told from everything: all kinds stay
    np.testing.assert_allclose(  # the same sums, by matrix products at other addresses
        Ridge(everyday, M).head(*distinct).weight_AD, Ridge(everyday, M, kinds).head(*distinct).weight_AD, atol=1e-6
    )


def test_directions_hold_what_varies() -> None:
    rng = np.random.default_rng(0)
    for shape in ((90, 40), (40, 90), (700, 600), (600, 700)):
        x = rng.normal(size=shape) * 0.98 ** np.arange(shape[1])
        found = _directions(x)
        np.testing.assert_allclose(found.T @ found, np.eye(found.shape[1]), atol=1e-9)
        best = (np.linalg.svd(x, compute_uv=False)[: found.shape[1]] ** 2).sum()
        assert found.shape[1] == min(*shape, DIRECTIONS) and ((x @ found) ** 2).sum() > 0.998 * best
    twice = np.repeat(rng.normal(size=(20, 30)), 2, axis=0)  # of rank 20
    found = _directions(twice)
    np.testing.assert_allclose(found.T @ found, np.eye(30), atol=1e-9)
    np.testing.assert_allclose(twice @ found @ found.T, twice, atol=1e-9)


def test_everyday_movement_looks_like_no_action(rng: np.random.Generator, background: np.ndarray) -> None:
    head = Ridge(background, M).head(cloud(1 + 3 * rng.normal(size=D), 5, rng), np.zeros(5, int), np.zeros(5, bool))
    odds_NA, _ = head.logits(background, 0.6, M)
    assert np.median(1 / (1 + np.exp(-odds_NA))) < 0.02
