"""The pictures of a network camera (RTSP, RTMP, or MPEG-TS, MJPEG and the like over HTTP, TCP, UDP), through PyAV."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.sources.codecs import DECODER_OPTIONS, ONLY_THESE, refusal
from app.sources.frames import MOST_PIXELS, CameraError, Frames, upright_rgb
from app.sources.kinds import PLAYLIST, playlist_of
from app.sources.streams import shown
from models.system.addresses import masked
from models.system.proxies import reach_directly

if TYPE_CHECKING:
    from av import VideoFrame, VideoStream
    from av.container import InputContainer

SCHEMES = ("rtsp", "rtsps", "rtmp", "http", "https", "tcp", "udp")
# What an address may lead to, by a redirect or from a stream: never a file. https and rtsps need tls, rtsp needs rtp.
_PROTOCOLS = ",".join((*SCHEMES, "tls", "rtp"))
# No playlists (hls, concat, dash ...), which would send the reader elsewhere.
_CONTAINERS = "rtsp,rtp,mpegts,mpjpeg,mjpeg,flv,live_flv,h264,hevc,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,asf,ogg"
# Kinds of stream whose pictures carry the sender's clock; the others are stamped as they arrive.
_CLOCKED = frozenset(("rtsp", "mpegts", "flv", "live_flv", "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2"))
_NO_PLAYLIST = "give the camera's RTSP or MPEG-TS address"
_NONE = f" ({PLAYLIST}, HLS or DASH, is none: {_NO_PLAYLIST})"
_PROBE_US = 1_000_000  # how much of the stream opening may look at, microseconds
LATE_S = 0.5  # a picture that is later than this is not decoded
_STANDING_S = 2.0  # a queue is drained within this; after longer, the sender's clock must run slow or have stood
_LEAK = 1e-3  # seconds a second by which two clocks may drift apart


def check_address(address: str) -> None:
    """Refuse a text that is not the address of a stream.

    Raises:
        CameraError: the address is of another kind (for example a file's, or a playlist's).
    """
    scheme, found, rest = address.partition("://")
    if not found or scheme not in SCHEMES or not rest or not address.isprintable():
        raise CameraError(f"a camera is a number, or an address that starts with one of {', '.join(SCHEMES)} and ://")
    try:
        urlsplit(f"//{re.split('[/?#]', rest, maxsplit=1)[0].rpartition('@')[2]}").port  # noqa: B018  # asking tells
    except ValueError:
        raise CameraError(
            f"{masked(address)}: no address: a port is a number up to 65535, and an IPv6 address stands in brackets"
        ) from None
    if kind := playlist_of(address):
        raise CameraError(f"{masked(address)}: {PLAYLIST} ({kind}) is not opened; {_NO_PLAYLIST}")


class SentTimes:
    """The times when pictures left the camera, on our clock, from their arrival and the sender's own times.

    The quickest picture seen is taken to have no delay. A picture that takes longer has waited in a queue, which
    arrival times alone would hide. If a sender's own times prove wrong, they are ignored from then on.

    Args:
        trusted: whether the stream carries the sender's clock.
    """

    def __init__(self, trusted: bool) -> None:
        self._trusted = trusted
        self._offset_s = self._sent_s = self._late_since_s = math.nan
        self._arrived_s = -math.inf

    def __call__(self, arrived_s: float, sent_s: float | None) -> float:
        """Return when the picture left the camera, on our clock; this is never later than `arrived_s`.

        Args:
            arrived_s: when it arrived, on our clock.
            sent_s: the sender's time for it, None if it wrote none.
        """
        if not self._trusted or sent_s is None:
            return arrived_s
        if not sent_s >= self._sent_s:  # the first one, or the sender started again
            self._offset_s = arrived_s - sent_s
        else:
            leak_s = _LEAK * (arrived_s - self._arrived_s)
            self._offset_s = min(self._offset_s + leak_s, arrived_s - sent_s)
        self._sent_s, self._arrived_s = sent_s, arrived_s
        return self._unless_standing(arrived_s, min(arrived_s, sent_s + self._offset_s))

    def _unless_standing(self, arrived_s: float, left_s: float) -> float:
        if arrived_s - left_s <= LATE_S:
            self._late_since_s = math.nan
        elif math.isnan(self._late_since_s):
            self._late_since_s = arrived_s
        elif arrived_s - self._late_since_s > _STANDING_S:
            self._trusted = False
            return arrived_s
        return left_s


def network_frames(address: str, clock: Callable[[], float], open_s: float, silent_s: float) -> Frames:
    """Yield (time when it left the camera, (H, W, 3) uint8 RGB) until the stream ends.

    Args:
        address: the stream's address; it may contain a name and a password, which no message repeats.
        clock: a monotonic clock, seconds.
        open_s: seconds that opening may take.
        silent_s: seconds without a picture after which the stream counts as lost.

    Raises:
        CameraError: the stream cannot be opened, or was lost.
    """
    import av
    from av.video.reformatter import VideoReformatter

    name, reformatter = masked(address), VideoReformatter()
    container = _opened(address, name, open_s, silent_s)
    try:
        stream = shown(container.streams.video)
        if stream is None or stream.codec_context is None:
            raise CameraError(f"{name}: it answers, but with no picture in a format known here")
        if refused := refusal(stream.codec_context.codec):
            raise CameraError(f"{name}: {refused}; choose H.264 in the camera")
        stream.codec_context.options = dict(DECODER_OPTIONS)
        stream.thread_type = "SLICE"  # threads by frame would hold back as many frames
        heard_s = clock()
        for captured_s, frame in _decoded(container, stream, clock):
            if frame is not None:
                if frame.width * frame.height > MOST_PIXELS:
                    raise CameraError(f"{name}: its pictures are too large; choose a smaller size in the camera")
                heard_s = clock()
                yield captured_s, upright_rgb(frame, reformatter, stream.sample_aspect_ratio)
            elif clock() - heard_s > silent_s:
                raise CameraError(f"{name}: no picture that can be decoded for {silent_s:g} s")
    except av.error.ExitError:
        raise CameraError(f"{name}: no picture for {silent_s:g} s") from None
    except (av.FFmpegError, OSError):
        pass
    finally:
        container.close()
    raise CameraError(f"{name}: the stream ended")


def _opened(address: str, name: str, open_s: float, silent_s: float) -> InputContainer:
    import av

    options = {
        "protocol_whitelist": _PROTOCOLS,
        "format_whitelist": _CONTAINERS,
        **ONLY_THESE,
        "rtsp_flags": "prefer_tcp",  # lost packets smear the picture; UDP where the camera has no TCP
        "analyzeduration": str(_PROBE_US),
    }
    check_address(address)
    with suppress(ValueError):  # FFmpeg says what is wrong with an address that cannot be split
        reach_directly(urlsplit(address).hostname or "")
    try:
        return av.open(address, options=options, timeout=(open_s, silent_s))
    except (av.FFmpegError, OSError, ValueError) as error:
        # Not the error's own text: it repeats the address with its password.
        raise CameraError(f"{name}: {_reason(error, open_s)}") from None


def _reason(error: Exception, open_s: float) -> str:
    from av import error as av

    reasons = (
        ((av.ConnectionRefusedError,), "refused; nothing listens there: is the camera on, and is the port right?"),
        ((av.HTTPUnauthorizedError, av.HTTPForbiddenError), "refused; write NAME:PASSWORD@ before the host"),
        ((av.HTTPNotFoundError,), "the camera answers, but has no stream of this path"),
        ((av.ExitError, av.TimeoutError), f"no answer in {open_s:g} s; is the camera on, and is the address right?"),
        (
            (av.InvalidDataError,),
            f"it answers, but with no video stream that is known here{_NONE}",
        ),
        (
            (av.ArgumentError,),
            f"it cannot be reached as a video stream: it leads elsewhere{_NONE}",
        ),
    )
    for kinds, reason in reasons:
        if isinstance(error, kinds):
            return reason
    return f"it cannot be reached, or gives no video stream{_NONE}; check the address and the network"


def _decoded(
    container: InputContainer, stream: VideoStream, clock: Callable[[], float]
) -> Iterator[tuple[float, VideoFrame | None]]:
    """Yield (time when it left, decoded picture), or (time, None) for a packet that gave none.

    Pictures that are late are not decoded.
    """
    import av

    sent_times, whole = SentTimes(container.format.name in _CLOCKED), True
    for packet in container.demux(stream):
        arrived_s = clock()
        stamp = packet.dts if packet.dts is not None else packet.pts
        left_s = sent_times(arrived_s, None if stamp is None else float(stamp * packet.time_base))
        whole = arrived_s - left_s <= LATE_S and (whole or packet.is_keyframe)
        frames: Sequence[VideoFrame | None] = []
        if whole:  # otherwise it may depend on a picture that was left out
            with suppress(av.FFmpegError):  # the first ones may depend on pictures before the connection
                frames = stream.codec_context.decode(packet)
        # A decoder that puts pictures in order gives an older one for each packet: evenly spaced is what counts.
        yield from ((left_s, frame) for frame in frames or [None])
