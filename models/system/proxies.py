"""The proxies of this process, which its libraries take from the environment: for http, https, and for whom none.

Each reads it in its own way. httpx refuses to work where a proxy is of a kind that it lacks (socks) or where `no_proxy`
has an address of IPv6 in brackets; FFmpeg knows the names in small letters alone, and compares nothing but names.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

NOWHERE = "http://127.0.0.1:9"  # a port on which nobody listens
LOCAL = ("localhost", "127.0.0.1", "::1")
_MAKERS = ("googleapis.com", "google.com")  # to whom MediaPipe reports usage
_KINDS = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")  # of a proxy that looks into https
_HOME = (".local", ".lan", ".home", ".internal", ".home.arpa")


def send_https_nowhere() -> None:
    """Let no https of this process leave the machine, from now on.

    The user's exceptions stay, but for those that would let the makers of a library be reached.
    """
    kept = [name for name in _exceptions() if name != "*" and not _leads_to_makers(name)]
    if "*" in _exceptions():  # the user wants no proxy at all, and there is one now
        for name in _set_by_user("http_proxy", "all_proxy"):
            del os.environ[name]
    os.environ["https_proxy"] = NOWHERE
    os.environ["no_proxy"] = ",".join(dict.fromkeys([*kept, *LOCAL]))


def reach_directly(host: str) -> None:
    """Have FFmpeg reach a host of the local network, or one of the user's exceptions, without the proxy.

    Args:
        host: name or address, such as "10.0.0.7" or "fe80::1"; one that is elsewhere is left to the proxy.
    """
    names = _exceptions()
    if host and host not in names and (_is_near(host) or _is_excepted(host, names)):
        os.environ["no_proxy"] = ",".join([*names, host])


@contextmanager
def only_this_machine(*hosts: str) -> Iterator[None]:
    """Within this, send http nowhere but to this machine, and https nowhere else, whatever the user's proxies are.

    Args:
        hosts: further names of this machine.
    """
    before = {name: os.environ.pop(name) for name in _set_by_user(*_KINDS, *_CERTIFICATES)}
    os.environ["https_proxy"] = NOWHERE
    os.environ["no_proxy"] = ",".join(dict.fromkeys([*LOCAL, *hosts]))
    try:
        yield
    finally:
        for name in ("https_proxy", "no_proxy"):
            os.environ.pop(name, None)
        os.environ.update(before)


def _set_by_user(*kinds: str) -> list[str]:
    wanted = {kind.lower() for kind in kinds}
    return [name for name in os.environ if name.lower() in wanted]


def _exceptions() -> list[str]:
    text = os.environ.get("no_proxy") or os.environ.get("NO_PROXY", "")
    return text.replace(",", " ").split()


def _leads_to_makers(name: str) -> bool:
    plain = name.lower().lstrip("*.")
    return any(f".{plain}".endswith(f".{maker}") or f".{maker}".endswith(f".{plain}") for maker in _MAKERS)


def _is_near(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return "." not in host or host.lower().rstrip(".").endswith(_HOME)
    return address.is_private or address.is_link_local or address.is_loopback


def _is_excepted(host: str, names: list[str]) -> bool:
    for name in names:
        plain = name.strip("[]").lower().lstrip("*.")
        if not plain or f".{host.lower()}".endswith(f".{plain}"):
            return True
        with suppress(ValueError):
            if ipaddress.ip_address(host.partition("%")[0]) in ipaddress.ip_network(name.strip("[]"), strict=False):
                return True
    return False
