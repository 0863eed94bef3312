"""Events to an MQTT broker, by paho-mqtt, in threads of their own: the camera's thread only appends to a queue.

Below the topic: `availability` (online, offline; retained), `state` (what goes on now; retained), `event` (each phase,
never retained, or an automation would see an old clap at each restart) and, for Home Assistant, `home`.

An event is sent at least once (QoS 1): what the broker did not confirm before it was lost is sent again, before
anything newer, and with the same `seq`, by which a listener drops what it has heard. While the broker is away, events
are kept up to a bound; older ones are then given up, and counted in `state`.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from app.broadcast.home_assistant import OFFLINE, ONLINE, STATUS, HomeEvents, discovery, state_now
from app.broadcast.message import AnyMessage, EventMessage, StateMessage
from app.broadcast.mqtt_address import Broker
from app.broadcast.mqtt_client import HANGS_UP, Trouble, make_client, why_not
from models.system.words import count

if TYPE_CHECKING:
    import paho.mqtt.client as paho

MOST_KEPT = 1000  # events that wait for a broker that is away
_UNDER_WAY = 20  # messages that the broker has not confirmed yet
_KEEP_ALIVE_S = 30
_END_S, _LOOK_S, _TICK_S = 2.0, 0.5, 0.05


class MqttSink:
    """A sink of messages; a context manager, which begins and ends the connection.

    Args:
        broker: where to.
        labels: short ids of all actions that may be named; for Home Assistant.
        home: whether to describe the device to Home Assistant.
        say: shows the user a line, from any thread: the broker is there, refuses, or is lost.
        most: most events that wait.

    Attributes:
        dropped: events that were given up.

    Raises:
        ValueError: paho-mqtt is not installed, or a certificate cannot be read.
    """

    wants_joints = False

    def __init__(
        self,
        broker: Broker,
        labels: Sequence[str] = (),
        home: bool = False,
        say: Callable[[str], None] = lambda line: None,
        most: int = MOST_KEPT,
    ) -> None:
        self._broker, self._labels, self._home, self._say, self._most = broker, tuple(labels), home, say, most
        self._waiting: deque[EventMessage] = deque()
        self._state: StateMessage | None = None
        self._told_state = ""
        self._home_events = HomeEvents(most)
        self._published = self._confirmed = 0  # messages, each counted in one thread alone
        self._lock, self._some = threading.Lock(), threading.Event()
        self._is_connected = self._is_refused = self._greet = self._over = False
        self._trouble = Trouble(broker, say)
        self.dropped = 0
        self._client = make_client(broker, self._topic("availability"))
        self._client.on_connect, self._client.on_disconnect = self._on_connect, self._on_disconnect
        self._client.on_connect_fail, self._client.on_message = self._on_connect_fail, self._on_message
        self._client.on_publish = self._on_publish
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    def send(self, message: AnyMessage, state: StateMessage) -> None:
        """Take a message, in the camera's thread, without waiting for anything."""
        with self._lock:
            self._state = state
            if isinstance(message, EventMessage):
                if len(self._waiting) >= self._most:
                    self._waiting.popleft()
                    self.dropped += 1
                self._waiting.append(message)
        self._some.set()

    def __enter__(self) -> MqttSink:
        # paho-mqtt tries again by itself, the first time too; a second one that did so would race it.
        self._client.connect_async(self._broker.host, self._broker.port, _KEEP_ALIVE_S)
        self._client.loop_start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Send what waits, if the broker is there, say that this program is gone, and hang up; within seconds."""
        self._over = True
        self._some.set()
        self._thread.join(3 * _END_S)
        self._client.disconnect()
        left = len(self._waiting) + self.dropped
        if left:
            self._say(f"MQTT: {count(left, 'event')} could not be sent to {self._broker}")
        if self._unconfirmed:
            self._say(f"MQTT: {self._broker} has not confirmed all messages; whether they came is not known")

    def _topic(self, name: str) -> str:
        return f"{self._broker.topic}/{name}"

    # In paho-mqtt's thread:

    def _on_connect(self, client: paho.Client, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._is_refused = reason.is_failure
        if reason.is_failure:
            self._tell(f"refuses ({reason}); is the user or the password wrong?")
            return
        if self._home:
            client.subscribe(STATUS, qos=1)
        self._is_connected = self._greet = True
        self._tell("")
        self._some.set()

    def _on_disconnect(self, client: paho.Client, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        if self._is_connected:
            self._tell("is lost")
        elif not self._is_refused:  # it took the connection, and hung up before it said a word
            self._tell(HANGS_UP)
        self._is_connected = False

    def _on_connect_fail(self, client: paho.Client, data: Any) -> None:
        self._tell(why_not(sys.exception()))  # the callback is called where paho-mqtt has caught it

    def _tell(self, trouble: str) -> None:
        if not self._over:
            self._trouble(trouble)

    def _on_message(self, client: paho.Client, data: Any, message: paho.MQTTMessage) -> None:
        if message.topic == STATUS and message.payload == ONLINE.encode():  # Home Assistant has started
            self._greet = True
            self._some.set()

    def _on_publish(self, client: paho.Client, data: Any, number: int, reason: Any, properties: Any) -> None:
        self._confirmed += 1
        self._some.set()

    # In the thread of this object:

    def _run(self) -> None:
        while not self._over:
            self._some.wait(_LOOK_S)
            self._some.clear()
            self._steps()
        self._until(lambda: self._steps() or not (self._waiting or self._unconfirmed))
        if self._is_connected:
            self._publish(self._topic("availability"), OFFLINE, retain=True)
            self._until(lambda: not self._unconfirmed)

    def _until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so, for a short while, and not for a broker that is away."""
        end_s = time.monotonic() + _END_S
        while self._is_connected and not is_so() and time.monotonic() < end_s:
            self._some.wait(_TICK_S)
            self._some.clear()

    def _steps(self) -> bool:
        """Publish all that there is and that the broker has room for; return False."""
        while self._is_connected and self._step():
            pass
        return False

    def _step(self) -> bool:
        """Publish the next thing; return whether there was one that the broker has room for."""
        if self._greet:
            if self._unconfirmed:  # what paho-mqtt sends again comes first, so that `seq` only grows
                return False
            self._greet, self._told_state = False, ""
            if self._home:
                topic, payload = discovery(self._broker.topic, self._labels)
                self._publish(topic, json.dumps(payload, ensure_ascii=False), retain=True)
            self._publish(self._topic("availability"), ONLINE, retain=True)
            return True
        if self._unconfirmed >= _UNDER_WAY:
            return False
        with self._lock:
            message = self._waiting.popleft() if self._waiting else None
            state = self._state
        if message is not None:
            self._publish(self._topic("event"), message.model_dump_json())
            for told in self._home_events.of(message) if self._home else ():
                self._publish(self._topic("home"), json.dumps(told, ensure_ascii=False))
            return True
        text = "" if state is None else json.dumps(state_now(state, self.dropped), ensure_ascii=False)
        if text and text != self._told_state:
            self._told_state = text
            self._publish(self._topic("state"), text, retain=True)
            return True
        return False

    def _publish(self, topic: str, text: str, retain: bool = False) -> None:
        # Where the broker is lost at this moment, paho-mqtt keeps the message and sends it to the next connection.
        self._published += 1
        self._client.publish(topic, text, qos=1, retain=retain)

    @property
    def _unconfirmed(self) -> int:
        """How many messages the broker has not confirmed."""
        return self._published - self._confirmed
