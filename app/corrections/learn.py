"""Learning from corrected events: examples for a pack, and whether the recordings are called better by it.

Nothing is trained: the pack's head is fitted anew (app.teach). Corrected labels of the model itself speak for these
labels afterwards, and what has no name is taught as "other".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from app.corrections.clips import Pieces, add_examples, as_labels, cut_out, heard, with_pack, with_rest
from app.corrections.compare import Compared, compare, in_words
from app.corrections.correction import Correction
from app.corrections.examples import lacking, to_teach
from app.corrections.recount import movement_of, recounted
from app.corrections.replay import Remembered
from app.teach.pack import Pack
from app.teach.teacher import Teacher
from app.teach.verdict import Verdict
from app.types import ActionEvent, PosedFrame
from export.runtime import Recogniser
from models.labels import SILENT

MOST_LEFT_OUT = 40  # recordings up to which each is judged by what the others teach
MOST_TRIALS = 3  # each without the labels that made nothing better in the one before


@dataclass(frozen=True, slots=True)
class Corrected:
    """A recording and what a person says of it.

    Attributes:
        correction: the corrected events.
        frames: returns its frames, from the first one each time.
    """

    correction: Correction
    frames: Callable[[], Iterable[PosedFrame]]


@dataclass(frozen=True, slots=True)
class Learnt:
    """What was learnt from corrections.

    Attributes:
        pack: with the new examples; the old one if there were none.
        added: examples by label, and by label with " (not)" for counter-examples.
        before, after: the recordings' events against the corrected ones, with the old pack and with the new.
        unseen: the same, each recording called by what the others teach; None where there are too few or too many.
        verdicts: of the actions that got examples.
        events: what each recording would be called now.
        corrected: each recording's corrected events, counted anew.
        unhelpful: the model's own labels whose examples made nothing better, and which were left out.
    """

    pack: Pack
    added: dict[str, int]
    before: Compared
    after: Compared
    unseen: Compared | None
    verdicts: tuple[Verdict, ...]
    events: tuple[tuple[ActionEvent, ...], ...]
    corrected: tuple[tuple[ActionEvent, ...], ...] = ()
    unhelpful: tuple[str, ...] = ()

    @property
    def worse(self) -> bool:
        """Whether more events are wrong than before, in all or by what the other recordings teach."""
        most = max(self.after.wrong, 0 if self.unseen is None else self.unseen.wrong)
        return most > self.before.wrong

    @property
    def said(self) -> str:
        """Whether the recordings are called better, as a sentence without its end."""
        if not self.added and self.unhelpful:
            return "nothing was learnt: no more events would be right"
        if not self.added:
            return "nothing to learn: " + (
                "nobody moves for long enough in the corrected events"
                if self.before.wrong
                else "every corrected event is called right already"
            )
        known = f"; {self.unseen.wrong} by what the other recordings teach" if self.unseen is not None else ""
        return in_words(self.before, self.after, self.worse) + known


def learn(teacher: Teacher, pack: Pack | None, given: Sequence[Corrected], only: bool = False) -> Learnt:
    """Make examples from corrected recordings, and call the recordings again.

    Args:
        teacher: of the model.
        pack: what was taught before; None for nothing.
        given: the recordings.
        only: whether the model's own actions are not named.

    Raises:
        PackError: a label cannot be taught, the pack is full, or another model's.
    """
    model, old = Remembered(teacher.model), pack if pack is not None else teacher.pack()
    truths = [as_labels(one.correction.events, model, old.actions) for one in given]
    said = [heard(with_pack(model, old, only), one.frames(), keep=True) for one in given]
    numbered = tuple(
        tuple(recounted(truth, movement_of(people), events))
        for truth, (events, people) in zip(truths, said, strict=True)
    )
    compared = [compare(events, truth) for (events, _), truth in zip(said, truths, strict=True)]
    labels = set().union(*map(lacking, compared, truths))
    taught = [
        to_teach(one, truth, labels, set(old.actions), model.window_s)
        for one, truth in zip(compared, truths, strict=True)
    ]
    shown = {one.label for some in taught for one in some if not one.counter} | set(old.actions)
    pieces = [
        cut_out(teacher, people, with_rest([one for one in some if one.label in shown], people, model.window_s))
        for (_, people), some in zip(said, taught, strict=True)
    ]
    before = sum(compared, Compared())
    if not any(one.label for some in pieces for one, _ in some):
        return Learnt(old, {}, before, before, None, (), tuple(tuple(events) for events, _ in said), numbered)
    useless: set[str] = set()
    for trial in range(MOST_TRIALS):
        new, added, events, after, unseen = _tried(teacher, model, old, only, given, truths, pieces)
        bad = _useless(added, model, before, after)
        if unseen is not None:
            bad |= _harmful(added, model, before, unseen)
        if not bad or trial == MOST_TRIALS - 1:
            break
        useless |= bad
        pieces = [_without(bad, some) for some in pieces]
    names = dict.fromkeys(name.removesuffix(" (not)") for name in added)
    verdicts = tuple(teacher.verdict(new, name) for name in names)
    return Learnt(
        new, added, before, after, unseen, verdicts, tuple(map(tuple, events)), numbered, tuple(sorted(useless))
    )


def _tried(
    teacher: Teacher,
    model: Recogniser,
    old: Pack,
    only: bool,
    given: Sequence[Corrected],
    truths: Sequence[Sequence[ActionEvent]],
    pieces: Sequence[Pieces],
) -> tuple[Pack, dict[str, int], list[list[ActionEvent]], Compared, Compared | None]:
    """Return what is learnt from pieces of recordings, and the recordings' events with it: see Learnt."""

    def called(some: Sequence[Pieces], one: Corrected) -> list[ActionEvent]:
        return heard(with_pack(model, add_examples(teacher, model, old, some)[0], only), one.frames())[0]

    new, added = add_examples(teacher, model, old, pieces)
    events = [heard(with_pack(model, new, only), one.frames())[0] for one in given]
    after = sum(map(compare, events, truths), Compared())
    if not added or not 1 < len(given) <= MOST_LEFT_OUT:
        return new, added, events, after, None
    left_out = [called([*pieces[:k], *pieces[k + 1 :]], one) for k, one in enumerate(given)]
    return new, added, events, after, sum(map(compare, left_out, truths), Compared())


def _without(labels: Collection[str], pieces: Pieces) -> Pieces:
    """Return pieces of a recording with the examples of some labels as counter-examples of what else is taught."""
    shown = [(one, clip) for one, clip in pieces if not (one.counter and one.label in labels)]
    return [(one._replace(label="", counter=True) if one.label in labels else one, clip) for one, clip in shown]


def _useless(added: Collection[str], model: Recogniser, before: Compared, after: Compared) -> set[str]:
    """Return the model's own labels whose examples make no more events right than they make false.

    The model knows these labels by thousands of examples; a few more that do not help would only do harm elsewhere.
    """

    return {label for label in added if label in model.labels and _gain(label, before, after) <= 0}


def _harmful(added: Collection[str], model: Recogniser, before: Compared, unseen: Compared) -> set[str]:
    """Return the model's own labels whose examples make more events false than right in recordings not seen."""
    return {label for label in added if label in model.labels and _gain(label, before, unseen) < 0}


def _gain(label: str, before: Compared, after: Compared) -> int:
    """Return how many more events of a label are right, less those more that are false; of all labels for SILENT."""

    def about(events: Sequence[ActionEvent]) -> int:
        return sum(label in SILENT or event.label == label for event in events)

    return about(after.right) - about(before.right) - about(after.false) + about(before.false)
