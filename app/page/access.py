"""Access to the page: names and passwords, a certificate, its address, and warnings where anybody may open it."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

_SHAPE = "USER:PASSWORD, or the name of a file with such lines"
_MOST_BYTES = 1 << 16
_FAR = ("192.0.2.1", 9)  # an address that belongs to nobody: it is kept for documentation


def read_auth(text: str) -> list[tuple[str, str]]:
    """Read names and passwords from the command line's option.

    No message ever contains a password.

    Args:
        text: USER:PASSWORD, or a file with one such pair in each line; empty lines and lines that begin with # are
            skipped.

    Raises:
        ValueError: the text is neither, or a pair has no name or no password.
    """
    path = Path(text)
    if path.is_file():
        try:
            with path.open(encoding="utf-8") as file:
                lines = [line.strip() for line in file.read(_MOST_BYTES).splitlines()]
        except (OSError, UnicodeDecodeError):
            raise ValueError("the file given to --auth cannot be read as text") from None
        pairs = [_pair(line, f"line {k} of the file") for k, line in enumerate(lines, 1) if line and line[0] != "#"]
        if not pairs:
            raise ValueError(f"the file given to --auth has no name in it; --auth takes {_SHAPE}")
    elif ":" in text:
        pairs = [_pair(text, "it")]
    else:
        raise ValueError(f"--auth takes {_SHAPE}; what was given has no colon, and there is no such file")
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("the file given to --auth has one name twice")
    return pairs


def _pair(line: str, place: str) -> tuple[str, str]:
    name, _, password = line.partition(":")
    name = name.strip()  # as what is typed into the page is
    if not name or not password:
        raise ValueError(f"--auth takes {_SHAPE}; {place} lacks the name or the password")
    return name, password


def check_certificate(certfile: Path | None, keyfile: Path | None) -> None:
    """Try the certificate and its key before the server does.

    Raises:
        ValueError: one of the two is missing, or they cannot be used.
    """
    if certfile is None and keyfile is None:
        return
    if certfile is None or keyfile is None:
        raise ValueError("https needs both --ssl-certfile and --ssl-keyfile")
    for path in (certfile, keyfile):
        if not path.is_file():
            raise ValueError(f"{path}: there is no such file")

    def no_password() -> str:
        raise ValueError(f"{keyfile}: the key has a passphrase; remove it (openssl pkey) or use another key")

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certfile, keyfile, password=no_password)
    except (ssl.SSLError, OSError):
        raise ValueError(f"{certfile} and {keyfile} are no certificate in PEM and the key that belongs to it") from None


def is_local(host: str) -> bool:
    """Return whether an address to listen on can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def address_elsewhere(address: str, host: str) -> str | None:
    """Return the page's address for other machines, or None where `address` is the only one.

    Args:
        address: the page's address for this machine.
        host: address to listen on; 0.0.0.0 and :: stand for all that this machine has.
    """
    try:
        everywhere = not host or ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return None
    if not everywhere:
        return None
    parts = urlsplit(address)
    return parts._replace(netloc=f"{_own_address()}:{parts.port}").geturl()


def _own_address() -> str:
    """Return the address by which this machine would reach others, or its name where it reaches nobody."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_FAR)  # of a datagram socket: nothing is sent
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])


def warnings(host: str, auth: bool, https: bool) -> list[str]:
    """Return warnings for whoever opens the page to a network; none if the page stays on this machine."""
    if is_local(host):
        return []
    found = []
    if not auth:
        found.append("everybody who reaches this machine can open the page; --auth USER:PASSWORD asks for a password")
    if not https:
        secret = "passwords and pictures travel unencrypted" if auth else "pictures travel unencrypted"
        remedy = "--ssl-certfile and --ssl-keyfile turn it on"
        found.append(f"{secret}, and browsers elsewhere refuse the camera without https; {remedy}")
    return found
