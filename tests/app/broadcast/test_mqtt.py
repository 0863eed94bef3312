"""Events to a real broker, which is absent, refuses, is killed and comes back."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading

import pytest

pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed (the extra mqtt)")

from app.broadcast import mqtt, mqtt_client
from app.broadcast.home_assistant import STATUS, device_id
from app.broadcast.mqtt import MqttSink
from app.broadcast.mqtt_address import Broker
from tests.app.broadcast.broker import PATIENCE_S, Hearer, Mosquitto, wait
from tests.app.broadcast.messages import event, state

TOPIC = "test/gym"


@pytest.fixture
def broker(tmp_path, free_port):
    with Mosquitto(tmp_path, free_port) as found:
        yield found


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(mqtt_client, "LONGEST_PAUSE_S", 1)


def sink(port: int, said: list[str] | None = None, home: bool = False, most: int = 1000, **more) -> MqttSink:
    place = Broker(host="127.0.0.1", port=port, topic=TOPIC, **more)
    return MqttSink(place, ["clap", "a <b>"], home, (said if said is not None else []).append, most)


def play(one: MqttSink, *numbers: int) -> None:
    """A clap from start to end for each number."""
    for number in numbers:
        for phase in ("start", "update", "end"):
            message = event(number, phase)
            one.send(message, state() if phase == "end" else state(message))


def phases(texts: list[str]) -> list[tuple[str, str]]:
    return [(message["id"], message["phase"]) for message in map(json.loads, texts)]


def played(*numbers: int) -> list[tuple[str, str]]:
    return [(f"run-0-{number}", phase) for number in numbers for phase in ("start", "update", "end")]


def test_events_in_order_and_what_is_retained(broker):
    with Hearer(broker.port) as early:
        with sink(broker.port) as one:
            play(one, 1, 2)
            wait(lambda: len(early.on(f"{TOPIC}/event")) == 6)
            wait(lambda: json.loads(early.on(f"{TOPIC}/state")[-1])["action"] == "none")
        wait(lambda: early.on(f"{TOPIC}/availability") == ["online", "offline"])
        assert phases(early.on(f"{TOPIC}/event")) == played(1, 2)
        assert all(topic.startswith(TOPIC) for topic, _, _ in early.heard)  # nothing where nobody asked for it
    with Hearer(broker.port) as late:
        wait(lambda: len(late.heard) == 2)
        assert {topic for topic, _, retained in late.heard if retained} == {f"{TOPIC}/availability", f"{TOPIC}/state"}
        assert json.loads(late.on(f"{TOPIC}/state")[0]) == {
            "action": "none", "label": None, "count": 0, "people": 1, "dropped": 0,
        }  # fmt: skip


def test_a_broker_that_is_not_there_yet(tmp_path, free_port):
    said: list[str] = []
    later = Mosquitto(tmp_path, free_port)
    with sink(free_port, said) as one:
        play(one, 1)
        wait(lambda: any("does not answer" in line for line in said))
        with later, Hearer(free_port) as hearer:
            wait(lambda: len(hearer.on(f"{TOPIC}/event")) == 3)
            assert phases(hearer.on(f"{TOPIC}/event")) == played(1)
            assert len([line for line in said if "does not answer" in line]) == 1 and "answers" in said[-1]


def test_events_are_kept_up_to_a_bound_and_then_counted(tmp_path, free_port):
    with sink(free_port, most=6) as one:
        play(one, *range(10))
        assert one.dropped == 24
        with Mosquitto(tmp_path, free_port), Hearer(free_port) as hearer:
            wait(lambda: len(hearer.on(f"{TOPIC}/state")) > 0)
            wait(lambda: json.loads(hearer.on(f"{TOPIC}/state")[-1])["dropped"] == 24)


def test_the_end_tells_what_was_not_sent(free_port):
    said: list[str] = []
    with sink(free_port, said, most=6) as one:
        play(one, 1, 2, 3)
    assert any("9 events could not be sent" in line for line in said)


def test_a_refused_user_counts_as_no_connection(tmp_path, free_port):
    if shutil.which("mosquitto_passwd") is None:
        pytest.skip("no mosquitto_passwd on this machine (Debian: apt-get install mosquitto)")
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "ann", "right"], check=True, capture_output=True)
    said: list[str] = []
    with (
        Mosquitto(tmp_path, free_port, f"password_file {passwords}"),
        Hearer(free_port, user="ann", password="right") as hearer,
    ):
        with sink(free_port, said, user="ann", password="wrong") as one:
            play(one, 1)
            wait(lambda: any("refuses" in line for line in said))
            assert not one._is_connected
        with sink(free_port, user="ann", password="right") as one:
            play(one, 2)
            wait(lambda: len(hearer.on(f"{TOPIC}/event")) == 3)
        assert phases(hearer.on(f"{TOPIC}/event")) == played(2)
    assert len([line for line in said if "refuses" in line]) == 1 and "wrong" not in said[0].partition("; is")[0]


class Deaf:
    """A server that takes connections, notes the first packet of each, and answers nothing."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port, self._lines = self._socket.getsockname()[1], []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            self._lines.append(line)
            self.heard.append(line.recv(4096))

    def __enter__(self) -> Deaf:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        for line in self._lines:
            line.close()


