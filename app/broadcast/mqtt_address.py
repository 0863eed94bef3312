"""The address of an MQTT broker: where it is, who asks, and the topic below which everything is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_SHAPE = "mqtt://HOST/TOPIC or mqtts://USER@HOST:PORT/TOPIC"
_MOST_TOPIC, _MOST_SECRET = 200, 1 << 16  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker and the topic.

    Attributes:
        host, port: where it is.
        tls: whether the connection is encrypted, and the broker's certificate checked.
        user: "" for nobody.
        password: None for a user without one.
        topic: without a / at its ends.
        authorities: a file of certificates that the broker's must go back to; None for the system's own.
        certificate: a file with the certificate by which the broker knows this program; None for none.
        key: a file with its key; None where the certificate's file holds it.
    """

    host: str
    port: int
    tls: bool = False
    user: str = ""
    password: str | None = None
    topic: str = "ikem-live"
    authorities: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def __str__(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}/{self.topic}"

    def __repr__(self) -> str:
        return f"Broker({self})"  # never with the password


def read_broker(
    text: str,
    password_file: Path | None = None,
    *,
    authorities: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
) -> Broker:
    """Read the address that a command line gives; no error repeats it, since it may hold a password.

    Args:
        text: such as mqtt://host/topic; user and password are written as in any address.
        password_file: a file with the password, which then stands in no command line.
        authorities, certificate, key: see Broker.

    Raises:
        ValueError: it is no such address, or a file cannot be read.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(f"--mqtt takes {_SHAPE}; what was given has a port or a host that cannot be") from None
    if parts.scheme not in _PORTS:
        raise ValueError(f"--mqtt takes {_SHAPE}")
    if not host or port == 0 or not host.isascii() or any(letter.isspace() for letter in host):
        raise ValueError(f"--mqtt takes {_SHAPE}; what was given names no host, or a port that cannot be")
    if "#" in text or "?" in text:
        raise ValueError("--mqtt: a topic has no # and no ?; in a password they are written %23 and %3F")
    _check_files(parts.scheme, {"ca": authorities, "cert": certificate, "key": key})
    if key is not None and certificate is None:
        raise ValueError("--mqtt-key is the key of a certificate: give that with --mqtt-cert")
    user = unquote(parts.username or "")
    password = None if parts.password is None else unquote(parts.password)
    if password_file is not None:
        password = _secret(password_file)
    if password is not None and not user:
        raise ValueError(f"--mqtt: a password needs a user: {_SHAPE}")
    return Broker(
        host=host, port=port or _PORTS[parts.scheme], tls=parts.scheme == "mqtts", user=user, password=password,
        topic=_topic(unquote(parts.path)), authorities=authorities, certificate=certificate, key=key,
    )  # fmt: skip


def _check_files(scheme: str, files: Mapping[str, Path | None]) -> None:
    for name, file in files.items():
        if file is not None and scheme != "mqtts":
            raise ValueError(f"--mqtt-{name} is for mqtts://, which encrypts; mqtt:// does not")
        if file is not None and not file.is_file():
            raise ValueError(f"{file}: there is no such file; --mqtt-{name} takes one in PEM")


def _topic(path: str) -> str:
    topic = path.strip("/") or "ikem-live"
    plain = topic.isprintable() and not set(topic) & set("+#") and not topic.startswith("$") and "//" not in topic
    if not plain or len(topic.encode()) > _MOST_TOPIC:
        raise ValueError("--mqtt: a topic is made of words with / between, without + and #, and does not begin with $")
    return topic


def _secret(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_MOST_SECRET).rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"{path}: the file given to --mqtt-password cannot be read as text") from None
