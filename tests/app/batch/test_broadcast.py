"""A camera whose events other programs hear as they happen, through the whole command."""

from __future__ import annotations

import argparse
import json
import threading
import time
from itertools import cycle, islice

import httpx
import numpy as np
import pytest

from app.batch.options import Options
from app.batch.run import Run
from app.broadcast.hub import Hub
from app.broadcast.message import EventMessage
from app.commands.broadcasting import add_broadcast, broadcasting
from app.page.event_server import serve_events
from tests.app.batch.helpers import FakePose, lines, listing
from tests.app.helpers import HandModel, pose
from tests.app.sources.stream_server import StreamServer, mjpeg

TOKEN = "a-token-of-the-test"
GREY = [np.full((48, 64, 3), 100 + i, np.uint8) for i in range(20)]


class Waving(FakePose):
    """One person who waves for 1.2 s, after as much rest, and so on."""

    def detect(self, rgb_HWC, time_s):
        return [pose(time_s, (0.1, 0.1, 0.4, 0.9), wave=time_s % 2.4 > 1.2)]


@pytest.fixture(autouse=True)
def fake_pose(monkeypatch):
    monkeypatch.setattr("app.pose.landmarker.PoseSource", Waving)


def camera(seconds=60.0, fps=20.0):
    film = mjpeg(list(islice(cycle(GREY), round(seconds * fps))), fps)
    return StreamServer(film, kind="multipart/x-mixed-replace; boundary=frame")


def watch(tmp_path, address, sinks, seconds=4.0, **options):
    out = tmp_path / "out"
    chosen = Options(out=out, seconds=seconds, quiet=True, **options)
    assert Run([address], chosen, HandModel(window_s=1.0), "test", HandModel, lambda: tmp_path, "fake", 1, sinks)() == 0
    (name,) = [name for name in listing(out) if name.endswith(".jsonl")]
    return lines(out / name)


class Taking:
    """A sink that keeps all messages."""

    wants_joints = True

    def __init__(self) -> None:
        self.messages = []

    def send(self, message, state) -> None:
        self.messages.append((message, state))

    def events(self) -> list[EventMessage]:
        return [message for message, _ in self.messages if message.type == "event"]


def test_the_events_are_those_of_the_file(tmp_path):
    sink = Taking()
    with camera() as server:
        written = watch(tmp_path, server.address, [sink], seconds=6.0)
    told = sink.events()
    ends = {one.id: one for one in told if one.phase == "end" and one.confirmed}
    assert len(written) >= 2 and {line["id"] for line in written} == set(ends)
    for line in written:
        end = json.loads(ends[line["id"]].model_dump_json())
        assert line == {name: end[name] for name in line}
    for number in {one.id for one in told}:
        its = [one.phase for one in told if one.id == number]
        assert its[0] == "start" and its[-1] == "end" and its.count("end") == 1
    assert {one.input for one in told} == {server.address}
    first, last = sink.messages[0][0], sink.messages[-1][0]
    assert (first.type, first.people, last.type, last.people, last.open) == ("state", 0, "state", 0, [])
    joints = [message for message, _ in sink.messages if message.type == "joints"]
    assert len(joints) > 20 and len(joints[0].persons[0].points) == 33
    begun = [time_s for time_s, line in zip((one.start for one in told if one.phase == "start"), written)]
    assert all(0 < start - line["start"] < 2.5 for start, line in zip(begun, written))  # named after it began


@pytest.mark.slow
def test_labels_and_scores_that_the_options_leave_out(tmp_path):
    with camera() as server:
        sink = Taking()
        assert watch(tmp_path, server.address, [sink], labels=("squat",)) == [] and sink.events() == []
        sink = Taking()
        assert watch(tmp_path, server.address, [sink], min_score=1.0) == []
    assert sink.events() and all(one.confirmed is False for one in sink.events() if one.phase == "end")
    assert len({one.id for one in sink.events()}) == len([one for one in sink.events() if one.phase == "end"])


@pytest.mark.slow
def test_files_and_runs_without_listeners_are_as_before(tmp_path):
    with camera() as server:
        written = watch(tmp_path, server.address, [])
    assert written and all("id" not in line for line in written)


