"""Cameras on a desk: how near they stand, what is in their picture, and that folders drawn before stay as they are."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from models.labels import IDLE
from models.skeleton import JOINTS
from training.drawing.camera_clips import see
from training.drawing.camera_effects import Film
from training.drawing.desk_cameras import CLEARANCE_M, SHOULDERS_M, near_camera
from training.drawing.draw import Look, PinholeCamera, draw_clip
from training.drawing.jobs import FILMED, UPPER, WEIGHT, DrawJob, way_jobs
from training.drawing.motions import MOTIONS, make_motion
from training.drawing.scenes import drawn_joints, scene_of
from training.drawing.ways import WAYS

J = {name: i for i, name in enumerate(JOINTS)}
MOVED, SEEN = 87772.56463623047, 72841.80957532009
NEAR = [DrawJob("wave", "train", seed, near=True, way=WAYS["wave"][seed % 12].name) for seed in range(24)]


@pytest.fixture(scope="module")
def near():
    """Scenes of the near jobs, and what is drawn in them."""
    scenes = [scene_of(replace(job, rate=10.0)) for job in NEAR]
    return [(how, drawn_joints(job, how)) for job, how in zip(NEAR, scenes, strict=True)]


def test_scenes_without_a_desk_are_those_of_the_folders_on_disk():
    """Sums over all motions, of what they drew when the first folders were drawn."""
    moved, seen = 0.0, 0.0
    for name in MOTIONS:
        for seed in range(3):
            how = scene_of(DrawJob(name, "train", seed, film=seed == 1))
            camera, film = how.camera, how.film or Film()
            numbers = (camera.yaw, camera.height, camera.aim, camera.distance, camera.focal, *camera.size)
            seen += sum(numbers) + how.fps + how.look.desk + how.seconds + film.gain + film.noise + film.shutter
            moved += float(np.abs(drawn_joints(DrawJob(name, "train", seed), replace(how, fps=15.0))).sum())
            assert how.place is None and not how.look.close
    assert (moved, seen) == (pytest.approx(MOVED, rel=1e-6), pytest.approx(SEEN, rel=1e-9))


def test_near_cameras_are_as_near_and_as_wide_as_told():
    cameras = [near_camera(np.random.default_rng(seed)) for seed in range(300)]
    assert 0.45 <= min(c.distance for c in cameras) < 0.5 and 0.95 < max(c.distance for c in cameras) <= 1.0
    for c in cameras:
        width = 2 * np.degrees(np.arctan(0.5 * max(c.size) / c.size[0] / c.focal))
        assert 65 <= width <= 85
    above = np.array([c.height for c in cameras]) - SHOULDERS_M
    assert above.min() < -0.2 and above.max() > 0.3  # from below the chest to above the eyes
    assert 0.25 < np.std([c.yaw for c in cameras]) < 0.45
    assert {c.size for c in cameras} == {(640, 480), (640, 360), (360, 640)}


def test_head_and_shoulders_are_in_the_picture(near):
    shown = []
    for how, clip in near:
        for joints in clip[::5]:
            xy, depth = how.camera.see(joints)
            inside = ((xy > 0) & (xy < how.camera.size)).all(-1)
            shown.append(inside[[J["head"], J["spine_shoulder"]]])
            arms = [J[f"{side}_{part}"] for side in ("left", "right") for part in ("elbow", "wrist")]
            assert (how.camera.turned(joints)[arms, 2] + how.camera.distance).min() > 0.8 * CLEARANCE_M
    assert np.mean(shown) > 0.97


def test_the_hand_that_waves_is_mostly_in_the_picture(near):
    share = []
    for how, clip in near:
        hands = clip[:, [J["left_tip"], J["right_tip"]]]
        busy = int(np.ptp(hands, axis=0).sum(-1).argmax())
        xy = np.stack([how.camera.see(joints)[0] for joints in hands])[:, busy]
        share.append(((xy > 0) & (xy < how.camera.size)).all(-1).mean())
    assert np.mean(np.array(share) > 0.6) > 0.7  # people see to it; not all of them can


@pytest.mark.parametrize("job", [NEAR[3], replace(NEAR[5], film=True), DrawJob("squat", "train", 2, near=True)])
def test_a_rate_changes_nothing_but_the_rate(job):
    slow, fast = (scene_of(replace(job, rate=rate)) for rate in (15.0, 60.0))
    assert slow == replace(fast, fps=15.0)
    few, many = drawn_joints(job, slow), drawn_joints(job, fast)[::4]
    least = min(len(few), len(many))
    np.testing.assert_allclose(few[:least], many[:least], atol=1e-5)


def test_way_jobs_weigh_actions_take_turns_and_film_half():
    some = way_jobs(12, seed=3)
    count = {action: sum(job.action == action for job in some) for action in WAYS}
    assert count == {action: round(12 * WEIGHT.get(action, 1.0)) for action in WAYS}
    assert count["wave"] > count["clap"] < count[IDLE]
    assert {job.way for job in some if job.action == "wave"} == {way.name for way in WAYS["wave"]}
    assert {job.part for job in some} == {"train"} and all(job.near for job in some)
    assert len({job.key for job in some}) == len(some) and some == way_jobs(12, seed=3)
    many = way_jobs(60)
    assert np.mean([job.film for job in many]) == pytest.approx(FILMED, abs=0.06)
    assert not any(job.film for job in way_jobs(12, film=0.0))
    with pytest.raises(ValueError, match="a sample or a way"):
        replace(some[0], sample=type("S", (), {"key": "toy#1"})())


def test_who_needs_the_whole_body_steps_back():
    assert "squat" not in UPPER
    for seed in range(20):
        how = scene_of(DrawJob("squat", "train", seed, near=True))
        assert how.place is None and how.camera.distance >= 1.4


def test_a_close_face_is_another_and_all_else_stays():
    clip = make_motion("wave", 0.1, 20.0, 4)
    plain, close = (next(draw_clip(clip, PinholeCamera(), Look(4, close=close))).astype(int) for close in (False, True))
    rows = np.flatnonzero(np.abs(plain - close).max((1, 2)) > 0)
    assert 0 < len(rows) < 120


def test_the_landmarker_finds_people_at_a_desk(pose_model_path):
    cv2.setNumThreads(1)
    found = [float(see(replace(job, rate=5.0), pose_model_path)["found"]) for job in NEAR[:2]]
    assert np.mean(found) > 0.8
