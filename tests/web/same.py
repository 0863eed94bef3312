"""What a browser told of events against what Python says of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.page.answer import live_event_json
from app.types import ActionEvent

HOP_S, SCORE = 0.2, 1e-3  # how far times, seconds, and scores may lie apart


def same_told(ours: Sequence[Sequence], events: Sequence[ActionEvent]) -> None:
    """Assert that events as the page gets them are Python's: the same in the same order, each within a hop."""
    python = [live_event_json(number, event) for number, event in enumerate(events)]
    assert [event[:3] for event in ours] == [event[:3] for event in python]
    for one, other in zip(ours, python, strict=True):
        np.testing.assert_allclose(one[3:5], other[3:5], atol=HOP_S)
        assert abs(one[5] - other[5]) < SCORE and one[6] == other[6], (one, other)
        assert one[7]["top3"][0][0] == other[7]["top3"][0][0]
        scores, its = one[7]["modality_scores"], other[7]["modality_scores"]
        np.testing.assert_allclose([scores[name] for name in its], list(its.values()), atol=SCORE)
        np.testing.assert_allclose(one[7]["repetitions"], other[7]["repetitions"], atol=HOP_S)
