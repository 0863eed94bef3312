"""Recordings of landmarks that the browser writes are read by Python, number for number as Python's own.

A reader in JavaScript that was written from the format alone reads those of Python.
"""

from __future__ import annotations

import base64
from pathlib import Path

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
READER = Path(__file__).with_name("landmark_reader.mjs")
READ = """
const { readLandmarks } = await import(facts.reader), codec = facts.constants["app.landmarks.codec"];
const { settings, frames, end } = await readLandmarks(new Uint8Array(readFileSync(facts.file)), codec);
const text = (numbers) => Buffer.from(numbers.buffer).toString("base64");
const told = ([number, { world, image, visibility }]) => [number, ...[world, image, visibility].map(text)];
tell({ settings, end, frames: frames.map(([timeS, people]) => [timeS, people.map(told)]) });
"""
REFUSED = """
import { LandmarkWriter } from "./landmark_file.js";
const pose = { world: new Float32Array(99), image: new Float32Array(99), visibility: new Float32Array(33) };
const writer = new LandmarkWriter({}), said = [];
const broken = { ...pose, image: new Float32Array(99).fill(NaN) };
for (const [timeS, people] of [[1, [[0, pose]]], [1, []], [2, [[0, broken]]], [NaN, []], [3, []]]) {
  try {
    writer.add(timeS, people);
  } catch (error) {
    said.push(error.name);
  }
}
tell([said, writer.frames]);
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


def test_what_python_writes_is_read_in_javascript(tmp_path):
    with LandmarkWriter(path := tmp_path / "python.ikem", {"pose": "full"}) as writer:
        for time_s, people in recording(5.0):
            writer.add(time_s, people)
    (folder := tmp_path / "node").mkdir()
    facts = {"constants": constants(), "reader": READER.as_uri(), "file": str(path)}
    ours = run_script(folder, START + READ, facts, "web")
    with LandmarkReader(path) as reader:
        frames = [[time_s, [[number, *coded(pose)] for number, pose in people]] for time_s, people in reader]
        assert ours["end"] == [len(frames), reader.claimed_s] and ours["settings"] == {"pose": "full"}
    assert ours["frames"] == frames


def test_what_is_no_frame_is_refused(tmp_path):
    assert run_script(tmp_path, START + REFUSED, {"constants": constants()}, "web") == [3 * ["RangeError"], 2]
