"""Pictures of any size reach the pose model as it needs them."""

from __future__ import annotations

import numpy as np
import pytest

from app.pose.picture import LONGEST_SIDE, fitted

SIDES = [1, 8, 100, 2**15 - 1, 2**15, 2**16 + 1]


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1280, 720), (1280, 1280), (1, 1)])
def test_what_fits_is_left_as_it_is(size):
    picture_HWC = np.zeros((size[1], size[0], 3), np.uint8)
    assert fitted(picture_HWC) is picture_HWC


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (1281, 1), *[(side, 8) for side in SIDES]])
def test_what_is_longer_is_scaled(size):
    for width, height in (size, size[::-1]):
        picture_HWC = np.full((height, width, 3), 90, np.uint8)
        picture_HWC[:, width // 2 :] = 200
        made_HWC = fitted(picture_HWC)
        scale = min(1, LONGEST_SIDE / max(size))
        assert made_HWC.shape == (max(1, round(height * scale)), max(1, round(width * scale)), 3)
        assert made_HWC.flags.c_contiguous and made_HWC.mean() == pytest.approx(picture_HWC.mean(), abs=1)


def test_a_part_of_a_picture_in_one_piece():
    whole_HWC = np.arange(3 * 40 * 60, dtype=np.uint8).reshape(40, 60, 3)
    made_HWC = fitted(whole_HWC[:, ::-1])
    assert made_HWC.flags.c_contiguous and np.array_equal(made_HWC, whole_HWC[:, ::-1])


@pytest.mark.parametrize("shape", [(0, 8, 3), (8, 0, 3), (8, 8), (8, 8, 4), (8, 8, 1), (1, 8, 8, 3)])
def test_no_picture(shape):
    with pytest.raises(ValueError, match="uint8 RGB"):
        fitted(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="uint8 RGB"):
        fitted(np.zeros((8, 8, 3)))
