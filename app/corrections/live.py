"""A correction of one event as it was told live: what it was, or that it was nothing of the kind."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.corrections.clips import add_examples, as_labels, cut_out, with_rest
from app.corrections.compare import compare
from app.corrections.correction import CorrectionError
from app.corrections.examples import lacking, to_teach
from app.teach.examples import Demonstration
from app.teach.pack import Pack, checked_name
from app.teach.teacher import Teacher
from app.types import ActionEvent


@dataclass(frozen=True, slots=True)
class Shown:
    """An event with the movement from which it was told.

    Attributes:
        label: what was said.
        start_s, end_s: of the event, in the recording's time.
        recording: the person's movement, with a second or so more on either side.
    """

    label: str
    start_s: float
    end_s: float
    recording: Demonstration


def learn_event(teacher: Teacher, pack: Pack | None, shown: Shown, name: str) -> tuple[Pack, str]:
    """Return the pack with an event as an example of what it was, and of what it was not.

    Args:
        teacher: of the model.
        pack: what was taught before, None for nothing.
        shown: the event.
        name: what it was; "" for nothing that has a name.

    Returns:
        The pack, and what was learnt, in words.

    Raises:
        CorrectionError: nothing can be learnt from it.
        PackError: the name cannot be used, or the pack is full.
    """
    old = pack if pack is not None else teacher.pack()
    said = ActionEvent(0, shown.label, shown.start_s, shown.end_s, 1.0, ((shown.label, 1.0),), {})
    given = [replace(said, label=checked_name(name))] if name.strip() else []
    truth = as_labels(given, teacher.model, old.actions)
    compared = compare([said], truth)
    taught = to_teach(compared, truth, lacking(compared, truth), set(old.actions), teacher.model.window_s)
    if not taught:
        raise CorrectionError("that is what was said")
    people = {0: shown.recording}
    pieces = cut_out(teacher, people, with_rest(taught, people, teacher.model.window_s))
    new, added = add_examples(teacher, teacher.model, old, [pieces])
    if not added:
        raise CorrectionError("nothing was learnt: too little of the movement was seen, or it was learnt before")
    if not truth:
        return new, f"learnt as what {shown.label!r} is not"
    verdict = teacher.verdict(new, truth[0].label)
    return new, f"learnt as {truth[0].label!r}; {verdict.said}" + (f"; {verdict.advice}" if verdict.advice else "")
