"""Files of each written format, as the tests of their readers write them."""

import json

import numpy as np

from models.clips import Clip
from models.skeleton import JOINTS
from training.data.readers.base import Columns
from training.data.readers.ntu import parse, people_of
from training.data.readers.nw_ucla import KINECT_V1
from training.drawing.body import Body as Figure
from training.drawing.body import joints_of

NAME = "S001C002P003R002A013"
STANDING = joints_of({}, Figure())


def person(frames, x=0.0, swing=0.1):
    """(T, 25, 3): stands at x and sways by `swing` metres; each frame differs, none is all zeros."""
    sway = swing * np.sin(np.arange(frames) / 3)[:, None, None] * np.array([1.0, 0.0, 0.0])
    return (STANDING + [x, 0.0, 3.0] + sway).astype(np.float32)


def ntu_text(frames):
    """A file's text; frames: a list of [(id, (25, 3))] a frame."""
    lines = [str(len(frames))]
    for bodies in frames:
        lines.append(str(len(bodies)))
        for number, joints in bodies:
            lines += [f"{number} 0 1 1 0 0 0 0.01 -0.2 2", "25"]
            lines += [f"{x:.6f} {y:.6f} {z:.6f} 300 190 1100 480 0.1 0.2 0.3 0.4 2" for x, y, z in joints]
    return "\n".join(lines) + "\n"


def one_person(frames=20, **kind):
    return ntu_text([[("72057594037931101", joints)] for joints in person(frames, **kind)])


def people(text):
    return people_of(*parse(text))


def columns(**given):
    n = len(next(iter(given.values())))
    filled = {"name": [""] * n, "label": [""] * n} | {name: [0] * n for name in ("subject", "view", "setup")} | given
    return Columns(**{name: np.array(values) for name, values in filled.items()})


def pku_source(folder, frames=60):
    for name in ("skeletons", "labels"):
        (folder / name).mkdir(exist_ok=True)
    both = np.stack([person(frames, -1, 0.1), person(frames, 1, 0.5)], 1)
    both[20:, 1] = 0
    for name in ("0002-L", "0002-M", "0003-L", "A01N02-R"):
        lines = [" ".join(f"{x:.5f}" for x in frame.ravel()) for frame in both]
        (folder / "skeletons" / f"{name}.txt").write_text("\n".join(lines) + "\n")
        (folder / "labels" / f"{name}.txt").write_text("3,1,20,1\n51,25,60,2\n")
    (folder / "cross-subject.txt").write_text(
        "Training videos: \n0002-L, 0002-M, A01N02-R\nValidataion videos: \n0003-L\n"
    )
    (folder / "cross-view.txt").write_text("Training videos: \n0002-M\nValidataion videos: \n0002-L, 0003-L\n")
    return both


def ucla_file(folder, name, joints_TVC):
    joints_TKC = np.zeros((len(joints_TVC), 20, 3))
    for k, joint in enumerate(KINECT_V1):
        joints_TKC[:, k] = joints_TVC[:, JOINTS.index(joint) if joint in JOINTS else 0]
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"file_name": name, "skeletons": joints_TKC.tolist(), "label": 1}))
    return path


def clip(label, subject, view, frames=10, fps=30.0):
    return Clip(person(frames), fps, label, "", subject, view)
