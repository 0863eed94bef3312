"""The checks of `python -m app doctor`. Each looks, says what it found, and changes nothing."""

from __future__ import annotations

import ctypes
import errno
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path

import numpy as np

from app.doctor import FAIL, OK, OPTIONAL, Check, Finding, Setup

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
_TRIED_FRAMES, _TRIED_WINDOWS = 5, 5
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


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
    missing = _missing_libraries()
    for name in missing:
        remedy = "on Debian or Ubuntu: `sudo apt-get install libegl1 libgles2`"
        yield Finding("libraries", FAIL, f"{name} is missing (MediaPipe needs it)", remedy)
    if not missing:
        yield Finding("libraries", OK, "libEGL and libGLESv2 load" if sys.platform == "linux" else "none needed here")


def _missing_libraries() -> list[str]:
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


def check_pose_model(setup: Setup) -> Iterator[Finding]:
    """The pose model: it is there, it loads, it finds a person."""
    from app.pose import PoseSource
    from app.pose_model import cache_folder

    path = cache_folder() / f"pose_{setup.pose}.task"
    make = f"`.venv/bin/python -m app pose --pose {setup.pose}`"
    if not path.is_file():
        text = f"{path} is not there yet; the first run that needs it prepares it"
        yield Finding("pose model", OPTIONAL, text, f"{make} does so now")
        return
    try:
        with PoseSource(path) as source:
            found, ms = _people(source, setup.example)
    except ValueError as error:
        remedy = "install the libraries first" if _missing_libraries() else f"remove {path}, then {make}"
        yield Finding("pose model", FAIL, str(error), remedy)
        return
    if found is None:
        yield Finding("pose model", OPTIONAL, f"{path.name} loads; {setup.example.name} is not here to try it on")
    elif found:
        yield Finding("pose model", OK, f"{path.name} finds the person in {setup.example.name}, {ms:.0f} ms a frame")
    else:
        yield Finding("pose model", FAIL, f"finds nobody in {setup.example.name}", f"remove {path}, then {make}")


def _people(source, example: Path) -> tuple[int | None, float]:  # noqa: ANN001
    """(most people found in a frame of the example, milliseconds of the quickest); None without an example."""
    from app.video import VideoError, VideoReader

    try:
        with VideoReader(example) as video:
            frames = list(islice(video, _TRIED_FRAMES))
    except VideoError:
        return None, 0.0
    found, spent_s = 0, []
    for time_s, rgb_HWC in frames:
        start_s = time.perf_counter()
        found = max(found, len(source.detect(rgb_HWC, time_s)))
        spent_s.append(time.perf_counter() - start_s)
    return found, min(spent_s) * 1000


def check_model(setup: Setup) -> Iterator[Finding]:
    """The action model on the CPU: it opens, and answers a window sanely and twice the same."""
    from export.runtime import ActionModel

    remedy = "restore the file, or name another with --model"
    try:
        model = ActionModel(setup.model, device="cpu", threads=setup.threads)
        wrong, ms = self_test(model)
    except ValueError as error:
        yield Finding("action model", FAIL, str(error), remedy)
        return
    text = f"{setup.model.name} ({model.version or 'no version'}): {len(model.labels)} labels, {model.window_s:g} s"
    if wrong:
        yield Finding("action model", FAIL, f"{text}; {wrong}", remedy)
    else:
        yield Finding("action model", OK, f"{text}, self-test passed, {ms:.1f} ms a window")


