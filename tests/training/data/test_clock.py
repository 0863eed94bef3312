"""One clock for a clip: two people are read on it, and moments in which somebody is lost take their time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.modalities import modalities, time_scale
from tests.training.data.written import STANDING
from training.data.readers.base import RecordedClip
from training.data.store_parts import _Rows

HAND = 7
FRAMES = 100


def lifting(x: float = 0.0) -> np.ndarray:
    """A person at x who lifts and lowers a hand, (FRAMES, 25, 3)."""
    joints_TVC = np.repeat((STANDING + [x, 0.0, 3.0])[None], FRAMES, 0).astype(np.float32)
    joints_TVC[:, HAND, 1] += 0.1 * np.sin(np.arange(FRAMES) / 6)
    return joints_TVC


def read(*people: np.ndarray, fps: float = 30.0) -> tuple[torch.Tensor, float]:
    """The rows of a clip, (P, 50, 25, 3), and its frames, as a store holds them."""
    rows = _Rows()
    rows.add(RecordedClip("clip", np.stack(people), fps))
    return torch.from_numpy(np.stack(rows.rows)), rows.columns["frames"][0]


def speed_PT(joints_PTVC: torch.Tensor, frames: float) -> torch.Tensor:
    scale_N = time_scale(torch.tensor([frames]))
    return modalities(joints_PTVC[None], scale_N, ("motion",))[0][0, :, :, HAND].norm(dim=-1)


def test_who_comes_later_moves_on_the_clock_of_who_was_there() -> None:
    second = lifting(1.0)
    second[:60] = 0
    joints_PTVC, frames = read(lifting(), second)
    assert frames == FRAMES
    torch.testing.assert_close(joints_PTVC[0, 31:], joints_PTVC[1, 31:], rtol=0, atol=1e-5)
    speed = speed_PT(joints_PTVC, frames)
    torch.testing.assert_close(speed[0, 31:], speed[1, 31:], rtol=0, atol=1e-5)
    assert float(speed[1, 31:].max()) > 0.01 and float(speed[1, :29].max()) < 1e-5  # before that, the pose is held


def test_who_leaves_is_held_to_the_end() -> None:
    second = lifting(1.0)
    second[40:] = 0
    joints_PTVC, frames = read(lifting(), second)
    torch.testing.assert_close(joints_PTVC[0, :20], joints_PTVC[1, :20], rtol=0, atol=1e-5)
    torch.testing.assert_close(joints_PTVC[1, 21], joints_PTVC[1, 49], rtol=0, atol=1e-5)


@pytest.mark.parametrize("lost", [3, 12, 30])
def test_a_person_lost_for_a_moment_comes_back_when_they_come_back(lost: int) -> None:
    holed = lifting()
    holed[40 : 40 + lost] = 0
    (whole, frames), (bridged, also) = read(lifting()), read(holed)
    assert frames == also == FRAMES
    torch.testing.assert_close(bridged[0, 36:], whole[0, 36:], rtol=0, atol=1e-5)
    torch.testing.assert_close(bridged[0, :19], whole[0, :19], rtol=0, atol=1e-5)
    fastest = float(speed_PT(whole, frames).max())
    assert float(speed_PT(bridged, frames).max()) < 1.05 * fastest  # squeezed out, the hole would be a jump


def test_empty_ends_are_no_part_of_the_clip() -> None:
    ends = lifting()
    ends[:20] = ends[80:] = 0
    joints_PTVC, frames = read(ends, fps=15.0)
    assert frames == 60 / 15 * 30
    torch.testing.assert_close(joints_PTVC, read(lifting()[20:80], fps=15.0)[0])
