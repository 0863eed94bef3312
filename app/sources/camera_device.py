"""The pictures of a camera of this machine, by its number, through OpenCV."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.sources.frames import CameraError, Frames

if TYPE_CHECKING:
    import cv2

_MOST_BROKEN = 10  # pictures in a row that cannot be decoded; a loose cable breaks one now and then


def device_frames(index: int, clock: Callable[[], float]) -> Frames:
    """Yield (time when it was grabbed, (H, W, 3) uint8 RGB) until the camera is unplugged.

    Raises:
        CameraError: there is no such camera, it may not be used, another program uses it, or it was unplugged.
    """
    import cv2

    capture = _opened(index)
    try:
        broken, given = 0, False
        while broken < _MOST_BROKEN:
            if not capture.grab():
                break
            captured_s = clock()
            fine, bgr_HWC = capture.retrieve()
            broken = 0 if fine else broken + 1
            if fine:
                given = True
                yield captured_s, cv2.cvtColor(bgr_HWC, cv2.COLOR_BGR2RGB)
        if given:
            raise CameraError(f"camera {index}: it gives no pictures any more; is it unplugged?")
        raise CameraError(f"camera {index}: it opens but gives no picture; does another program use it?")
    finally:
        capture.release()


def _opened(index: int) -> cv2.VideoCapture:
    import cv2

    linux = sys.platform == "linux"
    if linux:
        _look_for(index)
    capture = cv2.VideoCapture(index, cv2.CAP_V4L2 if linux else cv2.CAP_ANY)
    if not capture.isOpened():
        capture.release()
        if linux:  # it is there and may be used
            raise CameraError(f"camera {index}: busy; close the program that uses it (a browser, a video call)")
        raise CameraError(f"camera {index}: it is not there, may not be used, or another program uses it")
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the driver's own queue holds old frames; not every driver listens
    return capture


def _look_for(index: int, folder: str = "/dev") -> None:
    """Refuse a number for which Linux has no camera that this user may use."""
    device = Path(folder) / f"video{index}"
    if not device.exists():
        here = sorted(int(p.name[5:]) for p in Path(folder).glob("video*") if p.name[5:].isdigit())
        others = f"; there are {', '.join(map(str, here))}" if here else "; there is none at all"
        raise CameraError(f"camera {index}: no such camera{others}")
    if not os.access(device, os.R_OK | os.W_OK):
        raise CameraError(f"camera {index}: you may not use {device}; add yourself to the group `video`, log in again")
