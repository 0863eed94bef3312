"""The newest frame of a live camera.

A thread reads the camera, keeps its newest frame, and opens it again after a loss.

A consumer that is slower than the camera gets fewer frames, never older ones. The age of its answer is at most the time
between two frames and its own work on one.

Shapes: H rows, W columns, C colours (3, red green blue).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from types import TracebackType

import numpy as np

from app.sources.frames import CameraError, Frames
from models.system.addresses import masked

Source = int | str | Iterable[np.ndarray] | Callable[[], Iterator[np.ndarray]]

OPEN_S = 10.0  # time to open a camera; network cameras take some seconds
SILENT_S = 5.0
LONGEST_RETRY_S = 8.0
_TICK_S = 1e-3  # least time between two frames; the pose landmarker counts milliseconds


def camera_source(text: str) -> int | str:
    """Return the camera that the user names: a number ("0" is this machine's first) or the address of a stream.

    Raises:
        CameraError: the text is neither.
    """
    if text.isascii() and text.isdigit() and len(text) < 4:
        return int(text)
    from app.sources.camera_network import check_address

    scheme, found, rest = text.partition("://")
    text = scheme.lower() + found + rest  # as FFmpeg knows it
    check_address(text)
    return text


def camera_name(source: Source) -> str:
    """Return a camera's name for display, without the user name and password that its address may contain."""
    if isinstance(source, int):
        return f"camera {source}"
    return masked(source) if isinstance(source, str) else "camera"


class Camera:
    """A live camera that always gives its newest frame, for one consumer; a context manager.

    Args:
        source: the number of a camera of this machine, the address of a stream (app.sources.camera_network), frames
            (H, W, 3) to be read once, or a function that yields such frames anew each time the camera is opened and
            raises CameraError if it is gone.
        give_up_s: seconds without a frame after which a lost camera is given up; None looks for it until `close`.
        silent_s: seconds without a frame after which the camera counts as lost.
        open_s: seconds that opening may take.
        retry_s: seconds before the first try to open it again; each further wait is twice as long, up to 8 s.
        say: called with one line when the camera is lost and when it is back, in the reading thread or in `frames`.
        clock: a monotonic clock, seconds.

    Attributes:
        name: the camera in words, safe to show.
        read: frames that the camera gave so far.
        dropped: frames that the consumer never got because a newer one came first.
        note: what is wrong at the moment ("camera 0: ..."), "" while frames come.
    """

    def __init__(
        self,
        source: Source,
        *,
        give_up_s: float | None = None,
        silent_s: float = SILENT_S,
        open_s: float = OPEN_S,
        retry_s: float = 0.5,
        say: Callable[[str], None] = lambda line: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not (silent_s > 0 and open_s > 0 and retry_s > 0 and (give_up_s is None or give_up_s >= 0)):
            raise ValueError("a camera's times must be positive seconds")
        self.name = camera_name(source)
        self.read, self.dropped, self.note = 0, 0, ""
        self._open = _opener(source, clock, open_s, silent_s)
        self._give_up_s, self._silent_s, self._retry_s = give_up_s, silent_s, retry_s
        self._say, self._clock = say, clock
        self._first_s = open_s + silent_s  # how long to wait for the first frame
        self._start_s = self._heard_s = clock()
        self._last_s = -1.0  # time of the newest frame
        self._newest: tuple[float, np.ndarray] | None = None  # the newest frame, while nobody has seen it
        self._error: CameraError | None = None
        self._over = False
        self._closed = threading.Event()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def __enter__(self) -> Camera:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading, end `frames` and free the camera.

        It may be called from any thread, and a second call does nothing.

        Returns at once while frames come; reading a silent camera ends within `silent_s` seconds, opening one within
        `open_s`.
        """
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join(self._first_s + 1.0)  # longer only if a driver hangs

    def age_s(self, time_s: float) -> float:
        """Return the seconds since the frame of `time_s` was captured."""
        return max(0.0, self._clock() - self._start_s - time_s)

    def frames(self) -> Iterator[tuple[float, np.ndarray]]:
        """Yield each newest frame once: (seconds from the start at capture, strictly increasing; (H, W, 3) uint8).

        It waits while the camera is lost. It ends when the camera is closed, or when frames to be read once are all
        read.

        Raises:
            CameraError: the camera cannot be opened, gives no frame, or was lost for longer than `give_up_s`.
        """
        while (frame := self._take()) is not None:
            yield frame

    def _take(self) -> tuple[float, np.ndarray] | None:
        while not self._closed.is_set():
            with self._changed:
                if self._newest is not None:
                    frame, self._newest = self._newest, None
                    return frame
                if self._error is not None:
                    raise self._error
                if self._over:
                    return None
                self._changed.wait(self._patience_s())
                silence = self._silence()
            if silence:
                self._lose(silence)
        return None

    def _patience_s(self) -> float | None:
        """Return how long to wait before checking whether the camera has been silent for too long; None for ever."""
        limits = [] if self.note else [self._silent_s if self.read else self._first_s]
        limits += [self._give_up_s] if self._give_up_s is not None and self.read else []
        return max(0.0, self._heard_s + min(limits) - self._clock()) if limits else None

    def _silence(self) -> str:
        """Return why the camera counts as lost from now on, or "" while it does not.

        If it is silent for too long, this ends the reading.
        """
        if self._newest is not None or self._error is not None or self._over:
            return ""
        silent_s = self._clock() - self._heard_s
        if not self.read and silent_s >= self._first_s:
            self._error = CameraError(f"{self.name}: no picture in {silent_s:.0f} s")
        elif self.read and self._give_up_s is not None and silent_s >= self._give_up_s:
            self._error = CameraError(f"{self.name}: given up after {silent_s:.0f} s without a picture")
        elif self.read and silent_s >= self._silent_s and not self.note:
            return f"{self.name}: no picture for {silent_s:.0f} s"
        return ""

    def _run(self) -> None:
        """Run the reading thread: open the camera and read, again after each loss."""
        try:
            wait_s = self._retry_s
            while not self._closed.is_set():
                read = self.read
                try:
                    self._read()
                    return
                except CameraError as error:
                    if not self.read:  # it never worked, so the address or the number is wrong
                        raise
                    self._lose(str(error))
                wait_s = self._retry_s if self.read > read else min(2 * wait_s, LONGEST_RETRY_S)
                self._closed.wait(wait_s)
        except CameraError as error:
            self._error = error
        except Exception as error:  # whatever a driver raises must reach the consumer, not die in this thread
            self._error = CameraError(f"{self.name}: reading it failed ({type(error).__name__})")
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _read(self) -> None:
        """Keep the newest frame until the source ends, is lost (CameraError) or `close` is called."""
        with closing(self._open()) as frames:
            for captured_s, rgb_HWC in frames:
                if self._closed.is_set():
                    return
                self._keep(captured_s, rgb_HWC)

    def _keep(self, captured_s: float, rgb_HWC: np.ndarray) -> None:
        with self._changed:
            time_s = max(captured_s - self._start_s, self._last_s + _TICK_S)
            away_s, self._heard_s = self._clock() - self._heard_s, self._clock()
            self.read += 1
            self.dropped += self._newest is not None
            self._newest, self._last_s = (time_s, rgb_HWC), time_s
            was_lost, self.note = bool(self.note), ""
            self._changed.notify_all()
        if was_lost:
            self._say(f"{self.name}: back after {away_s:.0f} s")

    def _lose(self, reason: str) -> None:
        with self._changed:
            first, self.note = not self.note, reason
            self._changed.notify_all()
        if first and not self._closed.is_set():
            self._say(f"{reason}; waiting for it to come back")


def _opener(source: Source, clock: Callable[[], float], open_s: float, silent_s: float) -> Callable[[], Frames]:
    if isinstance(source, int):
        from app.sources.camera_device import device_frames

        return lambda: device_frames(source, clock)
    if isinstance(source, str):
        from app.sources.camera_network import check_address, network_frames

        check_address(source)
        return lambda: network_frames(source, clock, open_s, silent_s)
    make = source if callable(source) else lambda: iter(source)
    return lambda: _stamped(make(), clock)


def _stamped(frames: Iterator[np.ndarray], clock: Callable[[], float]) -> Frames:
    for rgb_HWC in frames:
        yield clock(), rgb_HWC
