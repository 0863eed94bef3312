"""The small student as a graph for the browser, traced once."""

from __future__ import annotations

import os
from pathlib import Path

import onnx
import pytest
from filelock import FileLock

from export.web.graph import trace
from models.student import Student
from models.weights import StudentConfig


@pytest.fixture(scope="session")
def traced_file(student: Student, config: StudentConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The graph in fp32; tracing takes seconds, so the first of several test processes does it for all."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    path = folder / "web_fp32.onnx"
    with FileLock(path.with_suffix(".lock")):
        if not path.exists():
            onnx.save_model(trace(student, config), path)
    return path


@pytest.fixture(scope="session")
def graph(traced_file: Path) -> onnx.ModelProto:
    return onnx.load(traced_file)
