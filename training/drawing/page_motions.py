"""Small skeletons of the About tab: `python -m training.drawing.page_motions` writes assets/page/motions.json.

The motions are our own (training.drawing.motions); the page only plays the file, so the app needs nothing of this
package.

Shapes: T frames, V joints (25).
"""

from __future__ import annotations

import base64
import json

import numpy as np

from models.system.atomic import write_text
from models.system.places import ASSETS
from training.drawing.body import Body, joints_of
from training.drawing.motions import MOTIONS, make_motion

OUT = ASSETS / "page" / "motions.json"
FPS, SECONDS = 10.0, 3.0
STEP_M = 1e-3
# The variant of each motion that shows it best, chosen by eye.
SEEDS = {"wave": 1, "raise_hand": 1, "clap": 4, "kick": 1, "lunge": 2, "punch": 2}


def clip_of(name: str) -> np.ndarray:
    """Return a motion's joints, (T, 25, 3) metres, standing on y = 0, in the middle."""
    joints_TV3 = _lie_down() if name == "lie_down" else make_motion(name, SECONDS, FPS, SEEDS.get(name, 0))
    middle_3 = joints_TV3[:, 0].mean(0) * [1, 0, 1]
    return joints_TV3 - middle_3.astype(np.float32)


def _lie_down() -> np.ndarray:
    """Make a motion from standing to the ground: sit down on it, then lean back.

    The training motions have none like it.
    """
    stand = {"pelvis": (0.0, 0.0, 0.0), "lean": (0.0, 0.0)}
    down = {"pelvis": (0.0, -0.62, -0.4), "lean": (0.6, 0.0)}
    flat = {"pelvis": (0.0, -0.78, -0.75), "lean": (-1.45, 0.0)}
    steps = [(0.0, stand), (0.35, down), (0.7, flat), (1.0, flat)]
    frames = []
    for moment in np.linspace(0, 1, round(SECONDS * FPS)):
        k = max(i for i, (start, _) in enumerate(steps[:-1]) if start <= moment)
        (t0, a), (t1, b) = steps[k], steps[k + 1]
        share = (moment - t0) / (t1 - t0)
        share = share * share * (3 - 2 * share)
        pose = {name: tuple((1 - share) * np.array(a[name]) + share * np.array(b[name])) for name in a}
        frames.append(joints_of(pose | {"turn": (1.2,)}, Body()))
    return np.stack(frames)


def main() -> None:
    """Write the file of skeletons."""
    clips = {}
    for name in (*MOTIONS, "lie_down"):
        whole = np.rint(clip_of(name) / STEP_M).astype("<i2")
        clips[name] = {"frames": len(whole), "joints": base64.b64encode(whole.tobytes()).decode("ascii")}
    write_text(OUT, json.dumps({"fps": FPS, "clips": clips}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
