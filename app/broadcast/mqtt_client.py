"""A client of paho-mqtt with all its settings, which begins no connection yet."""

from __future__ import annotations

import secrets
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
        try:
            client.tls_set(ca_certs=None if broker.authorities is None else str(broker.authorities))
        except OSError:  # ssl.SSLError is one
            raise ValueError(f"{broker.authorities}: this is no file of certificates in PEM") from None
    client.will_set(availability, OFFLINE, qos=1, retain=True)
    return client
