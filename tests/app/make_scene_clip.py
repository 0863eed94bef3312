"""Writes tests/app/data/scene.npz, the recording of test_frozen_events: `python -m tests.app.make_scene_clip`."""

from __future__ import annotations

from pathlib import Path

from models.clips import Clip, write_clips
from training.drawing.motions import make_scene

SCENE = Path(__file__).parent / "data" / "scene.npz"
STEPS = [("stand", 3.0), ("wave", 4.0), ("stand", 3.0), ("squat", 2.0), ("stand", 3.0), ("clap", 0.9), ("stand", 3.0)]
FPS, SEED = 20.0, 400_003

if __name__ == "__main__":
    SCENE.parent.mkdir(exist_ok=True)
    write_clips(SCENE, [Clip(make_scene(STEPS, FPS, SEED), FPS, "scene")])
