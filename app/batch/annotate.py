"""A copy of a video with everybody's skeleton and current action drawn over it, in a form that browsers play.

Shapes: H rows, W columns, C colours (3, red green blue).
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping
from contextlib import suppress
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.batch.people import Followed
from app.types import POSE_CONNECTIONS, Pose
from models.skeleton import SEEN_FROM
from models.system.atomic import OutputError

if TYPE_CHECKING:
    import cv2
    from av import VideoStream
    from av.container import OutputContainer

# Without B-frames: with them and a variable frame rate, the muxer writes a duration that is far too short.
# Best first. Browsers play the first three in an mp4.
ENCODERS: dict[str, dict[str, str]] = {
    "libx264": {"preset": "veryfast", "crf": "23", "bf": "0"},
    "libopenh264": {"b": "4M"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "34", "b": "0"},
    "mpeg4": {"b": "8M"},
}
_PLAYED = ("libx264", "libopenh264", "libvpx-vp9")
_TICKS = 60_000  # ticks a second: a multiple of the usual rates that fits into 16 bits, as MPEG-4 requires
_COLOURS = ((64, 200, 255), (255, 176, 64), (120, 230, 120), (255, 120, 200))
_INK = (16, 16, 16)
_EARS, _SHOULDERS = (7, 8), (11, 12)


@cache
def encoder() -> str:
    """Return the name of the best encoder that this build of FFmpeg has.

    Raises:
        OutputError: it has none of those that are known here.
    """
    from av.codec import codecs_available

    for name in ENCODERS:
        if name in codecs_available:
            return name
    raise OutputError("this build of PyAV can write no video, so --annotate cannot be had")


def encoder_note() -> str:
    """Return what the user should know about the encoder, or "" if it is the preferred one."""
    name = encoder()
    if name == "libx264":
        return ""
    plays = "most browsers play it" if name in _PLAYED else "browsers may not play it, VLC does"
    return f"this build of PyAV has no libx264: annotated videos are written by {name}; {plays}"


class AnnotatedVideo:
    """A writer of an mp4 with the drawn frames, each at its own time.

    The file is complete only after `close`.

    Args:
        path: the file to write.
        words: what people are shown for a label.
        threads: most threads of the encoder; None lets it choose.

    Raises:
        OutputError: it cannot be written (also from `add` and `close`).
        ValueError: no mp4 can hold what was given (likewise).
    """

    def __init__(self, path: Path, words: Mapping[str, str], threads: int | None = None) -> None:
        self._path, self._words, self._threads = path, words, threads
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._first_s, self._last, self._frames = 0.0, -1, 0

    def add(self, time_s: float, rgb_HWC: np.ndarray, people: Iterable[Followed]) -> None:
        """Draw one frame and encode it.

        Args:
            time_s: seconds, later than the last frame's.
            rgb_HWC: (H, W, 3) uint8; it is drawn on. A later frame of another size is scaled to the first one's.
            people: who is to be drawn; those without a label get their skeleton alone.
        """
        import av

        draw(rgb_HWC, people, self._words)
        try:
            if self._stream is None:
                self._open(time_s, *rgb_HWC.shape[:2])
            container, stream = self._container, self._stream
            assert container is not None and stream is not None, "`close` comes last"
            frame = av.VideoFrame.from_ndarray(rgb_HWC, format="rgb24")
            frame = frame.reformat(stream.width, stream.height, format="yuv420p", dst_colorspace="ITU709")
            self._last = max(round((time_s - self._first_s) * _TICKS), self._last + 1)
            frame.pts, frame.time_base = self._last, Fraction(1, _TICKS)
            container.mux(stream.encode(frame))
            self._frames += 1
        except (av.FFmpegError, OSError) as error:
            raise self._failed(error) from None

    def _open(self, time_s: float, height: int, width: int) -> None:
        import av

        name = encoder()
        self._first_s = time_s
        self._container = av.open(str(self._path), "w", format="mp4", options={"movflags": "+faststart"})
        stream = self._container.add_stream(name, rate=30, options=ENCODERS[name])
        assert isinstance(stream, av.VideoStream)
        # 4:2:0 halves both sides
        stream.width, stream.height, stream.pix_fmt = max(2, width - width % 2), max(2, height - height % 2), "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, _TICKS)
        context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709
        if self._threads is not None:
            context.thread_count = self._threads
        self._stream = stream

    def close(self) -> None:
        """Write what the encoder holds and the index; a second call does nothing."""
        import av

        container, self._container = self._container, None
        if container is None or self._stream is None:
            return
        try:
            packets = self._stream.encode()
            if packets and self._frames > 1:  # the last frame lasts as long as the others on average
                packets[-1].duration = round(self._last / (self._frames - 1))
            container.mux(packets)
            container.close()
        except (av.FFmpegError, OSError) as error:
            raise self._failed(error) from None

    def discard(self) -> None:
        """Close the file without completing it; after `close` this does nothing."""
        import av

        container, self._container = self._container, None
        if container is not None:
            with suppress(av.FFmpegError, OSError):
                container.close()

    def _failed(self, error: Exception) -> Exception:
        if getattr(error, "errno", None) in (errno.EINVAL, errno.ERANGE):  # the fault is not the disk's
            return ValueError("it cannot be annotated: its times do not fit into an mp4")
        reason = getattr(error, "strerror", None) or str(error)
        return OutputError(f"cannot write {self._path.name}: {reason}; free some space or choose another --out")


def draw(rgb_HWC: np.ndarray, people: Iterable[Followed], words: Mapping[str, str]) -> None:
    """Draw people's skeletons and actions into a picture.

    If there are several people, their numbers are drawn too.
    """
    people = [person for person in people if person.pose is not None]
    for person in people:
        assert person.pose is not None
        colour = _COLOURS[person.number % len(_COLOURS)]
        _bones(rgb_HWC, person.pose, colour)
        text = words.get(person.label, person.label) if person.label is not None else ""
        text = text if person.count is None else f"{text} {person.count}"
        number = f"{person.number}" if len(people) > 1 else ""
        if text or number:
            _caption(rgb_HWC, person.pose, ": ".join(part for part in (number, text) if part), colour)


def _bones(rgb_HWC: np.ndarray, pose: Pose, colour: tuple[int, int, int]) -> None:
    import cv2

    height, width = rgb_HWC.shape[:2]
    # A landmark far outside would make a line of billions of pixels.
    xy_L2 = (pose.image_V3[:, :2].clip(-1, 2) * (width, height)).round().astype(int)
    seen_L = pose.visibility_V >= SEEN_FROM
    thick = max(1, round(max(height, width) / 240))
    for a, b in POSE_CONNECTIONS:
        if seen_L[a] and seen_L[b]:
            cv2.line(rgb_HWC, xy_L2[a].tolist(), xy_L2[b].tolist(), colour, thick, cv2.LINE_AA)


def _caption(rgb_HWC: np.ndarray, pose: Pose, text: str, colour: tuple[int, int, int]) -> None:
    """Write a line of text above the head, or below the face where there is no room; it stays inside the picture."""
    import cv2

    height, width = rgb_HWC.shape[:2]
    size = max(10, round(min(height, width) / 20))
    face = _face()
    (middle, head), reach = _head(pose, width, height)
    x, y, w, h = cv2.getTextSize((width, height), text, (0, 0), face, size, 500)
    pad = size // 4
    w_box, h_box = w + 2 * pad, h + 2 * pad
    above = head - reach - h_box - 2
    x0 = int(np.clip(middle - w_box / 2, 0, max(0, width - w_box)))
    y0 = int(np.clip(above if above >= 0 else head + reach, 0, max(0, height - h_box)))
    cv2.rectangle(rgb_HWC, (x0, y0), (x0 + w_box, y0 + h_box), colour, -1)
    cv2.putText(rgb_HWC, text, (x0 + pad - x, y0 + pad - y), _INK, face, size, 500)


def _head(pose: Pose, width: int, height: int) -> tuple[np.ndarray, float]:
    """Return the middle of the head (x, y) and its radius, in pixels, as the page computes them."""
    xy_L2 = pose.image_V3[:, :2].clip(-1, 2) * (width, height)
    ears, shoulders = (float(np.hypot(*(xy_L2[a] - xy_L2[b]))) for a, b in (_EARS, _SHOULDERS))
    return xy_L2[list(_EARS)].mean(0), 1.35 * max(0.72 * ears, 0.22 * shoulders)


@cache
def _face() -> cv2.FontFace:
    import cv2

    return cv2.FontFace("sans")
