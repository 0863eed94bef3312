"""The headers by which a browser keeps the page to itself: what it may load, who may frame it, what is told of it."""

from __future__ import annotations

from starlette.types import Message, Send

_NOT_SENT = ("server", "x-powered-by", "access-control-")  # nothing of the program's kind, and no leave for other sites
# The page's framework builds its event handlers from text, its uploads import a module that they made themselves, and
# it writes styles into elements: each needs a leave.
_CONTENT = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'"
)
_NOT_USED = ("microphone", "geolocation", "display-capture", "payment", "usb")


def security_headers(frame_ancestors: str = "") -> list[tuple[bytes, bytes]]:
    """Return the headers of every answer.

    Args:
        frame_ancestors: the sites that may show the page in a frame, as in a Content-Security-Policy; "" for none.
    """
    allowed = frame_ancestors or "'none'"
    found = {
        "content-security-policy": f"{_CONTENT}; frame-ancestors {allowed}",
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "permissions-policy": ", ".join(["camera=(self)", *(f"{name}=()" for name in _NOT_USED)]),
        "cross-origin-resource-policy": "same-origin",
    }
    if not frame_ancestors:
        found["x-frame-options"] = "DENY"
    return [(name.encode(), text.encode()) for name, text in found.items()]


def check_ancestors(text: str) -> str:
    """Return --frame-ancestors if a header can hold it.

    Raises:
        ValueError: it is no list of sites.
    """
    sites = text.split()
    plain = all(site.isascii() and site.isprintable() and not set(site) & set(";,") for site in sites)
    if not plain:
        raise ValueError(
            f'--frame-ancestors takes sites such as "https://huggingface.co https://*.hf.space", not {text!r}'
        )
    return " ".join(sites)


def with_headers(send: Send, headers: list[tuple[bytes, bytes]]) -> Send:
    """Return `send` that puts the headers on an answer, in the place of those that it has by these names."""
    names = {name for name, _ in headers}

    async def changed(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, text) for name, text in message.get("headers", []) if not _is_left_out(name.lower(), names)]
            message = {**message, "headers": [*kept, *headers]}
        await send(message)

    return changed


def _is_left_out(name: bytes, names: set[bytes]) -> bool:
    return name in names or name.decode("latin-1").startswith(_NOT_SENT)
