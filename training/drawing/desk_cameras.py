"""Cameras of people at a desk: as near as a laptop stands, from the chest's height to above the eyes.

Shapes: T frames, V joints (25).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.skeleton import CENTRE, JOINTS
from training.drawing.draw import PinholeCamera

SHOULDERS_M = 1.4  # above the ground: where a person before a near camera is put, sitting or standing
CLEARANCE_M = 0.2  # nothing of the arms and the head comes nearer to the camera: people move back for a punch
SHOWN = 0.7  # share of the frames in which people see to it that the hand that they use is in the picture
_BACK_M = (0.0, 0.08, 0.16, 0.24, 0.32, 0.4, 0.48)
_HANDS = [JOINTS.index("left_tip"), JOINTS.index("right_tip")]
_EYES_M, _CROWN_M = 0.24, 0.34  # above the shoulders
_SIZES = ((640, 480), (640, 360), (360, 640))
_ABOVE_THE_DESK = [v for v, name in enumerate(JOINTS) if not name.endswith(("hip", "knee", "ankle", "foot"))]


def near_camera(rng: np.random.Generator) -> PinholeCamera:
    """Draw a camera 0.45 to 1.0 m away, 65 to 85 degrees wide, with head and shoulders in its picture.

    An upright picture is a phone's: as wide along its long side, and held a little farther away.
    """
    size = _SIZES[rng.choice(3, p=(0.45, 0.4, 0.15))]
    focal = _focal(rng, size)
    nearest = 0.55 if size[0] < size[1] else 0.45
    distance = (
        nearest + (1.0 - nearest) * rng.random() ** 1.8
    )  # near more often: real shoulders are half a picture wide
    half = 0.5 * size[1] / size[0] / focal * distance  # metres of the picture above its middle
    low, high = 0.9 * _CROWN_M - 0.95 * half, 0.9 * half - 0.02
    aim = rng.uniform(max(low, -0.15), max(min(high, _EYES_M), low, -0.15)) if low < high else (low + high) / 2
    height = rng.uniform(-0.25, 0.4)
    return PinholeCamera(rng.normal(0, 0.35), SHOULDERS_M + height, SHOULDERS_M + aim, distance, focal, size)


def room_camera(rng: np.random.Generator) -> PinholeCamera:
    """Draw the same cameras as they see somebody who got up and stepped back for more room."""
    size = _SIZES[rng.choice(3, p=(0.45, 0.4, 0.15))]
    height, aim, distance = rng.uniform(0.7, 1.4), rng.uniform(0.9, 1.2), rng.uniform(1.4, 3.0)
    return PinholeCamera(rng.normal(0, 0.35), height, aim, distance, _focal(rng, size), size)


def _focal(rng: np.random.Generator, size: tuple[int, int]) -> float:
    return float(0.5 / np.tan(np.radians(rng.uniform(65, 85)) / 2) * max(size) / size[0])


def settled(
    camera: PinholeCamera, joints_TV3: np.ndarray, aside: float, shown: bool
) -> tuple[PinholeCamera, tuple[float, float, float]]:
    """Settle somebody before a near camera, and return the camera and where the clip is moved to, metres.

    People move back for a punch, and so that the hand that they use is in the picture.

    Args:
        camera: a near one.
        joints_TV3: metres.
        aside: of the shoulders to the right of the person, in distances.
        shown: whether the hand that moves more is to be in the picture in SHOWN of the frames, where that can be.
    """
    middle_3 = np.median(joints_TV3[:, CENTRE], axis=0)
    at_origin = joints_TV3 - middle_3.astype(np.float32) + np.array([0, SHOULDERS_M, 0], np.float32)
    nearest = float(camera.turned(at_origin[:, _ABOVE_THE_DESK])[..., 2].min()) + camera.distance
    camera = replace(camera, distance=camera.distance + max(0.0, CLEARANCE_M - nearest))
    best, share = (camera, aside), -1.0
    room = 0.25 * min(1.0, camera.size[0] / camera.size[1])  # to either side, in distances; the head stays in
    for back in _BACK_M if shown else _BACK_M[:1]:
        farther = replace(camera, distance=camera.distance + back)
        for where in (aside, 0.0, room, -room):
            now = _in_picture(farther, at_origin + np.array([where * farther.distance, 0, 0], np.float32))
            if now > share + 1e-6:
                best, share = (farther, where), now
            if share >= SHOWN or not shown:
                break
        if share >= SHOWN:
            break
    camera, where = best
    return camera, (where * camera.distance - float(middle_3[0]), SHOULDERS_M - float(middle_3[1]), -float(middle_3[2]))


def _in_picture(camera: PinholeCamera, joints_TV3: np.ndarray) -> float:
    """Return the share of the frames in which the hand that moves or is lifted more is in the picture."""
    hands_T23 = joints_TV3[:, _HANDS] - joints_TV3[:, [CENTRE]]
    busy_2 = np.ptp(hands_T23, axis=0).sum(-1) + 0.5 * (hands_T23[..., 1].mean(0) > -0.25)
    xy_TV2 = np.stack([camera.see(joints_V3)[0] for joints_V3 in joints_TV3])
    xy_T2 = xy_TV2[:, _HANDS[int(busy_2.argmax())]] / camera.size
    return float(((xy_T2 > 0.02) & (xy_T2 < 0.98)).all(-1).mean())


def desk_hides_little(camera: PinholeCamera) -> bool:
    """Return whether a table across the lowest fifth of the picture leaves the chest to be seen."""
    chest_3 = np.array([[0, SHOULDERS_M - 0.3, 0]], np.float32)
    return bool(camera.see(chest_3)[0][0, 1] < 0.8 * camera.size[1])
