"""What Home Assistant is told, so that it shows a device with its entities: MQTT discovery of devices.

Its form is that of Core 2026.4, which reads `default_entity_id` and no `object_id` any more.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from app.broadcast.message import EventMessage, StateMessage
from app.broadcast.sequence_numbers import SequenceNumbers
from models.system.version import version

PREFIX = "homeassistant"
STATUS = f"{PREFIX}/status"  # on which it says "online" when it has started
ONLINE, OFFLINE = "online", "offline"
_ENDED = "_end"
_NAME = "IKEM Live"


def device_id(topic: str) -> str:
    """Return the device's id: letters, digits and _, another one for each topic."""
    plain = re.sub(r"[^a-z0-9]+", "_", topic.lower()).strip("_")
    return f"ikem_live_{plain[:40]}_{hashlib.sha256(topic.encode()).hexdigest()[:6]}"


def discovery(topic: str, labels: Iterable[str]) -> tuple[str, dict[str, Any]]:
    """Return the topic and the payload of the device's description, which is to be retained.

    Args:
        topic: below which everything is published.
        labels: short ids of all actions that may be named, taught ones too: an event of another type is ignored.
    """
    device = device_id(topic)
    known = list(dict.fromkeys(labels))

    def entity(platform: str, key: str, name: str, **more: Any) -> dict[str, Any]:
        own = {"platform": platform, "unique_id": f"{device}_{key}", "name": name}
        return {**own, "default_entity_id": f"{platform}.{device}_{key}", **more}

    def sensor(key: str, name: str, **more: Any) -> dict[str, Any]:
        value = "{{ value_json." + key + " }}"
        return entity("sensor", key, name, state_topic=f"{topic}/state", value_template=value, **more)

    kinds = [kind for label in known for kind in (label, label + _ENDED)]
    return f"{PREFIX}/device/{device}/config", {
        "device": {"identifiers": [device], "name": f"{_NAME} {topic}", "model": _NAME, "sw_version": version()},
        "origin": {"name": _NAME, "sw_version": version()},
        "availability_topic": f"{topic}/availability",
        "payload_available": ONLINE,
        "payload_not_available": OFFLINE,
        "qos": 1,
        "components": {
            "event": entity("event", "event", "Event", state_topic=f"{topic}/home", event_types=kinds),
            "action": sensor("action", "Action", icon="mdi:human"),
            "count": sensor("count", "Count", state_class="total_increasing", icon="mdi:counter"),
            "people": sensor("people", "People", state_class="measurement", icon="mdi:account-multiple"),
        },
    }


class HomeEvents:
    """What the event entity is told: that an action has begun or ended.

    It is not told of updates: where the new label is an action of its own, that begins within a second, and nothing is
    to be switched twice. If an event ends under another label than it began, that one is told to begin first.

    Args:
        most: most events whose end is waited for.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._begun: dict[str, str] = {}  # labels by the ids of events
        self._numbers = SequenceNumbers()

    def of(self, message: EventMessage) -> list[dict[str, Any]]:
        """Return the payloads for one phase: the type is the label, at the end with `_end` behind it."""
        if message.phase == "update":
            return []
        if message.phase == "start":
            if len(self._begun) >= self._most:  # their ends were given up
                self._begun.clear()
            self._begun[message.id] = message.label
            return [self._home_event(message, message.label)]
        as_begun = self._begun.pop(message.id, message.label) == message.label
        late = [] if as_begun else [self._home_event(message, message.label)]
        return [*late, self._home_event(message, message.label + _ENDED)]

    def _home_event(self, message: EventMessage, kind: str) -> dict[str, Any]:
        return {
            "event_type": kind,
            "seq": self._numbers.next(),
            "id": message.id,
            "person": message.person,
            "words": message.words,
            "count": message.count,
            "confirmed": message.confirmed,
        }


def state_now(state: StateMessage, dropped: int) -> dict[str, Any]:
    """Return what goes on now as plain values: the newest action, and what is known of its person.

    Args:
        state: the newest.
        dropped: events that were given up.
    """
    newest = max(state.open, key=lambda event: event.start, default=None)
    return {
        "action": "none" if newest is None else newest.words,
        "label": None if newest is None else newest.label,
        "count": (newest.count if newest is not None else None) or 0,
        "people": state.people,
        "dropped": dropped,
    }
