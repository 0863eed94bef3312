"""The correction of a live event: its movement is kept for a while, and teaches what it was or was not."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("gradio")

from app.corrections.correction import CorrectionError
from app.corrections.live import Shown, _heard, learn_event
from app.page.recent import KEPT_S, MOST, Recent
from app.page.teach_tab import answered
from app.teach.lesson import Lesson
from app.teach.pack import PackError
from app.teach.taught_model import TaughtModel
from app.types import ActionEvent, PersonState
from tests.app.corrections.conftest import folder, named, teacher, waver
from tests.app.teach.helpers import FPS, poses_of, recording_of, still
from training.drawing.motions import make_motion

__all__ = ["folder", "named", "teacher", "waver"]


def recent_of(*joints) -> Recent:
    recent = Recent()
    for time_s, (pose,) in poses_of(recording_of(*joints)):
        recent.see(time_s, [PersonState(0, True, pose, None, 0.0, None, None)])
    return recent


def event(start_s: float, end_s: float, label: str = "wave", person: int = 0) -> ActionEvent:
    return ActionEvent(person, label, start_s, end_s, 0.9, ((label, 0.9),), {})


@pytest.fixture
def shown() -> Shown:
    recent = recent_of(still(2), make_motion("bow", 1.5, FPS, 40), still(1.5))
    recent.tell(7, event(2.0, 3.5))
    found = recent.find(7)
    assert found is not None and recent.find(8) is None is recent.find("7")
    return found


def test_the_last_events_are_kept_with_the_end_of_their_movement():
    recent = recent_of(*20 * [still(1)])
    for number in range(MOST + 1):
        recent.tell(number, event(0.0, 19.0))
    recent.tell(9, event(0.0, 1.0))  # too long ago
    recent.tell(10, event(0.0, 19.0, person=4))
    assert recent.find(0) is recent.find(9) is recent.find(10) is None
    kept = recent.find(MOST)
    times_T = np.array([pose.time_s for pose in kept.poses])
    assert kept.start_s == times_T[0] >= 20 - KEPT_S - 0.1 and kept.end_s == 19
    assert np.all(np.diff(times_T) > 0)


def test_what_it_was(teacher, shown):
    pack, said = learn_event(teacher, None, shown, "my bow")
    assert (
        pack.actions == ("my bow",)
        and pack.corrects == ()
        and said.startswith("learnt as 'my bow'; better: 1 wrong event before, 0 after; 1 example")
    )
    pack, _ = learn_event(teacher, pack, Shown("my bow", shown.start_s - 1, shown.end_s, shown.poses), "")
    assert len(pack.examples("my bow", counter=True)) == 1, "a taught action gets a counter-example"


def test_that_it_was_nothing(waver, shown):
    pack, said = learn_event(waver, None, shown, "")
    assert pack.actions == pack.corrects == ("other",)
    assert said == "learnt as what 'wave' is not; better: 1 wrong event before, 0 after"
    with pytest.raises(CorrectionError, match="nothing was learnt"):
        learn_event(waver, pack, shown, "")


def test_what_was_called_alike_before_is_left_open(waver):
    """Three alike are taken for a wave: one of them says what they are, and the others are no counter-examples."""
    parts = [part for _ in range(3) for part in (make_motion("squat", 1.2, FPS, 40), still(3.2))]
    recent = recent_of(still(2), *parts)
    recent.tell(7, event(10.8, 12.0))
    third = recent.find(7)
    assert third is not None
    pack, said = learn_event(waver, None, third, "dip")
    assert said.startswith("learnt as 'dip'; better: 2 wrong events before, 0 after")
    called = _heard(TaughtModel(waver.model, pack), third)
    assert [one.label for one in called] == 3 * ["dip"]


def test_worse_is_refused_unless_insisted_on(waver, shown, monkeypatch):
    answers = [[event(2.0, 3.5)], [event(2.0, 3.5), event(4.0, 5.0, "bow"), event(0.0, 1.0, "bow")]]
    monkeypatch.setattr("app.corrections.live.events_of", lambda stream, frames: answers.pop(0))
    lesson = Lesson(waver.model, waver)
    again = list(answers)
    answer = answered(lesson, {"do": "fix", "shown": shown, "name": ""})
    assert answer["said"] == "Worse: 1 wrong event before, 3 after, in the last seconds. Nothing was learnt"
    assert answer["failed"] and answer["worse"] and lesson.pack is None
    answers += again
    answer = answered(lesson, {"do": "fix", "shown": shown, "name": "", "insist": True})
    assert not answer["failed"] and not answer["worse"] and lesson.pack is not None
    assert answer["said"] == "Learnt as what 'wave' is not; worse: 1 wrong event before, 3 after"


def test_one_of_the_models_own_by_its_words(waver, shown):
    pack, _ = learn_event(waver, None, shown, "Squatting")
    assert pack.actions == pack.corrects == ("squat",)
    lesson = Lesson(waver.model, waver)
    lesson.take(pack)
    assert lesson.model.labels == waver.model.labels, "it stands for the model's own label"


@pytest.mark.parametrize(("name", "error"), [("waving", CorrectionError), ("=1", PackError), ("x" * 41, PackError)])
def test_what_cannot_be_learnt(name, error, waver, shown):
    with pytest.raises(error):
        learn_event(waver, None, shown, name)
