"""Who trains and who does not: by actor, and two whole sets never."""

import pytest

from training.data.splits import SETS, UNSEEN_SETS, part_of, samples
from training.drawing.jobs import jobs


@pytest.mark.parametrize(
    "set_name, subject, part",
    [("kard", 1, "train"), ("kard", 2, "test"), ("kard", 10, "test"), ("nw_ucla", 2, "val"), ("nw_ucla", 4, "test"),
     ("utkinect", 1, "unseen"), ("msr_action3d", 1, "unseen"), ("cmu8", 0, "train"), ("kinder_gator", 595, "test")],
)  # fmt: skip
def test_parts(set_name, subject, part):
    assert part_of(set_name, subject) == part


@pytest.mark.parametrize(
    "names", [("precog2016", "hdm05"), pytest.param(("kard", "msr_daily"), marks=pytest.mark.slow)]
)
def test_every_set_has_actors_held_out_and_unseen_sets_stay_out(shared_data, names):
    """The table of actors fits the numbers in the files: a set read wrongly would fall whole on one side."""
    assert not set(SETS) & set(UNSEEN_SETS)
    shares = {}
    for sample in samples(shared_data, names):
        shares.setdefault(sample.set, []).append(sample.part == "train")
    assert set(shares) == set(names)
    assert all(0.35 < sum(trains) / len(trains) < 0.75 for trains in shares.values()), shares


@pytest.mark.slow
def test_jobs_are_the_same_every_time_and_any_prefix_is_mixed(shared_data):
    first, second = jobs(shared_data), jobs(shared_data)
    assert [j.key for j in first] == [j.key for j in second]
    head = first[:200]
    assert len({j.action for j in head}) == 22 and {j.part for j in head} == {"train", "val", "test"}
    assert not any(j.sample and j.sample.set in UNSEEN_SETS for j in first)
    assert all(j.part == "train" for j in first if j.sample is None)
