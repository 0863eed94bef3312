"""The bridge from BlazePose to NTU joints, the tree of joints, and the mirror."""

import numpy as np
import pytest

from models.skeleton import (
    BONES,
    BRIDGE_VL,
    CENTRE,
    JOINTS,
    MIRROR,
    OUTWARD,
    PARENTS,
    SEEN_FROM,
    bridge,
    fill_lost,
    mirrored,
)

RNG = np.random.default_rng(0)
J = {name: i for i, name in enumerate(JOINTS)}


def test_tree_is_the_papers():
    assert len(BONES) == 24 and PARENTS[CENTRE] == CENTRE == 20
    assert (PARENTS[J["left_hip"]], PARENTS[J["pelvis"]], PARENTS[J["left_tip"]]) == (0, 1, 7)
    order = {joint: n for n, joint in enumerate(OUTWARD)}
    assert all(order[parent] < order[child] for child, parent in BONES)


def test_mirror_swaps_sides_and_undoes_itself():
    assert (MIRROR[MIRROR] == np.arange(25)).all()
    assert MIRROR[J["left_thumb"]] == J["right_thumb"] and MIRROR[J["head"]] == J["head"]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_mirrored_body_does_with_its_right_what_it_did_with_its_left(kind):
    joints = RNG.normal(size=(2, 3, 25, 3)).astype(kind)
    seen = mirrored(joints)
    assert seen.dtype == kind and (mirrored(seen) == joints).all()
    assert (seen[..., J["left_wrist"], :] == joints[..., J["right_wrist"], :] * [-1, 1, 1]).all()
    assert (mirrored(joints[0, 0]) == seen[0, 0]).all()


def test_bridge_positions():
    world, visibility = RNG.normal(size=(33, 3)).astype(np.float32), np.ones(33, np.float32)
    joints, seen = bridge(world, visibility)
    turned = world * [-1, -1, 1]
    expected = {
        "pelvis": (turned[23] + turned[24]) / 2,
        "spine_shoulder": (turned[11] + turned[12]) / 2,
        "head": (turned[7] + turned[8]) / 2,
        "left_shoulder": turned[11],
        "right_wrist": turned[16],
        "left_hand": (turned[17] + turned[19]) / 2,
        "right_hand": (turned[18] + turned[20]) / 2,
        "right_tip": turned[20],
        "left_thumb": turned[21],
        "right_foot": turned[32],
    }
    for name, where in expected.items():
        np.testing.assert_allclose(joints[J[name]], where, atol=1e-6, err_msg=name)
    np.testing.assert_allclose(BRIDGE_VL.sum(1), 1, atol=1e-6)
    assert seen.all() and joints.dtype == np.float32


def test_bridge_axes_are_those_of_the_data():
    """Upright person facing the camera: head up, the actor's right on +x, the nose side towards -z."""
    world = np.zeros((33, 3), np.float32)
    world[[7, 8]] = (0, -0.6, 0)
    world[12] = (-0.2, -0.45, 0)  # the actor's right is on the left of the image
    joints, _ = bridge(world, np.ones(33))
    assert joints[J["head"], 1] > 0 and joints[J["right_shoulder"], 0] > 0


def test_hidden_landmark_hides_every_joint_made_from_it():
    visibility = np.ones(33)
    visibility[[17, 23]] = SEEN_FROM - 0.01  # left pinky, left hip
    _, seen = bridge(RNG.normal(size=(33, 3)), visibility)
    assert {JOINTS[v] for v in np.flatnonzero(~seen)} == {"left_hand", "left_hip", "pelvis", "spine_mid"}


@pytest.mark.parametrize("shape", [(25, 3), (33, 2), (32, 3)])
def test_bridge_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match="33 landmarks"):
        bridge(np.zeros(shape), np.ones(shape[0]))


def test_half_body_collapses_onto_the_shoulders():
    """Hips unseen: the whole lower body sits where it is known to hang from, and nothing is invented."""
    joints = RNG.normal(size=(4, 25, 3)).astype(np.float32)
    seen = np.ones((4, 25), bool)
    lower = [J[n] for n in JOINTS if n.split("_")[-1] in ("pelvis", "mid", "hip", "knee", "ankle", "foot")]
    seen[:, lower] = False
    filled = fill_lost(joints, seen)
    assert (filled[:, lower] == joints[:, [CENTRE]]).all()
    upper = [v for v in range(25) if v not in lower]
    assert (filled[:, upper] == joints[:, upper]).all()


def test_lost_wrist_sits_on_the_elbow():
    joints, seen = RNG.normal(size=(1, 25, 3)), np.ones((1, 25), bool)
    seen[0, [J["left_wrist"], J["left_hand"], J["left_tip"]]] = False
    filled = fill_lost(joints, seen)
    assert (filled[0, J["left_tip"]] == joints[0, J["left_elbow"]]).all()
    assert (filled[0, J["left_thumb"]] == joints[0, J["left_thumb"]]).all()
