"""The conversion of a recording of landmarks to a table (.csv) or arrays (.npz), for analysis elsewhere.

World landmarks: metres about the middle of the hips; x to the right of the image, y down, z away from the camera. Image
landmarks: fractions of the picture, from its upper left corner. Joints: the 25 of NTU RGB+D as the models take them,
metres; x to the actor's right when facing the camera, y up, z away from the camera.

Shapes: F frames, R rows (one a person of a frame), L landmarks (33), V joints (25).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.landmarks.codec import Frame
from app.landmarks.file_format import RECORD_SUFFIX, UNFOLLOWED, is_recording
from app.landmarks.reader import LandmarkReader
from app.types import LANDMARKS, Pose
from models.skeleton import JOINTS, bridge
from models.system.atomic import OutputError, write_whole

LANDMARK_NAMES = (
    *("nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer"),
    *("left_ear", "right_ear", "mouth_left", "mouth_right"),
    *("left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist"),
    *("left_pinky", "right_pinky", "left_index", "right_index", "left_thumb", "right_thumb"),
    *("left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle"),
    *("left_heel", "right_heel", "left_foot_index", "right_foot_index"),
)
assert len(LANDMARK_NAMES) == LANDMARKS
_POINT_COLUMNS = (
    *("world_x_m", "world_y_m", "world_z_m", "image_x_of_width", "image_y_of_height", "image_z_of_width"),
    "visibility",
)
_JOINT_COLUMNS = ("x_m", "y_m", "z_m", "seen")
COLUMNS = (
    *("frame", "time_s", "person"),
    *(f"landmark.{name}.{column}" for name in LANDMARK_NAMES for column in _POINT_COLUMNS),
    *(f"joint.{name}.{column}" for name in JOINTS for column in _JOINT_COLUMNS),
)
# Finer than the steps in which a recording keeps them (app.landmarks.codec).
_POINT_FORMAT, _JOINT_FORMAT = "%.4f,%.4f,%.4f,%.5f,%.5f,%.5f,%.3f", "%.4f,%.4f,%.4f,%d"
_ROW = ",".join(["%d,%.6f,%d", *[_POINT_FORMAT] * LANDMARKS, *[_JOINT_FORMAT] * len(JOINTS)]) + "\n"
_NOBODY = "%d,%.6f" + "," * (len(COLUMNS) - 2) + "\n"
ABOUT = {
    "times": "(F,) float64: seconds of each frame, also of those without anybody",
    "frame": "(R,) int64: place in `times` of each row; a row is one person of one frame",
    "person": "(R,) int64: number of the person, the same throughout; "
    f"{UNFOLLOWED} or more: seen, but not followed from frame to frame",
    "world": "(R, 33, 3) float32: metres about the middle of the hips; x to the image's right, y down, z away",
    "image": "(R, 33, 3) float32: fractions of the picture's width (x, z) and height (y), from the upper left corner",
    "visibility": "(R, 33) float32: belief in [0, 1] that a landmark can be seen",
    "joints": "(R, 25, 3) float32: metres; x to the actor's right when facing the camera, y up, z away",
    "seen": "(R, 25) bool: whether the landmarks that a joint is made of can be seen",
    "landmark_names": "(33,) text: what the landmarks are, in the order of `world`, `image` and `visibility`",
    "joint_names": "(25,) text: what the joints are, in the order of `joints` and `seen`",
    "settings": "text, JSON: how the landmarks were made",
    "about": "text, JSON: this description",
}


@dataclass(frozen=True, slots=True)
class Converted:
    """The result of a conversion.

    Attributes:
        frames: of the recording. empty: those with nobody in them, which have a row in a table and none in arrays.
        rows: one a person of a frame.
        people: who were followed; others have rows too, but no number that stays.
        seconds: time of the last frame.
        note: faults that did not keep the recording from being read, "" if there are none.
    """

    frames: int
    empty: int
    rows: int
    people: int
    seconds: float
    note: str


def convert(path: Path, out: Path) -> Converted:
    """Write a recording as a table or as arrays, all or nothing; an existing file is replaced.

    A table is written while the recording is read; arrays are held in memory first (some 5 MB a minute for each
    person).

    Args:
        path: the recording, .ikem.
        out: a .csv or .npz file.

    Raises:
        LandmarkError: the recording cannot be read.
        OutputError: `out` cannot be written.
        ValueError: the suffix of one of the files is wrong.
    """
    write = {".csv": _write_table, ".npz": _write_arrays}.get(out.suffix.lower())
    if write is None:
        raise ValueError(f"{out}: a recording becomes a table or arrays: name a .csv or .npz file")
    if not is_recording(path):
        raise ValueError(f"{path}: not a recording of landmarks by its name ({RECORD_SUFFIX})")
    rows, empty, followed = 0, 0, set[int]()
    with LandmarkReader(path) as reader:

        def counted() -> Iterator[Frame]:
            nonlocal rows, empty
            for time_s, people in reader:
                rows, empty = rows + len(people), empty + (not people)
                followed.update(number for number, _ in people if number < UNFOLLOWED)
                yield time_s, people

        try:
            write_whole(out, lambda part: write(part, counted(), reader.settings))
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError(f"cannot write {out}: {reason}; free some space or name another place") from None
        return Converted(reader.frames, empty, rows, len(followed), reader.last_s, reader.note)


def _write_table(part: Path, frames: Iterator[Frame], _settings: dict[str, str | float]) -> None:
    with open(part, "w", encoding="ascii", newline="") as file:
        file.write(",".join(COLUMNS) + "\n")
        for i, (time_s, people) in enumerate(frames):
            if not people:
                file.write(_NOBODY % (i, time_s))
            for number, pose in people:
                file.write(_ROW % (i, time_s, number, *_cells(pose)))


def _cells(pose: Pose) -> list[float]:
    """Return a person's numbers in the order of COLUMNS."""
    joints_V3, seen_V = bridge(pose.world_V3, pose.visibility_V)
    points = np.column_stack([pose.world_V3, pose.image_V3, pose.visibility_V])
    return [*points.ravel().tolist(), *np.column_stack([joints_V3, seen_V]).ravel().tolist()]


def _write_arrays(part: Path, frames: Iterator[Frame], settings: dict[str, str | float]) -> None:
    times: list[float] = []
    rows: list[tuple[int, int]] = []  # frame and person
    poses: list[Pose] = []
    for i, (time_s, people) in enumerate(frames):
        times.append(time_s)
        rows += [(i, number) for number, _ in people]
        poses += [pose for _, pose in people]
    world_RL3 = np.array([pose.world_V3 for pose in poses], np.float32).reshape(-1, LANDMARKS, 3)
    visibility_RL = np.array([pose.visibility_V for pose in poses], np.float32).reshape(-1, LANDMARKS)
    joints_RV3, seen_RV = bridge(world_RL3, visibility_RL)
    frame_R, person_R = np.array(rows, np.int64).reshape(-1, 2).T
    with open(part, "wb") as file:
        np.savez_compressed(
            file,
            times=np.array(times),
            frame=frame_R,
            person=person_R,
            world=world_RL3,
            image=np.array([pose.image_V3 for pose in poses], np.float32).reshape(-1, LANDMARKS, 3),
            visibility=visibility_RL,
            joints=joints_RV3.astype(np.float32),
            seen=seen_RV,
            landmark_names=np.array(LANDMARK_NAMES),
            joint_names=np.array(JOINTS),
            settings=np.array(json.dumps(settings)),
            about=np.array(json.dumps(ABOUT)),
        )
