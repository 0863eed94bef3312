"""A correction of one event as it was told live: what it was, or that it was nothing of the kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.classify.one_input import events_of
from app.corrections.clips import Pieces, add_examples, as_labels, cut_out, with_pack, with_rest
from app.corrections.compare import compare, half, in_words
from app.corrections.correction import CorrectionError
from app.corrections.examples import Taught, lacking, to_teach
from app.corrections.replay import Remembered
from app.stream.action_stream import ActionStream
from app.teach.examples import Demonstration
from app.teach.pack import Pack, checked_name
from app.teach.teacher import Teacher
from app.types import ActionEvent, Pose, PosedFrame
from export.runtime import Recogniser


class WorseError(CorrectionError):
    """The error of a correction by which more would be called wrongly than before."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An event with the movement from which it was told.

    Attributes:
        label: what was said.
        start_s, end_s: of the event, in the recording's time.
        poses: the person's, with those of a second or so more on either side.
        sensitivity: of the stream that told it.
    """

    label: str
    start_s: float
    end_s: float
    poses: tuple[Pose, ...]
    sensitivity: float = 0.5


def learn_event(
    teacher: Teacher, pack: Pack | None, shown: Shown, name: str, only: bool = False, insist: bool = False
) -> tuple[Pack, str]:
    """Return the pack with an event as an example of what it was, and of what it was not.

    What was said beside it counts as right, because nobody has objected to it. Only what was called alike is left open:
    it may be the same movement.

    Args:
        teacher: of the model.
        pack: what was taught before, None for nothing.
        shown: the event.
        name: what it was; "" for nothing that has a name.
        only: whether the model's own actions are not named.
        insist: whether it is learnt although more would be called wrongly.

    Returns:
        The pack, and what was learnt, in words.

    Raises:
        WorseError: more would be called wrongly than before, and that is not insisted on.
        CorrectionError: nothing can be learnt from it.
        PackError: the name cannot be used, or the pack is full.
    """
    model, old = Remembered(teacher.model), pack if pack is not None else teacher.pack()
    said = ActionEvent(0, shown.label, shown.start_s, shown.end_s, 1.0, ((shown.label, 1.0),), {})
    given = [replace(said, label=checked_name(name))] if name.strip() else []
    truth = as_labels(given, model, old.actions)
    compared = compare([said], truth)
    taught = to_teach(compared, truth, lacking(compared, truth), set(old.actions), model.window_s)
    if not taught:
        raise CorrectionError("that is what was said")
    heard = _heard(with_pack(model, old, only), shown)
    beside = [event for event in heard if not half(event, [said])]
    unsure = [event for event in beside if event.label == said.label]
    new, added = add_examples(teacher, model, old, [_pieces(teacher, shown, taught, unsure)])
    if not added:
        raise CorrectionError("nothing was learnt: too little of the movement was seen, or it was learnt before")
    done = [*truth, *(event for event in beside if event not in unsure)]
    before, after = (
        compare([event for event in events if not half(event, unsure)], done)
        for events in (heard, _heard(with_pack(model, new, only), shown))
    )
    words = in_words(before, after, after.wrong > before.wrong)
    if after.wrong > before.wrong and not insist:
        raise WorseError(f"{words}, in the last seconds. Nothing was learnt")
    if not truth:
        return new, f"learnt as what {shown.label!r} is not; {words}"
    verdict = teacher.verdict(new, truth[0].label)
    advice = f"; {verdict.advice}" if verdict.advice else ""
    return new, f"learnt as {truth[0].label!r}; {words}; {verdict.said}{advice}"


def _heard(model: Recogniser, shown: Shown) -> list[ActionEvent]:
    frames = (PosedFrame(pose.time_s, [pose]) for pose in shown.poses)
    return events_of(ActionStream(model, sensitivity=shown.sensitivity), frames)


def _pieces(teacher: Teacher, shown: Shown, taught: list[Taught], unsure: Sequence[ActionEvent]) -> Pieces:
    """Return what is taught and what the movement shows of nothing of that, with the clips, but nothing of `unsure`."""
    people = {0: Demonstration.of_person(shown.poses)}
    kept_clear = [Taught(event.label, False, 0, event.start_s, event.end_s) for event in unsure]
    with_clear = with_rest([*taught, *kept_clear], people, teacher.model.window_s)
    return cut_out(teacher, people, [one for one in with_clear if one not in kept_clear])
