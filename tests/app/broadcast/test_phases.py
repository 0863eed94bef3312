"""From answers to phases: one start, one end, one id, whatever the stream decides later."""

from __future__ import annotations

import time
from collections import defaultdict

import numpy as np

from app.broadcast.phases import GIVE_UP_S, SURE_S, Phases
from app.broadcast.sequence_numbers import SequenceNumbers
from app.stream.action_stream import ActionStream
from app.types import ActionEvent, Answer, PersonState
from tests.app.helpers import HandModel, body

WORDS = HandModel().display


def answer(time_s: float, *labels: str | None, count: int | None = None) -> Answer:
    """What the stream says of persons 0, 1 ... at a time."""
    persons = tuple(PersonState(p, p == 0, None, label, 0.9, None, None, count) for p, label in enumerate(labels))
    return Answer(time_s, len(labels), None, labels[0] if labels else None, 0.9, None, None, persons=persons)


def event(label: str, start_s: float, end_s: float, person: int = 0) -> ActionEvent:
    return ActionEvent(person, label, start_s, end_s, 0.8, ((label, 0.8), ("idle", 0.2)), {"joint": 0.8})


def phases(**options) -> Phases:
    return Phases("camera:0", "run", WORDS, now=lambda: "2026-01-01T00:00:00.000Z", **options)


def watch(one: Phases, labels: list[tuple[float, str | None]], hop_s: float = 0.1, start_s: float = 0.0) -> list:
    """[(phase, label), ...] of person 0 who is called this for so long, and so on."""
    told, at_s = [], start_s
    for seconds, label in labels:
        for _ in range(round(seconds / hop_s)):
            told += one.frame(answer(at_s, label))
            at_s += hop_s
    return told


def said(told: list) -> list[tuple[str, str]]:
    return [(message.phase, message.label) for message in told]


def test_a_start_and_an_end_of_one_id():
    one = phases()
    told = watch(one, [(1, "idle"), (2, "wave"), (1, None)])
    assert said(told) == [("start", "wave")] and told[0].end is None and told[0].words == "waving"
    assert [message.id for message in one.open] == [told[0].id]
    number, ended = one.end(event("wave", 0.4, 2.6))
    assert said(ended) == [("end", "wave")] and number == ended[0].id == told[0].id
    assert (ended[0].start, ended[0].end, ended[0].score, ended[0].confirmed) == (0.4, 2.6, 0.8, True)
    assert one.open == [] and one.finish() == []


def test_each_message_has_a_larger_number_than_all_before_of_an_earlier_run_too():
    numbers = []
    for _ in range(2):
        one = phases()
        told = watch(one, [(1, "idle"), (2, "wave"), (3, "squat")])
        told += one.end(event("squat", 3.4, 6.0))[1] + one.end(event("wave", 7.0, 7.4))[1]
        assert len(told) == 5
        numbers += [message.seq for message in told]
        time.sleep(0.01)  # a program starts no sooner again
    assert numbers == sorted(set(numbers))


def test_numbers_grow_where_the_clock_stands_still_or_goes_back():
    times_ms = iter([10, 10, 7, 20, 20])
    numbers = SequenceNumbers(lambda: next(times_ms))
    assert [numbers.next() for _ in range(5)] == [10, 11, 12, 20, 21]
    assert SequenceNumbers().next() > 1_700_000_000_000


def test_what_is_named_for_a_moment_is_not_begun():
    one = phases()
    assert watch(one, [(SURE_S - 0.1, "wave"), (1, "idle"), (0.3, "squat"), (9, None)]) == [] and one.finish() == []


def test_an_event_that_was_never_sure_begins_and_ends_at_once():
    number, told = phases().end(event("wave", 1, 2))
    assert said(told) == [("start", "wave"), ("end", "wave")] and {message.id for message in told} == {number}


def test_another_label_is_an_update_until_the_stream_says_that_it_is_an_event_of_its_own():
    one = phases()
    told = watch(one, [(2, "wave"), (1, "squat")])
    assert said(told) == [("start", "wave"), ("update", "squat")] and told[0].id == told[1].id
    first, ended = one.end(event("wave", 0, 1.9))
    assert said(ended) == [("end", "wave")] and first == told[0].id
    begun = watch(one, [(0.2, "squat")], start_s=3)
    assert said(begun) == [("start", "squat")] and begun[0].id != first and begun[0].start == 2.0
    second, ended = one.end(event("squat", 2, 3))
    assert second == begun[0].id and said(ended) == [("end", "squat")]


