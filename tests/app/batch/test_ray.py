"""The same work on a Ray cluster of this machine: nothing lost and nothing twice, though a worker is killed.

Needs Ray (requirements-ray.txt).
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.batch.outputs import PARTS
from models.system.places import ROOT
from tests.app.batch.helpers import joints, listing, rows, run, save
from tests.app.batch.test_processes import Broken, Slow, clips

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install -r requirements-ray.txt"
)


def test_without_ray_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)  # as if it were not installed
    with pytest.raises(ValueError, match="pip install -r requirements-ray.txt"):
        run(clips(tmp_path, "a"), tmp_path / "out", engine="ray")
    assert listing(tmp_path / "out") == []


@needs_ray
@pytest.mark.slow
def test_a_killed_worker_loses_nothing_and_nothing_comes_twice(tmp_path, capsys):
    inputs, out, whole = tmp_path / "in", tmp_path / "out", tmp_path / "whole"
    inputs.mkdir()
    for i in range(6):
        save(inputs / f"{i}.npz", joints(*[(2, "wave"), (2, "squat")] * (3 + i)))
    (inputs / "bad.npz").write_bytes(b"no archive")
    assert run([inputs], whole, csv=True, vtt=True, json_lines=True) == 1
    wanted = sorted(capsys.readouterr().out.splitlines())
    killed, opened = [], []

    def kill() -> None:
        while not killed:
            for folder in (out / PARTS).glob("*.*"):
                if folder.name.split(".")[0] in "345" and any(folder.iterdir()):
                    pid = int(folder.name.split(".")[1])
                    opened.extend(_listening(pid))
                    os.kill(pid, signal.SIGKILL)
                    killed.append(folder.name)
                    break
            time.sleep(0.05)

    threading.Thread(target=kill, daemon=True).start()
    options = {"csv": True, "vtt": True, "json_lines": True, "workers": 2, "engine": "ray"}
    assert run([inputs], out, make_model=Slow, **options) == 1
    assert len(killed) == 1 and opened and all(address.startswith("127.") for address in opened)
    assert listing(out) == listing(whole)
    for name in listing(whole):
        assert (out / name).read_bytes() == (whole / name).read_bytes(), name
    assert sorted(capsys.readouterr().out.splitlines()) == wanted
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0" and not (out / PARTS).exists()


def _listening(pid: int) -> list[str]:
    """Addresses on which any process of a worker's family listens."""
    parent = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]
    told = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True).stdout.splitlines()
    own = [line for line in told if f"pid={pid}," in line or f"pid={parent}," in line]
    return [line.split()[3].removeprefix("[::ffff:") for line in own]


@needs_ray
@pytest.mark.slow
def test_a_model_that_cannot_be_loaded_there(tmp_path):
    from app.batch.engine_ray import work_on_ray
    from app.batch.jobs import make_jobs
    from app.batch.options import Options, WorkerSetup
    from app.batch.stop import Stop
    from tests.app.batch.test_processes import Nobody

    setup = WorkerSetup(options=Options(out=tmp_path / "out"), make_model=Broken)
    ((_, done),) = work_on_ray(make_jobs(clips(tmp_path, "a")), setup, 1, "", Nobody(), Stop())
    assert done.error == "a worker cannot begin (no such model here)"


@needs_ray
@pytest.mark.parametrize("address", ["127.0.0.1:{}", "nonsense", "127.0.0.1:99999", "auto"])
def test_no_cluster_at_the_address(tmp_path, free_port, address):
    with pytest.raises(ValueError, match="nobody listens at"):
        run(clips(tmp_path, "a"), tmp_path / "out", engine="ray", ray_address=address.format(free_port))


@needs_ray
@pytest.mark.slow
def test_the_command_as_a_user_gives_it(tmp_path, action_model):
    inputs = clips(tmp_path, "abc")
    command = [sys.executable, "-m", "app", "classify", *map(str, inputs), "--model", str(action_model)]
    command += ["--out", str(tmp_path / "out"), "--engine", "ray", "--workers", "2", "--json-lines", "-"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert len(rows(tmp_path / "out")) == 3 and all(json.loads(line)["input"] for line in done.stdout.splitlines())
