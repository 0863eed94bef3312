"""Picture of a skeleton clip as a simple person, good enough for the pose landmarker. OpenCV and numpy only.

Axes of joints as models.skeleton. Colours are BGR. Shapes: T frames, V joints, H W pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import cv2
import numpy as np

from models.skeleton import JOINTS
from training.drawing.camera_effects import SHUTTER_STEPS, Film
from training.drawing.faces import HAIR, draw_face

_J = {name: i for i, name in enumerate(JOINTS)}
# from, to, radius in metres at the start (the end is 0.85 of it), which colour of the look
_LIMBS = [
    *((_J[f"{s}_{a}"], _J[f"{s}_{b}"], r, c) for s in ("left", "right") for a, b, r, c in (
        ("hip", "knee", 0.085, "legs"), ("knee", "ankle", 0.065, "legs"), ("ankle", "foot", 0.05, "shoes"),
        ("shoulder", "elbow", 0.052, "shirt"), ("elbow", "wrist", 0.042, "sleeve"), ("wrist", "tip", 0.036, "skin"),
        ("wrist", "thumb", 0.018, "skin"),
    )),
    (_J["neck"], _J["spine_shoulder"], 0.05, "skin"),
]  # fmt: skip
_TORSO = [_J["left_shoulder"], _J["right_shoulder"], _J["right_hip"], _J["left_hip"]]
_SKINS = ((140, 175, 225), (120, 160, 210), (90, 130, 185), (60, 90, 140), (45, 65, 100))


@dataclass(frozen=True, slots=True)
class PinholeCamera:
    """Camera that takes the picture. The person stands at the origin of the ground.

    Attributes:
        yaw: radians that the scene is turned about y before it is seen (0: the person faces the camera).
        height: metres of the camera above the ground.
        aim: metres above the ground of the point that it looks at.
        distance: metres to the person.
        focal: in fractions of the picture's width.
        size: width and height in pixels.
    """

    yaw: float = 0.0
    height: float = 1.2
    aim: float = 0.95
    distance: float = 3.2
    focal: float = 0.94
    size: tuple[int, int] = (640, 480)

    def turned(self, joints_V3: np.ndarray) -> np.ndarray:
        """Turn (..., 3) metres about the person to the camera's direction, the tilt left out."""
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        return joints_V3 @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32).T

    def see(self, joints_V3: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Project (V, 3) metres to (V, 2) pixels and (V,) depth in metres."""
        p_V3 = self.turned(joints_V3)
        tilt = np.arctan2(self.height - self.aim, self.distance)
        up, far = p_V3[:, 1] - self.height, p_V3[:, 2] + self.distance
        depth_V = np.maximum(far * np.cos(tilt) - up * np.sin(tilt), 0.15)
        rise_V = up * np.cos(tilt) + far * np.sin(tilt)
        width, height = self.size
        scale_V = self.focal * width / depth_V
        # x is the actor's right, which a camera in front sees on the left
        return np.stack([width / 2 - p_V3[:, 0] * scale_V, height / 2 - rise_V * scale_V], -1), depth_V


@dataclass(frozen=True, slots=True)
class Look:
    """Look of the person and the room: colours, thickness, a background picture and grain by seed.

    Attributes:
        seed: of everything.
        desk: whether a table hides the lowest fifth of the picture.
        close: whether the face and the colours are as the pose model needs them from near.
        colours: of the person.
        build: thickness.
    """

    seed: int = 0
    desk: bool = False
    close: bool = False
    colours: dict[str, tuple[int, int, int]] = field(init=False)
    build: float = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        colour = lambda: tuple(int(v) for v in rng.integers(20, 235, 3))  # noqa: E731
        skin = _SKINS[rng.integers(len(_SKINS))]
        shirt = colour()
        colours = {"skin": skin, "shirt": shirt, "legs": colour(), "shoes": colour(), "hair": colour()}
        if self.close:
            colours["hair"] = HAIR[self.seed % len(HAIR)]
        colours["sleeve"] = skin if rng.random() < 0.6 else shirt
        object.__setattr__(self, "colours", colours)
        object.__setattr__(self, "build", float(rng.uniform(0.85, 1.2)))

    def room(self, size: tuple[int, int]) -> np.ndarray:
        """Paint the background, (H, W, 3): a wall with light falling off, a floor, some furniture-like rectangles."""
        rng = np.random.default_rng(self.seed + 1)
        width, height = size
        wall, floor = rng.integers(60, 240, 3), rng.integers(50, 200, 3)
        left, right = rng.uniform(0.7, 1.1, 2)
        light = np.linspace(left, right, width)[None, :, None]
        image = np.broadcast_to(wall * light, (height, width, 3)).astype(np.uint8).copy()
        image[int(height * rng.uniform(0.6, 0.85)) :] = floor
        for _ in range(rng.integers(0, 6)):
            x, y = rng.integers(0, width), rng.integers(0, height)
            w, h = rng.integers(width // 20, width // 4, 2)
            colour = tuple(int(v) for v in rng.integers(30, 235, 3))
            cv2.rectangle(image, (int(x), int(y)), (int(x + w), int(y + h)), colour, -1)
        return cv2.GaussianBlur(image, (7, 7), 0)


def _shade(colour: tuple[int, int, int], k: int) -> tuple[int, ...]:
    return tuple(int(min(255, v * (0.7 + 0.17 * k))) for v in colour)


def _capsule(image: np.ndarray, ends: np.ndarray, radii: tuple[float, float], colour: tuple[int, int, int]) -> None:
    a, b = ends
    normal = np.array([a[1] - b[1], b[0] - a[0]]) / (np.linalg.norm(b - a) + 1e-6)
    for k in range(3):  # three shades, from the dark rim to the light middle, look round
        share, shift = 1 - 0.27 * k, np.array([-0.09, -0.06]) * radii[0] * k
        (ra, rb), a_, b_ = (radii[0] * share, radii[1] * share), a + shift, b + shift
        quad = np.array([a_ + normal * ra, b_ + normal * rb, b_ - normal * rb, a_ - normal * ra])
        cv2.fillConvexPoly(image, quad.astype(np.int32), _shade(colour, k), cv2.LINE_AA)
        for end, r in ((a_, ra), (b_, rb)):
            cv2.circle(image, (int(end[0]), int(end[1])), max(1, int(r)), _shade(colour, k), -1, cv2.LINE_AA)


def _torso(image: np.ndarray, corners: np.ndarray, radius: float, colour: tuple[int, int, int]) -> None:
    middle = corners.mean(0)
    for k in range(3):
        share = 1 - 0.16 * k
        r = radius * share
        points = [(corners - middle) * share + middle + offset for offset in ([-r, 0], [r, 0], [0, r], [0, -r])]
        hull = cv2.convexHull(np.concatenate(points).astype(np.int32))
        cv2.fillConvexPoly(image, hull, _shade(colour, k), cv2.LINE_AA)


def _oval(
    image: np.ndarray,
    at: tuple[float, float],
    radii: tuple[float, float],
    colour: tuple[int, ...],
    start: int = 0,
    end: int = 360,
) -> None:
    centre, axes = (int(at[0]), int(at[1])), (int(radii[0]), int(radii[1]))
    cv2.ellipse(image, centre, axes, 0, start, end, colour, -1, cv2.LINE_AA)


def _head(image: np.ndarray, at: np.ndarray, r: float, facing: np.ndarray, look: Look) -> None:
    """Draw a head with hair, and eyes, nose and mouth shifted to where it faces.

    `facing` is (right of the image, to the camera).
    """
    x, y = int(at[0]), int(at[1])
    skin, hair = look.colours["skin"], look.colours["hair"]
    if look.close and facing[1] >= -0.2:
        draw_face(image, at, 1.08 * r, facing, skin, hair)
        return
    _oval(image, (x, y), (0.82 * r, 1.12 * r), skin)
    if facing[1] < -0.2:
        _oval(image, (x, y - 0.1 * r), (0.85 * r, r), hair)
        return
    _oval(image, (x - 0.25 * r * facing[0], y - 0.35 * r), (0.85 * r, 0.8 * r), hair, 180)
    shift, narrow = 0.6 * facing[0] * r, max(facing[1], 0.25)
    for eye in (-0.32, 0.32):
        where = (int(x + shift + eye * r * narrow), int(y - 0.08 * r))
        cv2.circle(image, where, max(1, int(0.13 * r)), (245, 245, 245), -1, cv2.LINE_AA)
        cv2.circle(image, where, max(1, int(0.08 * r)), (30, 25, 20), -1, cv2.LINE_AA)
    nose = (int(x + shift * 1.35), int(y + 0.2 * r))
    cv2.line(image, (int(x + shift), int(y - 0.02 * r)), nose, _shade(skin, 0), max(1, int(0.09 * r)), cv2.LINE_AA)
    _oval(image, (x + shift, y + 0.52 * r), (0.28 * r * narrow + 1, 0.1 * r + 1), (60, 60, 150), 0, 180)


def _facing(joints_V3: np.ndarray, yaw: float) -> np.ndarray:
    """Return where the chest points, as the camera sees it.

    The result is (to the right of the image, towards the camera), of length <= 1.
    """
    across = joints_V3[_J["right_shoulder"]] - joints_V3[_J["left_shoulder"]]
    c, s = np.cos(yaw), np.sin(yaw)
    x, z = c * across[0] + s * across[2], -s * across[0] + c * across[2]
    # right_shoulder - left_shoulder points along +x of a person who faces the camera (-z)
    return np.array([-z, x]) / (np.hypot(x, z) + 1e-6)


def draw_person(image: np.ndarray, joints_V3: np.ndarray, camera: PinholeCamera, look: Look) -> None:
    """Draw one person onto a BGR image, far parts first."""
    xy_V2, depth_V = camera.see(joints_V3)
    px_V = camera.focal * camera.size[0] / depth_V * look.build
    torso = partial(_torso, image, xy_V2[_TORSO], 0.065 * px_V[_J["spine_mid"]], look.colours["shirt"])
    facing, at = _facing(joints_V3, camera.yaw), _J["head"]
    head = partial(_head, image, xy_V2[at], 0.115 * px_V[at], facing, look)
    parts: list[tuple[float, Callable[[], None]]] = []
    for a, b, r, c in _LIMBS:
        radii = (r * px_V[a], 0.85 * r * px_V[b])
        limb = partial(_capsule, image, xy_V2[[a, b]], radii, look.colours[c])
        parts.append(((depth_V[a] + depth_V[b]) / 2, limb))
    parts += [(depth_V[_TORSO].mean(), torso), (depth_V[at] - 0.02, head)]
    for _, draw in sorted(parts, key=lambda part: -part[0]):
        draw()


def draw_clip(
    joints_TV3: np.ndarray, camera: PinholeCamera, look: Look, film: Film | None = None
) -> Iterator[np.ndarray]:
    """Draw a clip and yield its frames, (H, W, 3) uint8 BGR with grain.

    joints_TV3 are (T, V, 3) metres, standing near the origin with y = 0 the ground.
    """
    room = look.room(camera.size)
    width, height = camera.size
    rng = np.random.default_rng(look.seed + 2)
    grains = [rng.integers(0, 14, room.shape, dtype=np.uint8) for _ in range(3)]
    shutter = film.shutter if film else 0.0
    for t in range(len(joints_TV3)):
        image = _exposed(room, joints_TV3[max(t - 1, 0)], joints_TV3[t], shutter, camera, look)
        if look.desk:
            cv2.rectangle(image, (0, int(height * 0.8)), (width, height), look.colours["shoes"], -1)
        image = cv2.add(image, grains[t % 3])
        yield film.take(image, rng) if film else image


def _exposed(
    room: np.ndarray, before_V3: np.ndarray, now_V3: np.ndarray, shutter: float, camera: PinholeCamera, look: Look
) -> np.ndarray:
    """Draw the room with the person.

    While the shutter is open the person moves on from the frame before.
    """
    moments = np.linspace(shutter, 0.0, SHUTTER_STEPS) if shutter else np.zeros(1)
    pictures = []
    for back in moments:
        pictures.append(room.copy())
        draw_person(pictures[-1], now_V3 + back * (before_V3 - now_V3), camera, look)
    return pictures[0] if len(pictures) == 1 else np.mean(pictures, axis=0).astype(np.uint8)
