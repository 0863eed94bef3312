"""Video of a drawn person who does a few things one after another: the demo's example and the tests' fixture.

python -m training example --out assets/example.mp4
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np

from models.system.atomic import write_whole
from training.drawing.draw import Look, PinholeCamera, draw_clip
from training.drawing.motions import make_scene

# what the person does, and for how long; the seed is none that the training data was drawn with
STEPS = [
    ("stand", 3.0),
    ("wave", 4.0),
    ("stand", 3.0),
    ("jumping_jack", 5.0),
    ("stand", 3.0),
    ("squat", 6.0),
    ("stand", 3.0),
]
SEED = 100_003
LOOK = 216
FPS = 25


def write_video(path: Path, frames: Iterable[np.ndarray], fps: int = FPS) -> None:
    """Write (H, W, 3) uint8 BGR frames as an H.264 .mp4 that browsers play, whole or not at all."""
    import av

    def write(part: Path) -> None:
        with av.open(str(part), "w", format="mp4", options={"movflags": "faststart"}) as container:
            stream = None
            for n, bgr in enumerate(frames):
                if stream is None:
                    stream = container.add_stream("libx264", rate=fps, options={"crf": "26", "preset": "slow"})
                    stream.height, stream.width, stream.pix_fmt = *bgr.shape[:2], "yuv420p"
                frame = av.VideoFrame.from_ndarray(bgr, format="bgr24")
                frame.pts, frame.time_base = n, Fraction(1, fps)
                container.mux(stream.encode(frame))
            if stream is not None:
                container.mux(stream.encode())

    write_whole(path, write)


def scene(steps: list[tuple[str, float]], seed: int = SEED, fps: int = FPS) -> Iterable[np.ndarray]:
    """Yield BGR frames of a drawn person doing the steps in front of a camera."""
    camera = PinholeCamera(yaw=0.25, height=1.3, aim=1.0, distance=3.4)
    return draw_clip(make_scene(steps, fps, seed), camera, Look(LOOK))
