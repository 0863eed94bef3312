"""Addresses of brokers, read and refused; a password is never repeated."""

from __future__ import annotations

import pytest

from app.broadcast.mqtt_address import read_broker


@pytest.mark.parametrize(
    ("text", "host", "port", "tls", "topic"),
    [
        ("mqtt://broker/home/gym", "broker", 1883, False, "home/gym"),
        ("mqtt://broker", "broker", 1883, False, "ikem-live"),
        ("mqtts://broker:8884/gym/", "broker", 8884, True, "gym"),
        ("mqtt://[::1]:1/a%20b", "::1", 1, False, "a b"),
    ],
)
def test_addresses(text, host, port, tls, topic):
    broker = read_broker(text)
    assert (broker.host, broker.port, broker.tls, broker.topic) == (host, port, tls, topic)
    assert (broker.user, broker.password) == ("", None)


def test_users(tmp_path):
    broker = read_broker("mqtt://ann:p%40ss%23@broker/x")
    assert (broker.user, broker.password) == ("ann", "p@ss#") and "p@ss" not in f"{broker}{broker!r}"
    assert (read_broker("mqtt://ann@broker").user, read_broker("mqtt://ann@broker").password) == ("ann", None)
    secret = tmp_path / "secret"
    secret.write_text("from a file \n")
    assert read_broker("mqtt://ann@broker", secret).password == "from a file "
    with pytest.raises(ValueError, match="cannot be read"):
        read_broker("mqtt://ann@broker", tmp_path / "none")
    with pytest.raises(ValueError, match="needs a user"):
        read_broker("mqtt://broker", secret)


@pytest.mark.parametrize(
    "text",
    [
        "", "broker", "http://broker/x", "mqtt:broker", "mqtt://", "mqtt:///topic", "mqtt://broker:0/x",
        "mqtt://broker:65536/x", "mqtt://broker:-1/x", "mqtt://broker:x/x", "mqtt://bro ker/x", "mqtt://[::1/x",
        "mqtt://broker/a+b", "mqtt://broker/a#", "mqtt://broker/$SYS", "mqtt://broker/a//b", "mqtt://broker/a?b",
        "mqtt://broker/%00", "mqtt://broker/" + "x" * 300, "mqtt://bröker/x", "mqtt://u:secret@broker:99999/x",
        "mqtt://u:secret@/x", "amqp://u:secret@broker/x", "mqtt://u:sec#ret@broker/x",
    ],
)  # fmt: skip
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match="--mqtt") as error:
        read_broker(text)
    assert "secret" not in str(error.value) and "sec#" not in str(error.value)


def test_certificates_are_for_encrypted_connections(tmp_path):
    file = tmp_path / "file.pem"
    for name in ("authorities", "certificate", "key"):
        with pytest.raises(ValueError, match="is for mqtts://"):
            read_broker("mqtt://broker/x", **{name: file})
        with pytest.raises(ValueError, match="no such file; --mqtt-"):
            read_broker("mqtts://broker/x", **{name: file})
    file.touch()
    with pytest.raises(ValueError, match="give that with --mqtt-cert"):
        read_broker("mqtts://broker/x", key=file)
    broker = read_broker("mqtts://broker/x", authorities=file, certificate=file, key=file)
    assert (broker.authorities, broker.certificate, broker.key) == (file, file, file)
