"""Addresses of cameras in messages and results: whatever may be a password in them is masked."""

from __future__ import annotations

import re

HIDDEN = "***"
_HOST = re.compile(r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.%\w-]+\])(?::\d{1,5})?")
# What the paths of cameras are made of. A path is shown up to its first word that is none of these.
_WORD = re.compile(
    "live|streams?|streaming|channels?|ch|cam|camera|videos?|media|main|sub|mainstream|substream|profile|preview|onvif|"
    "mjpe?g|mpeg|hevc|mp|ts|flv|sdp|axis|cgi|bin|unicast|multicast|play|primary|secondary|hd|sd|av|img|image|feed|rtsp|"
    "hls|index|high|low|jpe?g|realmonitor|[a-z]"
)
_PARTS = re.compile(r"[A-Za-z]+|\d{1,3}(?!\d)|[._-]")
_NAME = re.compile(r"[a-z]+(?:[_-][a-z]+)*\d{0,2}")  # what people call a stream, such as front-door
_NEAR = re.compile(r"(?i)\s*(?:(?:rtsps?|rtmps?|https?|tcp|udp|srt|mms)(?::|//)|[a-z][\w+.-]+:/|[^/\\:@\s]+:[^@]*@)")
_INSIDE = re.compile(r"(?i)\S*\w{2,}:/(?:.*@)?\S*|\S*:\S*@\S*", re.DOTALL)


def masked(address: str) -> str:
    """Return an address without what may be a secret in it.

    Names and passwords stand before the host, in the query, or somewhere in the path (user=me&password=secret,
    /me:secret/, /live/me/secret/), often with letters in them that belong elsewhere. So only what is surely none is
    shown: the scheme, the host, and a path of usual words and short numbers.
    """
    scheme, _, rest = address.partition("://")
    before, cut, tail = _split(rest)
    if "@" in tail or "%40" in tail:
        if _HOST.fullmatch(before):  # a password with a slash in it, or a path with an @ in it: it cannot be told
            return f"{scheme}://{HIDDEN}"
        before, cut, tail = _split(rest.rpartition("@")[2])
        before = f"@{before}"
    user, at, host = before.rpartition("@")
    if not _HOST.fullmatch(host):
        return f"{scheme}://{HIDDEN}"
    return f"{scheme}://{HIDDEN + at if at else ''}{host}{_path(cut + tail)}"


def nearly(text: str) -> bool:
    """Return whether a text looks like an address, well written or not; it may then hold a password."""
    return bool(_NEAR.match(text))


def without_addresses(text: str) -> str:
    """Return a text, such as an error that repeats what was typed, with every address in it masked as a whole."""
    return _INSIDE.sub(HIDDEN, text)


def _split(text: str) -> tuple[str, str, str]:
    """Split a text at its first /, ? or #."""
    found = re.search(r"[/?#]", text)
    return (text, "", "") if found is None else (text[: found.start()], found[0], text[found.end() :])


def _path(tail: str) -> str:
    """Return what may be shown of an address behind its host."""
    path, query, _ = re.fullmatch(r"([^?#]*)([?#]?)(.*)", tail, re.DOTALL).groups()  # type: ignore[union-attr]  # it fits any text
    segments = path.split("/")
    if len(segments) == 2 and _NAME.fullmatch(segments[1]):
        return path + (f"?{HIDDEN}" if query else "")
    for k, segment in enumerate(segments):
        if not _is_usual(segment):
            return "/".join([*segments[:k], HIDDEN])
    return path + (f"?{HIDDEN}" if query else "")


def _is_usual(segment: str) -> bool:
    parts = _PARTS.findall(segment)
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", "".join(part if part.isalpha() else " " for part in parts))
    return "".join(parts) == segment and all(_WORD.fullmatch(word.lower()) for word in words)
