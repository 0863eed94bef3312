"""The verdict on what is taught: whether an action will be recognised and, if not, why."""

from __future__ import annotations

import numpy as np
import pytest

from app.teach.ridge import Judged
from app.teach.verdict import EVERYDAY, FEW, OWN, UNLIKE, judge_examples
from tests.app.teach.helpers import repeated


def judged(unseen, known=None) -> Judged:
    known = [1.0] * len(unseen) if known is None else known
    return Judged(np.array(unseen, float), np.array(known, float), 0.5, {})


@pytest.mark.parametrize(
    ("given", "places", "why", "says"),
    [
        (judged([], [1.0]), {}, FEW, "three to five"),
        (judged([0.9, 0.9]), {"wave": 0.9}, FEW, "three to five"),
        (judged([0.9, 0.8, 0.7]), {"wave": 0.4}, "", ""),
        (judged([0.9, 0.8, 0.7]), {"wave": 0.9}, "", 'does the model\'s own "waving" may get this name'),
        (judged([0.9, 0.8, 0.4, 0.7]), {}, "", "number 3 unlike the others"),
        (judged([0.9, 0.8, 0.4]), {}, UNLIKE, "number 3 most of all"),
        (judged([0.9, 0.1, 0.4]), {"wave": 0.6, "bow": 0.2}, OWN, 'own "waving" (numbers 2, 3 most of all)'),
        (judged([0.9, 0.1, 0.4]), {"wave": 0.2}, UNLIKE, "numbers 2, 3 most of all"),
        (judged([0.1, 0.1, 0.4], [0.3, 0.2, 0.6]), {}, EVERYDAY, "everyday movement (numbers 1, 2, 3 most of all)"),
    ],
)
def test_why(given, places, why, says):
    verdict = judge_examples("salute", given, places)
    assert verdict.why == why and verdict.good is (why == "")
    assert says in verdict.advice if says else not verdict.advice


def test_it_is_said_how_many_are_known_by_the_others():
    assert (
        judge_examples("x", judged([0.9, 0.8, 0.4, 0.6]), {}).said
        == "will be recognised: 3 of 4 examples known by the others"
    )
    assert judge_examples("x", judged([0.1, 0.8, 0.4]), {}).said.startswith("may not be recognised well: 1 of 3")
    assert judge_examples("x", judged([], [1.0]), {}).said.startswith("1 example: too few to tell")


def test_examples_that_are_alike_are_recognised(teacher):
    same = teacher.add(
        teacher.pack(), "hop", np.concatenate([teacher.clips(repeated("squat", 1, seed)) for seed in range(4)])
    )
    assert teacher.verdict(same, "hop").good
