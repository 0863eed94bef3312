"""A lesson in the browser against Python's: what is said, the examples, the pack, and the model that knows it."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from safetensors.numpy import load, save_file

from app.site.constants import constants
from app.site.teaching import teaching_bytes
from app.teach.background import FILE
from app.teach.examples import Demonstration, TeachError, repetitions
from app.teach.lesson import Lesson
from app.teach.pack import PackError, pack_bytes, parse_pack
from app.teach.teacher import Teacher, embedded
from tests.app.node_scripts import run_script
from tests.app.teach.helpers import MotionModel, poses_of, repeated, still
from tests.web.streams import START, coded
from training.drawing.motions import make_motion

SCRIPT = """
import { Lesson } from "./lesson.js";
import { Teacher } from "./teacher.js";
import { readTeaching } from "./teaching.js";
const bytesOf = (text) => Uint8Array.from(Buffer.from(text, "base64"));
const asked = [];
const clipOf = async ({ landmarks, visibility, times, end }) => {
  const { clip, embedding } = facts.clips[asked.length];
  asked.push([end[0], times.length, landmarks.length / 99, visibility.length / 33]);
  return { clip: floats(clip), embedding: floats(embedding) };
};
const teaching = readTeaching(bytesOf(facts.teaching), facts.card);
const lesson = new Lesson(facts.card, new Teacher(facts.card, teaching, clipOf));
const deeds = {
  start: (name, counter) => lesson.start(name, counter),
  show: (k) => facts.shown[k].forEach(([timeS, poses]) => lesson.see(timeS, poses.map(poseOf))),
  stop: () => lesson.stop(),
  only: (on) => lesson.setOnly(on),
  forget: (name) => lesson.forget(name),
  delete: (place) => lesson.delete(lesson.clipNames()[place]),
  verdict: (name) => lesson.verdict(name).said,
  load: (text) => lesson.load(bytesOf(text), "pack"),
};
const said = [];
for (const [deed, ...about] of facts.deeds) {
  let words = "";
  try {
    words = (await deeds[deed](...about)) ?? "";
  } catch (error) {
    words = `${error.constructor.name}: ${error.message}`;
  }
  const names = lesson.clipNames();
  said.push([words, lesson.recording, lesson.model.labels, names.length, new Set(names).size]);
}
const file = lesson.file();
const own = Array(facts.card.labels.length).fill(1 / facts.card.labels.length);
const scores = facts.asked.map((embedding) =>
  [...lesson.model.scoresOf({ fused: own, modality: [...own, ...own, ...own], embedding: floats(embedding) }).fused]);
tell({ said, asked, scores, file: Buffer.from(file).toString("base64") });
"""
SHOWN = {
    "jack": repeated("jumping_jack", 4),
    "two": repeated("jumping_jack", 2, seed=7),
    "bow": repeated("bow", 3),
    "kick": repeated("kick", 1),
    "held": repeated("squat", 1, seconds=6.0),
}
DEEDS = [
    ("stop",), ("start", "wave"), ("start", " "), ("start", "star", True),
    ("start", " my  star "), ("show", "jack"), ("stop",), ("verdict", "my star"),
    ("start", "My Star"), ("show", "two"), ("stop",),
    ("start", "my star", True), ("show", "bow"), ("stop",),
    ("start", "high kick"), ("show", "kick"), ("stop",), ("verdict", "high kick"),
    ("start", "crowd"), ("show", "crowd"), ("stop",), ("start", "nobody"), ("show", "nobody"), ("stop",),
    ("start", "x"), ("stop",), ("start", "squats"), ("show", "held"), ("stop",),
    ("delete", 2), ("delete", 99), ("forget", "high kick"), ("forget", "none"),
    ("only", True), ("start", "wave"), ("show", "bow"), ("stop",), ("only", False), ("verdict", "my star"),
]  # fmt: skip


def frames() -> dict[str, list]:
    shown = {name: poses_of(recording) for name, recording in SHOWN.items()}
    shown["crowd"] = poses_of(SHOWN["kick"], more=1)
    shown["nobody"] = [(time_s, poses if i % 5 == 0 else []) for i, (time_s, poses) in enumerate(shown["kick"])]
    return shown


@pytest.fixture(scope="module")
def model_path(tmp_path_factory):
    """A model file's name, with a background beside it that has kinds."""
    model, kinds = MotionModel(), ("wave", "squat")
    actions = ("walk", "sit_down", "drink", "clap", "idle", "throw", *kinds)
    windows = [make_motion(action, 2.5, 20.0, 100 + seed)[:50] for action in actions for seed in range(8)]
    embedding = model(np.stack(windows).astype(np.float32), np.full(len(windows), 75, np.float32)).embedding_ND
    label_B = np.repeat([2] * 6 + [0, 1], 8).astype(np.int16)
    path = tmp_path_factory.mktemp("model") / "student.onnx"
    said = {"embedding": model.embedding, "labels": '["wave", "squat", "other"]'}
    save_file({"embedding": embedding.astype(np.float16), "label": label_B}, path.with_name(FILE), metadata=said)
    return path


class Written(Teacher):
    """A teacher who writes down the clips that are asked for."""

    def __init__(self, *args) -> None:
        super().__init__(*args)
        self.clips_asked = []

    def cut(self, recording, spans):
        clips_EKV3 = super().cut(recording, spans)
        for span, clip, embedding in zip(spans, clips_EKV3, embedded(self.model, clips_EKV3), strict=True):
            self.clips_asked.append((span, len(recording.times_T), clip, embedding))
        return clips_EKV3


