"""The frames of a video file with their times, one at a time, from any phone, screen recorder or camera.

Shapes: H rows, W columns, C colours (3, red green blue).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from app.sources.codecs import DECODER_OPTIONS, ONLY_THESE, REMEDY, refusal
from app.sources.decoding import Decoding, TooLargeError
from app.sources.frame_clock import FrameClock, claimed_end, claimed_time, clock_start, start_of, step_of
from app.sources.frames import MOST_PIXELS, upright_rgb
from app.sources.streams import shown
from app.sources.unreadable import is_cut_short, why_unreadable

if TYPE_CHECKING:
    from av import VideoStream
    from av.container import InputContainer

# Containers of pictures and sound only: a playlist (hls, concat, dash ...) named .mp4 could pull in other files.
_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,gif,h264,hevc,mjpeg,m4v,"
    "mxf,yuv4mpegpipe,dhav,dv,ivf,mp3,wav,aac,flac,amr,aiff"
)
_SMALLER = "scale the video down first"


class VideoError(ValueError):
    """The reason why a video cannot be read, as one sentence for the user."""


class VideoReader:
    """A reader of one video file, to be iterated once: `for time_s, rgb_HWC in reader`.

    It holds one frame at a time.

    Args:
        path: the file.
        threads: most threads of the decoder; None lets it choose.

    Attributes:
        path: the file.
        claimed_s: when the pictures end by what the file claims, or else the whole file, seconds; None if it claims
            nothing.
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
        self.claimed_s = self._claimed_end()

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._container.close()

    def _claimed_end(self) -> float | None:
        """Return when the pictures end, or else when the whole file ends, on the clock of the times."""
        stream = self._stream
        if stream.duration is None or stream.time_base is None:
            return claimed_end(self._container)
        begin_s = None if stream.start_time is None else float(stream.start_time * stream.time_base)
        return start_of(self._container, begin_s, begin_s) + float(stream.duration * stream.time_base)

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        """Yield (time in seconds, strictly increasing; (H, W, 3) uint8 contiguous).

        Times are those of the file's own clock, as a player shows them: where the sound begins before the picture, the
        first frame is later than 0.
        """
        from av.video.reformatter import VideoReformatter

        step_s = last_long_s = step_of(self._stream)
        decoding, reformatter = Decoding(self._container, self._stream), VideoReformatter()
        clock: FrameClock | None = None
        try:
            for frame in decoding:
                claimed_s = claimed_time(self._container, self._stream, frame)
                if clock is None:
                    clock = FrameClock(step_s, start_of(self._container, claimed_s, decoding.first_decoded_s))
                time_s = clock(claimed_s)
                rgb_HWC = upright_rgb(frame, reformatter, self._stream.sample_aspect_ratio)
                self.frames, self.last_s = self.frames + 1, time_s
                last_long_s = float((frame.duration or 0) * (self._stream.time_base or 0)) or step_s
                yield time_s, rgb_HWC
        except TooLargeError as error:
            raise VideoError(f"{self.path.name}: its pictures are too large ({error}); {_SMALLER}") from None
        if not self.frames:
            cut = is_cut_short(self.path)
            why = why_unreadable(self.path) if cut else "no picture in it can be decoded; is the file damaged?"
            raise VideoError(f"{self.path.name}: {why}")
        self._say_faults(decoding, last_long_s, step_s)

    def _say_faults(self, decoding: Decoding, last_long_s: float, step_s: float) -> None:
        end_s = self.last_s + last_long_s
        if self._stream.duration is None:  # the claim is the whole file's, whose sound may go on
            end_s = max(end_s, decoding.reached_s - clock_start(self._container))
        if self.claimed_s and end_s < self.claimed_s - max(0.5, 3 * step_s):
            self.note = f"the file ends early: {end_s:.1f} of {self.claimed_s:.1f} s could be read"
        elif decoding.damaged:
            self.note = f"damaged in {decoding.damaged} places"


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
        raise VideoError(f"{path.name}: {why_unreadable(path)}") from None


def _picture_stream(container: InputContainer, path: Path) -> VideoStream:
    stream = shown(container.streams.video)
    if (stream is None or stream.codec_context is None) and is_cut_short(path):
        raise VideoError(f"{path.name}: {why_unreadable(path)}")
    if stream is None:
        holds_sound = bool(container.streams.audio)
        raise VideoError(f"{path.name}: " + ("only sound in it, no picture" if holds_sound else "no video in it"))
    if stream.codec_context is None:
        raise VideoError(f"{path.name}: its video format is not known here; convert it to H.264 (mp4)")
    if refused := refusal(stream.codec_context.codec):
        raise VideoError(f"{path.name}: {refused}; {REMEDY}")
    stream.codec_context.options = dict(DECODER_OPTIONS)
    if stream.codec_context.width * stream.codec_context.height > MOST_PIXELS:
        raise VideoError(f"{path.name}: its pictures are too large; {_SMALLER}")
    return stream
