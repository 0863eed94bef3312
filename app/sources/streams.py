"""The choice among the streams of a file or an address: the pictures that a player would show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import VideoStream

_SOME = 5  # from so many frames on, one stream is as much a film as another


def shown(streams: Iterable[VideoStream]) -> VideoStream | None:
    """Return the stream of pictures that a player would show, None if there is none.

    Album covers and thumbnails are none. A single picture counts only where there is nothing else. Of the others, the
    one with the default flag is shown; where several have it or none has, the one with frames, then the largest, as
    FFmpeg chooses too (ffmpeg's manual, "Automatic stream selection").
    """
    from av.stream import Disposition

    aside = Disposition.attached_pic | Disposition.timed_thumbnails
    return max((stream for stream in streams if not stream.disposition & aside), key=_rank, default=None)


def _rank(stream: VideoStream) -> tuple[bool, bool, bool, int, int, int]:
    from av.stream import Disposition

    context = stream.codec_context
    size = context.width * context.height if context is not None else 0
    frames = min(stream.frames or _SOME, _SOME)  # 0: the container does not count them
    still = frames == 1 or bool(stream.disposition & (Disposition.still_image | Disposition.dependent))
    default = bool(stream.disposition & Disposition.default)
    return context is not None, not still, default, frames, size, -stream.index
