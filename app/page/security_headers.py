"""The headers by which a browser keeps the page to itself: what it may load, who may frame it, what is told of it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Message, Send

_NOT_SENT = ("server", "x-powered-by", "access-control-")  # nothing of the program's kind, and no leave for other sites
# The page's framework builds its event handlers from text, its uploads import a module that they made themselves, and
# it writes styles into elements: each needs a leave.
_CONTENT = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'"
)
# A worker's script compiles WebAssembly where the visitor's own browser recognises; nothing else makes code of data.
_OTHER = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"
_NOT_USED = ("microphone", "geolocation", "display-capture", "payment", "usb")


@dataclass(frozen=True, slots=True)
class SecurityHeaders:
    """The headers of answers.

    Attributes:
        page: of HTML.
        other: of all others, which a browser shows as no page. A worker's script goes by these of its own.
    """

    page: list[tuple[bytes, bytes]]
    other: list[tuple[bytes, bytes]]


def security_headers(frame_ancestors: str = "") -> SecurityHeaders:
    """Return the headers of all answers.

    Args:
        frame_ancestors: the sites that may show the page in a frame, as in a Content-Security-Policy; "" for none.
    """
    allowed = frame_ancestors or "'none'"
    every = {"x-content-type-options": "nosniff", "cross-origin-resource-policy": "same-origin"}
    page = {
        "content-security-policy": f"{_CONTENT}; frame-ancestors {allowed}",
        "referrer-policy": "same-origin",
        "permissions-policy": ", ".join(["camera=(self)", *(f"{name}=()" for name in _NOT_USED)]),
        **({} if frame_ancestors else {"x-frame-options": "DENY"}),
    }
    other = {"content-security-policy": _OTHER}
    return SecurityHeaders(_encoded(every | page), _encoded(every | other))


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), text.encode()) for name, text in headers.items()]


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


def with_headers(send: Send, headers: SecurityHeaders) -> Send:
    """Return `send` that puts the headers on an answer, in the place of those that it has by these names."""
    names = {name for name, _ in (*headers.page, *headers.other)}

    async def changed(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, text) for name, text in message.get("headers", []) if not _is_left_out(name.lower(), names)]
            kind = next((text for name, text in kept if name.lower() == b"content-type"), b"")
            more = headers.page if b"html" in kind.lower() or b"xml" in kind.lower() else headers.other
            message = {**message, "headers": [*kept, *more]}
        await send(message)

    return changed


def _is_left_out(name: bytes, names: set[bytes]) -> bool:
    return name in names or name.decode("latin-1").startswith(_NOT_SENT)
