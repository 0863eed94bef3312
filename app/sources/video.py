"""The frames of a video file with their times, one at a time, from any phone, screen recorder or camera.

Shapes: H rows, W columns, C colours (3, red green blue).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from app.sources.codecs import ONLY_THESE, REMEDY, refusal
from app.sources.frames import MOST_PIXELS, upright_rgb

if TYPE_CHECKING:
    from av import Packet, VideoFrame, VideoStream
    from av.container import InputContainer

VIDEO_SUFFIXES = frozenset(
    (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".mts", ".m2ts", ".ts", ".3gp", ".3g2", ".flv")
    + (".wmv", ".asf", ".ogv", ".gif")
)
LONGEST_GAP_S = 86_400.0  # between two frames; a camera that films what moves may rest for hours
# Containers of pictures and sound only: a playlist (hls, concat, dash ...) named .mp4 could pull in other files.
_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,gif,h264,hevc,mjpeg,m4v,"
    "mp3,wav,aac,flac,amr,aiff"
)


class VideoError(ValueError):
    """The reason why a video cannot be read, as one sentence for the user."""


class _Clock:
    """A clock that makes strictly increasing times from those that a file claims.

    A missing or repeated time is guessed from the frame rate. After a jump back of over a second (two recordings put
    together) or ahead of over a day (a damaged table), times go on from where the frames before ended. Time 0 is the
    first frame.
    """

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._last_s: float | None = None
        self._offset_s = 0.0
        self._guesses = 0  # in a row

    def __call__(self, claimed_s: float | None) -> float:
        if self._last_s is None:
            self._offset_s = -(claimed_s or 0.0)
            self._last_s = 0.0
            return 0.0
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


class VideoReader:
    """A reader of one video file, to be iterated once: `for time_s, rgb_HWC in reader`.

    It holds one frame at a time.

    Args:
        path: the file.
        threads: most threads of the decoder; None lets it choose.

    Attributes:
        path: the file.
        claimed_s: duration that the file claims, seconds; None if it claims none.
        frames: frames read so far.
        last_s: time of the newest frame read.
        note: faults that did not keep the file from being read, "" if there are none; complete after the last frame.

    Raises:
        VideoError: the file is missing, empty or corrupt, has no video stream or a codec that is not opened here, or
            (while iterating) has no frame.
    """

    def __init__(self, path: str | Path, threads: int | None = None) -> None:
        self.path = Path(path)
        self.frames, self.last_s, self.note = 0, 0.0, ""
        self._container = _open(self.path)
        try:
            self._stream = _picture_stream(self._container, self.path)
        except VideoError:
            self._container.close()
            raise
        self._stream.thread_type = "AUTO"
        if threads is not None:
            self._stream.codec_context.thread_count = threads
        self.claimed_s = self._claimed_duration()

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._container.close()

    def _claimed_duration(self) -> float | None:
        stream = self._stream
        if stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        return self._container.duration / 1e6 if self._container.duration else None

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        """Yield (time in seconds from the first frame, strictly increasing; (H, W, 3) uint8 contiguous)."""
        from av.video.reformatter import VideoReformatter

        rate = self._stream.average_rate or self._stream.guessed_rate
        step_s = float(1 / rate) if rate and 1 <= rate <= 1000 else 1 / 30
        clock, reformatter, damaged = _Clock(step_s), VideoReformatter(), [0]
        for frame in _decode(self._container, self._stream, damaged):
            time_s = clock(None if frame.pts is None or frame.time_base is None else float(frame.pts * frame.time_base))
            rgb_HWC = upright_rgb(frame, reformatter, self._stream.sample_aspect_ratio)
            self.frames, self.last_s = self.frames + 1, time_s
            yield time_s, rgb_HWC
        if not self.frames:
            raise VideoError(f"{self.path.name}: no picture in it can be decoded; is the file damaged?")
        end_s = self.last_s + step_s
        if self.claimed_s and end_s < self.claimed_s - max(0.5, 3 * step_s):
            self.note = f"the file ends early: {end_s:.1f} of {self.claimed_s:.1f} s could be read"
        elif damaged[0]:
            self.note = f"damaged in {damaged[0]} places"


def _open(path: Path) -> InputContainer:
    import av

    try:
        size = path.stat().st_size
    except OSError:
        raise VideoError(f"{path.name}: there is no such file, or it may not be read") from None
    if not path.is_file():  # a pipe or a device could block for ever
        raise VideoError(f"{path.name}: this is not a file")
    if size == 0:
        raise VideoError(f"{path.name}: the file is empty (0 bytes)")
    options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file", **ONLY_THESE}
    try:
        # An absolute path is never taken for a web address or a capture device.
        return av.open(str(path.absolute()), options=options)
    except PermissionError:
        raise VideoError(f"{path.name}: there is no such file, or it may not be read") from None
    except (av.FFmpegError, OSError, ValueError):
        raise VideoError(f"{path.name}: not a readable video (damaged, cut short, or of another kind)") from None


def _picture_stream(container: InputContainer, path: Path) -> VideoStream:
    from av.stream import Disposition

    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]  # album covers
    if not streams:
        holds_sound = bool(container.streams.audio)
        raise VideoError(f"{path.name}: " + ("only sound in it, no picture" if holds_sound else "no video in it"))
    stream = streams[0]
    if stream.codec_context is None:
        raise VideoError(f"{path.name}: its video format is not known here; convert it to H.264 (mp4)")
    if refused := refusal(stream.codec_context.codec):
        raise VideoError(f"{path.name}: {refused}; {REMEDY}")
    stream.codec_context.options = dict(ONLY_THESE)
    if stream.codec_context.width * stream.codec_context.height > MOST_PIXELS:
        raise VideoError(f"{path.name}: its pictures are too large; scale the video down first")
    return stream


def _decode(container: InputContainer, stream: VideoStream, damaged: list[int]) -> Iterator[VideoFrame]:
    """Yield the frames that can be decoded, and count the others in `damaged[0]`."""
    import av

    packets = container.demux(stream)
    while True:
        try:
            packet: Packet[VideoStream] | None = next(packets)
        except StopIteration:
            return
        except (av.FFmpegError, OSError):  # reading stops here, the decoder may still hold frames
            damaged[0] += 1
            packet = None
        try:
            yield from stream.codec_context.decode(packet)
        except EOFError:
            return
        except av.FFmpegError:
            damaged[0] += 1
        if packet is None:
            return
