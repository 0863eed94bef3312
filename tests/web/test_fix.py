"""Corrections of live events in the browser against Python's: the clips that are cut, the pack, and what is said.

The last seconds are called again by either with the same scores, so that both refuse what makes it worse.
"""

from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from app.corrections.correction import CorrectionError
from app.corrections.live import WorseError, learn_event
from app.page.recent import Recent
from app.site.constants import constants
from app.site.teaching import teaching_bytes
from app.stream.action_stream import ActionStream
from app.teach.background import FILE
from app.teach.pack import PackError, pack_bytes, parse_pack
from app.teach.teacher import Teacher, embedded
from app.types import ActionEvent, PersonState
from models.resample import kept_seconds
from tests.app.corrections.conftest import Waver
from tests.app.node_scripts import run_script
from tests.app.teach.helpers import poses_of, repeated
from tests.web.streams import START, coded
from training.drawing.motions import make_motion

SCRIPT = """
import { WorseError } from "./fix.js";
import { Lesson } from "./lesson.js";
import { Recent } from "./recent.js";
import { Teacher } from "./teacher.js";
import { readTeaching } from "./teaching.js";
const asked = [];
let due = 0; // windows of this correction
const clipOf = async ({ times, end }) => {
  const { clip, embedding } = facts.clips[asked.length] ?? { clip: "", embedding: "" };
  asked.push([end[0], times.length]);
  return { clip: floats(clip), embedding: floats(embedding) };
};
const windowOf = async ({ end }) => {
  const [fused, modality, embedding] = facts.windows[due++].map(floats);
  if (end.length !== 1) throw new Error("no window");
  return { fused, modality, embedding };
};
const teaching = readTeaching(Uint8Array.from(Buffer.from(facts.teaching, "base64")), facts.card);
const lesson = new Lesson(facts.card, new Teacher(facts.card, teaching, clipOf, windowOf));
const recent = new Recent(), said = [];
for (const [timeS, poses] of facts.frames) recent.see(timeS, poses.map((pose) => ({ person: 0, pose: poseOf(pose) })));
for (const [number, label, startS, endS, name, insist, sensitivity] of facts.fixes) {
  recent.tell(number, { person: 0, label, startS, endS }, sensitivity);
  due = 0;
  try {
    said.push(await lesson.fix(recent.find(number), name, insist));
  } catch (error) {
    said.push(`${error instanceof WorseError ? "worse! " : ""}${error.message}`);
  }
  if (due && due !== facts.windows.length) said.push(`${due} windows`);
}
tell({ said, asked, gone: recent.find(0), file: Buffer.from(lesson.file()).toString("base64") });
"""
# (number, what was said, from, to, what it was, whether that is insisted on, sensitivity)
FIXES = [
    (0, "wave", 5.0, 7.0, "Waving", False, 0.5), (1, "wave", 5.0, 9.5, "star jump", False, 0.5),
    (2, "wave", 5.0, 9.5, "star jump", False, 0.5), (3, "squat", 10.0, 12.0, "", False, 0.5),
    (4, "squat", 10.0, 12.0, "", True, 0.5), (5, "star jump", 11.0, 14.0, "", False, 0.5),
    (6, "squat", 12.0, 14.5, "wave", False, 0.5), (7, "wave", 2.5, 5.0, "something else", False, 0.2),
    (8, "wave", 8.0, 8.01, "=no", False, 0.5), (9, "wave", 19.0, 20.0, "late", True, 0.5),
]  # fmt: skip


class Written(Teacher):
    """A teacher who writes down the clips that are cut."""

    clips_asked: tuple = ()

    def cut(self, recording, spans):
        clips_EKV3 = super().cut(recording, spans)
        for (start_s, end_s), clip, embedding in zip(spans, clips_EKV3, embedded(self.model, clips_EKV3)):
            asked = ((start_s + end_s + 3.5) / 2, len(recording.times_T), clip, embedding)
            self.clips_asked = (*self.clips_asked, asked)
        return clips_EKV3


