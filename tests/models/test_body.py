"""The judgement of a body by its limb lengths: nobody, units and axes."""

import numpy as np
import pytest

from models.body import Judgement, judge
from models.lost_joints import mended
from models.skeleton import CENTRE, JOINTS
from tests.bodies import LEGS, standing, waving

PELVIS, HEAD, HAND = (JOINTS.index(name) for name in ("pelvis", "head", "right_hand"))


def judged(joints_TV3: np.ndarray) -> Judgement:
    return judge(*mended(joints_TV3))


@pytest.mark.parametrize("size", [0.4, 0.6, 1.0, 1.3])
@pytest.mark.parametrize("lost", [[], LEGS, [PELVIS, 12, 16, *LEGS], [HAND, HEAD]])
def test_people_of_all_sizes_are_people(size: float, lost: list[int]) -> None:
    joints_TV3 = waving(30) * size
    joints_TV3[:, lost] = np.nan
    found = judged(joints_TV3)
    assert found.is_body and (found.fault, found.note) == ("", "") and found.size == pytest.approx(size, rel=0.1)


def test_somebody_who_sits() -> None:
    joints_TV3 = waving(30)
    joints_TV3[:, [13, 17]] = joints_TV3[:, [12, 16]] + [0, 0, -0.42]
    joints_TV3[:, [14, 18]] = joints_TV3[:, [13, 17]] + [0, -0.4, 0]
    joints_TV3[:, [15, 19]] = joints_TV3[:, [14, 18]] + [0, -0.05, -0.12]
    assert judged(joints_TV3) == Judgement(judged(joints_TV3).size)


@pytest.mark.parametrize(
    ("times", "unit"), [(1000, "millimetres"), (100, "centimetres"), (39.37, "inches"), (3.281, "feet")]
)
@pytest.mark.parametrize("size", [0.6, 1.0])
def test_other_units_are_refused_by_name(times: float, unit: str, size: float) -> None:
    joints_TV3 = waving(30) * np.float32(times * size)
    for legs in (False, True):
        joints_TV3[:, LEGS] *= not legs
        assert unit in judged(joints_TV3).fault


def test_pixels_are_refused_and_a_flat_body_is_noted() -> None:
    assert "pixels" in judged(waving(30) * [-200, -200, 0] + [400, 400, 0]).fault
    assert judged(waving(30) * [1, 1, 0]).note.startswith("all joints lie in one plane")


def test_y_down_and_z_up_are_noted() -> None:
    assert "y runs down" in judged(waving(30) * [1, -1, 1]).note
    assert "z runs up" in judged(waving(30)[..., [0, 2, 1]]).note
    assert "x runs up" in judged(waving(30)[..., [1, 0, 2]]).note
    bowing = waving(30)
    bowing[:15] = bowing[:15] * [1, -1, 1]
    assert not judged(bowing).note  # upside down for a while


@pytest.mark.parametrize("scale", [0.01, 0.3, 1.0, 100.0])
def test_noise_is_nobody(scale: float) -> None:
    rng = np.random.default_rng(0)
    for noise_TV3 in (
        rng.normal(size=(30, 25, 3)),
        rng.uniform(size=(30, 25, 3)),
        np.cumsum(rng.normal(size=(30, 25, 3)), 0),
    ):
        found = judged(noise_TV3 * scale)
        assert not found.is_body and not found.fault


def test_a_point_and_nothing_are_nobody() -> None:
    for value in (1.0, -0.3, 900.0):
        assert not judged(np.full((30, 25, 3), value, np.float32)).is_body
    jitter = 1e-3 * np.random.default_rng(0).normal(size=(30, 25, 3))
    assert not judged(1 + jitter).is_body
    for value in (0.0, np.nan):
        assert not judged(np.full((30, 25, 3), value)).is_body
    assert not judged(standing(0)).is_body


def test_a_few_joints_do_not_tell() -> None:
    joints_TV3 = np.zeros((30, 25, 3), np.float32)
    joints_TV3[:, [CENTRE, 4, 8]] = standing(30)[:, [CENTRE, 4, 8]] * 1000
    assert judged(joints_TV3).is_body and not judged(joints_TV3).fault