def test_another_label_on_the_same_movement_keeps_the_id():
    one = phases()
    told = watch(one, [(1, "wave"), (1, "squat"), (1, None)])
    number, ended = one.end(event("squat", 0, 2))
    assert {message.id for message in [*told, *ended]} == {number} and said(ended) == [("end", "squat")]


def test_a_break_says_nothing():
    one = phases()
    assert said(watch(one, [(1, "wave"), (0.4, None), (1, "wave"), (0.4, "squat"), (1, "wave")])) == [("start", "wave")]


def test_what_becomes_no_event_ends_unconfirmed():
    one = phases()
    told = watch(one, [(1, "wave"), (GIVE_UP_S + 0.5, "idle")])
    assert said(told) == [("start", "wave"), ("end", "wave")] and told[0].id == told[1].id
    assert told[1].confirmed is False and told[1].end == 0.9 and one.open == []
    one = phases()
    watch(one, [(1, "wave")])
    number, ended = one.end(event("wave", 0, 1), kept=False)
    assert number == "" and said(ended) == [("end", "wave")] and ended[0].confirmed is False
    watch(one, [(1, "squat")], start_s=2)
    (last,) = one.finish()
    assert (last.phase, last.confirmed, one.finish()) == ("end", False, [])


def test_who_is_gone_without_a_word():
    one = phases()
    told = list(watch(one, [(1, "wave")]))
    for k in range(70):
        told += one.frame(answer(1 + k / 10))
    assert said(told) == [("start", "wave"), ("end", "wave")]


def test_two_people_and_only_the_labels_that_count():
    one, told = phases(keeps=lambda label: label != "squat"), []
    for k in range(10):
        told += one.frame(answer(k / 10, "wave", "wave" if k < 7 else None))
        assert not list(one.frame(answer(k / 10 + 0.05, "wave", "wave" if k < 7 else None, "squat")))
    assert [(m.person, m.phase) for m in told] == [(0, "start"), (1, "start")] and len({m.id for m in told}) == 2
    assert one.end(event("wave", 0, 1, person=1))[0] == told[1].id


def test_a_count_is_an_update():
    one, told = phases(), []
    for k in range(10):
        told += one.frame(answer(k / 10, "squat", count=k // 4))
    assert [(m.phase, m.count) for m in told] == [("start", 1), ("update", 2)]


def test_the_real_stream_gives_each_start_its_end():
    """Every event of the stream has a start before its end; nothing else is confirmed."""
    model, one, told, given = HandModel(), phases(), [], []
    stream = ActionStream(model, 0.2)
    script = [
        (3, "idle"),
        (3, "wave"),
        (3, "squat"),
        (1, "wave"),
        (0.4, "squat"),
        (2, "wave"),
        (2, "lost"),
        (3, "wave"),
    ]
    i = 0
    for seconds, what in script * 2:
        for _ in range(round(seconds * 20)):
            out = stream.push_joints(i / 20, body(what == "wave", what == "squat"), np.full(25, what != "lost"))
            given += out.events
            for ended in out.events:
                told += one.end(ended)[1]
            told += one.frame(out)
            i += 1
    for ended in stream.finish():
        given.append(ended)
        told += one.end(ended)[1]
    told += one.finish()
    by_id = defaultdict(list)
    for message in told:
        by_id[message.id].append(message)
    for messages in by_id.values():
        assert messages[0].phase == "start" and messages[-1].phase == "end"
        assert all(message.phase == "update" for message in messages[1:-1])
    ends = [m for m in told if m.phase == "end" and m.confirmed]
    assert [(m.label, m.start, m.end) for m in ends] == [
        (e.label, round(e.start_s, 3), round(e.end_s, 3)) for e in given
    ]
    assert len(given) >= 8 and sum(m.confirmed is False for m in told) <= 1


def test_counts_and_repetitions_are_those_of_the_files(monkeypatch):
    from app.broadcast import phases as room

    usual = room.event_fields
    monkeypatch.setattr(room, "event_fields", lambda *all: usual(*all) | {"count": 2, "repetitions": [0.5, 1.5]})
    _, (_, ended) = phases().end(event("squat", 0, 2))
    assert (ended.count, ended.repetitions) == (2, [0.5, 1.5])
