"""Annotated videos open where videos are opened: encoder, pixels, index, times, sizes."""

from __future__ import annotations

import errno
import os
from types import SimpleNamespace

import av
import numpy as np
import pytest

from app.batch import annotate
from app.batch.annotate import AnnotatedVideo, draw, encoder, encoder_note
from app.batch.people import Followed, followed, numbered
from app.types import Answer, PersonState
from models.system.atomic import OutputError
from tests.app.helpers import pose

TIMES_S = [5.0, 5.1, 5.133, 5.5, 5.52, 6.5, 6.6]


def picture(height=120, width=160):
    return np.full((height, width, 3), 90, np.uint8)


def write(path, sizes, times_s=TIMES_S):
    video = AnnotatedVideo(path, {"wave": "waving"}, threads=1)
    for time_s, (height, width) in zip(times_s, sizes):
        video.add(time_s, picture(height, width), [Followed(0, pose(time_s), "wave", 0.87)])
    video.close()
    return path


def test_a_browser_plays_it(tmp_path):
    """H.264 in 4:2:0, the index in front, no picture out of order, and times from 0 on."""
    path = write(tmp_path / "a.mp4", [(120, 160)] * 7)
    data = path.read_bytes()
    assert data.index(b"ftyp") < data.index(b"moov") < data.index(b"mdat")
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.codec_context.colorspace, stream.codec_context.profile) == (1, "High")
        stamps = [(packet.pts, packet.dts) for packet in file.demux(stream) if packet.dts is not None]
        duration_s = float(stream.duration * stream.time_base)
    assert stamps == sorted(stamps) and all(pts == dts for pts, dts in stamps)
    assert 1.6 < duration_s < 2.0  # the last frame is seen too
    with av.open(str(path)) as file:
        shown_s = [float(frame.time) for frame in file.decode(video=0)]
    np.testing.assert_allclose(shown_s, np.array(TIMES_S) - 5.0, atol=1e-4)


@pytest.mark.parametrize(("size", "even"), [((121, 161), (120, 160)), ((1, 1), (2, 2)), ((3, 1280), (2, 1280))])
def test_odd_sizes_become_even(tmp_path, size, even):
    with av.open(str(write(tmp_path / "a.mp4", [size] * 2))) as file:
        assert [(frame.height, frame.width) for frame in file.decode(video=0)] == [even] * 2


def test_a_size_that_changes_is_scaled_to_the_first(tmp_path):
    with av.open(str(write(tmp_path / "a.mp4", [(120, 160), (240, 200), (60, 30)]))) as file:
        assert {(frame.height, frame.width) for frame in file.decode(video=0)} == {(120, 160)}


@pytest.mark.parametrize("name", [name for name in annotate.ENCODERS if name != "libx264"])
def test_other_encoders(tmp_path, monkeypatch, name):
    if name not in av.codec.codecs_available:
        pytest.skip(f"this build of PyAV has no {name}")
    encoder.cache_clear()
    monkeypatch.setattr("av.codec.codecs_available", {name})
    try:
        assert encoder() == name and f"written by {name}" in encoder_note() and "libx264" in encoder_note()
        with av.open(str(write(tmp_path / "a.mp4", [(120, 160)] * 7))) as file:
            shown_s = [float(frame.time) for frame in file.decode(video=0)]
        np.testing.assert_allclose(shown_s, np.array(TIMES_S) - 5.0, atol=1e-3)
    finally:
        encoder.cache_clear()


def test_no_encoder_at_all(monkeypatch):
    encoder.cache_clear()
    monkeypatch.setattr("av.codec.codecs_available", {"png"})
    try:
        with pytest.raises(OutputError, match="--annotate cannot be had"):
            encoder()
    finally:
        encoder.cache_clear()


def test_the_usual_encoder_needs_no_words():
    if "libx264" not in av.codec.codecs_available:
        pytest.skip("this build of PyAV has no libx264")
    assert encoder() == "libx264" and encoder_note() == ""


