"""Wheels of this project, built from a copy of it, so that nothing lies about here afterwards."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from models.system.places import ROOT

PACKAGES = ("app", "models", "training", "export")
# What may lie in a checkout and belongs in no wheel.
STRAY = (
    "app/__pycache__/types.cpython-311.pyc",
    "app/page/notes.txt",
    "assets/cache/pose_wheel.task",
    "assets/new.webp",
    "models/pretrained/student_int8.onnx",
    "training/recipes/.mine.yaml.swp",
)


def copy_project(folder: Path) -> Path:
    """Copy what wheels are made of into an empty folder, with some strays; returns the folder."""
    ignored = shutil.ignore_patterns("__pycache__", "build", "*.egg-info", "student_*.onnx", "*.engine")
    for name in (*PACKAGES, "assets/npm", "assets/page", "assets/site", "assets/web"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for path in (ROOT / "assets" / "example.mp4", *(path for path in ROOT.iterdir() if path.is_file())):
        shutil.copy(path, folder / path.relative_to(ROOT))
    for name in STRAY:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("stray")
    return folder


def build_wheel(project: Path, out: Path) -> Path:
    """Build the wheel of a project with this environment's setuptools; returns its path in `out`."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(project)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert "Deprecat" not in done.stdout + done.stderr
    (wheel,) = out.glob("*.whl")
    return wheel


def unpack(wheel: Path, folder: Path) -> Path:
    """Put the files of a wheel where an installer would; returns the folder."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder
