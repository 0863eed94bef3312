"""Examples for a pack out of recordings: who moves how in them, which stretches teach, and what a pack holds already.

Shapes: K frames of a clip, V joints.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from app.classify.one_input import summarise
from app.corrections.examples import Taught, by_label, rest_of
from app.teach.examples import Demonstration
from app.teach.pack import Pack
from app.teach.taught_model import TaughtModel
from app.teach.teacher import Teacher, embedded
from app.types import ActionEvent, Answer, Pose, PosedFrame
from export.runtime import Recogniser

LEAST_S = 0.5  # of a person's movement, for it to teach


def as_labels(events: Sequence[ActionEvent], model: Recogniser, taught: Sequence[str]) -> list[ActionEvent]:
    """Return events whose labels are the model's short ids where a file has its words, or other capitals."""
    known = {word.casefold(): label for label, word in model.display.items()}
    known |= {label.casefold(): label for label in (*model.labels, *taught)}
    return [replace(event, label=known.get(event.label.casefold(), event.label)) for event in events]


def with_pack(model: Recogniser, pack: Pack, only: bool) -> Recogniser:
    """Return a recogniser with what a pack teaches; the same one if that is nothing."""
    return TaughtModel(model, pack, only) if pack.actions else model


def heard(
    model: Recogniser, frames: Iterable[PosedFrame], keep: bool = False
) -> tuple[list[ActionEvent], dict[int, Demonstration]]:
    """Return the events of a recording as `classify` gives them, and each person's movement if it is to be kept."""
    events: list[ActionEvent] = []
    poses: defaultdict[int, list[Pose]] = defaultdict(list)

    def see(frame: PosedFrame, answer: Answer) -> None:
        for state in answer.persons:
            if keep and state.pose is not None:
                poses[state.person].append(state.pose)

    summarise(model, frames, events.append, see)
    people = {person: Demonstration.of_person(some) for person, some in poses.items()}
    return events, {person: one for person, one in people.items() if len(one.times_T)}


def with_rest(taught: list[Taught], people: dict[int, Demonstration], window_s: float) -> list[Taught]:
    """Return what a recording teaches, with what it shows of nothing of that."""
    return taught + rest_of({person: one.times_T for person, one in people.items()}, taught, window_s)


Pieces = list[tuple[Taught, np.ndarray]]  # stretches with their clips (K, V, 3)


def cut_out(teacher: Teacher, people: dict[int, Demonstration], taught: Sequence[Taught]) -> Pieces:
    """Return the clips of stretches in which the person is seen for long enough."""
    pieces = []
    for one in taught:
        if (whole := people.get(one.person)) is None:
            continue
        inside = whole.times_T[(whole.times_T >= one.start_s - LEAST_S) & (whole.times_T <= one.end_s + LEAST_S)]
        if len(inside) > 1 and inside[-1] - inside[0] >= LEAST_S:
            pieces.append((one, teacher.cut(whole, [(one.start_s, one.end_s)])[0]))
    return pieces


def add_examples(
    teacher: Teacher, model: Recogniser, old: Pack, pieces: Sequence[Pieces]
) -> tuple[Pack, dict[str, int]]:
    """Return a pack with the clips that it does not hold yet, and how many are new, by label."""
    held = set() if old.clips_EKV3 is None else {_mark(clip) for clip in old.clips_EKV3}
    new = [(one, clip) for some in pieces for one, clip in some if _mark(clip) not in held]
    order = by_label([one for one, _ in new])
    pack, added = old, Counter[str]()
    for (label, counter), places in sorted(order.items(), key=lambda item: item[0][1]):  # examples come first
        if counter and label not in (*pack.actions, ""):
            continue
        clips_EKV3 = np.stack([new[place][1] for place in places])
        pack = pack.with_clips(label, clips_EKV3, embedded(model, clips_EKV3), counter)
        if label:
            added[f"{label} (not)" if counter else label] += len(places)
    own = tuple(name for name in pack.actions if name in teacher.model.labels)
    pack = replace(pack, corrects=tuple(dict.fromkeys((*old.corrects, *own))))
    return (teacher.finished(pack), dict(added)) if added else (old, {})


def _mark(clip_KV3: np.ndarray) -> bytes:
    """Return a clip as a pack's file keeps it, to tell whether it is there already."""
    return clip_KV3.astype(np.float16).tobytes()
