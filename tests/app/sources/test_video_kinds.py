"""Codecs and containers of phones, cameras, screen recorders and old archives: the same pictures at the same times."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from app.pose.picture import LONGEST_SIDE
from app.sources.video import VideoReader

FPS = 10
LEVELS = (30, 60, 90, 120, 150, 180, 210, 180, 150, 120, 90, 60)


def write(
    path, encoder, pixels="yuv420p", levels=LEVELS, size=(96, 64), fps=FPS, container=None, aspect=None, **options
):
    """Grey frames of these brightnesses, at a steady rate."""
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(encoder, rate=fps, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        for i, level in enumerate(levels):
            frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), level, np.uint8), format="rgb24")
            frame = frame.reformat(format=pixels)
            frame.pts, frame.time_base = i, Fraction(1, fps)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def read(path):
    with VideoReader(path) as video:
        frames = [(time_s, rgb_HWC) for time_s, rgb_HWC in video]
    return video, np.array([time_s for time_s, _ in frames]), [rgb_HWC for _, rgb_HWC in frames]


KINDS = {
    "h264 with frames out of order.mp4": ("libx264", "yuv420p", {"bf": "3", "preset": "medium"}),
    "hevc.mov": ("libx265", "yuv420p", {"x265-params": "log-level=none"}),
    "ten bits.mp4": ("libx265", "yuv420p10le", {"x265-params": "log-level=none"}),
    "av1.mp4": ("libsvtav1", "yuv420p", {"preset": "10"}),
    "vp8.webm": ("libvpx", "yuv420p", {}),
    "vp9.webm": ("libvpx-vp9", "yuv420p", {}),
    "mpeg2.mpg": ("mpeg2video", "yuv420p", {}),
    "camcorder.ts": ("libx264", "yuv420p", {}),
    "dash camera.avi": ("mjpeg", "yuvj420p", {}),
    "divx.avi": ("mpeg4", "yuv420p", {}),
    "windows.wmv": ("wmv2", "yuv420p", {}),
    "old page.flv": ("flv", "yuv420p", {}),
    "editor.mov": ("prores_ks", "yuv422p10le", {}),
    "archive.mkv": ("ffv1", "yuv444p", {}),
    "raw.avi": ("rawvideo", "yuv420p", {}),
    "pictures.gif": ("gif", "rgb8", {}),
}


@pytest.mark.parametrize("name", KINDS)
def test_pictures_and_times_of(tmp_path, name):
    encoder, pixels, options = KINDS[name]
    if encoder not in av.codec.codecs_available:
        pytest.skip(f"this build of PyAV has no {encoder}")
    fps = 25 if encoder == "mpeg2video" else FPS  # it knows few rates
    video, times_s, frames = read(write(tmp_path / name, encoder, pixels, fps=fps, **options))
    assert len(frames) == len(LEVELS) and video.note == ""
    np.testing.assert_allclose(times_s, np.arange(len(LEVELS)) / fps, atol=0.011)  # gif counts hundredths
    tolerance = 24 if name.endswith(".gif") else 12
    assert [frame.mean() for frame in frames] == pytest.approx(LEVELS, abs=tolerance)
    assert all(frame.shape == (64, 96, 3) for frame in frames)


@pytest.mark.parametrize("name", ["bare.mp4", "bare.ts"])
def test_a_stream_without_any_times(tmp_path, name):
    """What some cameras call a video: H.264 alone, with no container and no times."""
    path = write(tmp_path / name, "libx264", fps=25, container="h264", bf="0")
    _, times_s, frames = read(path)
    assert len(frames) == len(LEVELS) and np.all(np.diff(times_s) > 0)
    np.testing.assert_allclose(times_s, np.arange(len(LEVELS)) / 25, atol=0.021)


@pytest.mark.parametrize(("size", "shape"), [((3840, 2160), (720, 1280)), ((2160, 3840), (1280, 720))])
def test_4k(tmp_path, size, shape):
    path = write(tmp_path / "4k.mp4", "libx264", size=size, levels=LEVELS[:3], preset="ultrafast")
    _, times_s, frames = read(path)
    assert [frame.shape for frame in frames] == [(*shape, 3)] * 3 and max(shape) == LONGEST_SIDE
    np.testing.assert_allclose(times_s, [0, 0.1, 0.2], atol=1e-3)


def test_pixels_that_are_not_square(tmp_path):
    """Digital television: 720 columns that a screen shows as 1024."""
    path = write(tmp_path / "pal.mp4", "libx264", size=(720, 576), levels=LEVELS[:2], aspect=Fraction(64, 45))
    assert read(path)[2][0].shape == (576, 1024, 3)


def test_fewer_threads_read_the_same(tmp_path):
    path = write(tmp_path / "a.mp4", "libx264", bf="2")
    with VideoReader(path, threads=1) as one, VideoReader(path) as many:
        assert one._stream.codec_context.thread_count == 1
        for (time_s, rgb_HWC), (other_s, other_HWC) in zip(one, many, strict=True):
            assert time_s == other_s and np.array_equal(rgb_HWC, other_HWC)