def self_test(model) -> tuple[str, float]:  # noqa: ANN001
    """What is wrong with a model's answers to a fixed window, "" if nothing, and milliseconds of the quickest one."""
    moments_T = np.linspace(0, 2 * np.pi, model.frames)[:, None, None]
    points_V3 = np.arange(75).reshape(25, 3)
    joints_NTV3 = (0.5 * np.sin(points_V3 + 0.3 * np.sin(moments_T + points_V3)))[None].astype(np.float32)
    frames_N = np.array([model.window_s * 30], np.float32)
    first = model(joints_NTV3, frames_N)
    spent_s = []
    for _ in range(_TRIED_WINDOWS):
        start_s = time.perf_counter()
        again = model(joints_NTV3, frames_N)
        spent_s.append(time.perf_counter() - start_s)
    ms = min(spent_s) * 1000
    for name in ("fused_NC", "modality_NMC", "embedding_ND"):
        answer, same = getattr(first, name), getattr(again, name)
        if not np.isfinite(answer).all():
            return f"{name} holds numbers that are not finite", ms
        if not np.array_equal(answer, same):
            return f"{name} differs from one run to the next", ms
        if name != "embedding_ND" and np.abs(answer.sum(-1) - 1).max() > 1e-3:
            return f"{name} does not sum to 1", ms
    enter, leave = model.thresholds["enter"], model.thresholds["leave"]
    return ("" if 0 < leave <= enter <= 1 else f"its thresholds make no sense ({enter}, {leave})"), ms


def check_accelerators(setup: Setup) -> Iterator[Finding]:
    """CUDA and TensorRT: whether the model really runs there, not what a list says."""
    from export.runtime import ActionModel

    if not setup.model.is_file():
        return  # said already
    for device, name in (("cuda", "CUDA"), ("tensorrt", "TensorRT")):
        try:
            provider = ActionModel(setup.model, device=device, threads=setup.threads).provider
        except ValueError as error:
            if setup.device == device:
                yield Finding(name, FAIL, str(error), "or run with --device auto, which takes the CPU")
            else:
                yield Finding(name, OPTIONAL, f"not used: {error}")
        else:
            yield Finding(name, OK, f"runs the action model ({provider})")


def check_camera(setup: Setup) -> Iterator[Finding]:
    """One picture of a camera, looked at for its size only."""
    from app.camera import Camera, CameraError

    asked, start_s = setup.camera is not None, time.perf_counter()
    try:
        with Camera(setup.camera if asked else 0) as camera:
            _, rgb_HWC = next(camera.frames())
    except CameraError as error:
        if asked:
            yield Finding("camera", FAIL, str(error), "plug it in or switch it on, or name another with --camera")
        else:
            remedy = "the page uses the browser's camera; to check another one here: --camera NUMBER or ADDRESS"
            yield Finding("camera", OPTIONAL, str(error), remedy)
        return
    seconds = time.perf_counter() - start_s
    size = f"{rgb_HWC.shape[1]}x{rgb_HWC.shape[0]}"
    yield Finding("camera", OK, f"{camera.name}: {size}, first picture after {seconds:.1f} s")


def check_page(setup: Setup) -> Iterator[Finding]:
    """The page's port, and where browsers will give it a camera."""
    place = f"port {setup.port} of {setup.host}"
    try:
        family = socket.AF_INET6 if ":" in setup.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(sys.platform != "win32"))
            probe.bind((setup.host, setup.port))
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        text = f"{place} is taken" if taken else f"{place} may not be used ({error.strerror or error})"
        yield Finding("page", FAIL, text, "stop the program that holds it, or name another with --port or --host")
    else:
        yield Finding("page", OK, f"{place} is free")
    hint = "browsers give a page the camera on localhost or over https only"
    if setup.host in _LOOPBACK:
        yield Finding("browser", OK, f"{hint}; this page is on localhost")
    else:
        remedy = f"on the other machine: `ssh -L {setup.port}:127.0.0.1:{setup.port} HERE`, or an https proxy in front"
        yield Finding("browser", OPTIONAL, f"{hint}, so not to other machines at {setup.host}", remedy)


CHECKS: dict[str, Check] = {
    "python": check_python,
    "packages": check_packages,
    "libraries": check_libraries,
    "disk": check_disk,
    "pose model": check_pose_model,
    "action model": check_model,
    "accelerators": check_accelerators,
    "camera": check_camera,
    "page": check_page,
}
