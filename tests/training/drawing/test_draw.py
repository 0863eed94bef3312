"""Written motions, and people drawn from skeletons that the real pose landmarker finds."""

import cv2
import numpy as np
import pytest

from models.skeleton import CENTRE, JOINTS, PARENTS, bridge
from training.drawing.body import Body, joints_of
from training.drawing.camera_effects import Film, random_film
from training.drawing.draw import Look, PinholeCamera, draw_clip
from training.drawing.motions import MOTIONS, make_motion

J = {name: i for i, name in enumerate(JOINTS)}


def test_standing_body_is_upright_and_faces_the_camera():
    joints = joints_of({}, Body())
    assert joints[J["head"], 1] > 1.5 and abs(joints[J["left_ankle"], 1] - 0.08) < 0.02
    assert joints[J["right_shoulder"], 0] > 0 > joints[J["left_shoulder"], 0]
    assert joints[J["left_foot"], 2] < joints[J["left_ankle"], 2]  # toes towards the camera


@pytest.mark.parametrize("name", list(MOTIONS))
def test_motions_keep_their_bones_and_repeat_by_seed(name):
    clip = make_motion(name, 2.0, 20.0, 5)
    assert clip.shape == (40, 25, 3) and np.isfinite(clip).all()
    assert (clip == make_motion(name, 2.0, 20.0, 5)).all() and (clip != make_motion(name, 2.0, 20.0, 6)).any()
    lengths = np.linalg.norm(clip - clip[:, PARENTS], axis=-1)
    rigid = [J[f"{side}_{part}"] for side in ("left", "right") for part in ("elbow", "wrist", "knee", "ankle")]
    np.testing.assert_allclose(lengths[:, rigid], lengths[:1, rigid].repeat(40, 0), atol=2e-3)
    assert np.abs(np.diff(clip, axis=0)).max() < 0.6  # nothing jumps


def test_idle_hardly_moves_and_jumping_jacks_do():
    motion = {n: np.abs(np.diff(make_motion(n, 3.0, 20.0, 1), axis=0)).mean() for n in ("idle", "jumping_jack")}
    assert motion["idle"] * 8 < motion["jumping_jack"]


def test_the_camera_sees_right_on_the_left_and_near_as_large():
    joints = joints_of({}, Body())
    xy, depth = PinholeCamera().see(joints)
    assert xy[J["right_shoulder"], 0] < xy[J["left_shoulder"], 0] and xy[J["head"], 1] < xy[J["pelvis"], 1]
    near, _ = PinholeCamera(distance=2.0).see(joints)
    assert np.ptp(near[:, 1]) > 1.3 * np.ptp(xy[:, 1]) and (depth > 0).all()


def test_the_landmarker_finds_the_drawn_person(pose_model_path):
    from app.pose.landmarker import PoseSource

    camera = PinholeCamera(yaw=0.3)
    joints = make_motion("wave", 1.5, 20.0, 4)
    errors, found = [], 0
    with PoseSource(pose_model_path, num_poses=1) as source:
        for t, bgr in enumerate(draw_clip(joints, camera, Look(4))):
            for pose in source.detect(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), t / 20):
                found += 1
                xy, _ = camera.see(joints[t])
                marks = pose.image_V3[[11, 12, 25, 26], :2] * camera.size
                names = ("left_shoulder", "right_shoulder", "left_knee", "right_knee")
                errors.append(np.linalg.norm(marks - xy[[J[n] for n in names]], axis=-1))
                bridged, seen = bridge(pose.world_V3, pose.visibility_V)
    assert found >= 28 and np.median(errors) < 20
    assert seen[CENTRE] and bridged[J["head"], 1] > bridged[J["left_knee"], 1]


def test_a_plain_film_leaves_the_picture_alone():
    image = next(draw_clip(make_motion("wave", 0.5, 20.0, 4), PinholeCamera(), Look(4)))
    assert (Film().take(image, np.random.default_rng(0)) == image).all()


@pytest.mark.parametrize(
    "film", [Film(gain=0.4), Film(noise=8.0), Film(quality=15), Film(tint=(1.1, 1.0, 0.9)), Film(cover=(0, 0.6, 1, 1))]
)
def test_a_film_changes_the_picture(film):
    image = next(draw_clip(make_motion("wave", 0.5, 20.0, 4), PinholeCamera(), Look(4)))
    taken = film.take(image, np.random.default_rng(0))
    assert taken.shape == image.shape and taken.dtype == np.uint8 and (taken != image).any()


def test_what_covers_the_person_hides_the_legs_alone():
    clip = make_motion("wave", 0.5, 20.0, 4)
    film = Film(cover=(0.0, 0.6, 1.0, 1.0), cover_colour=(1, 2, 3))
    plain, covered = (
        next(draw_clip(clip, PinholeCamera(), Look(4))),
        next(draw_clip(clip, PinholeCamera(), Look(4), film)),
    )
    assert (covered[300:] == (1, 2, 3)).all() and (covered[:280] == plain[:280]).all()


def test_a_slow_shutter_smears_what_moves():
    clip = make_motion("jumping_jack", 1.0, 20.0, 4)
    sharp, slow = (list(draw_clip(clip, PinholeCamera(), Look(4), Film(shutter=s)))[8].astype(int) for s in (0.0, 0.9))
    changed = np.abs(sharp - slow).max(-1) > 8
    assert 0.001 < changed.mean() < 0.2
    still = clip[:1].repeat(3, 0)
    sharp, slow = (list(draw_clip(still, PinholeCamera(), Look(4), Film(shutter=s)))[2].astype(int) for s in (0.0, 0.9))
    assert np.abs(sharp - slow).max() <= 1


def test_films_repeat_by_seed():
    a, b, c = (random_film(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert a == b != c