@pytest.mark.slow
def test_a_client_hears_a_camera_over_http(tmp_path):
    hub, heard = Hub("run"), []

    def listen(address: str) -> None:
        client = httpx.Client(timeout=60, trust_env=False)
        with client, client.stream("GET", f"{address}ikem/events?token={TOKEN}") as answer:
            heard.extend(json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: "))

    with camera() as server:
        with serve_events(hub, TOKEN) as address:
            thread = threading.Thread(target=listen, args=(address,))
            thread.start()
            while not len(hub):
                time.sleep(0.01)
            written = watch(tmp_path, server.address, [hub])
        thread.join(60)
    assert [one["id"] for one in heard if one.get("phase") == "end" and one["confirmed"]] == [
        it["id"] for it in written
    ]


@pytest.mark.slow
def test_a_broker_hears_a_camera(tmp_path, free_port):
    pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed (the extra mqtt)")
    from app.broadcast.mqtt import MqttSink
    from app.broadcast.mqtt_address import Broker
    from tests.app.broadcast.broker import Hearer, Mosquitto, wait

    with Mosquitto(tmp_path, free_port), Hearer(free_port, "gym/#") as hearer, camera() as server:
        with MqttSink(Broker(host="127.0.0.1", port=free_port, topic="gym")) as sink:
            written = watch(tmp_path, server.address, [sink])
        wait(lambda: hearer.on("gym/availability") == ["online", "offline"])
        told = [json.loads(text) for text in hearer.on("gym/event")]
    assert [one["id"] for one in told if one["phase"] == "end" and one["confirmed"]] == [it["id"] for it in written]
    assert [one["phase"] for one in told][:2] == ["start", "end"]
    actions = [json.loads(text)["action"] for text in hearer.on("gym/state")]
    assert "waving" in actions and actions[-1] == "none"


def parsed(*words: str, **options):
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_broadcast(parser)
    args = parser.parse_args(words)
    args.inputs, args.quiet = options.pop("inputs", ["camera:0"]), options.get("quiet", False)
    return args, Options(out=None, **options)


def test_nothing_is_opened_unasked():
    with broadcasting(*parsed(), labels=["clap"]) as sinks:
        assert sinks == []


def test_what_is_told_of_a_port(free_port, capsys):
    with broadcasting(*parsed("--serve", str(free_port)), labels=["clap"]) as sinks:
        told = capsys.readouterr().err
        (url,) = [word for word in told.split() if "/ikem/events" in word]
        assert url.startswith(f"http://127.0.0.1:{free_port}/ikem/events?token=") and len(sinks) == 1
        token = url.rpartition("=")[2]
        assert httpx.get(f"http://127.0.0.1:{free_port}/ikem/events?token=x", trust_env=False).status_code == 401
        with (
            pytest.raises(ValueError, match="is taken; name another with --serve"),
            broadcasting(*parsed("--serve", str(free_port)), labels=[]),
        ):
            pass
    with broadcasting(*parsed("--serve", f"0.0.0.0:{free_port}", "--token", token), labels=[]):
        told = capsys.readouterr().err
        assert token not in told and "TOKEN" in told and "warning" in told


@pytest.mark.parametrize(
    ("words", "options", "why"),
    [
        (["--token", TOKEN], {}, "--token is for --serve"),
        (["--allow-host", "x"], {}, "--allow-host is for --serve"),
        (["--home-assistant"], {}, "--home-assistant is for --mqtt"),
        (["--mqtt-password", "x"], {}, "--mqtt-password is for --mqtt"),
        (["--mqtt-cert", "x"], {}, "--mqtt-cert is for --mqtt"),
        (["--mqtt-key", "x"], {}, "--mqtt-key is for --mqtt"),
        (["--serve", "8080"], {"workers": 2}, "one camera at a time"),
        (["--serve", "8080"], {"engine": "ray"}, "one camera at a time"),
        (["--serve", "8080"], {"inputs": ["a.mp4"]}, "no input is one; docs/events.md tells"),
        (["--serve", "8080"], {"quiet": True}, "give one with --token"),
        (["--serve", "8080", "--token", "short"], {}, "16 or more"),
        (["--serve", "192.0.2.1:8080"], {}, "no address of this machine"),
        (["--mqtt", "http://u:secret@host"], {}, "--mqtt takes"),
    ],
)
def test_what_does_not_go_together(words, options, why):
    with pytest.raises(ValueError, match=why) as error, broadcasting(*parsed(*words, **options), labels=[]):
        pass
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("address", "warns"),
    [("mqtt://ann:secret@192.0.2.1", True), ("mqtt://ann:secret@127.0.0.1", False), ("mqtt://192.0.2.1", False),
     ("mqtt://ann@192.0.2.1", False), ("mqtts://ann:secret@192.0.2.1", False)],
)  # fmt: skip
def test_a_password_that_travels_unencrypted(address, warns, monkeypatch, capsys):
    pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed (the extra mqtt)")
    from app.broadcast.mqtt import MqttSink

    monkeypatch.setattr(MqttSink, "__enter__", lambda sink: sink)
    monkeypatch.setattr(MqttSink, "__exit__", lambda *_: None)
    with broadcasting(*parsed("--mqtt", address), labels=["clap"]) as sinks:
        assert len(sinks) == 1
    told = capsys.readouterr().err
    assert ("travel unencrypted" in told) is warns and "secret" not in told


@pytest.mark.parametrize("text", ["", "x", "0", "65536", ":80", "host:", "-1", "²"])
def test_what_is_no_port(text):
    with pytest.raises(argparse.ArgumentError):
        parsed("--serve", text)