def test_what_is_drawn():
    near = pose(0.0, (0.1, 0.5, 0.4, 0.9))
    near.image_V3[[7, 8], :2] = [0.28, 0.55], [0.22, 0.55]  # ears
    plain, skeleton, named = picture(), picture(), picture()
    draw(plain, [Followed(0, None, "wave", 0.9)], {})  # out of sight
    assert np.array_equal(plain, picture())
    draw(skeleton, [Followed(0, near, None, 0.0)], {})
    rows, columns = np.nonzero((skeleton != 90).any(2))
    assert rows.min() >= 55 and columns.max() <= 70  # within the body's box, and a line's thickness
    draw(named, [Followed(0, near, "wave", 0.9)], {"wave": "waving"})
    assert (named != skeleton).any(2)[:58].any()  # the words are above the head
    counted = picture()
    draw(counted, [Followed(0, near, "wave", 0.9, 12)], {"wave": "waving"})
    assert (counted != named).any()


@pytest.mark.parametrize("top", [0.02, 0.3, 0.8])
def test_words_leave_the_face_alone(top):
    """Above it, or below where the picture ends."""
    body = pose(0.0, (0.3, top, 0.7, 0.99))
    body.image_V3[:11, :2] = np.linspace((0.48, top), (0.52, top + 0.15), 11)
    body.image_V3[[7, 8], :2] = [0.55, top + 0.07], [0.45, top + 0.07]  # ears
    skeleton, named = picture(240, 320), picture(240, 320)
    draw(skeleton, [Followed(0, body, None, 0.0)], {})
    draw(named, [Followed(0, body, "wave", 0.9)], {"wave": "waving"})
    rows, columns = np.nonzero((named != skeleton).any(2))
    assert rows.max() < top * 240 or rows.min() > (top + 0.15) * 240
    assert rows.size > 100 and columns.min() < 160 < columns.max()


def test_words_stay_inside_the_picture():
    for box in ((0.9, -0.2, 1.4, 0.5), (-0.3, 0.95, 0.1, 1.5), (-9e9, -9e9, 9e9, 9e9)):
        rgb_HWC = picture()
        draw(rgb_HWC, [Followed(0, pose(0.0, box), "wave", 0.9)], {"wave": "waving \u0434\u0430"})
        assert (rgb_HWC != 90).any()


def test_a_full_disk_and_an_impossible_frame_are_told_apart(tmp_path, monkeypatch):
    video = AnnotatedVideo(tmp_path / "a.mp4", {})
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert isinstance(video._failed(full), OutputError) and "No space" in str(video._failed(full))
    assert isinstance(video._failed(OSError(errno.EINVAL, "Invalid argument")), ValueError)
    with pytest.raises(OutputError, match="choose another --out"):
        write(tmp_path / "missing" / "a.mp4", [(120, 160)])


def _answer(**more):
    near = pose(0.0, (0.1, 0.1, 0.5, 0.9))
    main = PersonState(0, True, near, "wave", 0.8, None, None)
    return near, Answer(0.0, 2, near, "wave", 0.8, None, None, persons=(main,), **more)


def test_who_is_drawn_and_recorded():
    near, answer = _answer()
    far = pose(0.0, (0.7, 0.1, 0.8, 0.5))
    assert followed(answer)[0] == Followed(0, near, "wave", 0.8)
    (number, first), (other, second) = numbered(answer, [far, near])
    assert first is far and second is near and other == 0 and number != 0


def test_everybody_of_several_is_drawn_and_recorded():
    near, far, new = (pose(0.0, (x, 0.1, x + 0.2, 0.9)) for x in (0.1, 0.4, 0.7))
    states = ((4, near, "wave", 0.8, 3), (2, far, None, 0.0, None), (0, None, "squat", 0.6, None))
    persons = tuple(SimpleNamespace(person=n, pose=p, label=name, score=s, count=c) for n, p, name, s, c in states)
    answer = SimpleNamespace(persons=persons)
    assert followed(answer) == [Followed(*state) for state in states]
    (a, _), (b, _), (c, _) = numbered(answer, [far, new, near])
    assert (a, c) == (2, 4) and b not in (0, 2, 4)