class Heard(Waver):
    """A model that writes down what it says of each window."""

    rows: tuple = ()

    def __call__(self, joints_NTV3, frames_N):
        scores = super().__call__(joints_NTV3, frames_N)
        self.rows = (*self.rows, *zip(scores.fused_NC, scores.modality_NMC, scores.embedding_ND))
        return scores


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    model = Waver()
    windows = [
        make_motion(action, 2.5, 20.0, 50 + seed)[:50] for action in ("walk", "wave", "idle") for seed in range(12)
    ]
    embedding = model(np.stack(windows).astype(np.float32), np.full(36, 75, np.float32)).embedding_ND
    path = tmp_path_factory.mktemp("model") / "student.onnx"
    said = {"embedding": model.embedding, "labels": '["wave", "other"]'}
    label_B = np.repeat([1, 0, 1], 12).astype(np.int16)
    save_file({"embedding": embedding.astype(np.float16), "label": label_B}, path.with_name(FILE), metadata=said)
    teacher = Written(model, path)
    teacher.content = teaching_bytes(model, path)
    return teacher


def text(content) -> str:
    content = content if isinstance(content, bytes) else np.ascontiguousarray(content, "<f4").tobytes()
    return base64.b64encode(content).decode("ascii")


def in_the_middle(recording) -> list:
    """Frames of somebody who stays where they are in the picture."""
    there = lambda pose: replace(pose, image_V3=(0.2 * pose.world_V3 + 0.5).astype(np.float32))  # noqa: E731
    return [(time_s, [there(pose) for pose in poses]) for time_s, poses in poses_of(recording)[::2]]


@pytest.mark.slow
def test_the_same_is_learnt(teacher, tmp_path):
    frames, recent, said, pack = in_the_middle(repeated("jumping_jack", 6)), Recent(), [], None
    for time_s, poses in frames:
        recent.see(time_s, [PersonState(0, True, poses[0], None, 0.0, None, None)])
    for number, label, start_s, end_s, name, insist, sensitivity in FIXES:
        recent.tell(number, ActionEvent(0, label, start_s, end_s, 1.0, (), {}), sensitivity)
        shown = recent.find(number)
        try:
            if shown is None:
                raise CorrectionError("that event is too long ago: correct the next one sooner")
            pack, words = learn_event(teacher, pack, shown, name, insist=insist)
            said.append(words)
        except WorseError as error:
            said.append(f"worse! {error}")
        except (CorrectionError, PackError) as error:
            said.append(str(error))
    heard = Heard()
    stream = ActionStream(heard)
    for pose in recent.find(8).poses:
        stream.push(pose.time_s, [pose])
    card = {
        name: getattr(teacher.model, name) for name in ("labels", "display", "window_s", "modalities", "thresholds")
    }
    facts = {
        "constants": constants(), "card": card | {"clip_s": 3.5, "keep_s": kept_seconds(2.5), "embedding": "motion"},
        "fixes": FIXES,
        "teaching": text(teacher.content), "frames": [[t, [coded(pose) for pose in poses]] for t, poses in frames],
        "clips": [{"clip": text(clip), "embedding": text(one)} for *_, clip, one in teacher.clips_asked],
        "windows": [[text(array) for array in row] for row in heard.rows],
    }  # fmt: skip
    ours = run_script(tmp_path, START + SCRIPT, facts, "web")

    assert [words.replace("'", '"') for words in ours["said"]] == [words.replace("'", '"') for words in said]
    asked = [[end_s, many] for end_s, many, *_ in teacher.clips_asked]
    np.testing.assert_allclose(ours["asked"], asked, atol=1e-6)
    one, other = parse_pack(base64.b64decode(ours["file"]), "ours"), parse_pack(pack_bytes(pack), "python")
    assert (one.actions, one.corrects) == (other.actions, other.corrects)
    for name in ("action_E", "counter_E", "embedding_EWD", "clips_EKV3"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    np.testing.assert_allclose(one.head.weight_AD, other.head.weight_AD, atol=1e-5)
    assert ours["gone"] is None and len({words.split()[0] for words in said}) > 3
    assert said[3].startswith("worse! worse: ") and "; worse: " in said[4], "refused, and insisted on"
