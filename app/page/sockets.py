"""The sockets on which a server listens, and the address that they have here."""

from __future__ import annotations

import errno
import socket
import sys

_WAITING = 2048  # connections that wait to be accepted, as uvicorn has it
_EVERYWHERE = ("0.0.0.0", "::")


def listen(host: str, port: int, option: str = "--port") -> list[socket.socket]:
    """Open the sockets of an address: one, or one for each kind of address that a name has here.

    Args:
        host: an address or a name of this machine; 0.0.0.0 stands for all addresses of IPv4, :: for all.
        port: 1 to 65535, or 0 for any.
        option: the option that names a port, for the error.

    Raises:
        ValueError: it is no address of this machine, or the port is taken or may not be used.
    """
    plain = host.strip("[]")
    try:
        found = socket.getaddrinfo(plain, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ValueError(f"{host} is no address and no name of this machine; give another --host") from None
    opened: list[socket.socket] = []
    for family, kind, _, _, address in dict.fromkeys(found):
        try:
            opened.append(_socket(family, kind, address, plain == "::"))
        except OSError as error:
            absent = error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
            if absent and (opened or (family, kind, address) != found[-1][:2] + found[-1][4:]):
                continue  # such as localhost's ::1 where there is no IPv6
            for other in opened:
                other.close()
            raise ValueError(_why_not(error, host, port, option)) from None
    return opened


def _socket(family: int, kind: int, address: tuple, both: bool) -> socket.socket:
    # Named as TCP, for asyncio sends small pieces at once (TCP_NODELAY) on such sockets alone: otherwise each answer
    # waits some 40 ms for the browser's acknowledgement of its headers.
    one = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not both))
        one.bind(address)
        one.listen(_WAITING)
    except OSError:
        one.close()
        raise
    return one


def _why_not(error: OSError, host: str, port: int, option: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken; name another with {option}"
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return f"{host} is no address of this machine; give another --host"
    return f"port {port} of {host} may not be used ({error.strerror or error}); name another with {option}"


def own_address(host: str, port: int, https: bool = False) -> str:
    """Return the page's address for this machine, with the brackets that an address of IPv6 needs."""
    plain = host.strip("[]")
    if plain in _EVERYWHERE:
        plain = "localhost"
    shown = f"[{plain.replace('%', '%25')}]" if ":" in plain else plain
    return f"{'https' if https else 'http'}://{shown}:{port}/"