def test_a_user_without_a_password_and_a_broker_that_never_answers():
    """The flags of CONNECT (MQTT 3.1.1, section 3.1.2.3): user, no password, will, retained, QoS 1."""
    said: list[str] = []
    with Deaf() as deaf:
        with sink(deaf.port, said, user="ann") as one:
            wait(lambda: deaf.heard)
            play(one, 1)  # the camera's thread goes on
        flags = deaf.heard[0][9]
        assert flags & 0b10000000 and not flags & 0b01000000 and flags & 0b00111100 == 0b00101100
        assert b"ann" in deaf.heard[0] and f"{TOPIC}/availability".encode() in deaf.heard[0]
    assert any("3 events could not be sent" in line for line in said)


def test_the_camera_does_not_wait_for_a_broker_that_takes_nothing(broker, monkeypatch):
    """paho-mqtt is held up for as long as a camera plays."""
    release = threading.Event()
    with sink(broker.port, most=30) as one:
        wait(lambda: one._is_connected and one._unconfirmed == 0 and one._published)
        usual = one._client.publish
        monkeypatch.setattr(
            one._client, "publish", lambda *all, **more: (release.wait(PATIENCE_S), usual(*all, **more))
        )
        camera = threading.Thread(target=play, args=(one, *range(200)), daemon=True)
        camera.start()
        camera.join(PATIENCE_S / 2)
        held_up, kept = camera.is_alive(), len(one._waiting)
        release.set()
    assert not held_up and kept in (29, 30) and one.dropped > 500


def test_what_the_broker_has_not_confirmed_is_not_called_a_failure(broker, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(mqtt, "_END_S", 0.2)
    with sink(broker.port, said) as one:
        monkeypatch.setattr(one, "_on_publish", lambda *_: None)
        one._client.on_publish = one._on_publish
        wait(lambda: one._is_connected)
        play(one, 1)
        wait(lambda: not one._waiting)
    assert any("whether they came is not known" in line for line in said)
    assert not any("could not be sent" in line for line in said)


def test_the_last_will(broker):
    """A connection that is cut, as by a power cut: the broker says that this program is gone, until it is back."""
    with sink(broker.port) as one, Hearer(broker.port) as hearer:
        wait(lambda: hearer.on(f"{TOPIC}/availability") == ["online"])
        one._client.socket().shutdown(socket.SHUT_RDWR)
        wait(lambda: hearer.on(f"{TOPIC}/availability") == ["online", "offline", "online"])


def test_home_assistant(broker):
    device = device_id(TOPIC)
    with Hearer(broker.port) as hearer, sink(broker.port, home=True) as one:
        config = f"homeassistant/device/{device}/config"
        wait(lambda: hearer.on(config))
        found = json.loads(hearer.on(config)[0])
        assert found["device"]["identifiers"] == [device] and found["origin"]["name"]
        assert found["availability_topic"] == f"{TOPIC}/availability"
        parts = found["components"]
        assert {name: part["platform"] for name, part in parts.items()} == {
            "event": "event", "action": "sensor", "count": "sensor", "people": "sensor",
        }  # fmt: skip
        assert parts["event"]["event_types"] == ["clap", "clap_end", "a <b>", "a <b>_end"]
        assert parts["count"]["state_class"] == "total_increasing"
        for name, part in parts.items():
            assert part["default_entity_id"].startswith(f"{part['platform']}.ikem_live_") and "object_id" not in part
            assert part["unique_id"] == f"{device}_{name}"
        play(one, 1)
        one.send(event(2), state(event(2)))
        one.send(event(2, "update", label="a <b>"), state(event(2)))
        wait(lambda: '"clapping"' in (hearer.on(f"{TOPIC}/state") or [""])[-1])
        one.send(event(2, "end", label="a <b>"), state(event(3)))
        wait(lambda: len(hearer.on(f"{TOPIC}/home")) == 5)
        kinds = [json.loads(text)["event_type"] for text in hearer.on(f"{TOPIC}/home")]
        assert kinds == ["clap", "clap_end", "clap", "a <b>", "a <b>_end"]  # no update, and no action without a start
        hearer.client.publish(STATUS, "online")
        wait(lambda: len(hearer.on(config)) == 2 and hearer.on(f"{TOPIC}/availability") == ["online", "online"])
    with Hearer(broker.port) as late:
        wait(lambda: len(late.heard) == 3)
        assert f"{TOPIC}/home" not in {topic for topic, _, _ in late.heard}


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "paho.mqtt.client", None)
    with pytest.raises(ValueError, match="pip install -r requirements-mqtt.txt"):
        sink(1)
