"""A client of paho-mqtt with all its settings, which begins no connection yet; and what the user is told of one."""

from __future__ import annotations

import secrets
import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.broadcast.home_assistant import OFFLINE
from app.broadcast.mqtt_address import Broker

if TYPE_CHECKING:
    import paho.mqtt.client as paho

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1, 60  # between two tries; each pause is twice the one before
_CONNECT_S = 5.0
_MISSING = (
    "--mqtt needs paho-mqtt: install the extra `mqtt` (pipx install --force '.[mqtt]'), or in a checkout, "
    "pip install -r requirements-mqtt.txt"
)
HANGS_UP = "hangs up; are port and scheme right (mqtt://, mqtts://), and does it ask for a certificate (--mqtt-cert)?"


def make_client(broker: Broker, availability: str) -> paho.Client:
    """Make the client, whose last will says that this program is gone.

    Args:
        broker: where to, and as whom.
        availability: topic of the last will.

    Raises:
        ValueError: paho-mqtt is not installed, or a certificate cannot be read.
    """
    try:
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion
    except ImportError:
        raise ValueError(_MISSING) from None
    # One id for the whole run (letters and digits, at most 23: MQTT 3.1.1, section 3.1.3.1). With it the broker ends a
    # dead connection when the next begins; else that one's last will could come later, and say "offline" for good.
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"ikem{secrets.token_hex(8)}")
    client.connect_timeout = _CONNECT_S
    client.reconnect_delay_set(FIRST_PAUSE_S, LONGEST_PAUSE_S)
    if broker.user:  # also without a password
        client.username_pw_set(broker.user, broker.password)
    if broker.tls:
        client.tls_set_context(_context(broker))
    client.will_set(availability, OFFLINE, qos=1, retain=True)
    return client


def _context(broker: Broker) -> ssl.SSLContext:
    """Return how a connection is encrypted: the broker's certificate is checked, and ours is shown if there is one."""
    try:
        context = ssl.create_default_context(cafile=broker.authorities)
    except OSError:  # ssl.SSLError is one
        raise ValueError(f"{broker.authorities}: this is no file of certificates in PEM") from None
    if broker.certificate is not None:
        try:
            # Without a password here, OpenSSL would ask the terminal for one.
            context.load_cert_chain(broker.certificate, broker.key, password="")
        except OSError:
            raise ValueError(
                f"{broker.certificate}: --mqtt-cert takes a certificate in PEM, and --mqtt-key its key, "
                "which is not locked by a password"
            ) from None
    return context


def why_not(error: BaseException | None) -> str:
    """Return what is wrong with a broker, from what a connection to it raised."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has a certificate that is not trusted ({error.verify_message}; --mqtt-ca names who vouches for it)"
    if isinstance(error, ssl.SSLError):
        return "does not encrypt as it should; is the port the right one for mqtts://?"
    if isinstance(error, socket.gaierror):
        return "has a name that is not known here"
    return "does not answer"


class Trouble:
    """What is wrong with a connection, told to the user once.

    Args:
        broker: where to.
        say: shows the user a line, from any thread.
    """

    def __init__(self, broker: Broker, say: Callable[[str], None]) -> None:
        self._broker, self._say = broker, say
        self._told = "is not there yet"

    def __call__(self, trouble: str) -> None:
        """Tell what is wrong, or by "" that nothing is any more, unless that was the last thing told."""
        if trouble != self._told:
            self._told = trouble
            self._say(f"MQTT: {self._broker} " + (f"{trouble}; trying again" if trouble else "answers"))
