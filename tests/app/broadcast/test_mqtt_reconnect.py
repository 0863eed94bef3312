"""A broker that is lost and comes back while a camera plays: what is lost, what comes twice, who is there."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest

pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed (the extra mqtt)")

from app.broadcast import mqtt_client
from app.broadcast.mqtt import _UNDER_WAY, MqttSink
from app.broadcast.mqtt_address import Broker
from tests.app.broadcast.broker import PATIENCE_S, Hearer, Mosquitto, wait
from tests.app.broadcast.messages import PHASES, event, state
from tests.app.broadcast.relay import Relay

TOPIC = "test/gym"
# What the broker confirms has gone to the hearer, and does not wait in a memory that is killed.
AT_ONCE = "max_inflight_messages 0"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(mqtt_client, "LONGEST_PAUSE_S", 1)


def sink(port: int) -> MqttSink:
    return MqttSink(Broker(host="127.0.0.1", port=port, topic=TOPIC), ["clap"], home=True, most=100_000)


class Playing:
    """A camera that plays claps, from start to end, as long as it is open; a context manager.

    Attributes:
        number: of claps that are over.
    """

    def __init__(self, one: MqttSink) -> None:
        self._sink, self._over, self.number = one, threading.Event(), 0
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._over.is_set():
            for phase in PHASES:
                message = event(self.number, phase)
                self._sink.send(message, state() if phase == "end" else state(message))
                time.sleep(0.001)
            self.number += 1

    def goes_on(self, claps: int) -> None:
        """Wait until so many more claps are over."""
        start = self.number
        wait(lambda: self.number >= start + claps)

    def __enter__(self) -> Playing:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(PATIENCE_S)


def told_once(texts: list[str], interruptions: int) -> list[dict]:
    """What a listener keeps who drops whatever has no larger number than the last message; few come twice."""
    new, last = [], 0
    for message in map(json.loads, texts):
        if message["seq"] > last:
            new.append(message)
            last = message["seq"]
    assert len(texts) - len(new) <= _UNDER_WAY * interruptions
    return new


def all_heard(hearer: Hearer, claps: int, interruptions: int) -> None:
    """Wait for the last end, and compare what was heard with what a camera played."""
    last = f'"id":"run-0-{claps - 1}","phase":"end"'
    wait(lambda: last in (hearer.on(f"{TOPIC}/event") or [""])[-1], "the last end")
    found = [(one["id"], one["phase"]) for one in told_once(hearer.on(f"{TOPIC}/event"), interruptions)]
    assert found == [(f"run-0-{number}", phase) for number in range(claps) for phase in PHASES]
    wait(lambda: len(set(hearer.on(f"{TOPIC}/home"))) == 2 * claps, "all events for Home Assistant")
    found = [(one["id"], one["event_type"]) for one in told_once(hearer.on(f"{TOPIC}/home"), interruptions)]
    assert found == [(f"run-0-{number}", kind) for number in range(claps) for kind in ("clap", "clap_end")]
    wait(lambda: json.loads(hearer.on(f"{TOPIC}/state")[-1])["action"] == "none")


@pytest.mark.slow
def test_a_broker_that_is_killed_and_started_again_while_a_camera_plays(tmp_path, free_port, monkeypatch):
    """No start and no end is lost. What the broker had taken and not confirmed comes twice, and is known by `seq`."""
    sent: list[tuple[str, str]] = []
    with (
        Mosquitto(tmp_path, free_port, AT_ONCE) as broker,
        Relay(broker.port) as relay,
        Hearer(broker.port) as hearer,
        sink(relay.port) as one,
    ):
        usual = one._client.publish
        monkeypatch.setattr(one._client, "publish", lambda *all, **more: sent.append(all) or usual(*all, **more))
        with Playing(one) as camera:
            for kill in range(3):
                wait(lambda: hearer.on(f"{TOPIC}/availability").count("online") == kill + 1)  # noqa: B023
                camera.goes_on(30)
                relay.answers.clear()
                wait(lambda: one._unconfirmed >= _UNDER_WAY, "a broker that confirms nothing")
                (last, *_) = [text for topic, text in reversed(sent) if topic == f"{TOPIC}/event"]
                wait(lambda: last in hearer.on(f"{TOPIC}/event"))  # noqa: B023  # all that was confirmed is heard
                relay.is_open = False  # whoever listens is there before the events come again
                hearer.there.clear()
                broker.kill()
                relay.cut()
                camera.goes_on(10)
                broker.start()
                assert hearer.there.wait(PATIENCE_S)
                relay.answers.set()
                relay.is_open = True
        all_heard(hearer, camera.number, 3)
        assert len(hearer.on(f"{TOPIC}/event")) > len(PHASES) * camera.number  # some came twice
        assert one.dropped == 0 and hearer.on(f"{TOPIC}/availability")[-1] == "online"


@pytest.mark.slow
def test_a_network_that_comes_and_goes_while_a_camera_plays(tmp_path, free_port):
    with (
        Mosquitto(tmp_path, free_port) as broker,
        Relay(broker.port) as relay,
        Hearer(broker.port) as hearer,
        sink(relay.port) as one,
    ):
        with Playing(one) as camera:
            for _ in range(4):
                seen = len(hearer.on(f"{TOPIC}/event"))
                wait(lambda: len(hearer.on(f"{TOPIC}/event")) > seen)  # noqa: B023  # called before the next round
                relay.cut()
                camera.goes_on(10)
        all_heard(hearer, camera.number, 4)
        assert one.dropped == 0 and hearer.on(f"{TOPIC}/availability")[-1] == "online"


def test_what_is_sent_again_comes_before_what_is_new(monkeypatch):
    """Or a listener who drops what is not newer would drop what it has never heard."""
    one, sent = sink(1), []
    monkeypatch.setattr(one._client, "publish", lambda topic, *_, **__: sent.append(topic))
    one.send(event(1), state())
    one._published, one._confirmed = 3, 1  # two are under way, and paho-mqtt sends them again
    one._is_connected = one._greet = True
    one._steps()
    assert sent == []
    for _ in range(2):
        one._on_publish(one._client, None, 0, None, None)
    one._steps()
    assert sent[0].startswith("homeassistant/") and sent[1:3] == [f"{TOPIC}/availability", f"{TOPIC}/event"]


@pytest.mark.slow
def test_the_will_of_a_lost_connection_does_not_outlive_the_next(tmp_path, free_port):
    """Where the broker notices later than this program that the line is dead, it must not say "offline" in the end."""
    with (
        Mosquitto(tmp_path, free_port) as broker,
        Relay(broker.port) as relay,
        Hearer(broker.port) as hearer,
        sink(relay.port),
    ):
        wait(lambda: hearer.on(f"{TOPIC}/availability") == ["online"])
        (dead,) = relay.lose()
        wait(lambda: hearer.on(f"{TOPIC}/availability").count("online") == 2)
        dead.shutdown(socket.SHUT_RDWR)
        for mark in (1, 2):  # what the broker says because of it comes before the second one
            hearer.client.publish("mark", str(mark), qos=1)
            wait(lambda: len(hearer.on("mark")) == mark)  # noqa: B023  # called at once
        assert hearer.on(f"{TOPIC}/availability")[-1] == "online"


class HangingUp:
    """A server that hangs up on whoever comes."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            line.close()

    def __enter__(self) -> HangingUp:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def test_pauses_grow_and_a_broker_that_hangs_up_is_told_once(monkeypatch):
    monkeypatch.setattr(mqtt_client, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(mqtt_client, "LONGEST_PAUSE_S", 0.05)
    pauses, said = [], []
    with HangingUp() as server:
        one = MqttSink(Broker(host="127.0.0.1", port=server.port), say=said.append)
        usual = one._client._reconnect_wait
        monkeypatch.setattr(
            one._client, "_reconnect_wait", lambda: (usual(), pauses.append(one._client._reconnect_delay))
        )
        with one:
            wait(lambda: len(pauses) >= 5)
    assert pauses[:5] == [0.01, 0.02, 0.04, 0.05, 0.05]
    assert len(said) == 1 and "hangs up" in said[0]


def test_two_brokers_hear_their_own_alone(tmp_path, free_port):
    (first := tmp_path / "1").mkdir()
    (second := tmp_path / "2").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        other = probe.getsockname()[1]
    with (
        Mosquitto(first, free_port),
        Mosquitto(second, other),
        Hearer(free_port) as here,
        Hearer(other) as there,
    ):
        for number, (port, hearer) in enumerate([(free_port, here), (other, there)]):
            with sink(port) as one:
                one.send(event(number), state())
                wait(lambda: hearer.on(f"{TOPIC}/event"))  # noqa: B023  # called at once
        ids = [[json.loads(text)["id"] for text in hearer.on(f"{TOPIC}/event")] for hearer in (here, there)]
        assert ids == [["run-0-0"], ["run-0-1"]]
