"""Network cameras: real streams over real sockets, no way to a file, no password in any message."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest

from app.sources.camera import Camera
from app.sources.camera_network import LATE_S, SentTimes, _decoded, check_address, network_frames
from app.sources.codecs import ONLY_THESE
from app.sources.frames import CameraError
from models.system.places import ROOT
from models.system.proxies import send_https_nowhere
from tests.app.sources.rtsp_server import RtspServer
from tests.app.sources.stream_server import StreamServer, mjpeg, mpegts

PATIENT_S = 60.0  # nothing below waits for so long, however busy the machine is
QUICK = {"open_s": PATIENT_S, "silent_s": PATIENT_S, "retry_s": 0.05, "give_up_s": 2 * PATIENT_S}


@pytest.fixture(scope="module")
def film(example_video):
    return mpegts(example_video)


def some_frames(camera: Camera, count: int) -> tuple[list[float], np.ndarray]:
    taken = list(islice(camera.frames(), count))
    assert len(taken) == count
    return [time_s for time_s, _ in taken], taken[-1][1]


def test_a_stream_whose_server_dies_and_comes_back(film):
    lines = []
    with StreamServer(film) as server:
        camera = Camera(server.address, say=lines.append, **QUICK)
        times_s, rgb_HWC = some_frames(camera, 15)
        assert rgb_HWC.shape == (480, 640, 3) and rgb_HWC.dtype == np.uint8 and rgb_HWC.std() > 10
    with StreamServer(film, port=server.port):
        while len(lines) < 2:  # frames of the first connection may still wait to be seen
            times_s += some_frames(camera, 1)[0]
        times_s += some_frames(camera, 5)[0]
        assert camera.note == ""
        camera.close()
    assert lines[0] == f"{server.address}: the stream ended; waiting for it to come back"
    assert lines[1].startswith(f"{server.address}: back after ")
    assert np.all(np.diff(times_s) > 0) and not camera._thread.is_alive()


def test_the_pictures_of_a_multipart_stream():
    pictures = [np.full((48, 64, 3), (40 * i % 256, 0, 200), np.uint8) for i in range(12)]
    server = StreamServer(mjpeg(pictures), kind="multipart/x-mixed-replace; boundary=frame")
    with server, Camera(server.address, **QUICK) as camera:
        times_s, rgb_HWC = some_frames(camera, 4)
    assert rgb_HWC.shape == (48, 64, 3) and rgb_HWC[..., 2].mean() == pytest.approx(200, abs=6)
    assert rgb_HWC[..., 1].mean() < 12 and np.all(np.diff(times_s) > 0)


def test_a_camera_that_speaks_rtsp(example_video):
    with RtspServer(example_video) as server, Camera(server.address, **QUICK) as camera:
        times_s, rgb_HWC = some_frames(camera, 20)
    assert rgb_HWC.shape == (240, 320, 3) and rgb_HWC.std() > 10 and np.all(np.diff(times_s) > 0)


def test_name_and_password(film):
    with StreamServer(film, login="me:word") as server:
        address = server.address.replace("//", "//me:word@")
        with Camera(address, **QUICK) as camera:
            assert camera.name == f"http://***@127.0.0.1:{server.port}/live"
            some_frames(camera, 2)


@pytest.mark.parametrize("exceptions", ["127.0.0.2", ""])
def test_a_camera_nearby_is_reached_without_the_proxy(exceptions, film, free_port, monkeypatch):
    """Before and after a landmarker, which sends the process's https nowhere."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port}")
    monkeypatch.setenv("https_proxy", "")
    monkeypatch.setenv("no_proxy", exceptions)
    with StreamServer(film) as server:
        for _ in range(2):
            with Camera(server.address, **QUICK) as camera:
                some_frames(camera, 1)
            send_https_nowhere()
    assert exceptions in os.environ["no_proxy"]


