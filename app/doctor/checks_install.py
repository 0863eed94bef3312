"""Checks of the installation: Python, packages, system libraries, disk."""

from __future__ import annotations

import ctypes
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from app.doctor.finding import FAIL, OK, OPTIONAL, Finding, Setup

# Packages that the app itself runs on; the others of requirements.txt are for training and export.
NEEDED = frozenset(
    ("mediapipe", "opencv-contrib-python", "gradio", "av", "tqdm", "filelock", "onnxruntime", "onnxruntime-gpu")
)
# Wheels that bring the same module: the last one installed overwrites the others' files.
_SAME_MODULE = (
    ("opencv-contrib-python", "opencv-python", "opencv-python-headless", "opencv-contrib-python-headless"),
    ("onnxruntime-gpu", "onnxruntime"),
)
_LIBRARIES = ("libEGL.so.1", "libGLESv2.so.2")
_INSTALL = "`.venv/bin/pip install -r requirements.txt`"
_GB = 1 << 30
_LITTLE_GB, _TOO_LITTLE_GB = 1.0, 0.2


def check_python(setup: Setup) -> Iterator[Finding]:
    """The interpreter; one that is too old does not come this far."""
    yield Finding("python", OK, f"{sys.version.split()[0]} on {sys.platform}")


def check_packages(setup: Setup) -> Iterator[Finding]:
    """What is installed against requirements.txt."""
    if not setup.requirements.is_file():
        yield Finding("packages", OPTIONAL, f"{setup.requirements.name} is not here to compare with")
        return
    wanted = dict(_wanted(setup.requirements))
    fits = 0
    for name, pinned in wanted.items():
        there = _installed(name)
        if there is None:
            state, use = (FAIL, "the app") if name in NEEDED else (OPTIONAL, "training and export only")
            yield Finding("packages", state, f"{name} {pinned} is missing (needed by {use})", _INSTALL)
        elif there != pinned:
            yield Finding("packages", OPTIONAL, f"{name} is {there}; {pinned} is what was tested", _INSTALL)
        fits += there == pinned
    for wheels in _SAME_MODULE:
        here = [name for name in wheels if _installed(name)]
        if len(here) > 1:
            remedy = f"`.venv/bin/pip uninstall {' '.join(here)}`, then {_INSTALL}"
            yield Finding("packages", OPTIONAL, f"{' and '.join(here)} overwrite each other's files", remedy)
    yield Finding("packages", OK, f"{fits} of {len(wanted)} as in {setup.requirements.name}")


def _wanted(requirements: Path) -> Iterator[tuple[str, str]]:
    """(name, pinned version) of the packages that belong on this machine."""
    from packaging.requirements import Requirement

    for text in requirements.read_text(encoding="utf-8").splitlines():
        text = text.partition("#")[0].strip()
        if not text:
            continue
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate():
            yield wanted.name, str(wanted.specifier).removeprefix("==")


def _installed(name: str) -> str | None:
    try:
        return version(name).partition("+")[0]  # 2.13.0+cpu is a build of 2.13.0
    except PackageNotFoundError:
        return None


def check_libraries(setup: Setup) -> Iterator[Finding]:
    """The system libraries that MediaPipe links to."""
    missing = missing_libraries()
    for name in missing:
        remedy = "on Debian or Ubuntu: `sudo apt-get install libegl1 libgles2`"
        yield Finding("libraries", FAIL, f"{name} is missing (MediaPipe needs it)", remedy)
    if not missing:
        yield Finding("libraries", OK, "libEGL and libGLESv2 load" if sys.platform == "linux" else "none needed here")


def missing_libraries() -> list[str]:
    """Return the system libraries that MediaPipe links to and that are not here."""
    missing = []
    for name in _LIBRARIES if sys.platform == "linux" else ():
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(name)
    return missing


def check_disk(setup: Setup) -> Iterator[Finding]:
    """Room for the pose model, uploads and results."""
    folder = tempfile.gettempdir()
    free_gb = shutil.disk_usage(folder).free / _GB
    text, remedy = f"{free_gb:.1f} GB free in {folder}", "free some space, or set TMPDIR to a folder with more"
    if free_gb < _TOO_LITTLE_GB:
        yield Finding("disk", FAIL, text, remedy)
    elif free_gb < _LITTLE_GB:
        yield Finding("disk", OPTIONAL, f"{text}; uploaded videos may not fit", remedy)
    else:
        yield Finding("disk", OK, text)
