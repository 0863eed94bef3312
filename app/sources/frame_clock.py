"""The times of a file's frames: increasing, and on the clock by which a player shows the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import VideoFrame, VideoStream
    from av.container import InputContainer

LONGEST_GAP_S = 86_400.0  # between two frames; a camera that films what moves may rest for hours
# Containers whose own clock begins at 0, also where every stream begins later. The clock of the others begins with
# their first stream, of sound or pictures, wherever it stands then.
_FROM_ZERO = frozenset(("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"))
_CUT_OUT_S = 60.0  # but where all begins later than this, the file is a piece of a longer recording
_LONGEST_LEAD_S = 3600.0  # of the sound before the picture; more is a mistake of the file
_NO_TIMES_SHOWN = "avi"  # it knows when a frame is decoded, not when it is shown; what FFmpeg makes of that goes astray
_USUAL_STEP_S = 1 / 30
_LONGEST_STEP_S, _MOST_FPS = 86_400.0, 1000


class FrameClock:
    """A clock that makes strictly increasing times from those that a file claims.

    A missing or repeated time is guessed from the frame rate. After a jump back of over a second (two recordings put
    together) or ahead of over a day (a damaged table), times go on from where the frames before ended.

    Args:
        step_s: usual time between two frames, seconds.
        start_s: time of the first frame, seconds.
    """

    def __init__(self, step_s: float, start_s: float = 0.0) -> None:
        self._step_s, self._start_s = step_s, start_s
        self._last_s: float | None = None
        self._offset_s = 0.0
        self._guesses = 0  # in a row

    def __call__(self, claimed_s: float | None) -> float:
        """Return the time of the next frame in seconds.

        Args:
            claimed_s: what the file says, on any clock; None if it says nothing.
        """
        if self._last_s is None:
            self._offset_s = self._start_s - (claimed_s or 0.0)
            self._last_s = self._start_s
            return self._start_s
        time_s = None if claimed_s is None else claimed_s + self._offset_s
        if time_s is not None and time_s > self._last_s + LONGEST_GAP_S:
            time_s, leap_s = self._last_s + self._step_s, time_s
            self._offset_s += time_s - leap_s
        if time_s is None or time_s <= self._last_s:
            # Half a step fits between two good times when one frame in a pair is stamped like the other.
            self._guesses += 1
            guess_s = self._last_s + self._step_s * (0.5 if self._guesses == 1 and claimed_s is not None else 1.0)
            if time_s is not None and time_s < self._last_s - 1.0:
                self._offset_s += guess_s - time_s
            time_s = guess_s
        else:
            self._guesses = 0
        self._last_s = time_s
        return time_s


def step_of(stream: VideoStream) -> float:
    """Return the usual time between two frames of a stream, seconds.

    A camera that films only what moves has few frames on average, close to each other: below one a second, the rate in
    which all of its times can be counted is asked.
    """
    for rate, least in ((stream.average_rate, 1.0), (stream.guessed_rate, 1 / _LONGEST_STEP_S)):
        if rate and least <= rate <= _MOST_FPS:
            return float(1 / rate)
    return _USUAL_STEP_S


def claimed_time(container: InputContainer, stream: VideoStream, frame: VideoFrame) -> float | None:
    """Return when the container says that a frame is shown, on a clock of its own; None if it does not say."""
    ticks = frame.dts if container.format.name == _NO_TIMES_SHOWN else frame.pts
    base = frame.time_base or stream.time_base  # what a decoder held to the end comes without a base
    return None if ticks is None or base is None else float(ticks * base)


def start_of(container: InputContainer, shown_s: float | None, first_decoded_s: float | None) -> float:
    """Return when a player shows the first frame: seconds from the start of the file, 0 if it does not say.

    Args:
        container: the file.
        shown_s: claimed time of the first frame.
        first_decoded_s: when the first packet of pictures is to be decoded, on the container's clock.
    """
    if container.format.name == _NO_TIMES_SHOWN:
        shown_s = first_decoded_s
    if shown_s is None or container.start_time is None:  # a bare stream, whose times FFmpeg makes up
        return 0.0
    start_s = shown_s - clock_start(container)
    return start_s if 0 < start_s <= _LONGEST_LEAD_S else 0.0


def clock_start(container: InputContainer) -> float:
    """Return the moment on the container's clock at which a player's clock is 0, seconds."""
    start_s = (container.start_time or 0) / 1e6
    return 0.0 if container.format.name in _FROM_ZERO and start_s <= _CUT_OUT_S else start_s


def claimed_end(container: InputContainer) -> float | None:
    """Return when a file ends by what its container claims, on a player's clock; None if it claims nothing."""
    if not container.duration:
        return None
    end_s, start_s = container.duration / 1e6, clock_start(container)
    counts_from_zero = container.format.name in _FROM_ZERO and end_s > start_s
    return end_s - start_s if counts_from_zero else end_s
