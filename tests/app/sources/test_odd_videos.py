"""Files as people have them: two streams of pictures, late starts, early ends, no times, sizes that grow."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import av
import numpy as np
import pytest
from av.stream import Disposition

from app.sources.streams import shown
from app.sources.video import VideoError, VideoReader
from tests.app.sources.test_video_kinds import write

TICKS = Fraction(1, 90000)


def read(path):
    with VideoReader(path) as video:
        frames = list(video)
    return video, np.array([time_s for time_s, _ in frames]), [rgb_HWC for _, rgb_HWC in frames]


def packed(path, streams, sound_s=None, container=None, sound="aac"):
    """Streams of pictures, each (size, grey level, times, disposition), and silence from 0 to `sound_s`."""
    with av.open(str(path), "w", format=container) as file:
        made = []
        for size, _, _, disposition in streams:
            stream = file.add_stream("mpeg4" if path.suffix in (".avi",) else "libx264", rate=10, options={"bf": "0"})
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            stream.codec_context.time_base = Fraction(1, 1000)
            if disposition is not None:
                stream.disposition = disposition
            made.append(stream)
        heard = None if sound_s is None else file.add_stream(sound, rate=16000)
        packets = []
        for stream, (size, level, times_s, _) in zip(made, streams):
            for time_s in times_s:
                frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), level, np.uint8), format="rgb24")
                frame.pts, frame.time_base = round(time_s * 1000), Fraction(1, 1000)
                packets += [(time_s, packet) for packet in stream.encode(frame.reformat(format="yuv420p"))]
            packets += [(times_s[-1], packet) for packet in stream.encode()]
        for i in range(0 if heard is None else int(sound_s * 16000 / 1024)):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16000, i * 1024
            packets += [(i * 0.064, packet) for packet in heard.encode(frame)]
        packets += [] if heard is None else [(sound_s, packet) for packet in heard.encode()]
        for _, packet in sorted(packets, key=lambda item: item[0]):
            file.mux(packet)
    return path


SMALL, LARGE, TENTHS = (64, 48), (96, 64), np.arange(20) / 10
NONE, DEFAULT = Disposition(0), Disposition.default
CHOICES = {  # name: streams and the grey level of the one that a player shows
    "the default, second and small.mkv": ([(LARGE, 40, TENTHS, NONE), (SMALL, 200, TENTHS, DEFAULT)], 200),
    "the default, first and small.mkv": ([(SMALL, 200, TENTHS, DEFAULT), (LARGE, 40, TENTHS, NONE)], 200),
    "the larger of two default ones.mkv": ([(SMALL, 40, TENTHS, DEFAULT), (LARGE, 200, TENTHS, DEFAULT)], 200),
    "the larger where none is default.mkv": ([(SMALL, 40, TENTHS, NONE), (LARGE, 200, TENTHS, NONE)], 200),
    "the larger of two.mp4": ([(SMALL, 40, TENTHS, DEFAULT), (LARGE, 200, TENTHS, DEFAULT)], 200),
    "the one that is switched on.mp4": ([(LARGE, 40, TENTHS, NONE), (SMALL, 200, TENTHS, DEFAULT)], 200),
    "the larger of two.ts": ([(SMALL, 40, TENTHS, None), (LARGE, 200, TENTHS, None)], 200),
    "the first of two alike.mp4": ([(SMALL, 200, TENTHS, None), (SMALL, 40, TENTHS, None)], 200),
    "frames, not one large picture.mp4": ([(LARGE, 40, TENTHS[:1], DEFAULT), (SMALL, 200, TENTHS, DEFAULT)], 200),
}


@pytest.mark.parametrize("name", CHOICES)
def test_the_stream_that_a_player_shows(tmp_path, name):
    streams, level = CHOICES[name]
    _, times_s, frames = read(packed(tmp_path / name, streams))
    assert len(frames) == len(TENTHS) and np.mean(frames) == pytest.approx(level, abs=8)
    np.testing.assert_allclose(times_s, TENTHS, atol=0.011)


def test_what_is_no_film_is_not_shown():
    def stream(index, size, disposition=NONE, frames=0, known=True):
        context = SimpleNamespace(width=size[0], height=size[1]) if known else None
        return SimpleNamespace(index=index, disposition=disposition, frames=frames, codec_context=context)

    small = stream(5, SMALL)
    others = {
        "a cover": stream(0, LARGE, Disposition.attached_pic | DEFAULT),
        "thumbnails": stream(1, LARGE, Disposition.timed_thumbnails | DEFAULT),
        "a still": stream(2, LARGE, Disposition.still_image | DEFAULT),
        "one picture": stream(3, LARGE, DEFAULT, frames=1),
        "what is not known here": stream(4, LARGE, DEFAULT, known=False),
    }
    for other in others.values():
        assert shown([other, small]) is small and shown([small, other]) is small
    assert shown(list(others.values())[:2]) is None and shown([]) is None
    assert shown([others["one picture"]]) is others["one picture"]


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.ts", "a.flv"])
def test_a_picture_that_starts_after_the_sound(tmp_path, name):
    """A player shows the first picture at 3 s, whatever the container's own clock begins with."""
    path = packed(tmp_path / name, [(SMALL, 90, TENTHS + 3.0, None)], sound_s=5.0)
    video, times_s, _ = read(path)
    np.testing.assert_allclose(times_s, TENTHS + 3.0, atol=0.09)
    assert np.diff(times_s) == pytest.approx(0.1, abs=0.011) and video.note == ""


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_a_piece_of_a_longer_recording_begins_at_0(tmp_path, name):
    """Recorders cut one long stream into files, and each goes on with the clock of the stream."""
    video, times_s, _ = read(packed(tmp_path / name, [(SMALL, 90, TENTHS + 1234, None)]))
    np.testing.assert_allclose(times_s, TENTHS, atol=0.011)
    assert video.note == "" and video.claimed_s == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "a.flv", "a.mkv"])
