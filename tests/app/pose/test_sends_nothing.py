"""Neither MediaPipe nor ONNX Runtime, both of which report usage by default, sends anything or leaves files at home."""

import os
import socket
import subprocess
import sys
import threading

SCRIPT = """
import sys, time
import numpy as np
from app.pose.landmarker import PoseSource
from export.runtime import ActionModel

model = ActionModel(sys.argv[2], device="cpu", threads=1)
model(np.zeros((1, 50, 25, 3), np.float32), np.full(1, 75, np.float32))
frame = np.zeros((240, 320, 3), np.uint8)
with PoseSource(sys.argv[1]) as source:
    for t in range(10):
        source.detect(frame, t / 30)
time.sleep(2)
"""


def test_nothing_is_reported_to_anybody(pose_model_path, action_model, tmp_path):
    """Both honour the proxy of the environment: a listener in its place hears whoever calls.

    Without app.pose.landmarker.keep_usage_logs_here it hears MediaPipe; without the switch in export/__init__.py ONNX
    Runtime leaves a database at home.
    """
    callers, home = [], tmp_path / "home"
    home.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen():
            while True:
                try:
                    callers.append(listener.accept())
                except OSError:
                    return

        threading.Thread(target=listen, daemon=True).start()
        proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
        names = ("https_proxy", "http_proxy", "all_proxy", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
        quiet = ("ORT_DISABLE_TELEMETRY", "CI", "NO_PROXY", "no_proxy", "XDG_CACHE_HOME")
        env = {k: v for k, v in os.environ.items() if k not in quiet} | dict.fromkeys(names, proxy)
        command = [sys.executable, "-c", SCRIPT, str(pose_model_path), str(action_model)]
        env |= {"HOME": str(home), "MPLCONFIGDIR": str(tmp_path)}
        run = subprocess.run(command, env=env, capture_output=True, text=True)
        listener.shutdown(socket.SHUT_RDWR)
    assert run.returncode == 0, run.stderr
    assert not callers
    assert [str(p) for p in home.rglob("*") if p.is_file()] == []
