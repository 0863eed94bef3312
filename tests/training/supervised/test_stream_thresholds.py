"""Thresholds from what the stream says: targets are met, and as much is said as they allow."""

import numpy as np
import pytest

from training.supervised.stream_measures import Targets
from training.supervised.stream_scores import Played, Run
from training.supervised.stream_thresholds import ENTERS, LEAVES, fit_stream_thresholds, measure

LABELS = ("wave", "clap", "idle", "other")
LONG = 12  # windows of a clip, 0.25 s apart


def clip(action: str, label: str, score: float, domain: str = "webcam", windows: int = LONG) -> Played:
    """A clip in which a label has a score all the time."""
    scores_C = np.zeros(4)
    scores_C[LABELS.index(label)], scores_C[2] = score, 1 - score
    peak = score if label in LABELS[:2] else 0.0
    run = Run(2.5 + np.arange(windows) / 4, np.tile(scores_C, (windows, 1)))
    return Played(action, domain, windows / 4 + 2.5, (run,), peak)


def spread(action: str, label: str, low: float, high: float, n: int = 40, domain: str = "webcam") -> list[Played]:
    return [clip(action, label, score, domain) for score in np.linspace(low, high, n)]


CLIPS = spread("wave", "wave", 0.3, 1.0) + spread("clap", "clap", 0.3, 1.0) + spread("idle", "wave", 0.0, 0.1)


def test_what_is_measured() -> None:
    clips = [
        clip("wave", "wave", 0.9),
        clip("wave", "clap", 0.9),
        clip("idle", "wave", 0.9),
        clip("other", "wave", 0.2),
    ]
    found = measure(clips, LABELS, {"enter": 0.6, "leave": 0.4})
    assert (found.right, found.wrong) == (0.5, 0.5)
    assert found.quiet.share == {"idle": 1.0, "other": 0.0}
    assert found.quiet.minute == {"idle": pytest.approx(60 / 5.5), "other": 0.0}
    assert found.quiet.meets(Targets(minute=6.0, shares={"idle": 1.0}))
    assert not found.quiet.meets(Targets(minute=5.0, shares={})) and not found.quiet.meets(Targets(minute=None))


def test_the_lowest_threshold_that_meets_the_targets() -> None:
    clips = CLIPS + spread("other", "wave", 0.0, 0.8)
    fit = fit_stream_thresholds(clips, LABELS, Targets(minute=None, shares={"other": 0.101}))
    assert fit.met and fit.measures.quiet.share["other"] == pytest.approx(0.1)
    assert fit.thresholds["enter"] == pytest.approx(0.72, abs=0.03)
    lower = dict(fit.thresholds, enter=ENTERS[ENTERS.index(fit.thresholds["enter"]) + 1])
    assert measure(clips, LABELS, lower).quiet.share["other"] > 0.101
    assert fit.measures.right == pytest.approx(0.4, abs=0.03) and "right event" in fit.line()
    fit = fit_stream_thresholds(clips, LABELS, Targets(minute=0.5, shares={}))
    assert fit.met and np.mean(list(fit.measures.quiet.minute.values())) <= 0.5


def test_targets_that_cannot_be_met_are_said() -> None:
    fit = fit_stream_thresholds(CLIPS + [clip("other", "clap", 0.99)], LABELS, Targets())
    assert not fit.met and fit.thresholds["enter"] == ENTERS[0] and "not met" in fit.line()


def test_a_quiet_stream_is_not_taken_below_what_a_guess_would_pass() -> None:
    fit = fit_stream_thresholds(CLIPS, LABELS, Targets())
    assert fit.thresholds["enter"] == ENTERS[-1] and fit.met and fit.measures.right > 0.65
    assert fit.thresholds["leave"] == pytest.approx(LEAVES[0] * ENTERS[-1], abs=1e-3)  # equally good ones end soonest


def test_recorded_clips_count_only_where_none_was_seen() -> None:
    seen = CLIPS + spread("other", "wave", 0.0, 0.5)
    raw = spread("other", "wave", 0.9, 1.0, domain="raw") + spread("wave", "clap", 0.9, 1.0, domain="raw")
    with_raw, without = (fit_stream_thresholds(clips, LABELS, Targets()) for clips in (seen + raw, seen))
    assert with_raw.thresholds == without.thresholds and with_raw.met
    assert with_raw.measures.right == pytest.approx(without.measures.right)
    assert not fit_stream_thresholds(CLIPS + raw, LABELS, Targets()).met


BOTH = [Targets(minute=None, shares={"other": 0.05}, by_label=by_label) for by_label in (False, True)]


def test_thresholds_by_label_where_one_action_alone_is_mistaken() -> None:
    clips = CLIPS + spread("other", "wave", 0.0, 0.7)
    one, own = (fit_stream_thresholds(clips, LABELS, targets) for targets in BOTH)
    assert "by_label" not in one.thresholds
    by_label = own.thresholds["by_label"]
    assert by_label["clap"] < one.thresholds["enter"] - 0.1 and "wave" not in by_label
    assert own.measures.right > one.measures.right + 0.05 and own.measures.quiet.meets(BOTH[1])


def test_thresholds_by_label_that_pay_nothing_are_not_taken() -> None:
    clips = CLIPS + spread("other", "wave", 0.0, 0.7) + spread("other", "clap", 0.0, 0.7)
    one, own = (fit_stream_thresholds(clips, LABELS, targets) for targets in BOTH)
    assert own == one


def test_clips_without_an_action_are_needed() -> None:
    with pytest.raises(ValueError, match="no action goes on"):
        fit_stream_thresholds([clip("wave", "wave", 0.9)], LABELS, Targets())
