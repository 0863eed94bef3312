"""The frames of one stream of a file, one at a time, and what is met on the way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from app.sources.frames import MOST_PIXELS

if TYPE_CHECKING:
    from av import Packet, VideoFrame, VideoStream
    from av.container import InputContainer


class TooLargeError(ValueError):
    """The error of a picture with more pixels than MOST_PIXELS."""


class Decoding:
    """The frames of a stream that can be decoded, to be iterated once.

    Args:
        container: the open file.
        stream: which of its streams.

    Attributes:
        damaged: places that could not be decoded so far.
        first_decoded_s: when the first packet of the stream is to be decoded, on the container's clock; None unknown.
        reached_s: latest end of anything read, of sound too, on the container's clock.
    """

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self._container, self._stream = container, stream
        self.damaged = 0
        self.first_decoded_s: float | None = None
        self.reached_s = -math.inf
        self._begun = False

    def __iter__(self) -> Iterator[VideoFrame]:
        """Yield the frames.

        Raises:
            TooLargeError: a frame is too large, also where those before it are not.
        """
        import av

        packets = self._packets()
        while True:
            packet: Packet[VideoStream] | None = next(packets, None)
            try:
                for frame in self._stream.codec_context.decode(packet):
                    _check(frame.width, frame.height)
                    yield frame
            except EOFError:
                return
            except (av.FFmpegError, MemoryError):
                _check(self._stream.codec_context.width, self._stream.codec_context.height)
                self.damaged += 1
            if packet is None:
                return

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        """Yield the packets of the stream; where reading stops, the decoder may still hold frames."""
        import av

        packets = self._container.demux()
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (av.FFmpegError, OSError):
                self.damaged += 1
                return
            if packet.pts is not None and packet.time_base is not None:
                self.reached_s = max(self.reached_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            if packet.stream.index != self._stream.index or (packet.dts is None and packet.size == 0):
                continue
            if not self._begun:
                self._begun = True
                if packet.dts is not None and packet.time_base is not None:
                    self.first_decoded_s = float(packet.dts * packet.time_base)
            yield packet  # type: ignore[misc]  # the stream says of what kind it is


def _check(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise TooLargeError(f"{width} x {height} pixels")
