"""An action taught in the browser with the shipped model: the pack is Python's, and `classify --pack` opens it."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from app.site.teaching import teaching_bytes
from app.teach.lesson import Lesson
from app.teach.pack import read_pack
from app.teach.taught_model import load_model
from app.teach.teacher import Teacher
from tests.app.node_scripts import run_script
from tests.app.teach.helpers import poses_of, repeated
from tests.web.graph import RUN, graph_facts
from tests.web.streams import PATIENCE_S, START, coded

SCRIPT = """
import { Lesson } from "./lesson.js";
import { Teacher } from "./teacher.js";
import { readTeaching } from "./teaching.js";
const clipOf = async (inputs) => {
  const { clip, embedding } = await run(inputs, facts.starts.clip);
  return { clip: clip.data, embedding: embedding.data };
};
const teaching = readTeaching(Uint8Array.from(Buffer.from(facts.teaching, "base64")), facts);
const lesson = new Lesson(facts, new Teacher(facts, teaching, clipOf));
lesson.start("star jump");
for (const [timeS, poses] of facts.frames) lesson.see(timeS, poses.map(poseOf));
tell({ said: await lesson.stop(), file: Buffer.from(lesson.file()).toString("base64") });
"""

pytestmark = pytest.mark.slow


def test_the_pack_is_the_same(shipped_model, pretrained, tmp_path):
    frames = poses_of(repeated("jumping_jack", 3))
    facts = graph_facts(tmp_path)
    facts["teaching"] = base64.b64encode(teaching_bytes(shipped_model, pretrained)).decode("ascii")
    facts["frames"] = [[time_s, [coded(pose) for pose in poses]] for time_s, poses in frames]
    (folder := tmp_path / "node").mkdir()
    ours = run_script(folder, START + RUN + SCRIPT, facts, "web", PATIENCE_S)

    lesson = Lesson(shipped_model, Teacher(shipped_model, pretrained))
    lesson.start("star jump")
    for frame in frames:
        lesson.see(*frame)
    assert ours["said"].replace('"', "'") == lesson.stop()
    (path := tmp_path / "star.pack").write_bytes(base64.b64decode(ours["file"]))
    pack = read_pack(path)
    assert pack.actions == lesson.pack.actions and len(pack.action_E) == 3
    np.testing.assert_allclose(pack.clips_EKV3, lesson.pack.clips_EKV3, atol=2e-3)
    np.testing.assert_allclose(pack.embedding_EWD, lesson.pack.embedding_EWD, atol=1e-2)
    for name, array in lesson.pack.head.arrays().items():
        np.testing.assert_allclose(pack.head.arrays()[name], array, atol=1e-3, err_msg=name)
    model = load_model(pretrained, path, device="cpu", threads=1)
    windows = pack.clips_EKV3[:, 10:60]
    frames_N = np.full(len(windows), model.window_s * 30, np.float32)
    one, other = model(windows, frames_N), lesson.model(windows, frames_N)
    np.testing.assert_allclose(one.fused_NC, other.fused_NC, atol=1e-3)
    assert (one.fused_NC.argmax(1) == model.labels.index("star jump")).all()
