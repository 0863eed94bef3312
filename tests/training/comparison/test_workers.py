"""Processes of a comparison: a GPU for each, or several for one that is then a torchrun; and they end with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.system.places import ROOT
from tests.training.comparison.tiny import tiny_file
from training.__main__ import main
from training.comparison import workers as workers_module
from training.comparison.grid import Grid
from training.comparison.plan import make_plan
from training.comparison.state import ComparisonState
from training.comparison.workers import command, shared_out, starter
from training.data.store import write_store


@pytest.fixture
def state(tmp_path: Path) -> ComparisonState:
    import numpy as np

    part = np.array([1] * 8 + [0] * 4)
    people = [[np.zeros((50, 25, 3))] for _ in part]
    write_store(tmp_path / "store", people, {"label": np.arange(12) % 3}, ("a", "b", "c"), {"xview": part}, "test")
    grid = Grid.read(tiny_file(tmp_path, tmp_path / "store"))
    return ComparisonState(tmp_path / "out", grid, make_plan(grid))


def test_gpus_are_shared_out_evenly() -> None:
    assert shared_out((), 3) == [(), (), ()]
    assert shared_out(("0", "1", "5", "7"), 2) == [("0", "1"), ("5", "7")]
    with pytest.raises(ValueError, match="3 GPUs cannot be shared evenly by 2 workers; give --workers 3"):
        shared_out(("0", "1", "2"), 2)
    with pytest.raises(ValueError, match="names a GPU twice: 0,0"):
        shared_out(("0", "0"), 2)


def test_each_run_sees_its_own_gpus_and_the_next_one_those_that_are_free(
    state: ComparisonState, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fake:
        def __init__(self, words: list[str], env: dict[str, str], **_: object) -> None:
            self.words, self.gpus, self.code = words, env.get("CUDA_VISIBLE_DEVICES"), None
            self.ends_with_parent = _["preexec_fn"] is workers_module.end_with_parent

        def poll(self) -> int | None:
            return self.code

    monkeypatch.setattr(subprocess, "Popen", Fake)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    task = state.plan.tasks["seed0-none-jmbaro"]
    start = starter(state, 2, None, ("0", "1"))
    first, second = start(task), start(task)
    assert (first.gpus, second.gpus) == ("0", "1") and "torch.distributed.run" not in first.words
    second.code = 0
    assert start(task).gpus == "1" and first.ends_with_parent
    assert starter(state, 2)(task).gpus is None
    wide = starter(state, 1, None, ("2", "3"))(task)
    assert wide.gpus == "2,3"
    assert wide.words[1:7] == ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]


def test_an_evaluation_takes_one_process_however_many_gpus(state: ComparisonState) -> None:
    words = command(state.plan.tasks["seed0-none-jmbaro-knn"], state, 1, gpus=4)
    assert words[1:4] == ["-m", "training", "evaluate"]


@pytest.mark.parametrize("said", ["0,x", "-1", "", "0,,1"])
def test_gpus_are_numbers(said: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(["compare", str(tmp_path / "grid.yaml"), "--out", str(tmp_path), f"--devices={said}"])
    assert "GPUs are named by their numbers" in capsys.readouterr().err


PARENT = """
import subprocess, sys, time
from models.system.signals import end_with_parent
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], preexec_fn=end_with_parent)
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's end")
def test_a_worker_ends_with_a_killed_parent() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    child = int(parent.stdout.readline())
    assert Path(f"/proc/{child}").exists()
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    for _ in range(600):
        if _gone(child):
            return
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the worker goes on")


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True
