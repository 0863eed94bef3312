"""What a file is: a video by its name or by its first bytes, something of another known kind, or nothing to look at.

Every place that searches folders asks here, so that all of them take the same files.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

ANNOTATED_SUFFIX = ".annotated.mp4"  # what `classify --annotate` writes: results, not films to look at
VIDEO_SUFFIXES = frozenset(
    (".mp4", ".m4v", ".mov", ".qt", ".f4v", ".lrv", ".avi", ".divx", ".mkv", ".webm", ".flv", ".wmv", ".asf", ".ogv")
    + (".mpg", ".mpeg", ".mpe", ".m2v", ".m1v", ".mpv", ".vob", ".mts", ".m2ts", ".ts", ".m2t", ".tod", ".3gp", ".3g2")
    + (".h264", ".264", ".avc", ".hevc", ".h265", ".265", ".mjpeg", ".mjpg", ".dav", ".ogm", ".mxf", ".y4m", ".dv")
    + (".ivf", ".gif")
)
# Names that say what is inside, and that it is no film, although the first bytes of some are a film's.
_SOUND_OR_PICTURE = frozenset(
    (".m4a", ".m4b", ".mka", ".mks", ".wma", ".aac", ".mp3", ".wav", ".oga", ".opus", ".heic", ".heif", ".avif", ".jp2")
    + (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")  # folders hold thousands: not one is opened
)
_LOOKED_AT = 1024  # first bytes of a file that tell its kind
_PICTURE_BRANDS = re.compile(rb"heic|heix|heim|heis|hevc|mif1|msf1|avif|avis|M4A |M4B |crx |jp2 |jpx ")
# First bytes of films. MPEG-TS repeats its mark every 188 bytes, or 192 on memory cards of camcorders.
_FILMS = re.compile(
    rb"....(?:moov|mdat|wide|free|skip|pnot)|RIFF....AVI |FLV\x01|\x1a\x45\xdf\xa3|\x30\x26\xb2\x75\x8e\x66\xcf\x11"
    rb"|OggS.{24,400}?(?:\x80theora|\x01video)|\0\0\x01[\xba\xb3]|GIF8[79]a|YUV4MPEG2 |DHAV|DKIF"
    rb"|\x06\x0e\x2b\x34\x02\x05\x01\x01"  # MXF
    rb"|\x47.{187}\x47.{187}\x47|.{4}\x47.{191}\x47.{191}\x47"
    rb"|\0?\0\0\x01(?:[\x07\x27\x47\x67\x09\x06]|[\x40\x46\x4e]\x01)",  # bare H.264 (its profile, a mark) and H.265
    re.DOTALL,
)
_AS_NPZ = "recorded skeletons are read from .npz files with `frames` (T, 25, 3) in metres and `fps`"
_ARCHIVES = (
    rb"PK\x03\x04|PK\x05\x06|Rar!|7z\xbc\xaf|\x1f\x8b|\xfd7zXZ\0|\x28\xb5\x2f\xfd|BZh\d|\x04\x22\x4d\x18|.{257}ustar"
)
# Other kinds, as refusals name them.
_OTHERS = (
    (rb"(?:\xef\xbb\xbf)?\s*#EXTM3U", "a playlist (HLS)"),
    (rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<MPD[\s>]", "a playlist (DASH)"),
    (rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?<SmoothStreamingMedia", "a playlist (Smooth Streaming)"),
    (rb"ffconcat version", "a playlist (ffconcat)"),
    (rb"\s*\[playlist\]", "a playlist (PLS)"),
    (rb"v=0\r?\no=", "the description of a stream (SDP)"),
    (rb"\.RMF", "RealMedia"),
    (rb"nut/multimedia container", "NUT"),
    (rb"\xb7\xd8\x00\x20\x37\x49\xda\x11", "a Windows TV recording (WTV)"),
    (rb"\x89PNG|\xff\xd8\xff|BM....\0\0\0\0|RIFF....WEBP|II\*\0|MM\0\*", "a still picture"),
    (rb"IKEMPOSE", "a recording of landmarks; let its name end in .ikem"),
    (
        rb"PK\x03\x04.{26}[^\0]{1,80}\.npy",
        "an archive of arrays; if they are recorded skeletons, let its name end in .npz",
    ),
    (rb"\x93NUMPY", f"a single array; {_AS_NPZ}"),
    (_ARCHIVES, "an archive; unpack it first"),
    (rb"\0{1024}", "zeros alone, as a download that broke off leaves them"),
    (rb"%PDF", "a PDF document"),
    (rb"(?i)\s*<(?:!doctype )?html", "a web page"),
    (rb"version https://git-lfs", "a pointer of Git LFS; `git lfs pull` fetches the file itself"),
)
# Recorded movements and tables, told by their names: most are plain text, and of many programs.
_SKELETONS = {
    ".skeleton": "a file of skeletons of NTU RGB+D; `training prepare` reads it",
    **dict.fromkeys((".bvh", ".c3d", ".trc", ".fbx", ".amc"), f"a recording of motion capture; {_AS_NPZ}"),
    **dict.fromkeys(
        (".json", ".csv", ".tsv", ".mat", ".h5", ".hdf5", ".parquet"), f"a file of data by its name; {_AS_NPZ}"
    ),
    **dict.fromkeys((".pkl", ".pickle", ".pt", ".pth"), f"a pickle, which is never opened; {_AS_NPZ}"),
}
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xff]+")
_OF_SYSTEMS = frozenset(
    ("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information", "lost+found")
    + ("@eadir", "#recycle", "icon\r")  # of network storage, and of folders of a Mac
)
PLAYLIST = "a playlist"
PLAYLIST_REMEDY = "name the video files, or the camera's RTSP or MPEG-TS address"
_PLAYLISTS = {".m3u8": "HLS", ".m3u": "HLS", ".mpd": "DASH"}


def first_bytes(path: Path) -> bytes:
    """Return the beginning of a file, b"" where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(_LOOKED_AT)
    except OSError:
        return b""


def is_video(path: Path) -> bool:
    """Return whether a file is a video by its name, or by its first bytes where the name does not tell."""
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return True
    return suffix not in _SOUND_OR_PICTURE and os.path.isfile(path) and holds_video(path)


def holds_video(path: Path) -> bool:
    """Return whether the first bytes of a file are those of a kind of video that can be opened."""
    begin = first_bytes(path)
    if begin[4:8] == b"ftyp":
        return not _PICTURE_BRANDS.match(begin, 8)
    return bool(_FILMS.match(begin))


def other_kind(path: Path) -> str:
    """Return in words what a file is by its first bytes or its name, "" where it is of no kind that is known here."""
    begin = first_bytes(path)
    told = next((words for pattern, words in _OTHERS if re.match(pattern, begin, re.DOTALL)), "")
    return told or _SKELETONS.get(path.suffix.lower(), "") or ("a text" if _TEXT.fullmatch(begin) else "")


def playlist_of(address: str) -> str:
    """Return the kind of playlist (HLS, DASH) that an address or a file's name says it is, or ""."""
    place = re.sub(r"[?#].*", "", address, flags=re.DOTALL).lower()
    return next((kind for suffix, kind in _PLAYLISTS.items() if place.endswith(suffix)), "")


def is_annotated(path: Path) -> bool:
    """Return whether a file is an annotated video, which `classify` made."""
    return path.name.lower().endswith(ANNOTATED_SUFFIX)


def is_passed_over(name: str) -> bool:
    """Return whether searches pass over what has this name in silence: what is hidden, and what systems add."""
    return name.startswith(".") or name.lower() in _OF_SYSTEMS
