"""The recipes of docs/events.md that go through a broker, as they stand there, with a real one."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("paho.mqtt.client", reason="paho-mqtt is not installed (the extra mqtt)")

from app.broadcast.home_assistant import HomeEvents, device_id, discovery
from app.broadcast.mqtt import MqttSink
from app.broadcast.mqtt_address import Broker
from models.system.places import ROOT
from tests.app.broadcast.broker import Hearer, Mosquitto, wait
from tests.app.broadcast.messages import PHASES, event, state

PAGE = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
SCENE = Path(__file__).parents[1] / "data" / "scene.npz"


def recipe(kind: str, word: str) -> str:
    """The one recipe in a language with a word in it."""
    (text,) = [text for text in re.findall(rf"```{kind}\n(.*?)```", PAGE, re.S) if word in text]
    return text


def here(text: str, program: str, port: int) -> str:
    """The recipe for a broker on a port of this machine."""
    if shutil.which(program) is None:
        pytest.skip(f"no {program} on this machine (Debian: apt-get install mosquitto-clients)")
    assert text.count("-h broker") == 1
    return text.replace("-h broker", f"-h 127.0.0.1 -p {port}")


def test_a_lamp_in_the_shell(tmp_path, free_port):
    script = here(recipe("sh", "lamp!"), "mosquitto_sub", free_port)
    assert script.count("while read -r event; do") == 1
    script = script.replace("while read -r event; do", 'while read -r event; do echo "$event" >&2;')
    with Mosquitto(tmp_path, free_port), Hearer(free_port, "gym/#") as hearer:
        ready = event(0, label="wave").model_dump_json()
        hearer.client.publish("gym/event", ready, qos=1, retain=True)  # what the script hears when it listens
        wait(lambda: hearer.heard)
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        lamp = subprocess.Popen(["sh", "-c", script], start_new_session=True, **pipes)
        try:
            assert lamp.stderr.readline() == ready + "\n"
            with MqttSink(Broker(host="127.0.0.1", port=free_port, topic="gym")) as one:
                for number, label in [(1, "clap"), (2, "wave"), (3, "clap"), (3, "clap")]:  # the last comes twice
                    for phase in PHASES:
                        one.send(event(number, phase, label=label), state())
                wait(lambda: len(hearer.on("gym/event")) == 13)
            heard = [lamp.stderr.readline() for _ in range(12)]
        finally:
            os.killpg(lamp.pid, signal.SIGTERM)  # the script's programs too, which would wait for more
            switched, _ = lamp.communicate()
    assert '"id":"run-0-3","phase":"end"' in heard[-1] and switched == "lamp!\n" * 2


def test_what_has_ended_through_a_pipe(tmp_path, free_port, action_model):
    """The command as it is in a shell, for a recording in place of the camera."""
    if action_model.parent.name != "pretrained":
        pytest.skip("no shipped model here, and an untrained one names nothing")
    command = here(recipe("sh", "--json-lines"), "mosquitto_pub", free_port)
    assert command.startswith("ikem-live classify camera:0 --out results ")
    command = command.replace("ikem-live", f"{shlex.quote(sys.executable)} -m app")
    command = command.replace("camera:0 --out results", f"{SCENE} --out {shlex.quote(str(tmp_path / 'out'))}")
    with Mosquitto(tmp_path, free_port), Hearer(free_port, "gym/ended") as hearer:
        subprocess.run(["sh", "-c", command], cwd=ROOT, check=True)
        (results,) = (tmp_path / "out").glob("*.jsonl")
        written = results.read_text(encoding="utf-8").splitlines()
        assert len(written) >= 2
        wait(lambda: len(hearer.heard) == len(written))
    assert [json.loads(text) for text in hearer.on("gym/ended")] == [json.loads(line) for line in written]


def test_the_automation_names_what_the_device_has():
    """Its keys were checked by Home Assistant itself; a device that comes back must not trigger it."""
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    automation = yaml.safe_load(recipe("yaml", "trigger:"))
    (trigger,), (kind, newer) = automation["triggers"], automation["conditions"]
    shown = discovery("gym", ["clap"])[1]["components"]["event"]["default_entity_id"]
    number = device_id("gym").rpartition("_")[2]
    assert re.sub("_[0-9a-f]{6}_", f"_{number}_", trigger["entity_id"]) == shown
    assert trigger["not_from"] == "unavailable" and "event_type == 'clap'" in kind
    jinja2 = pytest.importorskip("jinja2", reason="Jinja is not installed")
    events = HomeEvents(9)
    one, other = (events.of(event(number))[0] for number in (1, 2))
    for before, now, is_new in (({}, one, True), (one, other, True), (one, one, False), (other, one, False)):
        trigger = {"from_state": {"attributes": before}, "to_state": {"attributes": now}}
        said = [jinja2.Template(text).render(trigger=trigger) for text in (kind, newer)]
        assert said == ["True", str(is_new)]
