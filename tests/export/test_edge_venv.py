"""The examples of the documents: with numpy and ONNX Runtime alone, the app's own answers."""

import json
import os
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import numpy as np
import pytest

from app.stream.action_stream import FILE_HOP_S, ActionStream
from app.stream.window import Window
from export.runtime import ActionModel
from models.clips import Clip, write_clips
from models.skeleton import bridge
from tests.export.dockerfiles import DOCKERFILES, ROOT, copy_stage, stages
from tests.wheels import build_wheel, copy_project, unpack
from training.drawing.motions import make_motion

HEAVY = ("torch", "mediapipe", "cv2", "gradio", "av", "onnx", "safetensors", "matplotlib", "tqdm", "app", "training")
# Refuses what a device does not have, then runs a script as `python script arguments` would.
BLOCKED = f"""
import runpy, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY!r}:
            raise ImportError("not on a device: " + name)

sys.meta_path.insert(0, Blocker())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
NO_INDEX = re.compile(r"connection|timed out|timeout|proxy|ssl|resolve|retries|unreachable", re.IGNORECASE)


def examples() -> list[str]:
    """Of the page about export, and of the runtime's README."""
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "docs/export.md", ROOT / "export/runtime/README.md"))
    return [code for text in texts for code in re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


def clips() -> list[Clip]:
    """Shorter than the window of 2.5 s, so that the app too makes one window of each; the second has lost frames."""
    made = [Clip(make_motion(name, 2.0, 30.0, seed), 30.0) for seed, name in enumerate(("wave", "squat"))]
    made[1].joints_TV3[[0, 1, 20, 21, 59]] = 0.0
    return [*made, Clip(np.zeros((30, 25, 3), np.float32), 30.0)]


def answers_of_the_app(model: ActionModel, path: Path) -> list[np.ndarray | None]:
    """What the app's own stream says of each recorded clip."""
    from models.clips import read_clips

    found = []
    for clip in read_clips(path):
        stream = ActionStream(model, FILE_HOP_S)
        for i, (joints_V3, seen) in enumerate(zip(clip.joints_TV3, clip.seen_T)):
            stream.push_joints(i / clip.fps, joints_V3, np.full(25, seen))
        stream.finish()
        found.append(stream.clip.mean_C)
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `pip wheel --no-deps ./export` makes."""
    project = copy_project(tmp_path_factory.mktemp("project"))
    return build_wheel(project / "export", tmp_path_factory.mktemp("wheel"))


def with_examples(folder: Path, action_model: Path) -> Path:
    """The folder, with a model, the first example and a file of recorded clips."""
    folder.mkdir(exist_ok=True)
    (folder / "student.onnx").write_bytes(action_model.read_bytes())
    (folder / "edge.py").write_text(examples()[0], encoding="utf-8")
    write_clips(folder / "clips.npz", clips())
    return folder


@pytest.fixture
def device(tmp_path: Path, action_model: Path) -> Path:
    """A folder with what Dockerfile.cpu puts into the edge image, and the examples."""
    copy_stage(stages(DOCKERFILES[0])["edge"], tmp_path / "device")
    return with_examples(tmp_path / "device", action_model)


def run(device: Path, *command: str | Path) -> str:
    """The command's output; no package of this project or of this environment comes in by the environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=device, env=kept, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(output: str, model: ActionModel, path: Path) -> None:
    lines = [json.loads(line) for line in output.splitlines()]
    expected = answers_of_the_app(model, path)
    assert len(lines) == len(expected) == 3
    for line, scores_C in zip(lines[:2], expected):
        assert list(line["scores"]) == list(model.labels)
        assert line["label"] == model.labels[int(np.argmax(scores_C))]
        np.testing.assert_allclose(list(line["scores"].values()), scores_C, atol=1e-4)
    assert expected[2] is None and lines[2] == {"label": "", "scores": {}}  # nobody in view
    assert np.abs(expected[0] - expected[1]).max() > 0.01  # the answers depend on the clip


def test_the_examples_are_short() -> None:
    assert len(examples()) == 2
    assert all(text.count("\n") <= 30 for text in examples())


def test_the_example_needs_nothing_heavy(device: Path, action_model: Path) -> None:
    output = run(device, sys.executable, "-c", BLOCKED, "edge.py", "student.onnx", "clips.npz")
    check(output, ActionModel(action_model, device="cpu"), device / "clips.npz")


def test_the_wheel_needs_nothing_heavy_either(wheel: Path, action_model: Path, tmp_path: Path) -> None:
    folder = with_examples(unpack(wheel, tmp_path / "device"), action_model)
    output = run(folder, sys.executable, "-c", BLOCKED, "edge.py", "student.onnx", "clips.npz")
    check(output, ActionModel(action_model, device="cpu"), folder / "clips.npz")


def test_what_is_in_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """The runtime, `models` and the default model with its terms; the pins and the version of the project."""
    folder = unpack(wheel, tmp_path)
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    modules = [*ROOT.glob("export/runtime/*.py"), *ROOT.glob("models/*.py"), *ROOT.glob("models/system/*.py")]
    data = ["export/__init__.py", "models/py.typed", "models/pretrained/student.onnx", "models/pretrained/README.md"]
    about = f"ikem_live_edge-{project_version()}.dist-info"
    kept = {path.relative_to(ROOT).as_posix() for path in modules} | set(data)
    assert {name for name in found if not name.startswith(f"{about}/")} == kept
    assert (folder / about / "licenses" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert (folder / about / "licenses" / "NOTICE").read_bytes() == (ROOT / "NOTICE").read_bytes()
    text = (folder / about / "METADATA").read_text(encoding="utf-8")
    pinned = [line for line in (ROOT / "export/requirements-edge.txt").read_text().splitlines() if "#" not in line]
    assert re.findall("^Requires-Dist: (.*)$", text, re.MULTILINE) == pinned


def project_version() -> str:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def test_the_blocker_blocks(device: Path) -> None:
    (device / "heavy.py").write_text("import torch")
    with pytest.raises(AssertionError, match="not on a device: torch"):
        run(device, sys.executable, "-c", BLOCKED, "heavy.py")


def landmarks(count: int) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """(time, world landmarks, visibility) of a swaying body without one foot, and for a while without shoulders."""
    rng = np.random.default_rng(0)
    rest_L3, sway_L3 = rng.normal(0, 0.4, (2, 33, 3))
    frames = []
    for i in range(count):
        visibility_L = np.ones(33, np.float32)
        visibility_L[31] = 0.1
        visibility_L[11:13] = 0.1 if 20 <= i < 25 else 1.0
        frames.append((i / 10, (rest_L3 + 0.3 * np.sin(i / 3) * sway_L3).astype(np.float32), visibility_L))
    return frames


def test_the_second_example_sees_the_window_that_the_app_sees(
    device: Path, action_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ActionModel(action_model, device="cpu")
    window = Window(model.window_s, model.frames)
    monkeypatch.chdir(device)
    names: dict = {}
    exec(compile(examples()[1], "README.md", "exec"), names)
    spoken = 0
    for time_s, world_L3, visibility_L in landmarks(45):
        found = names["on_pose"](time_s, world_L3, visibility_L)
        joints_V3, seen_V = bridge(world_L3, visibility_L)
        window.push(time_s, joints_V3, seen_V)
        read = window.resample(time_s)
        assert (found is None) == (read is None)
        if read is not None:
            scores_C = model(read[0][None], [read[1]]).fused_NC[0]
            assert list(found) == list(model.labels)
            np.testing.assert_allclose(list(found.values()), scores_C, atol=1e-5)
            spoken += 1
    assert spoken > 35


@pytest.mark.slow
def test_a_fresh_environment_with_numpy_and_onnxruntime(wheel: Path, action_model: Path, tmp_path: Path) -> None:
    """The real thing: what one `pip install` of the wheel brings, and nothing else, gives the app's answers."""
    device = with_examples(tmp_path / "device", action_model)
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    command = [python, "-m", "pip", "install", "--quiet", wheel]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode and NO_INDEX.search(done.stderr):
        pytest.skip(f"pip cannot reach an index: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    listed = {entry["name"].lower() for entry in json.loads(run(device, python, "-m", "pip", "list", "--format=json"))}
    assert {"ikem-live-edge", "numpy", "onnxruntime"} <= listed and not listed & {
        *HEAVY,
        "onnxruntime-gpu",
        "opencv-contrib-python",
    }
    output = run(device, python, "edge.py", "student.onnx", "clips.npz")
    check(output, ActionModel(action_model, device="cpu"), device / "clips.npz")
