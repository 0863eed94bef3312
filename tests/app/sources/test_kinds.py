"""What a file is: by its name, or by its first bytes where the name does not tell."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from app.sources.kinds import VIDEO_SUFFIXES, is_annotated, is_passed_over, is_video, other_kind, playlist_of
from app.sources.video import VideoError, VideoReader
from tests.app.helpers import write_sound
from tests.app.sources.test_video_kinds import write

# name: encoder, container
NAMED = {
    "camera.h264": ("libx264", "h264"), "phone.hevc": ("libx265", "hevc"), "webcam.mjpeg": ("mjpeg", "mjpeg"),
    "disc.m2v": ("mpeg2video", "mpeg2video"), "disc.VOB": ("mpeg2video", "vob"), "old.qt": ("libx264", "mov"),
    "old.divx": ("mpeg4", "avi"), "camcorder.MOD": ("mpeg2video", "mpeg"), "action.LRV": ("libx264", "mp4"),
    "subtitled.ogm": ("libx264", "matroska"), "recorder.dav": ("libx264", "h264"),
    "broadcast.mxf": ("mpeg2video", "mxf"), "tool.y4m": ("rawvideo", "yuv4mpegpipe"), "flash.f4v": ("libx264", "mp4"),
    "browser.ivf": ("libvpx", "ivf"),
}  # fmt: skip
MISNAMED = {
    "mp4.txt": ("libx264", "mp4"), "mov.bin": ("libx264", "mov"), "mkv": ("libx264", "matroska"),
    "avi.dat": ("mpeg4", "avi"), "ts.part": ("libx264", "mpegts"), "m2ts.x": ("libx264", "mpegts"),
    "ps.dat": ("mpeg2video", "vob"), "flv.x": ("flv", "flv"), "wmv.x": ("wmv2", "asf"), "h264.x": ("libx264", "h264"),
    "hevc.x": ("libx265", "hevc"), "m2v.x": ("mpeg2video", "mpeg2video"), "mxf.x": ("mpeg2video", "mxf"),
    "y4m.x": ("rawvideo", "yuv4mpegpipe"), "ogg.x": ("libtheora", "ogg"), "gif.x": ("gif", "gif"),
    "ivf.x": ("libvpx", "ivf"),
}  # fmt: skip


def film(path, encoder, container):
    if encoder not in av.codec.codecs_available:
        pytest.skip(f"this build of PyAV has no {encoder}")
    pixels = {"mjpeg": "yuvj420p", "gif": "rgb8"}.get(encoder, "yuv420p")
    if path.name == "m2ts.x":
        return write_m2ts(path, encoder)
    return write(path, encoder, pixels, fps=25, container=container, levels=(30, 90, 150, 210))


def write_m2ts(path, encoder):
    plain = write(path.with_suffix(".ts"), encoder, fps=25, container="mpegts")
    data = plain.read_bytes()
    path.write_bytes(b"".join(b"\0\0\0\0" + data[i : i + 188] for i in range(0, len(data), 188)))
    return path


@pytest.mark.parametrize("name", [*NAMED, *MISNAMED])
def test_a_film_is_known_and_read_whatever_it_is_called(tmp_path, name):
    path = film(tmp_path / name, *(NAMED | MISNAMED)[name])
    assert is_video(path)
    with VideoReader(path) as video:
        times_s = [time_s for time_s, _ in video]
    assert len(times_s) >= 3 and np.all(np.diff(times_s) > 0) and video.note == ""


def test_names_are_known_in_any_case(tmp_path):
    assert {".mp4", ".mxf", ".y4m", ".vob", ".lrv"} <= VIDEO_SUFFIXES and is_video(tmp_path / "not there.MP4")


OTHERS = {
    "notes.txt": b"nothing\n", "joints.npy": b"\x93NUMPY\x01\0v\0", "empty": b"", "page.html": b"<!DOCTYPE html><html>",
    "photo.jpg": b"\xff\xd8\xff\xe0" + bytes(400), "photo.heic": b"\0\0\0\x18ftypheic" + bytes(400),
    "photo.x": b"\0\0\0\x18ftypheic" + bytes(400), "song.x": b"\0\0\0\x18ftypM4A " + bytes(400),
    "list.m3u8": b"#EXTM3U\n",
    "program.mod": b"module example.org/x\n\ngo 1.21\n", "song.ogg": b"OggS" + bytes(24) + b"\x01vorbis" + bytes(400),
    "zeros.bin": bytes(2000),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_film(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(OTHERS[name])
    assert not is_video(path)


def test_sound_alone_is_no_film_by_its_name(tmp_path):
    assert not is_video(write_sound(tmp_path / "song.m4a")) and not is_video(write_sound(tmp_path / "song.mka"))


REFUSED = {
    b"#EXTM3U\n#EXT-X-VERSION:3\n": "a playlist (HLS), which only names other files",
    b"\xef\xbb\xbf#EXTM3U\n": "a playlist (HLS)",
    b'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">': "a playlist (DASH)",
    b"ffconcat version 1.0\nfile other.mp4\n": "a playlist (ffconcat)",
    b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n": "the description of a stream (SDP)",
    b"\x89PNG\r\n\x1a\n" + bytes(99): "a still picture",
    b"PK\x03\x04" + bytes(99): "an archive; unpack it first",
    bytes(257) + b"ustar\x00" + bytes(99): "an archive",
    b"\xfd7zXZ\0" + bytes(99): "an archive",
    b"\x28\xb5\x2f\xfd" + bytes(99): "an archive",
    b"BZh91AY&SY" + bytes(99): "an archive",
    b"PK\x03\x04" + bytes(26) + b"frames.npy" + bytes(99): "let its name end in .npz",
    b"IKEMPOSE" + bytes(99): "a recording of landmarks; let its name end in .ikem",
    bytes(5000): "zeros alone",
    b"Not Found\n": "a text",
    b"<html><body>Not found": "a web page",
    b".RMF" + bytes(99): "RealMedia",
    b"version https://git-lfs.github.com/spec/v1\n": "a pointer of Git LFS",
}


@pytest.mark.parametrize("content", REFUSED)
def test_other_kinds_are_refused_by_name(tmp_path, content):
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(VideoError) as caught:
        VideoReader(path)
    assert REFUSED[content] in str(caught.value) and str(caught.value).startswith("film.mp4: not a readable video")
    assert other_kind(path)


SKELETONS = {
    "S001C001P001R001A010.skeleton": "`training prepare` reads it", "walk.bvh": "motion capture",
    "ntu60.pkl": "which is never opened",
    "pose.json": "`frames` (T, 25, 3) in metres and `fps`", "x.h5": "a file of data",
}  # fmt: skip


@pytest.mark.parametrize("name", SKELETONS)
def test_skeletons_of_other_programs_are_told_the_way_in(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"1 2 3\x01\n")
    with pytest.raises(VideoError, match="not a readable video: it is ") as caught:
        VideoReader(path)
    assert SKELETONS[name] in str(caught.value)


def test_playlists_by_their_names():
    addresses = ("http://cam/live.m3u8", "https://cam/LIVE.M3U8?key=1", "http://cam/x.mpd#t=1", "list.m3u")
    assert [playlist_of(address) for address in addresses] == ["HLS", "HLS", "DASH", "HLS"]
    assert not playlist_of("http://cam/m3u8") and not playlist_of("rtsp://cam/live?file=x.m3u8")


def test_names_that_searches_pass_over():
    assert is_annotated(Path("a.Annotated.MP4")) and not is_annotated(Path("annotated.mp4"))
    assert all(map(is_passed_over, (".x", "._0.npz", "__MACOSX", "__macosx", "Thumbs.db", "@eaDir", "lost+found")))
    assert not any(map(is_passed_over, ("a.mp4", "MACOSX", "x.y")))
