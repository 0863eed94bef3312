"""Reader of NW-UCLA (Wang et al., CVPR 2014) as JSON, a file a clip (a01_s01_e00_v01.json). Numpy only.

The JSON is the widely used version of the data set. Each file holds "skeletons": T frames of 20 joints of a Kinect v1,
x y z in metres. Kinect's camera axes are those of training.data.readers.base: x to the left of the sensor, which is the
right of an actor who faces it; y up; z away from it.

The five joints that Kinect v1 does not know, and the mid spine, which it puts close to the hips, are made of others:
mid spine half way from pelvis to shoulders, neck 0.35 of the way from the shoulders to the head, hand tips half a
hand beyond the hand, thumbs where the hand is.

Shapes: T frames, V = 25 joints, K = 20 joints of Kinect v1, C = 3 coordinates, N clips.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from models.lost_joints import known_joints
from models.skeleton import JOINTS, V
from models.system.contents import mistaken
from training.data.readers.base import Columns, Reader, ReadError, RecordedClip, files_below, halves
from training.data.readers.text import COPY, one_a_name, read_text

FPS = 30.0
ACTIONS = {
    1: "pick up with one hand", 2: "pick up with two hands", 3: "drop trash", 4: "walk around", 5: "sit down",
    6: "stand up", 8: "donning", 9: "doffing", 11: "throw", 12: "carry",
}  # fmt: skip
KINECT_V1 = (
    "pelvis", "v1_spine", "spine_shoulder", "head",
    "left_shoulder", "left_elbow", "left_wrist", "left_hand",
    "right_shoulder", "right_elbow", "right_wrist", "right_hand",
    "left_hip", "left_knee", "left_ankle", "left_foot",
    "right_hip", "right_knee", "right_ankle", "right_foot",
)  # fmt: skip
PUBLISHED = {"xview": (1020, 464)}
_NAME = re.compile(rf"(a(\d{{2}})_s(\d{{2}})_e(\d{{2}})_v(\d{{2}})){COPY}\.json{COPY}", re.IGNORECASE)


def _weights() -> np.ndarray:
    """Return the (25, 20) weights that make each joint a sum of those of a Kinect v1."""
    recipes = {name: {name: 1.0} for name in KINECT_V1 if name in JOINTS}
    recipes["spine_mid"] = {"pelvis": 0.5, "spine_shoulder": 0.5}
    recipes["neck"] = {"spine_shoulder": 0.65, "head": 0.35}
    for side in ("left", "right"):
        recipes[f"{side}_tip"] = {f"{side}_hand": 1.5, f"{side}_wrist": -0.5}
        recipes[f"{side}_thumb"] = {f"{side}_hand": 1.0}
    weights_VK = np.zeros((V, len(KINECT_V1)), np.float32)
    for name, recipe in recipes.items():
        for part, weight in recipe.items():
            weights_VK[JOINTS.index(name), KINECT_V1.index(part)] = weight
    return weights_VK


KINECT_V1_VK = _weights()
SOURCE_KV = np.array([[float(name == joint) for joint in JOINTS] for name in KINECT_V1], np.float32)


class NwUclaReader(Reader):
    """Reader of NW-UCLA.

    Splits: xview (cameras 1 and 2 train, 3 tests) and xsub (odd actors train, even ones test).
    """

    kind = "nw-ucla"
    wanted = "files named like a01_s01_e00_v01.json"
    files_a_part = 64

    def files(self, source: Path) -> list[Path]:
        named = [path for path in files_below(source) if _NAME.fullmatch(path.name)]
        return one_a_name(named, _sample)

    def read(self, path: Path, source: Path) -> Iterator[RecordedClip | ReadError]:
        match = _NAME.fullmatch(path.name)
        assert match is not None
        action, subject, _, view = map(int, match.groups()[1:])
        if action not in ACTIONS:
            raise ReadError(f"{path.name}: NW-UCLA has no action {action}")
        yield RecordedClip(_sample(path), _joints(path)[None], FPS, ACTIONS[action], subject, view)

    def splits(self, columns: Columns, source: Path) -> dict[str, np.ndarray]:
        known_N = np.isin(columns.view, (1, 2, 3))
        return {"xview": halves(columns.view < 3, known_N), "xsub": halves(columns.subject % 2 == 1)}

    def labels(self, columns: Columns) -> tuple[str, ...]:
        return tuple(ACTIONS.values())

    def expected(self, columns: Columns) -> dict[str, tuple[int, int]]:
        return PUBLISHED


def _sample(path: Path) -> str:
    """Return the name of the sample that a file holds, whatever copies are called."""
    match = _NAME.fullmatch(path.name)
    assert match is not None
    return match[1].lower()


def _joints(path: Path) -> np.ndarray:
    """Read the joints of one file, (T, 25, 3).

    A frame of zeros stays one, and so does a joint of zeros; one that is made of such a joint is not finite.
    """
    try:
        held = json.loads(read_text(path))
    except (ValueError, RecursionError):
        instead = mistaken(path)
        raise ReadError(f"{path.name}: {f'it {instead}' if instead else 'cut short, or no JSON'}") from None
    if not isinstance(held, dict) or "skeletons" not in held:
        raise ReadError(f"{path.name}: JSON without `skeletons`, the joints of its frames")
    try:
        joints_TKC = np.array(held["skeletons"], np.float32)
    except (TypeError, ValueError):  # not numbers, or rows of several lengths
        raise ReadError(f"{path.name}: `skeletons` must be frames x {len(KINECT_V1)} x 3 numbers") from None
    if joints_TKC.ndim != 3 or joints_TKC.shape[1:] != (len(KINECT_V1), 3):
        raise ReadError(f"{path.name}: `skeletons` must be frames x {len(KINECT_V1)} x 3; it is {joints_TKC.shape}")
    joints_TVC = KINECT_V1_VK @ np.where(np.isfinite(joints_TKC), joints_TKC, 0)
    known_TV = known_joints(joints_TVC)
    made_of_lost_TV = ((KINECT_V1_VK @ SOURCE_KV) != 0) @ ~known_TV[..., None]
    joints_TVC[made_of_lost_TV[..., 0] & known_TV] = np.nan
    return joints_TVC