@pytest.mark.parametrize(
    ("server", "path", "says"),
    [
        ({"login": "me:other"}, "/live?token=word", "refused; write NAME:PASSWORD@"),
        ({}, "/elsewhere?token=word", "no stream of this path"),
        ({"silent": True}, "/live?token=word", "no answer in 1 s"),
        ({"film": [(0.0, b"no picture at all " * 999)]}, "/live?token=word", "video stream"),
        ({"redirect": (ROOT / "assets" / "example.mp4").as_uri()}, "/live?token=word", "cannot be reached"),
        ({"redirect": "concat:/etc/passwd|/etc/hosts"}, "/live?token=word", "cannot be reached"),
    ],
)
def test_streams_that_cannot_be_had_are_told_in_one_sentence(server, path, says):
    open_s = 1.0 if "silent" in server else PATIENT_S
    with StreamServer(server.get("film", []), **{k: v for k, v in server.items() if k != "film"}) as there:
        address = f"http://me:word@127.0.0.1:{there.port}{path}"
        with Camera(address, open_s=open_s) as camera, pytest.raises(CameraError, match=says) as caught:
            next(camera.frames())
    assert str(caught.value).startswith(f"http://***@127.0.0.1:{there.port}/")
    assert "word" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_playlist_is_not_followed(example_video):
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{example_video.as_uri()}\n#EXT-X-ENDLIST\n"
    server = StreamServer([(0.0, playlist.encode())], kind="application/vnd.apple.mpegurl")
    with server, Camera(server.address, open_s=PATIENT_S) as camera, pytest.raises(CameraError, match="video stream"):
        next(camera.frames())


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("http://cam/live.m3u8", "HLS"),
        ("https://me:word@cam/LIVE.M3U8?token=word", "HLS"),
        ("http://cam/live.mpd#word", "DASH"),
    ],
)
def test_playlists_are_refused_by_name(address, kind):
    with pytest.raises(CameraError, match=rf"a playlist \({kind}\) is not opened; give the camera's RTSP") as caught:
        check_address(address)
    assert "word" not in str(caught.value)


def test_a_playlist_behind_another_name_is_told():
    server = StreamServer([(0.0, b'<?xml version="1.0"?>\n<MPD></MPD>\n')], kind="application/dash+xml")
    with server, Camera(server.address, open_s=PATIENT_S) as camera, pytest.raises(CameraError, match="HLS or DASH"):
        next(camera.frames())


def test_what_opening_a_stream_may_touch(monkeypatch):
    """FFmpeg has more than one guard between a stream and a file; this one must not be lost behind the others."""
    import av

    asked = {}
    monkeypatch.setattr(av, "open", lambda address, **kwargs: asked.update(kwargs) or container())
    container = lambda: SimpleNamespace(streams=SimpleNamespace(video=[]), close=lambda: None)  # noqa: E731
    with pytest.raises(CameraError, match="no picture"):
        next(network_frames("rtsp://cam/1", lambda: 0.0, 3.0, 2.0))
    allowed = asked["options"]["protocol_whitelist"].split(",")
    assert sorted(allowed) == sorted(["rtsp", "rtsps", "rtmp", "http", "https", "tcp", "udp", "tls", "rtp"])
    kinds = asked["options"]["format_whitelist"].split(",")
    assert not {"hls", "concat", "dash", "lavfi", "image2", "sdp", "imf"} & set(kinds) and "mpegts" in kinds
    assert asked["options"]["codec_whitelist"] == ONLY_THESE["codec_whitelist"]
    assert asked["timeout"] == (3.0, 2.0)


