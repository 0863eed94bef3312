"""What a visitor teaches on the page, from the camera's landmarks to the model that knows it; without a browser."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace

import numpy as np
import pytest

from app.page.sessions import Sessions
from app.teach import lesson as lesson_module
from app.teach import lessons as lessons_module
from app.teach.examples import TeachError
from app.teach.lesson import Lesson
from app.teach.lessons import Lessons, LessonsFullError
from app.teach.pack import PackError, parse_pack
from app.teach.teacher import Teacher
from tests.app.helpers import pose
from tests.app.teach.helpers import MotionModel, poses_of, repeated

pytest.importorskip("gradio")

from app.page.teach_tab import SHOWN, answered, teach_handler


@pytest.fixture
def lesson(teacher: Teacher) -> Lesson:
    return Lesson(MotionModel(), teacher)


def show(lesson: Lesson, action: str, times: int = 4, more: int = 0) -> None:
    for time_s, poses in poses_of(repeated(action, times), more):
        lesson.see(time_s, poses)


def teach(lesson: Lesson, name: str, action: str, times: int = 4, counter: bool = False) -> str:
    lesson.start(name, counter)
    show(lesson, action, times)
    return lesson.stop()


def test_repetitions_are_learnt_and_live_at_once(lesson: Lesson) -> None:
    before = lesson.model
    assert teach(lesson, " my  jump ", "jumping_jack") == "4 repetitions seen: 'my jump' is live now"
    assert lesson.pack.actions == ("my jump",) and lesson.model is not before
    assert lesson.model.labels[-1] == "my jump" and "wave" in lesson.model.labels
    assert lesson.recording == "" and len(set(lesson.clip_names())) == 4


def test_one_repetition_works(lesson: Lesson) -> None:
    assert "one works, three to five are better" in teach(lesson, "my jump", "jumping_jack", 1)
    assert lesson.pack.advice("my jump") == "three to five examples are better"


def test_a_name_that_is_there_gets_more_examples(lesson: Lesson) -> None:
    teach(lesson, "my jump", "jumping_jack", 2)
    said = teach(lesson, "My Jump", "jumping_jack", 2)
    assert said == "2 repetitions seen, added to 'my jump', which was there already"
    assert lesson.pack.actions == ("my jump",) and len(lesson.pack.examples("my jump")) == 4


@pytest.mark.parametrize("name", ["wave", "Waving", "IDLE", "something else"])
def test_a_name_that_the_model_knows(lesson: Lesson, name: str) -> None:
    with pytest.raises(PackError, match="already knows .*choose another name"):
        lesson.start(name)
    assert lesson.recording == ""


def test_only_my_actions(lesson: Lesson) -> None:
    lesson.set_only(True)
    assert lesson.model.labels == MotionModel().labels, "nothing was taught yet: the model's own are all there is"
    teach(lesson, "waving", "wave")
    assert lesson.model.labels == ("idle", "other", "waving")
    with pytest.raises(PackError, match="already knows 'waving'"):
        lesson.set_only(False)
    assert lesson.only and lesson.model.labels == ("idle", "other", "waving")


def test_what_it_is_not(lesson: Lesson) -> None:
    with pytest.raises(PackError, match="teach 'my jump' itself before"):
        lesson.start("my jump", counter=True)
    teach(lesson, "my jump", "jumping_jack")
    assert teach(lesson, "my jump", "clap", 2, counter=True) == "2 repetitions seen: kept as what 'my jump' is not"
    assert len(lesson.pack.examples("my jump", counter=True)) == 2


def test_recordings_that_teach_nothing(lesson: Lesson) -> None:
    with pytest.raises(TeachError, match="no recording goes on"):
        lesson.stop()
    lesson.start("my jump")
    with pytest.raises(TeachError, match="no picture came from the camera"):
        lesson.stop()
    lesson.start("my jump")
    show(lesson, "jumping_jack", more=1)
    with pytest.raises(TeachError, match="two people are in view"):
        lesson.stop()
    lesson.start("my jump")
    for i in range(90):
        lesson.see(i / 30, [])
    with pytest.raises(TeachError, match="nobody is in view"):
        lesson.stop()
    assert lesson.pack is None and lesson.recording == ""


def test_frames_are_kept_while_a_recording_goes_on_and_no_longer_than_its_bound(lesson: Lesson) -> None:
    show(lesson, "wave")
    assert lesson._frames == []
    lesson.start("my wave")
    for i in range(400):
        lesson.see(i / 10, [pose(i / 10)])
    assert lesson._frames[-1][0] <= lesson_module.LONGEST_S and len(lesson._frames) > 250
    lesson.start("my wave")
    assert lesson._frames == [], "a new start begins anew"
    lesson.cancel()
    lesson.see(0, [pose(0)])
    assert lesson._frames == [] and lesson.recording == ""


def test_one_body_found_twice_is_one_person(lesson: Lesson) -> None:
    lesson.start("my jump")
    for time_s, poses in poses_of(repeated("jumping_jack", 2)):
        lesson.see(time_s, poses * 2)
    assert lesson.stop().startswith("2 repetitions")


def test_deleting_and_forgetting(lesson: Lesson) -> None:
    teach(lesson, "my jump", "jumping_jack", 3)
    teach(lesson, "my wave", "wave", 1)
    first, *rest = lesson.clip_names()
    lesson.delete(first)
    assert lesson.clip_names() == rest and len(lesson.pack.examples("my jump")) == 2
    with pytest.raises(PackError, match="gone already"):
        lesson.delete(first)
    lesson.delete(rest[-1])
    assert lesson.pack.actions == ("my jump",), "an action goes with its last example"
    lesson.forget("my jump")
    assert lesson.pack is None and lesson.model.labels == MotionModel().labels
    with pytest.raises(PackError, match="no action 'my jump'"):
        lesson.forget("my jump")


def test_a_pack_goes_out_and_comes_back(lesson: Lesson, teacher: Teacher, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PackError, match="teach an action first"):
        lesson.file()
    teach(lesson, "my jump", "jumping_jack")
    content = lesson.file()
    assert parse_pack(content, "x").actions == ("my jump",)
    other = Lesson(MotionModel(), teacher)
    other.load(content, "my.pack")
    assert other.model.labels[-1] == "my jump"
    with pytest.raises(PackError, match="my.pack: not a pack"):
        other.load(content[:200], "my.pack")
    with pytest.raises(PackError, match="made with another model"):
        Lesson(MotionModel(embedding="another"), teacher).load(content, "my.pack")
    monkeypatch.setattr(lesson_module, "MOST_PACK_BYTES", 1000)
    with pytest.raises(PackError, match="larger than the page takes"):
        other.load(content, "my.pack")
    assert other.pack.actions == ("my jump",), "what cannot be loaded changes nothing"


def test_the_page_is_told_clips_once(lesson: Lesson) -> None:
    assert answered(lesson, {"do": "start", "name": "my jump"})["recording"] == "my jump"
    show(lesson, "jumping_jack", 3)
    answer = answered(lesson, {"do": "stop"})
    (action,) = answer["actions"]
    assert (action["name"], action["count"], action["not"], action["advice"]) == ("my jump", 3, [], "")
    assert action["shown"] == lesson.clip_names()[::-1] and set(answer["clips"]) == set(action["shown"])
    joints = np.frombuffer(base64.b64decode(answer["clips"][action["shown"][0]]["joints"]), "<i2").reshape(-1, 25, 3)
    np.testing.assert_allclose(joints[-1] / 1000, lesson.pack.clips_EKV3[-1][-1], atol=1e-3)
    known = answered(lesson, {"do": "look", "have": action["shown"][:2]})
    assert set(known["clips"]) == set(action["shown"][2:])
    json.dumps(answer, allow_nan=False)


def test_many_examples_are_not_all_sent(lesson: Lesson) -> None:
    for _ in range(4):
        teach(lesson, "my jump", "jumping_jack", 5)
    (action,) = answered(lesson, {})["actions"]
    assert action["count"] == 20 and len(action["shown"]) == SHOWN


def test_failures_are_said_and_files_come_as_text(lesson: Lesson) -> None:
    refused = answered(lesson, {"do": "start", "name": "wave"})
    assert refused["failed"] and refused["said"].startswith("The model already knows") and refused["recording"] == ""
    assert answered(lesson, {"do": "load", "name": "a.pack", "file": "%%%"})["said"].startswith('"a.pack": it did not')
    answered(lesson, {"do": "start", "name": "my jump"})
    show(lesson, "jumping_jack", 3)
    answered(lesson, {"do": "stop"})
    file = answered(lesson, {"do": "save"})["file"]
    answered(lesson, {"do": "forget", "name": "my jump"})
    loaded = answered(lesson, {"do": "load", "name": "a.pack", "file": file})
    assert loaded["said"] == "1 action loaded: live now" and loaded["actions"][0]["name"] == "my jump"
    gone = answered(lesson, {"do": "delete", "clip": loaded["actions"][0]["shown"][0]})
    assert gone["actions"][0]["count"] == 2 and gone["actions"][0]["advice"] == "three to five examples are better"
    assert answered(lesson, {"do": "only", "on": True})["only"] is True


def test_a_pack_whose_names_are_the_page_s_own_words(lesson: Lesson) -> None:
    teach(lesson, "Not sure", "jumping_jack")  # as the command may have taught it
    file = answered(lesson, {"do": "save"})["file"]
    answered(lesson, {"do": "forget", "name": "Not sure"})
    refused = answered(lesson, {"do": "load", "name": "a.pack", "file": file})
    assert refused["failed"] and "page itself says 'Not sure'" in refused["said"]
    assert not refused["actions"]


@pytest.mark.parametrize(
    "asked", [None, [], "stop", {"do": None}, {"do": ["x"]}, {"do": "start"}, {"do": "start", "name": {"a": 1}}]
    + [{"do": "delete"}, {"do": "load", "file": 7}, {"do": "only", "on": "yes"}, {"do": "look", "have": 3}]
    + [{"do": "cancel"}, {"do": "save"}, {"do": "forget", "name": None}],
)  # fmt: skip
def test_whatever_a_browser_sends_gets_an_answer(lesson: Lesson, asked: object) -> None:
    answer = answered(lesson, asked)
    assert answer["actions"] == [] and not answer["only"]
    json.dumps(answer, allow_nan=False)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Landmarks:
    """Finds one frame of a recording in each picture."""

    def __init__(self, frames: list) -> None:
        self._frames = iter(frames)

    def detect(self, rgb_HWC: np.ndarray, time_s: float) -> list:
        return next(self._frames)[1]

    def close(self) -> None:
        pass


def test_a_visitor_is_taught_through_their_camera_and_alone(teacher: Teacher) -> None:
    clock, frames = Clock(), poses_of(repeated("jumping_jack", 4)) * 2
    lessons = Lessons(MotionModel(), teacher, clock=clock)
    sessions = Sessions(lambda: Landmarks(frames), lessons, limit=2, clock=clock)
    ask = lambda key, asked: teach_handler(sessions)(asked, SimpleNamespace(session_hash=key))  # noqa: E731

    def watch() -> list[str]:
        labels = []
        for _ in range(len(frames) // 2):
            clock.now += 1 / 30
            reply = sessions.process("a", np.zeros((4, 4, 3), np.uint8))
            fused_C = reply.answer.fused_C
            assert fused_C is None or len(fused_C) == len(reply.model.labels)
            labels.append(reply.answer.label)
        return labels

    ask("a", {"do": "start", "name": "my jump"})
    assert "my jump" not in watch()
    assert ask("a", {"do": "stop"})["said"] == "4 repetitions seen: 'my jump' is live now"
    assert "my jump" in watch()
    assert ask("b", {"do": "look"})["actions"] == [], "another visitor's are their own"
    sessions.free("a")
    assert ask("a", {"do": "look"})["actions"], "a camera that was off for a while loses nothing"
    sessions.leave("a")
    assert ask("a", {"do": "look"}) is None and len(lessons) == 0, "who only looked has none"
    sessions.close()


def test_visitors_who_went_without_a_word_are_forgotten(teacher: Teacher, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    lessons = Lessons(MotionModel(), teacher, clock=clock)
    first = lessons.of("a")
    assert lessons.of("a") is first
    clock.now += lessons_module.IDLE_S + 1
    lessons.of("b")
    assert len(lessons) == 1 and lessons.of("a") is not first
    monkeypatch.setattr(lessons_module, "MOST_VISITORS", 2)
    a, b = lessons.of("a"), lessons.of("b")
    with pytest.raises(LessonsFullError):
        lessons.of("c")
    assert (lessons.of("a"), lessons.of("b")) == (a, b), "nobody's make way for a newcomer's"
    lessons.leave("a")
    assert lessons.of("c") is lessons.find("c")


def test_who_only_looks_takes_no_room(teacher: Teacher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons_module, "MOST_VISITORS", 1)
    lessons = Lessons(MotionModel(), teacher)
    assert lessons.find("a") is lessons.find("b") and len(lessons) == 0
    model = lessons.find("a").model
    assert lessons.of("a").model is model, "a stream that uses it goes on"
    sessions = Sessions(lambda: Landmarks([]), lessons, limit=2)
    ask = lambda asked: teach_handler(sessions)(asked, SimpleNamespace(session_hash="b"))  # noqa: E731
    assert not ask({"do": "look"})["failed"] and not ask("junk")["failed"]
    said = ask({"do": "start", "name": "my jump"})
    assert said["failed"] and said["did"] == "start" and "try again when others have left" in said["said"]
    sessions.close()


def test_an_address_and_all_together_are_taught_so_much(
    lesson: Lesson, teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(lesson, "my jump", "jumping_jack")
    assert lesson.pack is not None
    content, size = lesson.file(), lesson.pack.size
    lessons = Lessons(MotionModel(), teacher, address=lambda key: key[0])
    monkeypatch.setattr(lessons_module, "MOST_TAUGHT_OF_ADDRESS", int(1.5 * size))
    monkeypatch.setattr(lessons_module, "MOST_TAUGHT", int(2.5 * size))
    lessons.of("a1").load(content, "x")
    lessons.of("a1").load(content, "x")  # takes the place of what was there
    with pytest.raises(PackError, match="as there is room for"):
        lessons.of("a2").load(content, "x")
    lessons.of("b1").load(content, "x")
    with pytest.raises(PackError):
        lessons.of("c1").load(content, "x")
    assert lessons.of("a1").pack is not None and lessons.of("c1").pack is None
    monkeypatch.setattr(lessons_module, "MOST_OF_ADDRESS", 2)
    with pytest.raises(LessonsFullError):
        lessons.of("a3")


def test_every_visitor_begins_with_the_pack(lesson: Lesson, teacher: Teacher) -> None:
    teach(lesson, "my jump", "jumping_jack")
    lessons = Lessons(MotionModel(), teacher, pack=lesson.pack, only=True)
    assert lessons.of("a").model.labels == ("idle", "other", "my jump")
    lessons.of("a").forget("my jump")
    assert lessons.of("b").pack.actions == ("my jump",)
    with pytest.raises(PackError, match="made with another model"):
        Lessons(MotionModel(embedding="another"), pack=lesson.pack)
