"""Recordings of landmarks that the browser writes are read by Python, number for number as Python's own."""

from __future__ import annotations

import base64

import numpy as np

from app.landmarks.file_format import END as END_CONTENT
from app.landmarks.file_format import PIECE
from app.landmarks.reader import LandmarkReader
from app.landmarks.writer import LandmarkWriter
from app.site.constants import constants
from app.types import Pose
from tests.app.node_scripts import run_script
from tests.web.streams import START, coded

END = PIECE.size + END_CONTENT.size  # bytes of the last piece
SCRIPT = """
import { LandmarkWriter } from "./landmark_file.js";
const files = [];
for (const frames of facts.recordings) {
  const writer = new LandmarkWriter({ pose_model: "full", rate: 30 });
  for (const [timeS, people] of frames) writer.add(timeS, people.map(([number, pose]) => [number, poseOf(pose)]));
  files.push(Buffer.from(await (await writer.finish()).arrayBuffer()).toString("base64"));
}
tell(files);
"""


def recording(seconds: float) -> list[tuple[float, list[tuple[int, Pose]]]]:
    """Up to three people who come and go, with jumps that do not fit into a step of 16 bits."""
    rng, frames = np.random.default_rng(4), []
    for i in range(round(seconds * 25)):
        people = []
        for number in (3, 0, 1005):
            if (i // 20 + number) % 3:
                far = 7.0 if i % 30 == 0 else 0.5
                arrays = rng.normal(0, far, (33, 3)), rng.normal(0.5, far, (33, 3)), rng.uniform(-0.1, 1.1, 33)
                people.append((number, Pose(i / 25, *(array.astype(np.float32) for array in arrays))))
        frames.append((i / 25 if i % 40 else i / 25 + 1e-7, people))
    return frames


def test_the_numbers_are_the_same(tmp_path):
    made = [recording(6.5), recording(0.5), []]
    (folder := tmp_path / "node").mkdir()
    facts = {"constants": constants()}
    facts["recordings"] = [[[t, [[n, coded(pose)] for n, pose in people]] for t, people in one] for one in made]
    for k, (text, frames) in enumerate(zip(run_script(folder, START + SCRIPT, facts, "web"), made, strict=True)):
        (ours := tmp_path / f"ours{k}.ikem").write_bytes(base64.b64decode(text))
        with LandmarkWriter(python := tmp_path / f"python{k}.ikem", {"pose_model": "full", "rate": 30}) as writer:
            for time_s, people in frames:
                writer.add(time_s, people)
        if not frames:
            assert ours.read_bytes()[-END:] == python.read_bytes()[-END:]
            continue
        with LandmarkReader(ours) as one, LandmarkReader(python) as other:
            assert (one.settings, one.claimed_s) == (other.settings, other.claimed_s)
            for (time_s, people), (its_s, its) in zip(one, other, strict=True):
                assert time_s == its_s and [n for n, _ in people] == [n for n, _ in its]
                for (_, pose), (_, its_pose) in zip(people, its, strict=True):
                    for name in ("world_V3", "image_V3", "visibility_V"):
                        np.testing.assert_array_equal(getattr(pose, name), getattr(its_pose, name))
            assert one.note == other.note == "" and one.frames == len(frames)
