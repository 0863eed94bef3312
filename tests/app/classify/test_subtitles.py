"""Subtitles as players want them."""

from __future__ import annotations

import pytest

from app.classify.subtitles import webvtt


def event(person, label, start, end):
    return {"person": person, "label": label, "start": start, "end": end}


WORDS = {"wave": "waving", "jump": "jumping <high> & far"}


def test_subtitles_of_one_person():
    text = "".join(webvtt([event(3, "wave", 1.2, 2.0), event(3, "jump", 3661.5, 3662.0)], WORDS))
    assert text == (
        "WEBVTT\n\n00:00:01.200 --> 00:00:02.000\nwaving\n\n"
        "01:01:01.500 --> 01:01:02.000\njumping &lt;high&gt; &amp; far\n"
    )


def test_subtitles_of_several_people_in_the_order_of_their_starts():
    """Events come in the order of their ends; a player wants starts."""
    text = "".join(webvtt([event(1, "own_label", 2.0, 3.0), event(0, "wave", 1.0, 4.0)], WORDS))
    assert text.index("person 0: waving") < text.index("person 1: own_label")


@pytest.mark.parametrize("end", [1.0, 1.0004])
def test_a_subtitle_lasts(end):
    assert "00:00:01.000 --> 00:00:01.001\n" in "".join(webvtt([event(0, "wave", 1.0, end)], WORDS))


def test_the_number_goes_up_with_each_repetition():
    counted = event(0, "wave", 1.0, 4.0) | {"count": 2, "repetitions": [2.0, 3.5]}
    assert "".join(webvtt([counted], WORDS)) == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nwaving\n\n"
        "00:00:02.000 --> 00:00:03.500\nwaving 1\n\n00:00:03.500 --> 00:00:04.000\nwaving 2\n"
    )


def test_repetitions_at_the_edges_and_without_times():
    """The last one may end with the event or a little later; of very many, the first have no times."""
    late = event(0, "wave", 1.0, 4.0) | {"count": 7, "repetitions": [4.2]}
    text = "".join(webvtt([late], WORDS))
    assert "00:00:01.000 --> 00:00:04.000\nwaving 6\n" in text and "00:00:04.000 --> 00:00:04.001\nwaving 7\n" in text
