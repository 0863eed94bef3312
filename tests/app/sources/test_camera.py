"""The newest frame always, whatever the consumer's pace; a camera that goes is found again, or said to be gone."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from app.benchmark.camera import main as bench
from app.sources.camera import Camera, camera_name, camera_source
from app.sources.frames import CameraError

PERIOD_S = 1 / 30


def picture(i: int) -> np.ndarray:
    return np.full((2, 2, 3), i % 256, np.uint8)


class SteppedCamera:
    """30 frames a second on a clock of its own; it stands still between two calls of `advance`."""

    def __init__(self) -> None:
        self.now_s, self.given = 0.0, 0
        self._due, self._kept, self.over = threading.Semaphore(0), threading.Semaphore(0), False

    def clock(self) -> float:
        return self.now_s

    def __call__(self):
        while True:
            self._due.acquire()
            if self.over:
                return
            yield picture(self.given)
            self._kept.release()  # the reader wants the next frame, so it has kept this one

    def advance(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while (self.given + 1) * PERIOD_S <= end_s + 1e-9:
            self.given += 1
            self.now_s = self.given * PERIOD_S
            self._due.release()
            assert self._kept.acquire(timeout=20)
        self.now_s = end_s

    def end(self) -> None:
        self.over = True
        self._due.release()


@pytest.mark.parametrize("periods", [1.0, 4.0, 4.3, 11.7])
def test_a_slow_consumer_answers_the_newest_frame_and_its_age_is_bounded(periods):
    source, work_s, ages_s, times_s = SteppedCamera(), periods * PERIOD_S, [], []
    with Camera(source, clock=source.clock) as camera:
        source.advance(PERIOD_S)
        for time_s, rgb_HWC in camera.frames():
            assert rgb_HWC[0, 0, 0] == source.given % 256  # none is newer
            assert camera.age_s(time_s) < PERIOD_S
            source.advance(work_s)
            ages_s.append(camera.age_s(time_s))
            times_s.append(time_s)
            if len(ages_s) == 100:
                break
        assert max(ages_s) < work_s + PERIOD_S  # a queue would be 300 periods behind by now
        assert np.all(np.diff(times_s) > 0)
        assert camera.read == source.given and camera.dropped >= (periods - 1) * 99 - 1
        source.end()


def test_times_increase_even_where_the_clock_stands():
    wanted = threading.Semaphore(1)

    def frames():
        for i in range(5):
            assert wanted.acquire(timeout=20)
            yield picture(i)

    times_s = []
    with Camera(frames, clock=lambda: 7.0) as camera:
        for time_s, _ in camera.frames():
            times_s.append(time_s)
            wanted.release()
    assert len(times_s) == 5 and times_s[0] == 0 and np.all(np.diff(times_s) > 0)


def test_frames_to_be_read_once_end():
    with Camera([picture(i) for i in range(10)]) as camera:
        numbers = [int(rgb_HWC[0, 0, 0]) for _, rgb_HWC in camera.frames()]
        assert numbers[-1] == 9 and numbers == sorted(set(numbers))
        assert camera.read == 10 and camera.dropped == 10 - len(numbers)


class Unplugged:
    """A camera that is there for `there` frames, then gone for `gone` tries, then there for good."""

    def __init__(self, there: int, gone: int) -> None:
        self.there, self.gone, self.opened, self.ready = there, gone, 0, threading.Semaphore(0)

    def __call__(self):
        self.opened += 1
        if 1 < self.opened <= 1 + self.gone:
            raise CameraError("camera 0: no such camera")
        i = 0
        while self.opened > 1 or i < self.there:
            self.ready.acquire(timeout=20)
            yield picture(i)
            i += 1
        raise CameraError("camera 0: is it unplugged?")


def test_a_camera_that_comes_back():
    source, lines, times_s = Unplugged(there=3, gone=2), [], []
    with Camera(source, retry_s=0.01, say=lines.append) as camera:
        source.ready.release()
        for time_s, _ in camera.frames():
            times_s.append(time_s)
            if len(times_s) == 6:
                break
            source.ready.release()
        source.ready.release()
        assert camera.note == "" and source.opened == 4
    assert np.all(np.diff(times_s) > 0)
    assert len(lines) == 2
    assert lines[0].startswith("camera 0: is it unplugged?; waiting") and lines[1].startswith("camera: back after ")


def test_a_camera_that_does_not_come_back_is_given_up_when_asked():
    source = Unplugged(there=1, gone=10**6)
    source.ready.release()
    with Camera(source, retry_s=0.01, give_up_s=0.1) as camera:
        frames = camera.frames()
        next(frames)
        with pytest.raises(CameraError, match=r"camera: given up after .* without a picture"):
            next(frames)
        assert camera.note.startswith("camera 0: ")


def test_what_never_worked_is_told_at_once_and_not_tried_again():
    calls = []

    def missing():
        calls.append(1)
        raise CameraError("camera 9: no such camera")
        yield

    with Camera(missing) as camera, pytest.raises(CameraError, match="camera 9: no such camera"):
        next(camera.frames())
    assert len(calls) == 1 and camera.read == 0


def test_a_driver_s_own_error_reaches_the_consumer():
    def broken():
        yield picture(0)
        raise RuntimeError("rtsp://name:secret@host")

    with Camera(broken) as camera, pytest.raises(CameraError, match="failed .RuntimeError.") as caught:
        for _ in camera.frames():
            pass
    assert "secret" not in str(caught.value)


def silent(first: int, hold: threading.Event):
    def frames():
        yield from (picture(i) for i in range(first))
        hold.wait(20)

    return frames


def test_a_camera_without_a_first_picture():
    hold = threading.Event()
    with Camera(silent(0, hold), open_s=0.02, silent_s=0.02) as camera:
        with pytest.raises(CameraError, match="camera: no picture in "):
            next(camera.frames())
        hold.set()


def test_a_camera_that_falls_silent_is_said_to_be_lost():
    hold, said = threading.Event(), []

    def say(line: str) -> None:
        said.append(line)
        hold.set()  # the camera ends, and with it the loop below

    with Camera(silent(1, hold), silent_s=0.02, say=say) as camera:
        assert len(list(camera.frames())) == 1
    (line,) = said
    assert line.startswith("camera: no picture for ") and line.endswith("waiting for it to come back")


def test_close_from_another_thread_ends_the_loop_and_leaves_no_thread():
    before, closed = set(threading.enumerate()), threading.Event()

    def endless():
        try:
            i = 0
            while not closed.wait(0.001):
                yield picture(i)
                i += 1
        finally:
            closed.set()  # the reader must let go of the camera

    camera = Camera(endless)
    seen = 0
    for _ in camera.frames():
        seen += 1
        if seen == 3:
            closer = threading.Thread(target=camera.close)
            closer.start()
    closer.join(20)
    camera.close()
    assert seen >= 3 and closed.is_set() and set(threading.enumerate()) <= before
    assert list(camera.frames()) == []


def test_close_while_nothing_comes_ends_the_loop():
    hold = threading.Event()
    camera = Camera(silent(0, hold))

    def close():
        hold.set()
        camera.close()

    threading.Timer(0.05, close).start()
    assert list(camera.frames()) == []


@pytest.mark.parametrize("times", [{"give_up_s": -1}, {"silent_s": 0}, {"open_s": -1}, {"retry_s": 0}])
def test_times_that_make_no_sense(times):
    with pytest.raises(ValueError, match="positive"):
        Camera([], **times)


@pytest.mark.parametrize(
    ("text", "expected"), [("0", 0), ("12", 12), ("rtsp://cam/1", "rtsp://cam/1"), ("udp://@:5000", "udp://@:5000")]
)
def test_cameras_as_users_name_them(text, expected):
    assert camera_source(text) == expected


@pytest.mark.parametrize(
    "text", ["", "-1", "1000", "webcam", "/dev/video0", "file:///etc/passwd", "concat:a|b", "http://"]
)
def test_what_is_no_camera(text):
    with pytest.raises(CameraError, match="a camera is a number, or an address"):
        camera_source(text)


def test_names_of_cameras():
    assert camera_name(3) == "camera 3" and camera_name([]) == "camera"
    assert camera_name("rtsp://me:word@host/1") == "rtsp://***@host/1"


def test_the_benchmark_measures_ages(capsys):
    bench(["--fps", "200", "--overload", "4", "--seconds", "0.2"])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    (row,) = [row for row in rows if row[:2] == ["200", "fps"]]
    work_ms, taken_p50, answer_p50 = float(row[5]), float(row[6]), float(row[8])
    assert work_ms == 20.0 and answer_p50 > taken_p50 >= 0 and int(row[4]) > 0
    with pytest.raises(SystemExit):
        bench(["--fps", "0"])
