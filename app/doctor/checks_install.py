"""Checks of the installation: Python, packages, system libraries, disk."""

from __future__ import annotations

import ctypes
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from app.doctor.finding import FAIL, OK, OPTIONAL, DoctorOptions, Finding
from app.doctor.wanted import wanted

# Wheels that bring the same module: the last one installed overwrites the others' files.
_SAME_MODULE = (
    ("opencv-contrib-python", "opencv-python", "opencv-python-headless", "opencv-contrib-python-headless"),
    ("onnxruntime-gpu", "onnxruntime"),
)
_LIBRARIES = ("libEGL.so.1", "libGLESv2.so.2")
_GB = 1 << 30
_LITTLE_GB, _TOO_LITTLE_GB = 1.0, 0.2


def check_python(setup: DoctorOptions) -> Iterator[Finding]:
    """Report the interpreter's version; one that is too old cannot run this."""
    yield Finding("python", OK, f"{sys.version.split()[0]} on {sys.platform}")


def check_packages(setup: DoctorOptions) -> Iterator[Finding]:
    """Compare the installed packages with requirements.txt.

    Without a checkout, they are compared with the requirements of the installed copy.
    """
    listed = wanted(setup.requirements)
    if not listed.app:
        yield Finding("packages", OPTIONAL, f"{setup.requirements.name} is not here to compare with")
        return
    missing = [name for name in listed.app if _installed(name) is None]
    for name in missing:
        yield Finding("packages", FAIL, f"{name} {listed.app[name]} is missing (needed by the app)", listed.install)
    yield from _other_versions(listed.app, listed.install)
    untrained = [name for name in listed.training if _installed(name) is None]
    if untrained:
        text = f"not here, and needed by training and export only: {', '.join(untrained)}"
        yield Finding("packages", OPTIONAL, text, listed.install_training)
    yield from _other_versions(listed.training, listed.install_training)
    for wheels in _SAME_MODULE:
        here = [name for name in wheels if _installed(name)]
        if len(here) > 1:
            remedy = f"`{sys.executable} -m pip uninstall {' '.join(here)}`, then {listed.install}"
            yield Finding("packages", OPTIONAL, f"{' and '.join(here)} overwrite each other's files", remedy)
    fits = sum(_installed(name) == pinned for name, pinned in listed.app.items())
    yield Finding("packages", OK, f"{fits} of {len(listed.app)} as {listed.source}")


def _other_versions(listed: dict[str, str], install: str) -> Iterator[Finding]:
    """Report the packages whose version is not the tested one."""
    for name, pinned in listed.items():
        there = _installed(name)
        if there not in (None, pinned):
            yield Finding("packages", OPTIONAL, f"{name} is {there}; {pinned} is what was tested", install)


def _installed(name: str) -> str | None:
    try:
        return version(name).partition("+")[0]  # 2.13.0+cpu is a build of 2.13.0
    except PackageNotFoundError:
        return None


def check_libraries(setup: DoctorOptions) -> Iterator[Finding]:
    """Check the system libraries that MediaPipe links to."""
    missing = missing_libraries()
    for name in missing:
        remedy = "on Debian or Ubuntu: `sudo apt-get install libegl1 libgles2`"
        yield Finding("libraries", FAIL, f"{name} is missing (MediaPipe needs it)", remedy)
    if not missing:
        yield Finding("libraries", OK, "libEGL and libGLESv2 load" if sys.platform == "linux" else "none needed here")


def missing_libraries() -> list[str]:
    """Return the system libraries that MediaPipe links to and that are missing here."""
    missing = []
    for name in _LIBRARIES if sys.platform == "linux" else ():
        try:
            ctypes.CDLL(name)
        except OSError:
            missing.append(name)
    return missing


def check_disk(setup: DoctorOptions) -> Iterator[Finding]:
    """Check that the folder for uploads takes files, and the room for the pose model, uploads and results."""
    try:
        folder = tempfile.gettempdir()
        with tempfile.TemporaryDirectory(prefix="ikem-live-") as tried, open(Path(tried, "tried"), "wb") as file:
            file.write(b"tried")
    except OSError as error:
        remedy = "set TMPDIR to a folder that you may write"
        yield Finding("disk", FAIL, f"no folder for passing files can be written ({error.strerror or error})", remedy)
        return
    free_gb = shutil.disk_usage(folder).free / _GB
    text, remedy = f"{free_gb:.1f} GB free in {folder}", "free some space, or set TMPDIR to a folder with more"
    if free_gb < _TOO_LITTLE_GB:
        yield Finding("disk", FAIL, text, remedy)
    elif free_gb < _LITTLE_GB:
        yield Finding("disk", OPTIONAL, f"{text}; uploaded videos may not fit", remedy)
    else:
        yield Finding("disk", OK, text)
