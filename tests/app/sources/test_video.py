"""Times, upright pictures, and one plain sentence for each broken file."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from app.pose.picture import LONGEST_SIDE
from app.sources.frame_clock import FrameClock
from app.sources.video import VideoError, VideoReader
from tests.app.helpers import write_sound, write_video


def read(path):
    with VideoReader(path) as video:
        frames = list(video)
    return video, [time_s for time_s, _ in frames], [rgb_HWC for _, rgb_HWC in frames]


def test_variable_frame_rate_keeps_its_times(tmp_path):
    times_s = [0.0, 0.1, 0.133, 0.5, 0.52, 1.5, 1.6]
    video, read_s, frames = read(write_video(tmp_path / "vfr.mp4", times_s))
    np.testing.assert_allclose(read_s, times_s, atol=1e-3)
    assert [round(float(f.mean())) for f in frames] == pytest.approx(range(7), abs=3)
    assert (video.frames, video.note) == (7, "")


@pytest.mark.parametrize("name", ["late.mp4", "late.mkv"])
def test_times_are_those_of_the_file(tmp_path, name):
    _, read_s, _ = read(write_video(tmp_path / name, np.arange(5) / 10 + 3.0))
    np.testing.assert_allclose(read_s, np.arange(5) / 10 + 3.0, atol=0.04)


STEP = 0.1


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [
        ([5.0, 5.1, 5.3], [0.0, 0.1, 0.3]),
        ([None, None, None], [0.0, 0.1, 0.2]),
        ([0.0, 0.1, None, 0.3], [0.0, 0.1, 0.2, 0.3]),
        ([0.0, 0.0, 0.1, 0.1, 0.2], [0.0, 0.05, 0.1, 0.15, 0.2]),  # pairs stamped alike
        ([0.0, 0.0, 0.0, 0.0], [0.0, 0.05, 0.15, 0.25]),  # a file without times
        ([0.0, 0.2, 0.1, 0.3], [0.0, 0.2, 0.25, 0.3]),  # out of order
        ([0.0, 0.1, 3e8, 3e8 + 0.1, 6e8], [0.0, 0.1, 0.2, 0.3, 0.4]),  # a damaged table of times
        ([0.0, 0.1, 7200.0, 7200.1], [0.0, 0.1, 7200.0, 7200.1]),  # a camera that rested
        ([7.0, 7.1, 0.0, 0.1, 0.2], [0.0, 0.1, 0.15, 0.25, 0.35]),  # two recordings in one
    ],
)
def test_bad_times_become_increasing(claimed, expected):
    clock = FrameClock(STEP)
    assert [clock(c) for c in claimed] == pytest.approx(expected)
    late = FrameClock(STEP, 3.0)
    assert [late(c) for c in claimed] == pytest.approx([3.0 + time_s for time_s in expected])


@pytest.mark.parametrize(
    ("rotation", "hflip", "where"),
    [
        (0, False, (0, 0)),
        (90, False, (1, 0)),
        (180, False, (1, 1)),
        (270, False, (0, 1)),
        (0, True, (0, 1)),
        (180, True, (1, 0)),
    ],
)
def test_phone_video_is_turned_upright(tmp_path, rotation, hflip, where):
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:16, :16] = 255  # a mark in the upper left corner, turned counter-clockwise
    path = write_video(tmp_path / "phone.mp4", [0, 0.1, 0.2], rotation=rotation, hflip=hflip, picture=picture)
    _, _, frames = read(path)
    rgb_HWC = frames[0]
    assert rgb_HWC.shape == ((48, 64, 3) if rotation % 180 == 0 else (64, 48, 3))
    assert rgb_HWC.flags.c_contiguous
    corners = rgb_HWC[:: rgb_HWC.shape[0] - 1, :: rgb_HWC.shape[1] - 1].mean(-1)
    assert np.unravel_index(corners.argmax(), (2, 2)) == where
    assert np.sort(corners.ravel())[-2] < 60


@pytest.mark.parametrize(("size", "expected"), [((1920, 1080), (720, 1280)), ((1080, 1920), (1280, 720))])
def test_large_pictures_are_scaled(tmp_path, size, expected):
    _, _, frames = read(write_video(tmp_path / "large.mp4", [0, 0.1], size=size))
    assert frames[0].shape == (*expected, 3) and max(expected) == LONGEST_SIDE


def test_truncated_video_yields_what_there_is(tmp_path):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (48, 64, 3), np.uint8)
    path = write_video(tmp_path / "cut.mp4", np.arange(90) / 30, picture=noise, movflags="faststart")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    video, read_s, _ = read(path)
    assert 5 < video.frames < 88 and np.all(np.diff(read_s) > 0)
    assert video.note.startswith("the file ends early") and "of 3.0 s" in video.note


def _folder(path):
    path.mkdir()


def _audio_as_mp4(path):
    write_sound(path.with_suffix(".m4a")).rename(path)


def _no_index(path):
    write_video(path, np.arange(30) / 30)
    path.write_bytes(path.read_bytes()[:1000])


def _broken_pictures(path):
    write_video(path, np.arange(30) / 30, movflags="faststart")
    whole = bytearray(path.read_bytes())
    start = whole.index(b"mdat") + 4
    whole[start:] = bytes(len(whole) - start)
    path.write_bytes(whole)


def _playlist(path):
    write_video(path.with_name("other.mp4"), [0, 0.1])
    path.write_text("ffconcat version 1.0\nfile other.mp4\n")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "there is no such file"),
        (_folder, "not a file"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_bytes(b"no video at all" * 100), "not a readable video"),
        (_no_index, "not a readable video"),
        (_audio_as_mp4, "only sound"),
        (_broken_pictures, "no picture in it can be decoded"),
        (_playlist, "not a readable video"),
    ],
)
def test_broken_files_are_told_in_one_sentence(tmp_path, make, says):
    path = tmp_path / "film.mp4"
    make(path)
    with pytest.raises(VideoError, match=says) as caught:
        read(path)
    assert str(caught.value).startswith("film.mp4: ") and "\n" not in str(caught.value)


def test_cover_picture_of_a_song_is_no_video(tmp_path):
    import av

    song = write_sound(tmp_path / "song.m4a")
    path = tmp_path / "covered.mp4"
    with av.open(str(song)) as source, av.open(str(path), "w") as file:
        sound = file.add_stream_from_template(source.streams.audio[0])
        cover = file.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        file.mux(cover.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")))
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = sound
                file.mux(packet)
    with pytest.raises(VideoError, match="only sound"):
        VideoReader(path)


def test_memory_does_not_grow_with_the_video(tmp_path):
    path = write_video(tmp_path / "long.mp4", np.arange(4000) / 30)
    tracemalloc.start()
    try:
        with VideoReader(path) as video:
            for i, (_, rgb_HWC) in enumerate(video):
                assert rgb_HWC.nbytes == 9216
                if i == 500:
                    early = tracemalloc.get_traced_memory()[0]
            late = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert video.frames == 4000
    assert late - early < 100_000  # the 3,500 frames between are 32 MB
