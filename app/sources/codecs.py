"""The decoders that a video may use: those of phones, cameras, browsers and archives.

FFmpeg has about 300 decoders of pictures. Most serve old games and forgotten programs, few people test them, and the
file chooses among them: CVE-2026-8461 let a file write past a buffer of the MagicYUV decoder. So FFmpeg gets a list of
the decoders that it may open. A file that needs another one is refused before anything is decoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.sources.frames import MOST_PIXELS

if TYPE_CHECKING:
    from av.codec import Codec

# FFmpeg's names of decoders. None decodes sound, which nothing here needs.
DECODERS = frozenset(
    ("h264", "hevc", "vp8", "vp9", "mjpeg", "rawvideo")
    + ("av1", "libdav1d")  # AV1: by the processor's own unit, and in software
    + ("mpeg4", "mpeg1video", "mpeg2video", "dvvideo", "prores")
    + ("wmv1", "wmv2", "wmv3", "vc1", "flv")  # Windows Media; flv is Sorenson's H.263 in Flash files
    + ("gif", "webp")
    + ("msmpeg4", "msmpeg4v2", "msmpeg4v1")  # DivX 3 and before: .avi files of public sets of actions
    + ("h263",)  # .3gp of the phones before H.264
    + ("theora",)  # .ogv
    + ("ffv1",)  # what archives keep without loss
)
# FFmpeg's option of a container and of a decoder; it holds while the container looks for what its streams are, too.
ONLY_THESE = {"codec_whitelist": ",".join(sorted(DECODERS))}
# FFmpeg takes no memory for a picture of more pixels, whatever a stream says of its size. Decoders add margins to what
# they ask, so that the exact limit is held where frames come out.
DECODER_OPTIONS = {**ONLY_THESE, "max_pixels": str(2 * MOST_PIXELS)}
REMEDY = "convert it first: ffmpeg -i in -c:v libx264 out.mp4"


def refusal(codec: Codec) -> str:
    """Return why a codec is not opened, or "" if it is."""
    if codec.name in DECODERS:
        return ""
    return f"its codec, {codec.long_name} ({codec.canonical_name}), is not one of those that are opened here"