def test_a_refused_address_prints_its_password_nowhere(free_port):
    program = (
        "import logging, sys; logging.basicConfig(level=0)\n"
        "from app.sources.camera import Camera, CameraError\n"
        "with Camera(sys.argv[1], open_s=60) as camera:\n"
        "    try: next(camera.frames())\n"
        "    except CameraError as error: print(error)\n"
        "    next(camera.frames())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, f"http://me:s3cret@127.0.0.1:{free_port}/live?pass=s3cret"],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    address = f"http://***@127.0.0.1:{free_port}/live?***"
    assert done.stdout.startswith(f"{address}: refused; nothing listens there") and "s3cret" not in done.stdout
    assert done.returncode == 1 and "CameraError" in done.stderr and "s3cret" not in done.stderr


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "/etc/passwd", "concat:a|b", "subfile,,start,0,end,0,,:/etc/passwd", "data://text", "rtsp://",
     "pipe:0", "crypto+http://cam", "http:///\n", "FILE://x", "0"],
)  # fmt: skip
def test_addresses_that_are_no_network_camera(address):
    with pytest.raises(CameraError, match="a camera is a number, or an address"):
        check_address(address)
    if address != "0":
        with pytest.raises(CameraError):
            Camera(address)


STEADY = np.arange(200) / 25


def left(arrived_T, sent_T, trusted=True):
    sent_times = SentTimes(trusted)
    return np.array([sent_times(a, s) for a, s in zip(arrived_T.tolist(), sent_T.tolist())])


def test_a_steady_stream_left_when_it_arrived():
    np.testing.assert_allclose(left(STEADY + 100, STEADY + 7), STEADY + 100, atol=1e-9)


def test_what_waited_in_a_queue_is_older_than_its_arrival():
    late_T = np.where((STEADY > 3) & (STEADY < 4), 4 - STEADY, 0)  # one second is held back and comes at once
    left_T = left(STEADY + late_T + 100, STEADY)
    np.testing.assert_allclose(left_T, STEADY + 100, atol=0.01)
    assert (STEADY + late_T + 100 - left_T).max() > LATE_S


def test_jitter_is_taken_out():
    jitter_T = np.random.default_rng(0).uniform(0, 0.08, len(STEADY))
    left_T = left(STEADY + jitter_T, STEADY)
    assert np.diff(left_T)[20:].std() < 0.01 < np.diff(STEADY + jitter_T)[20:].std()


@pytest.mark.parametrize(
    "sent_T",
    [
        STEADY * 0.6,  # a sender whose clock runs slow
        np.where(STEADY < 4, STEADY, STEADY - 3),  # one that stood for a while, or started again
        np.where(STEADY < 4, STEADY, STEADY - 1e6),
        STEADY * 3,  # a file that is sent faster than it plays
    ],
)
def test_a_sender_with_a_wrong_clock_does_not_stop_the_pictures(sent_T):
    late_T = STEADY - left(STEADY, sent_T)
    assert late_T.min() >= 0 and late_T[-50:].max() < 1e-6


def test_a_stream_without_a_clock_is_stamped_as_it_arrives():
    assert np.array_equal(left(STEADY, STEADY * 0.5, trusted=False), STEADY)
    assert SentTimes(True)(5.0, None) == 5.0


def test_two_clocks_that_drift_apart_for_an_hour():
    arrived_T = np.arange(0, 3600, 0.2)
    late_T = arrived_T - left(arrived_T, arrived_T * (1 - 1e-4))
    assert late_T.max() < 0.01


def test_pictures_that_wait_too_long_are_not_decoded_until_the_next_whole_one():
    """Two seconds are held back, then come at once; every 25th picture is whole, the others build on those before."""
    arrivals = iter([i / 25 if i < 100 else max(i / 25, 6.0) for i in range(200)])
    decoded = []
    codec = SimpleNamespace(decode=lambda packet: decoded.append(packet.dts) or [packet.dts])
    packets = [SimpleNamespace(dts=i, pts=i, time_base=1 / 25, is_keyframe=i % 25 == 0) for i in range(200)]
    container = SimpleNamespace(format=SimpleNamespace(name="mpegts"), demux=lambda stream: iter(packets))
    frames = list(_decoded(container, SimpleNamespace(codec_context=codec), lambda: next(arrivals)))
    assert decoded == [*range(100), *range(150, 200)]  # 138 to 149 are fresh, but build on what was left out
    assert [frame for _, frame in frames if frame is not None] == decoded and len(frames) == 200
