"""How soon the right word comes and goes, on labels and recordings whose times are known."""

import json
from functools import partial
from pathlib import Path

import pytest

from models.labels import DISPLAY
from tests.training.judging.test_measures import ToyModel, track
from training.judging.soon import Delay, SoonRow, delays, judge_soon, soon_rows, words
from training.judging.timed import ACTION_S, AFTER_S, STAND_S, WRITTEN, Timed, segments, written
from training.judging.videos import Listed

LATE = [(t / 10, "wave" if 25 <= t < 58 else None) for t in range(120)]  # the word stands from 2.5 to 5.8 s


@pytest.mark.parametrize(
    ("truth", "expected"),
    [
        ([("wave", 1.0, 5.0)], (1.5, 0.8)),
        ([("wave", 2.6, 5.0)], (0.0, 0.8)),  # it stood there already
        ([("wave", 1.0, 7.0)], (1.5, 0.0)),  # it was gone before the end
        ([("clap", 1.0, 5.0)], (None, None)),
        ([("wave", 7.0, 8.0)], (None, None)),
        ([("wave", 1.0, 11.9)], (1.5, None)),  # the recording ends first
        ([("wave", 0.0, 0.5), ("clap", 2.4, 3.0)], (None, None)),  # what comes after the next start does not count
        ([("wave", 0.0, 1.0), ("clap", 4.0, 5.0)], (2.5, 3.0)),  # it still stands when the next action starts
    ],
)
def test_delays_of_a_word(truth, expected) -> None:
    first = delays(LATE, truth)[0]
    for value, wanted in zip((first.word_s, first.silence_s), expected, strict=True):
        assert value == (None if wanted is None else pytest.approx(wanted))


def test_medians_and_what_is_never_named() -> None:
    measured = [Delay("wave", 1.0, 0.0), Delay("wave", 2.0, None), Delay("wave", None, None), Delay("clap", 4.0, 1.0)]
    clap, wave, every = soon_rows("spliced", measured)
    assert (wave.action, wave.times, wave.never, wave.word_s, wave.word90_s) == ("wave", 3, 33.3, 1.5, 1.9)
    assert (wave.silence_s, wave.silence90_s) == (0.0, 0.0)
    assert clap.never == 0 and (every.action, every.times, every.word_s) == ("all", 4, 2.0)
    assert soon_rows("spliced", [Delay("wave", None, None)])[0].word_s is None


def test_the_label_of_the_live_stream_is_what_counts(tmp_path: Path) -> None:
    model = ToyModel()
    model.version = "toy"
    clip = track("wave", seconds=4.0)
    said = words(model, clip.played())
    assert len(said) == len(clip.times_T) and said[-1][1] == "wave"
    first_s = next(time_s for time_s, label in said if label == "wave")
    assert first_s == pytest.approx(0.6, abs=0.11)  # the first hop after the shortest window
    rows = judge_soon(model, [Timed("toys", (("wave", 0.0, 3.0),), partial(clip.played))], tmp_path, "val")
    assert rows[0].word_s == pytest.approx(first_s, abs=0.01) and rows[0].never == 0
    held = json.loads((tmp_path / "soon_val.json").read_text())["rows"]
    assert [SoonRow.from_dict(row) for row in held] == rows


def video(kind: str, action: str, what: str) -> Listed:
    return Listed("a.mp4", action, kind, "val", "newer", what)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (video("clip", "wave", "0.0-0.6 idle; 0.7-4.2 wave (right hand, small); 4.3-5.4 idle"), (("wave", 0.7, 4.2),)),
        (video("clip", "raise_hand", "0.0-0.5 idle; 0.6-1.5 raises one arm"), (("raise_hand", 0.6, 1.5),)),
        (video("clip", "lunge", "1.0-4.2 one deep lunge, side view"), (("lunge", 1.0, 4.2),)),
        (video("clip", "kick", "kicks a ball at 0.4-0.6"), ()),
        (video("timeline", "", "timeline: 0-21 s nobody; 21-29 s walk; 29.5-32.5 sit down; to 49 seated"),
         (("walk", 21.0, 29.0), ("sit_down", 29.5, 32.5))),
        (video("timeline", "", "0.0-7.8 idle; 7.9-8.5 crouch; 8.6-9.3 jump; 9.4-11.0 stands"), (("jump", 8.6, 9.3),)),
        (video("timeline", "", "0-~18 s nobody; then walk"), ()),
        (video("other", "", "0.0-2.0 walk"), ()),
    ],
)  # fmt: skip
def test_times_of_a_line_of_labels(line, expected) -> None:
    assert segments(line) == expected


def test_written_motions_stand_before_and_after() -> None:
    some = written(("val",))
    actions = {timed.truth[0][0] for timed in some}
    assert actions < set(DISPLAY) and not actions & {"idle", "other", "sit_down"} and "wave" in actions
    assert {timed.kind for timed in some} == {WRITTEN}
    frames = list(some[0].frames())
    assert some[0].truth[0][1:] == (STAND_S, STAND_S + ACTION_S)
    assert frames[-1].time_s == pytest.approx(STAND_S + ACTION_S + AFTER_S, abs=0.05)
    moved = [abs(b.joints_V3 - a.joints_V3).max() for a, b in zip(frames, frames[3:])]
    middle = slice(int(30 * STAND_S), int(30 * (STAND_S + ACTION_S)))
    assert max(moved[middle]) > 3 * max(moved[:80])