def python_says(lesson: Lesson, shown: dict) -> list:
    deeds = {
        "start": lesson.start, "stop": lesson.stop, "only": lesson.set_only, "forget": lesson.forget,
        "show": lambda name: [lesson.see(*frame) for frame in shown[name]] and None,
        "delete": lambda place: lesson.delete((lesson.clip_names() + [""] * 100)[place]),
        "verdict": lambda name: lesson.verdict(name).said,
    }  # fmt: skip
    said = []
    for deed, *about in DEEDS:
        try:
            words = deeds[deed](*about) or ""
        except (TeachError, PackError) as error:
            words = f"{type(error).__name__}: {error}"
        names = lesson.clip_names()
        said.append([words, lesson.recording, list(lesson.model.labels), len(names), len(set(names))])
    return said


@pytest.fixture(scope="module")
def both(model_path, tmp_path_factory):
    model, shown = MotionModel(), frames()
    teacher = Written(model, model_path)
    lesson = Lesson(model, teacher)
    python = python_says(lesson, shown)
    names = ("labels", "display", "window_s", "modalities", "thresholds", "embedding")
    asked_ND = np.concatenate([embedding for *_, embedding in teacher.clips_asked])
    facts = {
        "constants": constants(), "deeds": DEEDS,
        "card": {name: getattr(model, name) for name in names} | {"clip_s": 3.5},
        "teaching": base64.b64encode(teaching_bytes(model, model_path)).decode("ascii"),
        "shown": {name: [[t, [coded(pose) for pose in poses]] for t, poses in some] for name, some in shown.items()},
        "clips": [{"clip": text(clip), "embedding": text(embedding)} for *_, clip, embedding in teacher.clips_asked],
        "asked": [text(row) for row in asked_ND],
    }  # fmt: skip
    ours = run_script(tmp_path_factory.mktemp("node"), START + SCRIPT, facts, "web")
    return lesson, python, teacher.clips_asked, asked_ND, ours


def text(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode("ascii")


def plain(words: str) -> str:
    """Return a sentence without what differs: the quotes, and the way in the shell or on the page."""
    return words.replace("'", '"').split(": teach it under another name, or")[0]


def test_the_same_is_said_and_known_after_each_deed(both):
    _, python, _, _, ours = both
    for deed, one, other in zip(DEEDS, ours["said"], python, strict=True):
        assert [plain(one[0]), *one[1:4]] == [plain(other[0]), *other[1:4]], deed
        assert one[4] == one[3]  # each clip has a name of its own; Python's tell by the content
    assert {words.split(":")[0] for words, *_ in python} >= {"TeachError", "PackError", "4 repetitions seen"}


def test_the_same_clips_are_asked_for(both):
    *_, asked, _, ours = both
    assert len(ours["asked"]) == len(asked)
    for (end_s, times, poses, seen), ((start_s, stop_s), frames, *_) in zip(ours["asked"], asked):
        assert end_s == pytest.approx((start_s + stop_s + 3.5) / 2, abs=1e-4) and times == poses == seen == frames


def test_the_pack_and_its_scores_are_the_same(both):
    lesson, _, _, asked_ND, ours = both
    pack, mine = parse_pack(base64.b64decode(ours["file"]), "ours"), parse_pack(pack_bytes(lesson.pack), "python")
    assert pack.actions == mine.actions and (pack.action_E == mine.action_E).all()
    np.testing.assert_array_equal(pack.embedding_EWD, mine.embedding_EWD)
    np.testing.assert_array_equal(pack.clips_EKV3, mine.clips_EKV3)
    for name, array in mine.head.arrays().items():
        np.testing.assert_allclose(pack.head.arrays()[name], array, atol=1e-5, err_msg=name)
    own_N3C = np.full((len(asked_ND), 3, 4), 0.25, np.float32)
    odds_NA, odds_NMA = lesson.pack.head.logits(asked_ND, 0.6, 3)
    np.testing.assert_allclose(ours["scores"], lesson.model._joined(own_N3C[:, 0], odds_NA), atol=1e-5)
    assert odds_NMA.shape[1] == 3 and np.ptp(ours["scores"]) > 0.5


def test_what_is_written_for_teaching_is_the_ridge_s(model_path):
    from app.teach.background import read_background
    from app.teach.ridge import Ridge

    tensors, background = load(teaching_bytes(MotionModel(), model_path)), read_background(model_path, MotionModel())
    ridge = Ridge(background.embedding_BD, 3, background.kind_B)
    np.testing.assert_array_equal(tensors["mean"], ridge.mean_D)
    np.testing.assert_allclose(tensors["basis"], ridge.basis_DR, atol=1e-6)
    np.testing.assert_allclose(tensors["back"], ridge.back_BR, atol=1e-6)
    assert set(tensors["kind"].tolist()) == {-1, 0, 1}


SPANS = """
import { recordingOf, repetitionsOf } from "./examples.js";
tell(facts.shown.map((frames) =>
  repetitionsOf(recordingOf(frames.map(([timeS, poses]) => ({ timeS, poses: poses.map(poseOf) }))), 2.5)));
"""


def test_repetitions_are_found_at_the_same_times(tmp_path):
    shown = [poses_of(one) for one in (*SHOWN.values(), repeated("wave", 1, seconds=7.0))]
    shown.append(poses_of(Demonstration(np.arange(150) / 30, still(5.0), np.ones((150, 25), bool))))
    facts = {"constants": constants()}
    facts["shown"] = [[[t, [coded(pose) for pose in poses]] for t, poses in some] for some in shown]
    for ours, some in zip(run_script(tmp_path, START + SPANS, facts, "web"), shown, strict=True):
        mine = Demonstration.of_person([poses[0] for _, poses in some])
        np.testing.assert_allclose(ours, repetitions(mine, 2.5), atol=1e-4)
