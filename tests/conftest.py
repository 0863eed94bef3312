"""What several tests start from: the shipped model, the pose model, the example clip, the data beside this folder."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from models.system.places import ROOT

LABELS = ("wave", "clap", "squat", "jumping_jack", "idle")


@pytest.fixture(scope="session")
def pretrained() -> Path:
    """The shipped action model as ONNX."""
    path = ROOT / "models" / "pretrained" / "student.onnx"
    if not path.exists():
        pytest.skip("models/pretrained/student.onnx is not there")
    return path


@pytest.fixture(scope="session")
def shipped_model(pretrained: Path):
    """The shipped action model, loaded."""
    from export.runtime import ActionModel

    return ActionModel(pretrained, device="cpu", threads=1)


@pytest.fixture(scope="session")
def action_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An action model as ONNX: the shipped one, or an untrained one where it is absent."""
    path = ROOT / "models" / "pretrained" / "student.onnx"
    if path.exists():
        return path
    from export.onnx import export_student
    from models.weights import StudentConfig

    config = StudentConfig(labels=LABELS)
    path = tmp_path_factory.mktemp("model") / "student.onnx"
    export_student(config.build(), config, path)
    return path


@pytest.fixture(scope="session")
def pose_model_path() -> Path:
    """The pose model's file, built on first use."""
    from app.pose.model_file import PoseModelError, ensure_pose_model

    try:
        return ensure_pose_model()
    except PoseModelError as error:
        pytest.skip(f"no pose model: {error}")


@pytest.fixture(scope="session")
def example_video() -> Path:
    """The example clip that the page offers, drawn by training.drawing.draw."""
    path = ROOT / "assets" / "example.mp4"
    if not path.exists():
        pytest.skip("assets/example.mp4 is not there")
    return path


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real recordings and skeleton sets that live beside the repository, not in it."""
    path = ROOT.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip("there is no ../shared/data")
    return path


@pytest.fixture
def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
