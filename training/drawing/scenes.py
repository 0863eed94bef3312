"""Scene of a drawn clip: the camera, the person's place, and what is out of view."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.labels import IDLE, SILENT
from models.skeleton import JOINTS, fill_lost, mirrored
from training.data.splits import Sample
from training.drawing.camera_effects import Film, random_film
from training.drawing.desk_cameras import desk_hides_little, near_camera, room_camera, settled
from training.drawing.draw import Look, PinholeCamera
from training.drawing.jobs import LONGEST_S, UPPER, DrawJob
from training.drawing.motions import make_motion
from training.drawing.ways import make_way

RATES = (12.0, 15.0, 15.0, 20.0, 20.0, 24.0, 30.0)
SETTLING_FPS = 10.0  # a near camera is settled by poses at this rate, so that it is one at every rate
SHOWING = 0.7  # share of those who do something else and see to it that their hand is in the picture
_L, _R = JOINTS.index("left_shoulder"), JOINTS.index("right_shoulder")
_ANKLES = [JOINTS.index("left_ankle"), JOINTS.index("right_ankle")]


@dataclass(frozen=True, slots=True)
class Scene:
    """Scene in which a job's clip is drawn.

    Attributes:
        fps: frames a second.
        camera: where it stands.
        look: of the person and the room.
        seconds: of a motion written by hand; 0 for a sample, which lasts as long as it does.
        mirrored: whether a sample's sides are swapped.
        film: what happens to the picture; None leaves it clean.
        place: metres by which the clip is moved before a near camera.
    """

    fps: float
    camera: PinholeCamera
    look: Look
    seconds: float
    mirrored: bool
    film: Film | None
    place: tuple[float, float, float] | None = None


def _camera(rng: np.random.Generator, action: str) -> tuple[PinholeCamera, bool]:
    yaw = rng.normal(0, 0.6) if rng.random() < 0.8 else rng.uniform(-1.9, 1.9)
    if action in UPPER and rng.random() < 0.35:  # a laptop on the desk
        near = PinholeCamera(yaw * 0.6, rng.uniform(0.9, 1.5), rng.uniform(1.1, 1.35), rng.uniform(1.0, 1.9))
        return replace(near, focal=rng.uniform(0.75, 1.0)), rng.random() < 0.3
    far = PinholeCamera(
        yaw, rng.uniform(0.6, 2.0), rng.uniform(0.8, 1.1), rng.uniform(2.4, 4.5), rng.uniform(0.75, 1.05)
    )
    size = (640, 480) if rng.random() < 0.7 else ((640, 360) if rng.random() < 0.6 else (360, 640))
    # a narrow picture must still hold the body
    return replace(far, size=size, focal=far.focal * 640 / size[0] * size[1] / 480), False


def scene_of(job: DrawJob) -> Scene:
    """Draw everything random about a job, by its seed alone.

    A rate that is given changes nothing but the rate.
    """
    if job.near:
        return _near_scene_of(job)
    rng = np.random.default_rng([job.seed, 7])
    random_fps = RATES[rng.integers(len(RATES))]  # drawn at any rate, so that what follows stays the same
    camera, desk = _camera(rng, job.action)
    return Scene(  # the generator is used in this order
        fps=random_fps if job.rate is None else job.rate,
        camera=camera,
        look=Look(job.seed, desk),
        seconds=rng.uniform(2.5, LONGEST_S) if job.sample is None else 0.0,
        mirrored=job.sample is not None and rng.random() < 0.5,  # some sets recorded one hand only
        film=random_film(rng) if job.film else None,
    )


def _near_scene_of(job: DrawJob) -> Scene:
    rng = np.random.default_rng([job.seed, 8])
    random_fps = RATES[rng.integers(len(RATES))]
    upper = job.action in UPPER
    camera = near_camera(rng) if upper else room_camera(rng)
    aside, shown, desk, swapped = rng.uniform(-0.2, 0.2), rng.random() < SHOWING, rng.random() < 0.4, rng.random() < 0.5
    scene = Scene(
        fps=SETTLING_FPS,
        camera=camera,
        look=Look(job.seed, close=True),
        seconds=rng.uniform(2.8, LONGEST_S) if job.sample is None else 0.0,
        mirrored=job.sample is not None and swapped,
        film=_desk_film(rng) if job.film else None,
    )
    if upper:
        camera, place = settled(
            camera, _played(job, scene), aside, job.action not in SILENT or (job.action != IDLE and shown)
        )
        look = Look(job.seed, desk=desk and desk_hides_little(camera), close=True)
        scene = replace(scene, camera=camera, place=place, look=look)
    return replace(scene, fps=random_fps if job.rate is None else job.rate)


def _desk_film(rng: np.random.Generator) -> Film:
    """Draw effects for a person at a desk: less dark, as a screen lights the face, and nothing before the chest."""
    film = random_film(rng)
    across = film.cover is not None and film.cover[2] - film.cover[0] > 0.9
    return replace(film, gain=film.gain**0.6, cover=None if across else film.cover)


def drawn_joints(job: DrawJob, scene: Scene) -> np.ndarray:
    """Return the joints that the camera is shown, a pose a frame, (T, 25, 3) metres."""
    joints = _played(job, scene)
    return joints if scene.place is None else joints + np.array(scene.place, np.float32)


def _played(job: DrawJob, scene: Scene) -> np.ndarray:
    if job.way is not None:
        return make_way(job.action, scene.seconds, scene.fps, job.seed, job.way)
    if job.sample is None:
        return make_motion(job.action, scene.seconds, scene.fps, job.seed)
    joints = _resampled(*_staged(job.sample), scene.fps)
    return mirrored(joints) if scene.mirrored else joints


def _staged(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Put a recorded clip on the ground, near the origin, facing -z on average.

    Returns its joints, (T, 25, 3), and its times.
    """
    times_T, joints, seen_TV = sample.clip.shown
    joints = fill_lost(joints, seen_TV)
    if times_T[-1] - times_T[0] > LONGEST_S:
        middle = (times_T[0] + times_T[-1]) / 2
        near = np.abs(times_T - middle) <= LONGEST_S / 2
        times_T, joints = times_T[near], joints[near]
    across = (joints[:, _R] - joints[:, _L]).mean(0)
    angle = np.arctan2(across[2], across[0])
    c, s = np.cos(angle), np.sin(angle)
    joints = joints @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32).T
    path = joints[:, [0], :] * [1, 0, 1]
    reach = np.abs(path - path.mean(0)).max()
    joints = joints - path + (path - path.mean(0)) * min(1.0, 0.9 / max(reach, 1e-6))
    ground = np.percentile(joints[:, _ANKLES, 1].min(1), 10) - 0.08
    return (joints - [0, ground, 0]).astype(np.float32), times_T - times_T[0]


def _resampled(joints: np.ndarray, times_T: np.ndarray, fps: float) -> np.ndarray:
    when = np.arange(0, times_T[-1] + 1e-6, 1 / fps)
    at = np.searchsorted(times_T, when, side="right").clip(1, len(times_T) - 1)
    share = ((when - times_T[at - 1]) / np.maximum(times_T[at] - times_T[at - 1], 1e-6)).clip(0, 1)[:, None, None]
    return (joints[at - 1] * (1 - share) + joints[at] * share).astype(np.float32)
