"""Ways of doing an action: bones keep their lengths, hands are where the name says, stillness is still."""

import numpy as np
import pytest

from models.labels import DISPLAY, IDLE
from models.skeleton import CENTRE, JOINTS, PARENTS
from training.drawing.body import Body, joints_of
from training.drawing.gestures import arm
from training.drawing.ways import WAYS, make_way

J = {name: i for i, name in enumerate(JOINTS)}
EVERY = [(action, way.name) for action, ways in WAYS.items() for way in ways]
SHOULDERS = [J["left_shoulder"], J["right_shoulder"]]


def clips(action, name, count=6, fps=20.0):
    return [make_way(action, 3.0, fps, seed, name) for seed in range(count)]


def raised(clip):
    """Height of each wrist above the shoulders, highest hand first, in shoulder widths, (T, 2)."""
    width = np.linalg.norm(clip[:, SHOULDERS[0]] - clip[:, SHOULDERS[1]], axis=-1)
    up = clip[:, [J["left_wrist"], J["right_wrist"]], 1] - clip[:, SHOULDERS, 1]
    up = up[:, np.argsort(-up.mean(0))]
    return up / width[:, None]


def test_actions_are_those_of_the_model_and_names_are_unique():
    assert set(WAYS) <= set(DISPLAY)
    assert len({name for _, name in EVERY}) == len(EVERY)


@pytest.mark.parametrize(("action", "name"), EVERY)
def test_a_way_keeps_its_bones_and_does_not_jump(action, name):
    clip = make_way(action, 2.0, 20.0, 5, name)
    assert clip.shape == (40, 25, 3) and clip.dtype == np.float32 and np.isfinite(clip).all()
    lengths = np.linalg.norm(clip - clip[:, PARENTS], axis=-1)
    rigid = [J[f"{side}_{part}"] for side in ("left", "right") for part in ("elbow", "wrist", "knee", "ankle")]
    np.testing.assert_allclose(lengths[:, rigid], lengths[:1, rigid].repeat(40, 0), atol=2e-3)
    assert np.abs(np.diff(clip, axis=0)).max() < 0.65


def test_a_seed_repeats_at_every_rate_and_another_differs():
    slow, fast, other = (make_way("wave", 2.0, fps, seed) for fps, seed in ((10.0, 3), (20.0, 3), (10.0, 4)))
    np.testing.assert_allclose(slow, fast[::2], atol=1e-5)
    assert np.abs(slow - other).max() > 0.05
    with pytest.raises(ValueError, match="wave has no way wave_a_flag; there are wave_beside_face"):
        make_way("wave", 2.0, 10.0, 0, "wave_a_flag")


@pytest.mark.parametrize("name", [way.name for way in WAYS[IDLE]])
def test_stillness_is_still(name):
    for clip in clips(IDLE, name):
        about_shoulders = clip - clip[:, [CENTRE]]
        speed = np.linalg.norm(about_shoulders[4:] - about_shoulders[:-4], axis=-1) / 0.2
        assert np.sort(speed, axis=1)[:, -5:].mean(1).max() < 0.5


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("wave_beside_face", -0.15, 1.0), ("wave_below_shoulder", -0.8, 0.1), ("wave_overhead", 0.9, 1.8),
        ("wave_at_shoulder", -0.5, 0.45),
    ],
)  # fmt: skip
def test_a_wave_is_where_its_name_says(name, least, most):
    middles = [float(np.median(raised(clip)[:, 0])) for clip in clips("wave", name)]
    assert least < min(middles) and max(middles) < most


def test_waves_swing_as_far_as_real_ones():
    """Of real waves 0.19, 0.49, 1.01 shoulder widths are the 10, 50 and 90 % points."""
    swings = []
    for seed in range(40):
        clip = make_way("wave", 3.0, 20.0, seed, "wave_beside_face")
        width = np.linalg.norm(clip[0, SHOULDERS[0]] - clip[0, SHOULDERS[1]])
        swings.append(max(np.ptp(clip[:, J[f"{s}_wrist"], :2], axis=0).max() for s in ("left", "right")) / width)
    assert 0.3 < np.median(swings) < 0.8 and np.quantile(swings, 0.9) > 0.7 and np.quantile(swings, 0.1) < 0.35


def test_both_sides_and_both_bases_are_drawn():
    def higher(clip):
        return clip[:, J["left_wrist"], 1].mean() > clip[:, J["right_wrist"], 1].mean()

    some = clips("wave", "wave_beside_face", 12)
    assert {bool(higher(clip)) for clip in some} == {True, False}
    assert {bool(clip[0, J["pelvis"], 1] > 0.75) for clip in some} == {True, False}


def test_an_arm_goes_where_its_bones_point():
    pose = arm((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    joints = joints_of(pose, Body())
    shoulder, elbow, wrist = (joints[J[f"right_{part}"]] for part in ("shoulder", "elbow", "wrist"))
    np.testing.assert_allclose(elbow - shoulder, [0.28, 0, 0], atol=0.02)
    np.testing.assert_allclose(wrist - elbow, [0, 0.25, 0], atol=0.02)


def test_a_bent_wrist_moves_the_hand_alone():
    plain, bent = (
        joints_of({"right_hand": (0.1, 0.3, 0.4)} | more, Body()) for more in ({}, {"right_wrist": (1, 0, 0)})
    )
    moved = np.linalg.norm(plain - bent, axis=-1) > 1e-6
    assert {JOINTS[v] for v in np.flatnonzero(moved)} == {"right_hand", "right_tip", "right_thumb"}
