"""The pose landmarker of MediaPipe, one for each stream."""

from __future__ import annotations

import logging
import math
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from app.pose.picture import fitted
from app.pose.tracker import MOST_PEOPLE
from app.types import LANDMARKS, Pose
from models.system.contents import mistaken
from models.system.memory import give_memory_back
from models.system.native_warnings import forget_old_warnings
from models.system.proxies import send_https_nowhere

if TYPE_CHECKING:
    from mediapipe.tasks.python import vision

_MISSING_LIBRARY = (
    "MediaPipe cannot load a system library ({}); on Debian or Ubuntu: sudo apt-get install libegl1 libgles2"
)
LOOK_EVERY_S = 1.0  # how often to look for more people than are in view; a look takes two or three frames' time


def keep_usage_logs_here() -> None:
    """Keep MediaPipe from sending usage logs: nothing may leave this machine.

    Its library posts them to its makers by https and has no switch for it, but it uses the process's proxy. So https
    goes to a port on which nobody listens, from the first landmarker on; a pose model is fetched before that.
    """
    send_https_nowhere()


class PoseSource:
    """A finder of people's poses in the frames of one stream; a context manager.

    A landmarker that follows fewer people than it may find searches every frame for the missing ones. That costs more
    than following (36 against 22 ms a frame, where this was measured). So a landmarker that may find only as many
    people as are in view takes most frames, and the one for everybody looks every LOOK_EVERY_S seconds. The cost for
    one to four people is measured by `python -m app bench --people`.

    Args:
        model_path: a .task file (app.pose.model_file.ensure_pose_model).
        num_poses: most people to find in a frame.

    Raises:
        ValueError: the file is not a pose model, or a system library is missing.
    """

    def __init__(self, model_path: str | os.PathLike[str], num_poses: int = MOST_PEOPLE) -> None:
        keep_usage_logs_here()
        # MediaPipe imports it, and it would tell in two lines where it keeps fonts for whoever has no home.
        logging.getLogger("matplotlib").setLevel(logging.ERROR)
        try:
            import mediapipe as mp
            from mediapipe.tasks.python import BaseOptions, vision

            def landmarker(people: int) -> vision.PoseLandmarker:
                options = vision.PoseLandmarkerOptions(
                    base_options=BaseOptions(model_asset_path=os.fspath(model_path)),
                    running_mode=vision.RunningMode.VIDEO,
                    num_poses=people,
                )
                return vision.PoseLandmarker.create_from_options(options)

            self._make = landmarker
            self._most = num_poses
            self._landmarkers = {people: landmarker(people) for people in {1, num_poses}}  # others are made when needed
        except OSError as error:
            raise ValueError(_MISSING_LIBRARY.format(error)) from None
        except (RuntimeError, ValueError) as error:
            instead = mistaken(Path(model_path)) or f"is no pose model that MediaPipe can load ({error})"
            raise ValueError(f"{model_path} {instead}") from None
        self._mp = mp
        self._last_ms = -1
        self._look_s = -math.inf  # time from which to look for everybody again
        self._in_view = 0

    def detect(self, rgb_HWC: np.ndarray, time_s: float) -> list[Pose]:
        """Find the people in one frame.

        Args:
            rgb_HWC: (H, W, 3) uint8 of any size; what is longer than pose needs is scaled (app.pose.picture).
            time_s: time of the frame in seconds, later than the last one's.

        Returns:
            One Pose for each person, in the landmarker's order; empty if nobody is found.

        Raises:
            ValueError: it is no such picture.
            RuntimeError: MediaPipe failed at it; the next picture gets a new landmarker.
        """
        picture_HWC = fitted(rgb_HWC)
        # The landmarker counts whole milliseconds, which must increase.
        self._last_ms = max(round(time_s * 1000), self._last_ms + 1)
        image = self._mp.Image(image_format=self._mp.ImageFormat.SRGB, data=picture_HWC)
        look = time_s >= self._look_s
        people = self._most if look else self._in_view
        try:
            result = self._landmarker(people).detect_for_video(image, self._last_ms)
        except RuntimeError:  # a graph that has failed once fails for ever
            self._close_one(people)
            raise
        found = len(result.pose_landmarks)
        self._plan(time_s, look, found)
        pairs = zip(result.pose_world_landmarks, result.pose_landmarks, strict=True)
        return [_pose(time_s, world, image) for world, image in pairs]

    def _plan(self, time_s: float, look: bool, found: int) -> None:
        """Choose the landmarker for the next frame, after one in which `found` people were found."""
        if look and found:
            # An occasional search finds a person less surely than following does, so the number never falls here.
            self._look_s, self._in_view = time_s + LOOK_EVERY_S, max(found, self._in_view)
        elif found < self._in_view or not found:
            self._look_s, self._in_view = -math.inf, found

    def _landmarker(self, people: int) -> vision.PoseLandmarker:
        """Return the landmarker that follows so many people."""
        if people not in self._landmarkers:
            self._landmarkers[people] = self._make(people)
        return self._landmarkers[people]

    def close(self) -> None:
        """Free the landmarkers; a second call does nothing."""
        if not self._landmarkers:
            return
        for people in tuple(self._landmarkers):
            self._close_one(people)
        give_memory_back()
        forget_old_warnings()  # each landmarker wrote some

    def _close_one(self, people: int) -> None:
        with suppress(RuntimeError):  # one that has failed says so again
            self._landmarkers.pop(people).close()

    def __enter__(self) -> PoseSource:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _pose(time_s: float, world: list, image: list) -> Pose:
    world_V3 = np.array([(p.x, p.y, p.z) for p in world], np.float32).reshape(LANDMARKS, 3)
    image_V3 = np.array([(p.x, p.y, p.z) for p in image], np.float32).reshape(LANDMARKS, 3)
    return Pose(time_s, world_V3, image_V3, np.array([p.visibility or 0.0 for p in image], np.float32))
