"""Video -> pose landmarker -> window -> model -> event, on people drawn by our own code, with no data beside it."""

import json
import subprocess
import sys

import numpy as np
import pytest

from app.classify.one_input import classify_video
from app.stream.action_stream import FILE_HOP_S, ActionStream
from models.skeleton import JOINTS
from tests.app.helpers import write_film
from training.drawing.draw import Look, PinholeCamera, draw_clip, draw_person
from training.drawing.example import STEPS, scene, write_video
from training.drawing.motions import MOTIONS, make_motion, make_scene
from training.drawing.ways import way_named

# Seeds that the training data was not drawn with.
SEEDS = (200_000, pytest.param(200_001, marks=pytest.mark.slow))
# As people wave at a webcam: the hand is no higher than the head and swings by half the shoulders' width or so.
SMALL_WAVE = way_named("wave", "wave_beside_face").score
DESK_STEPS = [("stand", 1.5), ("wave", 3.0), ("stand", 2.0)]
SMALL = {"desk": (DESK_STEPS, 200_006), "half": (DESK_STEPS, 200_003), "two": ([("wave", 3.0)], 300_006)}


def small_wave(name):
    """(T, 25, 3) at 25 frames a second: one of SMALL, whose seeds draw a wave that is small."""
    steps, seed = SMALL[name]
    return make_scene([(SMALL_WAVE if step == "wave" else step, seconds) for step, seconds in steps], 25.0, seed)


def at_a_desk(name):
    """Frames of it as a laptop's camera 0.9 m away sees it, down to the hips."""
    camera = PinholeCamera(yaw=0.15, height=1.45, aim=1.4, distance=0.9, focal=0.68)
    return draw_clip(small_wave(name), camera, Look(216, close=True))


@pytest.mark.parametrize("name", SMALL)
def test_the_wave_of_these_tests_is_small_and_beside_the_face(name):
    clip = small_wave(name)
    at = {joint: clip[len(clip) // 3 : 2 * len(clip) // 3, k] for k, joint in enumerate(JOINTS)}
    hand = max((at["left_hand"], at["right_hand"]), key=lambda hand: hand[:, 1].mean())
    across = np.linalg.norm(at["left_shoulder"] - at["right_shoulder"], axis=-1).mean()
    assert np.ptp(hand, axis=0).max() < 0.6 * across
    assert (hand[:, 1] > at["spine_shoulder"][:, 1]).all() and (hand[:, 1] < at["head"][:, 1] + 0.1).all()


@pytest.mark.parametrize("steps", [DESK_STEPS, pytest.param(STEPS, marks=pytest.mark.slow)], ids=["desk", "all"])
def test_a_drawn_person_s_actions_come_out_with_their_times(steps, tmp_path):
    if steps is STEPS:
        write_video(tmp_path / "person.mp4", scene(steps))
    else:
        write_film(tmp_path / "person.mp4", at_a_desk("desk"))
    run = subprocess.run(
        [sys.executable, "-m", "app", "classify", str(tmp_path / "person.mp4"), "--out", str(tmp_path)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    events = [json.loads(line) for line in (tmp_path / "person.jsonl").read_text().splitlines()]
    starts = np.cumsum([0.0, *(seconds for _, seconds in steps)])
    for k, (action, seconds) in enumerate(steps):
        if action == "stand":
            continue
        span = (starts[k], starts[k] + seconds)
        overlaps = {e["label"]: 0.0 for e in events}
        for e in events:
            overlaps[e["label"]] += max(0.0, min(e["end"], span[1]) - max(e["start"], span[0]))
        assert overlaps.get(action, 0.0) >= 0.5 * seconds, (action, span, events)
        assert max(overlaps, key=overlaps.get) == action
    summary = (tmp_path / "summary.csv").read_text().splitlines()
    assert len(summary) == 2 and summary[1].startswith("person.mp4,") and ",ok" in summary[1]


def test_a_half_body_view_still_names_the_wave(shipped_model, pose_model_path, tmp_path):
    """A laptop's camera sees no legs: the lower body is lost, the wave is not."""
    path = tmp_path / "near.mp4"
    write_film(path, at_a_desk("half"))
    summary = classify_video(path, shipped_model, pose_model_path).summary
    assert summary.status.startswith("ok") and "wave" in [summary.place(k) for k in range(2)]


@pytest.mark.slow
def test_of_two_people_the_nearest_is_followed_and_said_so(shipped_model, pose_model_path, tmp_path):
    camera, near, far = PinholeCamera(height=1.3, aim=1.25, distance=2.0), Look(216), Look(207)
    waver = small_wave("two") + np.array([0.5, 0, 0], np.float32)
    other = make_motion("idle", 3.0, 25.0, 300_002) + np.array([-0.6, 0, 0.8], np.float32)

    def frames():
        room = near.room(camera.size)
        for waver_V3, other_V3 in zip(waver, other):
            image = room.copy()
            draw_person(image, other_V3, camera, far)
            draw_person(image, waver_V3, camera, near)
            yield image

    path = tmp_path / "two.mp4"
    write_video(path, frames())
    notes = []

    def on_frame(time_s, claimed_s, answer):
        notes.append(answer.note)

    summary = classify_video(path, shipped_model, pose_model_path, on_frame=on_frame).summary
    assert (summary.label, summary.people) == ("wave", 2) and "the label is the nearest one's" in summary.status
    assert notes.count("2 people: the nearest is shown large") > 0.9 * len(notes)


def _answer(model, joints, times):
    stream = ActionStream(model, FILE_HOP_S)
    for time_s, joints_V3 in zip(times.tolist(), joints):
        stream.push_joints(time_s, joints_V3, np.ones(25, bool))
    stream.finish()
    return stream.clip.mean_C


@pytest.fixture(scope="module", params=SEEDS)
def answers_by_rate(shipped_model, request):
    """(rates, clips, C) scores of the same recorded clips as cameras of other rates would have seen them."""
    dense = np.arange(240) / 60.0
    clips = [make_motion(name, 4.0, 60.0, request.param) for name in sorted(MOTIONS)[::2]]
    answers = {}
    for fps in (60, 30, 15, 8):
        keep = np.round(np.arange(0, 240 - 1e-6, 60 / fps)).astype(int)
        answers[fps] = np.array([_answer(shipped_model, clip[keep], dense[keep]) for clip in clips])
    return answers


@pytest.mark.parametrize("fps", [60, 15])
def test_15_30_and_60_frames_a_second_give_the_same_answer(answers_by_rate, fps):
    assert (answers_by_rate[fps].argmax(1) == answers_by_rate[30].argmax(1)).all()
    assert np.abs(answers_by_rate[fps] - answers_by_rate[30]).max() <= 0.05


def test_8_frames_a_second_give_the_same_label(answers_by_rate):
    assert (answers_by_rate[8].argmax(1) == answers_by_rate[30].argmax(1)).mean() >= 0.95
