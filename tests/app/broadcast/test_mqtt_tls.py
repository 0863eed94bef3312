"""Encrypted connections to a real broker: whose certificate counts, and what the user is told where none does."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed (the extra mqtt)")

from app.broadcast import mqtt_client
from app.broadcast.mqtt import MqttSink
from app.broadcast.mqtt_address import Broker
from app.broadcast.mqtt_client import why_not
from tests.app.broadcast.broker import Hearer, Mosquitto, wait
from tests.app.broadcast.messages import event, state

TOPIC = "test/gym"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(mqtt_client, "LONGEST_PAUSE_S", 1)


def made(folder: Path, name: str, *more: str) -> tuple[Path, Path]:
    """A certificate that vouches for itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl program here to make a certificate")
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key.pem"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", *(more or ["-nodes"])]
    names = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", "-x509", "-days", "2", *kind, *names, *files], check=True, capture_output=True)
    return certificate, key


def sink(port: int, said: list[str], **more) -> MqttSink:
    return MqttSink(Broker(host="127.0.0.1", port=port, topic=TOPIC, tls=True, **more), say=said.append)


def test_a_broker_whose_certificate_is_checked(tmp_path, free_port):
    certificate, key = made(tmp_path, "broker")
    said: list[str] = []
    with Mosquitto(tmp_path, free_port, f"certfile {certificate}", f"keyfile {key}"):
        with sink(free_port, said, authorities=certificate) as one:
            wait(lambda: one._is_connected)
        assert said == [f"MQTT: mqtts://127.0.0.1:{free_port}/{TOPIC} answers"]
        with sink(free_port, said) as one:
            wait(lambda: any("has a certificate that is not trusted (" in line for line in said))
            assert not one._is_connected
        with MqttSink(Broker(host="127.0.0.1", port=free_port, topic=TOPIC), say=said.append) as one:
            wait(lambda: any("hangs up; are port and scheme right" in line for line in said))
            assert not one._is_connected


def test_a_broker_that_asks_for_a_certificate(tmp_path, free_port, capfd):
    certificate, key = made(tmp_path, "broker")
    own, own_key = made(tmp_path, "camera")
    both = tmp_path / "both.pem"
    both.write_text(own.read_text() + own_key.read_text())
    said: list[str] = []
    lines = [f"certfile {certificate}", f"keyfile {key}", f"cafile {own}", "require_certificate true"]
    # A second door, for the test to listen at.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        other = probe.getsockname()[1]
    with Mosquitto(tmp_path, free_port, *lines, f"listener {other} 127.0.0.1"), Hearer(other) as hearer:
        for number, files in enumerate([{"certificate": own, "key": own_key}, {"certificate": both}]):
            with sink(free_port, said, authorities=certificate, **files) as one:
                one.send(event(number), state())
                wait(lambda: len(hearer.on(f"{TOPIC}/event")) == number + 1)  # noqa: B023  # called at once
        with sink(free_port, said, authorities=certificate):
            wait(lambda: any("--mqtt-cert" in line for line in said))
    assert len([line for line in said if "hangs up" in line]) == 1


def test_files_that_are_not_what_they_should_be(tmp_path, capfd):
    certificate, key = made(tmp_path, "camera")
    other, _ = made(tmp_path, "other")
    locked, locked_key = made(tmp_path, "locked", "-passout", "pass:secret")
    with pytest.raises(ValueError, match="no file of certificates"):
        sink(1, [], authorities=key)
    for files in ({"certificate": key}, {"certificate": certificate}, {"certificate": other, "key": key},
                  {"certificate": locked, "key": locked_key}):  # fmt: skip
        with pytest.raises(ValueError, match="--mqtt-cert takes a certificate in PEM"):
            sink(1, [], **files)
    assert "pass phrase" not in "".join(capfd.readouterr())  # nothing was asked at the terminal


def test_what_is_wrong_is_told_by_its_kind(free_port):
    said: list[str] = []
    with sink(free_port, said):
        wait(lambda: any("does not answer" in line for line in said))
    assert "name that is not known" in why_not(socket.gaierror())
