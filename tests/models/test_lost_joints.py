"""Lost joints are told from joints at the origin, whatever marks them and wherever the body stands."""

import numpy as np
import pytest

from models.lost_joints import known_joints, mended
from models.skeleton import CENTRE, JOINTS
from tests.bodies import LEGS, waving

PELVIS, SPINE, HEAD, HAND = (JOINTS.index(name) for name in ("pelvis", "spine_mid", "head", "right_hand"))


def test_every_joint_of_a_whole_body_is_known_wherever_it_stands() -> None:
    for shift in ((0, 0, 0), (0, 0, -2.5), (30, 0, 0), (-900, 4, 7)):
        assert known_joints(waving(30) + np.float32(shift)).all()


@pytest.mark.parametrize("mark", [0.0, np.nan, np.inf, -1.0, -999.0])
@pytest.mark.parametrize("lost", [[HAND], [HEAD], [PELVIS], LEGS, [PELVIS, 12, 16, *LEGS]])
def test_marked_joints_are_lost(mark: float, lost: list[int]) -> None:
    joints_TV3 = waving(30)
    joints_TV3[10:20, lost] = mark
    known_TV = known_joints(joints_TV3)
    assert not known_TV[10:20, lost].any() and known_TV.sum() == 30 * 25 - 10 * len(lost)


@pytest.mark.parametrize("origin", [PELVIS, CENTRE])
def test_the_origin_of_a_centred_body_is_known_and_legs_of_zeros_beside_it_are_lost(origin: int) -> None:
    for every in (slice(None), slice(1)):  # centred in each frame, or in the first
        joints_TV3 = waving(30)
        joints_TV3 -= joints_TV3[every, origin : origin + 1]
        assert known_joints(joints_TV3).all()
        joints_TV3[:, LEGS] = 0
        known_TV = known_joints(joints_TV3)
        assert not known_TV[:, LEGS].any() and known_TV.sum() == 30 * 19


def test_a_lost_joint_of_the_trunk_beside_the_origin_is_lost() -> None:
    joints_TV3 = waving(30)
    joints_TV3 -= joints_TV3[:, PELVIS : PELVIS + 1]
    joints_TV3[:, SPINE] = 0
    known_TV = known_joints(joints_TV3)
    assert known_TV[:, PELVIS].all() and not known_TV[:, SPINE].any() and known_TV.sum() == 30 * 24


def test_marks_that_were_moved_with_the_body_are_out_of_reach() -> None:
    joints_TV3 = waving(30)
    joints_TV3[:, LEGS] = 0
    known_TV = known_joints(joints_TV3 + np.float32([0, 0, 50]))
    assert not known_TV[:, LEGS].any() and known_TV.sum() == 30 * 19


def test_frames_in_one_point_are_lost() -> None:
    joints_TV3 = waving(30)
    joints_TV3[:20] = -0.3
    joints_TV3[25, LEGS] = 0
    assert known_joints(joints_TV3).sum(1).tolist() == [0] * 20 + [25] * 5 + [19] + [25] * 4


def test_the_middle_of_the_shoulders_is_found_again() -> None:
    joints_TV3 = waving(10)
    middle_T3 = joints_TV3[:, [4, 8]].mean(1)
    joints_TV3[:, CENTRE] = np.nan
    whole_TV3, known_TV = mended(joints_TV3)
    assert known_TV.all()
    np.testing.assert_allclose(whole_TV3[:, CENTRE], middle_T3)
    joints_TV3[:, 4] = 0
    assert not mended(joints_TV3)[1][:, [CENTRE, 4]].any()


@pytest.mark.parametrize("away", [(0, 0, -1.2), (0.9, 0.4, 1.0), (0, -0.5, 1.4)])
def test_joints_that_share_a_point_away_from_the_body_are_lost(away: tuple[float, float, float]) -> None:
    """Lost joints of zeros come to lie there when somebody else has centred the recording after the loss."""
    joints_TV3 = waving(30)
    joints_TV3[10:20, LEGS] = joints_TV3[10:20, PELVIS : PELVIS + 1] + np.float32(away)
    known_TV = known_joints(joints_TV3)
    assert not known_TV[10:20, LEGS].any() and known_TV.sum() == 30 * 25 - 10 * len(LEGS)


def test_joints_put_on_their_nearest_known_ancestor_stay() -> None:
    joints_TV3 = waving(30)
    for side in ("left", "right"):
        hip = JOINTS.index(f"{side}_hip")
        joints_TV3[:, [JOINTS.index(f"{side}_{part}") for part in ("knee", "ankle", "foot")]] = joints_TV3[:, [hip]]
    assert known_joints(joints_TV3).all()