def test_sound_that_starts_after_the_picture_moves_nothing(tmp_path, name):
    _, times_s, _ = read(packed(tmp_path / name, [(SMALL, 90, TENTHS, None)], sound_s=2.0))
    assert times_s[0] == pytest.approx(0.0, abs=0.09)


@pytest.mark.parametrize("name", ["a.mkv", "a.webm", "a.mp4", "a.flv", "a.ts", "a.avi"])
def test_sound_that_goes_on_is_no_early_end(tmp_path, name):
    sound, container = ("mp3" if name == "a.avi" else "aac"), ("matroska" if name == "a.webm" else None)
    path = packed(tmp_path / name, [(SMALL, 90, TENTHS, None)], sound_s=6.0, sound=sound, container=container)
    video, times_s, _ = read(path)
    assert len(times_s) == 20 and video.note == ""


def test_a_file_that_is_cut_short_does_end_early(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=10, options={"bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        heard = file.add_stream("aac", rate=16000)
        for i in range(60):
            frame = av.VideoFrame.from_ndarray(rng.integers(0, 255, (48, 64, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, 10)
            file.mux(stream.encode(frame))
            if i < 30:
                sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
                sound.sample_rate, sound.pts = 16000, i * 1024
                file.mux(heard.encode(sound))
        file.mux(stream.encode())
    whole = path.read_bytes()
    assert read(path)[0].note == ""
    path.write_bytes(whole[: len(whole) // 2])
    assert "the file ends early" in read(path)[0].note


def test_a_frame_a_minute(tmp_path):
    path = packed(tmp_path / "time lapse.mp4", [(SMALL, 90, np.arange(24) * 60.0, None)])
    video, times_s, _ = read(path)
    np.testing.assert_allclose(times_s, np.arange(24) * 60.0, atol=1e-3)
    assert video.note == "" and video.claimed_s > 23 * 60


@pytest.mark.parametrize("frames_between", ["0", "1", "2", "4"])
def test_frames_out_of_order_without_times(tmp_path, frames_between):
    """AVI knows when a frame is decoded, and not when it is shown."""
    path = write(tmp_path / "a.avi", "libx264", levels=range(30, 230, 8), fps=25, bf=frames_between, preset="medium")
    video, times_s, frames = read(path)
    np.testing.assert_allclose(times_s, np.arange(25) / 25, atol=1e-6)
    assert [frame.mean() for frame in frames] == pytest.approx(range(30, 230, 8), abs=6) and video.note == ""


@pytest.mark.parametrize("name", ["a.h264", "a.hevc", "a.m2v", "a.mjpeg"])
def test_bare_streams_have_even_times(tmp_path, name):
    encoder = {"a.h264": "libx264", "a.hevc": "libx265", "a.m2v": "mpeg2video", "a.mjpeg": "mjpeg"}[name]
    container = {"a.m2v": "mpeg2video"}.get(name)
    path = write(tmp_path / name, encoder, "yuvj420p" if "mjpeg" in name else "yuv420p", fps=25, container=container)
    np.testing.assert_allclose(read(path)[1], np.arange(12) / 25, atol=1e-6)


@pytest.mark.parametrize(("encoder", "suffix"), [("libx264", "h264"), ("mpeg2video", "mpeg2video"), ("mjpeg", "mjpeg")])
def test_pictures_that_grow_too_large_in_the_middle(tmp_path, monkeypatch, encoder, suffix):
    monkeypatch.setattr("app.sources.decoding.MOST_PIXELS", 100 * 100)
    pixels = "yuvj420p" if encoder == "mjpeg" else "yuv420p"
    small = write(tmp_path / "small", encoder, pixels, size=(64, 48), fps=25, container=suffix).read_bytes()
    large = write(tmp_path / "large", encoder, pixels, size=(640, 480), fps=25, container=suffix).read_bytes()
    path = tmp_path / "grows.h264"
    path.write_bytes(small + large + small)
    with pytest.raises(VideoError, match=r"grows.h264: its pictures are too large \(640 x 480 pixels\); scale"):
        read(path)


def test_ffmpeg_takes_no_memory_for_pictures_that_are_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr("app.sources.video.DECODER_OPTIONS", {"max_pixels": "100000"})
    small = write(tmp_path / "small", "libx264", fps=25, container="h264").read_bytes()
    large = write(tmp_path / "large", "libx264", size=(640, 480), fps=25, container="h264").read_bytes()
    path = tmp_path / "grows.h264"
    path.write_bytes(small + large + small)
    video, _, frames = read(path)
    assert {frame.shape for frame in frames} == {(64, 96, 3)} and video.note.startswith("damaged")


def test_pictures_that_grow_within_the_limit_are_read(tmp_path):
    small = write(tmp_path / "small", "libx264", size=(64, 48), fps=25, container="h264").read_bytes()
    large = write(tmp_path / "large", "libx264", size=(320, 240), fps=25, container="h264").read_bytes()
    path = tmp_path / "grows.h264"
    path.write_bytes(small + large)
    video, times_s, frames = read(path)
    assert {frame.shape for frame in frames} == {(48, 64, 3), (240, 320, 3)} and np.all(np.diff(times_s) > 0)


def test_an_index_that_is_cut_short_anywhere(tmp_path):
    whole = packed(tmp_path / "whole.mp4", [(SMALL, 90, TENTHS, None)], sound_s=2.0).read_bytes()
    index = whole.rfind(b"moov") - 4
    path = tmp_path / "cut.mp4"
    for end in [*range(index, len(whole), 97), index - 50, 40]:
        path.write_bytes(whole[:end])
        try:
            video, times_s, _ = read(path)
            assert len(times_s) == 20 or video.note.startswith("the file ends early")  # 20: the sound's is cut
        except VideoError as error:
            assert "cut short, and its index is not whole; copy or download" in str(error)
