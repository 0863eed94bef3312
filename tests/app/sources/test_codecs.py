"""The list of decoders: what people have opens, anything else is refused in one sentence and never decoded."""

from __future__ import annotations

import av
import pytest

from app.sources.camera_network import network_frames
from app.sources.codecs import DECODER_OPTIONS, DECODERS, ONLY_THESE, REMEDY, refusal
from app.sources.frames import CameraError
from app.sources.video import VideoError, VideoReader
from tests.app.sources.stream_server import StreamServer
from tests.app.sources.test_video_kinds import write

REFUSED = {
    "capture.avi": ("huffyuv", "yuv422p"),
    "lossless.avi": ("magicyuv", "yuv420p"),
    "editor.mov": ("magicyuv", "gbrp"),
    "wavelets.avi": ("snow", "yuv420p"),
    "emulator.avi": ("zmbv", "bgr0"),
    "cartoon.mov": ("qtrle", "rgb24"),
    "still pictures.mov": ("png", "rgb24"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_codec_off_the_list_is_refused_in_one_sentence(tmp_path, name):
    codec, pixels = REFUSED[name]
    path = write(tmp_path / name, codec, pixels)
    with pytest.raises(VideoError) as caught:
        VideoReader(path)
    assert str(caught.value).startswith(f"{name}: its codec, ") and str(caught.value).endswith(f"; {REMEDY}")
    assert f"({codec})" in str(caught.value)


@pytest.mark.parametrize("name", REFUSED)
def test_ffmpeg_keeps_to_the_list_by_itself(tmp_path, name, monkeypatch):
    """The second guard: without the first one nothing is decoded either, also not while the file is opened."""
    codec, pixels = REFUSED[name]
    path = write(tmp_path / name, codec, pixels)
    monkeypatch.setattr("app.sources.video.refusal", lambda codec: "")
    with VideoReader(path) as video:
        assert video._stream.codec_context.options == DECODER_OPTIONS
        with pytest.raises(VideoError, match="no picture in it can be decoded"):
            next(iter(video))


def test_opening_a_file_tries_no_decoder_off_the_list(tmp_path):
    """FFmpeg decodes the first pictures to learn what they are; without the list it would here."""
    path = write(tmp_path / "capture.avi", "huffyuv", "yuv422p")
    with av.open(str(path)) as file:
        assert file.streams.video[0].codec_context.pix_fmt == "yuv422p"
    with av.open(str(path), options=dict(ONLY_THESE)) as file:
        assert file.streams.video[0].codec_context.pix_fmt is None


OLD = {
    "phone of 2005.3gp": ("h263", "yuv420p", (176, 144)),
    "camcorder.avi": ("dvvideo", "yuv420p", (720, 576)),
    "divx 3.avi": ("msmpeg4", "yuv420p", (96, 64)),
    "set of actions.avi": ("msmpeg4v2", "yuv420p", (96, 64)),
    "video cd.mpg": ("mpeg1video", "yuv420p", (96, 64)),
    "windows.wmv": ("wmv1", "yuv420p", (96, 64)),
}


@pytest.mark.parametrize("name", OLD)
def test_old_kinds_that_people_still_have_open(tmp_path, name):
    encoder, pixels, size = OLD[name]
    with VideoReader(write(tmp_path / name, encoder, pixels, size=size, fps=25)) as video:
        assert len([rgb_HWC for _, rgb_HWC in video]) == 12 and video.note == ""


def test_every_name_of_the_list_is_a_decoder_of_pictures():
    other = {name for name in DECODERS if name not in av.codec.codecs_available}
    assert not other - {"libdav1d"}, "misspelt?"  # builds without it have AV1 on their hardware only
    assert {av.Codec(name, "r").type for name in DECODERS - other} == {"video"}
    assert ONLY_THESE["codec_whitelist"].split(",") == sorted(DECODERS)


def test_what_a_refusal_says_of_any_codec():
    refused = []
    for name in sorted(av.codec.codecs_available):
        try:
            codec = av.Codec(name, "r")
        except ValueError:
            continue
        if codec.type == "video" and refusal(codec):
            refused.append(name)
            sentence = f"{refusal(codec)}; {REMEDY}"
            assert sentence.isascii() and sentence.isprintable() and len(sentence) < 200, sentence
    assert {"magicyuv", "huffyuv", "snow", "zmbv", "roqvideo", "cinepak", "vp6"} <= set(refused)


def test_a_network_camera_is_held_to_the_list(tmp_path):
    film = [(0.0, write(tmp_path / "stream.mkv", "snow").read_bytes())]
    refused = pytest.raises(CameraError, match=r"its codec, Snow \(snow\), is not .*; choose H.264 in the camera$")
    with StreamServer(film, kind="video/x-matroska") as there, refused:
        next(network_frames(there.address, lambda: 0.0, 5.0, 2.0))
