"""Stand-ins and tiny files that several tests of the app share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from app.types import Pose
from models.skeleton import BRIDGE_VL, JOINTS

HAND, PELVIS = JOINTS.index("right_hand"), JOINTS.index("pelvis")


@dataclass(frozen=True)
class Scores:
    fused_NC: np.ndarray
    modality_NMC: np.ndarray
    embedding_ND: np.ndarray


@dataclass
class HandModel:
    """Says "wave" by the share of the window with the right hand above 0, "squat" with the pelvis below -1."""

    labels: tuple[str, ...] = ("wave", "squat", "idle")
    display: dict[str, str] = field(default_factory=lambda: {"wave": "waving", "squat": "squatting", "idle": "idle"})
    window_s: float = 2.0
    frames: int = 50
    modalities: tuple[str, ...] = ("joint", "bone", "motion")
    thresholds: dict[str, float] = field(default_factory=lambda: {"enter": 0.5, "leave": 0.35})
    provider: str = "none"
    version: str = "test"
    terms: str = "For tests only."
    embedding: str = "hand"
    calls: int = 0

    def __call__(self, joints_NTV3: np.ndarray, frames_N: np.ndarray) -> Scores:
        assert joints_NTV3.shape[1:] == (self.frames, 25, 3) and joints_NTV3.dtype == np.float32
        assert frames_N.dtype == np.float32 and np.allclose(frames_N, self.window_s * 30)
        self.calls += 1
        wave_N = (joints_NTV3[:, :, HAND, 1] > 0).mean(1)
        squat_N = (joints_NTV3[:, :, PELVIS, 1] < -1).mean(1) * (1 - wave_N)
        fused_NC = np.stack([wave_N, squat_N, 1 - wave_N - squat_N], 1).astype(np.float32)
        return Scores(fused_NC, np.repeat(fused_NC[:, None], 3, 1), np.zeros((len(fused_NC), 8), np.float32))


def body(wave: bool = False, squat: bool = False) -> np.ndarray:
    """(25, 3) joints of a person as HandModel reads them."""
    joints_V3 = np.full((25, 3), -0.5, np.float32)
    joints_V3[HAND, 1] = 0.5 if wave else -0.5
    joints_V3[PELVIS, 1] = -1.5 if squat else -0.8
    return joints_V3


def pose(time_s: float, box: tuple[float, float, float, float] = (0.4, 0.2, 0.6, 0.8), wave: bool = False) -> Pose:
    """A person whose body fills `box` (left, top, right, bottom)."""
    corners = np.array([box[:2], box[2:]], np.float32)
    image_V3 = np.zeros((33, 3), np.float32)
    image_V3[:, :2] = corners[np.arange(33) % 2]
    hand_L, hips_L = BRIDGE_VL[HAND] > 0, BRIDGE_VL[PELVIS] > 0
    world_V3 = np.zeros((33, 3), np.float32)
    world_V3[:, 1] = np.where(hips_L, 0.8, np.where(hand_L, -0.5 if wave else 0.5, 0.5))  # y down here
    return Pose(time_s, world_V3, image_V3, np.ones(33, np.float32))


def write_video(
    path: Path,
    times_s: list[float] | np.ndarray,
    size: tuple[int, int] = (64, 48),
    rotation: int = 0,
    hflip: bool = False,
    picture: np.ndarray | None = None,
    **options: str,
) -> Path:
    """A small video with a frame at each time; frame i is grey of brightness i (mod 200), or the `picture`."""
    import av

    with av.open(str(path), "w", options=options) as file:
        stream = file.add_stream("libx264" if path.suffix == ".mp4" else "mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.options = {"crf": "10", "preset": "ultrafast"} if path.suffix == ".mp4" else {}
        if rotation or hflip:
            stream.set_display_rotation(rotation, hflip=hflip)
        base = stream.codec_context.time_base = Fraction(1, 1000)
        for i, time_s in enumerate(times_s):
            rgb_HWC = np.full((size[1], size[0], 3), i % 200, np.uint8) if picture is None else picture
            frame = av.VideoFrame.from_ndarray(rgb_HWC, format="rgb24")
            frame.pts, frame.time_base = round(time_s * 1000), base
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def write_film(path: Path, frames: Iterable[np.ndarray], fps: int = 25) -> Path:
    """(H, W, 3) uint8 BGR frames as an H.264 video, packed in a hurry: training.drawing.example takes its time."""
    import av

    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=fps, options={"crf": "20", "preset": "ultrafast"})
        for i, bgr_HWC in enumerate(frames):
            if i == 0:
                stream.height, stream.width, stream.pix_fmt = *bgr_HWC.shape[:2], "yuv420p"
            frame = av.VideoFrame.from_ndarray(bgr_HWC, format="bgr24")
            frame.pts, frame.time_base = i, Fraction(1, fps)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def write_sound(path: Path) -> Path:
    """A second of silence and no picture."""
    import av

    with av.open(str(path), "w") as file:
        stream = file.add_stream("aac", rate=16000)
        for i in range(16):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16000, i * 1024
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path
