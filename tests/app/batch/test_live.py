"""Cameras and addresses: bounded by a time or by Ctrl-C, and whole in either case."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

import av
import numpy as np
import pytest

from app.batch import play
from app.landmarks.reader import LandmarkReader
from models.system.places import ROOT
from tests.app.batch.helpers import FakePose, joints, lines, listing, rows, run, save
from tests.app.sources.stream_server import StreamServer, mjpeg

GREY = [np.full((48, 64, 3), 100 + i, np.uint8) for i in range(20)]


@pytest.fixture(autouse=True)
def fake_pose(monkeypatch):
    monkeypatch.setattr("app.pose.landmarker.PoseSource", FakePose)


def camera(seconds=60.0, fps=20.0):
    film = mjpeg(list(islice(cycle(GREY), round(seconds * fps))), fps)
    return StreamServer(film, kind="multipart/x-mixed-replace; boundary=frame")


@contextmanager
def once_seen(monkeypatch, seconds, act):
    """Calls `act` in a thread of its own as soon as a live input has been watched for so long."""
    seen = threading.Event()

    class Telling(FakePose):
        def detect(self, rgb_HWC, time_s):
            if time_s >= seconds:
                seen.set()
            return super().detect(rgb_HWC, time_s)

    thread = threading.Thread(target=lambda: (seen.wait(), act()), daemon=True)
    monkeypatch.setattr("app.pose.landmarker.PoseSource", Telling)
    thread.start()
    yield
    thread.join()


def test_live_frames_end_before_the_time_is_over():
    frames = [(7 + i / 4, i) for i in range(20)]
    assert list(play._bounded(iter(frames), 2.0, [])) == [(i / 4, i) for i in range(8)]
    assert len(list(play._bounded(iter(frames), None, []))) == 20


def test_a_bounded_time(tmp_path):
    with camera() as server:
        options = {"annotate": True, "skeletons": True, "vtt": True}
        assert run([server.address], tmp_path / "out", lambda: tmp_path, seconds=2.0, **options) == 0
    name = f"127.0.0.1-{server.port}-live"
    files = [f"{name}.annotated.mp4", f"{name}.ikem", f"{name}.jsonl", f"{name}.vtt", "summary.csv"]
    assert listing(tmp_path / "out") == files
    (row,) = rows(tmp_path / "out").values()
    assert row["input"] == server.address and row["label"] == "wave" and row["status"].startswith("ok")
    assert 0.5 < float(row["seconds"]) < 2.2 and [e["label"] for e in lines(tmp_path / "out" / files[2])] == ["wave"]
    with LandmarkReader(tmp_path / "out" / files[1]) as reader:
        times_s = [time_s for time_s, _ in reader]
    with av.open(str(tmp_path / "out" / files[0])) as film:
        shown_s = [float(frame.time) for frame in film.decode(video=0)]
    np.testing.assert_allclose(shown_s, times_s, atol=1e-3)
    assert times_s[0] == 0 and len(times_s) == int(row["frames"])


class Marking(FakePose):
    """Leaves a file in the folder SEEN once this process has watched its camera for long enough to know the action."""

    def detect(self, rgb_HWC, time_s):
        if time_s >= 1.5:
            Path(os.environ["SEEN"], str(os.getpid())).touch()
        return super().detect(rgb_HWC, time_s)


SCRIPT = """
import sys
from pathlib import Path
import app.pose.landmarker
from tests.app.batch.helpers import run
from tests.app.batch.test_live import Marking
if __name__ == "__main__":
    app.pose.landmarker.PoseSource = Marking
    out, *inputs = sys.argv[1:]
    sys.exit(run(inputs, Path(out), lambda: Path(), workers=len(inputs), json_lines=True))
"""


@pytest.mark.parametrize(
    ("workers", "kind"),
    [(1, signal.SIGINT), (2, signal.SIGHUP), pytest.param(2, signal.SIGINT, marks=pytest.mark.slow)],
)
def test_a_terminal_ends_cameras_whole(tmp_path, workers, kind):
    out, seen = tmp_path / "out", tmp_path / "seen"
    seen.mkdir()
    (tmp_path / "run.py").write_text(SCRIPT)
    with camera() as server, camera() as other:
        command = [sys.executable, tmp_path / "run.py", out, *[server.address, other.address][:workers]]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        env = os.environ | {"PYTHONPATH": str(ROOT), "SEEN": str(seen)}
        process = subprocess.Popen(command, env=env, start_new_session=True, text=True, **pipes)
        while process.poll() is None and len(list(seen.iterdir())) < workers:
            time.sleep(0.05)
        os.killpg(process.pid, kind)  # as a terminal does: the workers get it too
        told, complained = process.communicate(timeout=60)
    assert process.returncode == 0, complained
    assert "stopping" in complained and "Traceback" not in complained
    table = (out / "summary.csv").read_text().splitlines()[1:]
    assert len(table) == workers == len(list(out.glob("*.jsonl")))
    assert all(row.split(",")[1] == "wave" and float(row.split(",")[6]) < 30 for row in table)
    assert {json.loads(line)["label"] for line in told.splitlines()} == {"wave"}


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_leaves_a_file_undone_and_the_rest_whole(kind, tmp_path, monkeypatch):
    save(tmp_path / "a.npz", joints((3, "wave")))
    save(tmp_path / "b.npz", joints((3, "squat")))
    stop = lambda: os.kill(os.getpid(), kind)  # noqa: E731
    with camera() as server, once_seen(monkeypatch, 1.0, stop), pytest.raises(KeyboardInterrupt):
        run([tmp_path / "a.npz", server.address, tmp_path / "b.npz"], tmp_path / "out", lambda: tmp_path)
    assert len(rows(tmp_path / "out")) == 2 and "b.jsonl" not in listing(tmp_path / "out")


def test_a_camera_that_goes_is_whole_up_to_there(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(play, "GIVE_UP_S", 1.0)
    server = camera()
    with once_seen(monkeypatch, 1.5, server.__exit__):
        assert run([server.address], tmp_path / "out", lambda: tmp_path) == 0
    (row,) = rows(tmp_path / "out").values()
    assert row["label"] == "wave" and "given up after" in row["status"] and len(listing(tmp_path / "out")) == 2
    assert "the stream ended; waiting for it to come back" in capsys.readouterr().out


def test_nobody_answers(tmp_path, free_port):
    inputs = [
        f"http://user:secret@127.0.0.1:{free_port}/live",
        "camera:987",
        save(tmp_path / "a.npz", joints((3, "wave"))),
    ]
    assert run(inputs, tmp_path / "out", lambda: tmp_path) == 1
    bad, camera, good = rows(tmp_path / "out").values()
    assert "nothing listens there" in bad["status"] and good["status"] == "ok"
    assert camera["input"] == "camera 987" and camera["status"].startswith("error: no such camera")
    assert all(b"secret" not in path.read_bytes() for path in (tmp_path / "out").iterdir())


def test_a_camera_is_always_looked_at_anew(tmp_path):
    changed = []
    with camera() as server:
        for _ in range(2):
            run([server.address], tmp_path / "out", lambda: tmp_path, seconds=0.5, resume=True)
            (path,) = (tmp_path / "out").glob("*.jsonl")
            changed.append(path.stat().st_mtime_ns)
    assert changed[0] < changed[1]
