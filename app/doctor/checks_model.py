"""Checks of the models: pose, action, accelerators."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.doctor.checks_install import missing_libraries
from app.doctor.finding import FAIL, OK, OPTIONAL, DoctorOptions, Finding
from models.system.places import cache_folder

if TYPE_CHECKING:
    from app.pose.landmarker import PoseSource
    from export.runtime import Recogniser

_TRIED_FRAMES, _TRIED_WINDOWS = 5, 5


def check_pose_model(setup: DoctorOptions) -> Iterator[Finding]:
    """Check that the pose model is there, loads and finds a person."""
    from app.pose.landmarker import PoseSource

    path = cache_folder() / f"pose_{setup.pose}.task"
    make = f"`{sys.executable} -m app pose --pose {setup.pose}`"
    if not path.is_file():
        text = f"{path} is not there yet; the first run that needs it prepares it"
        yield Finding("pose model", OPTIONAL, text, f"{make} does so now")
        return
    try:
        with PoseSource(path) as source:
            found, ms = _people(source, setup.example)
    except ValueError as error:
        remedy = "install the libraries first" if missing_libraries() else f"remove {path}, then {make}"
        yield Finding("pose model", FAIL, str(error), remedy)
        return
    if found is None:
        yield Finding("pose model", OPTIONAL, f"{path.name} loads; {setup.example.name} is not here to try it on")
    elif found:
        yield Finding("pose model", OK, f"{path.name} finds the person in {setup.example.name}, {ms:.0f} ms a frame")
    else:
        yield Finding("pose model", FAIL, f"finds nobody in {setup.example.name}", f"remove {path}, then {make}")


def _people(source: PoseSource, example: Path) -> tuple[int | None, float]:
    """Return the most people found in a frame of the example, and the quickest frame's milliseconds.

    Without an example, the number of people is None.
    """
    from app.sources.video import VideoError, VideoReader

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


def check_model(setup: DoctorOptions) -> Iterator[Finding]:
    """Check that the action model opens on the CPU and answers a window sensibly and twice the same."""
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


def self_test(model: Recogniser) -> tuple[str, float]:
    """Return what is wrong with a model's answers to a fixed window, and the milliseconds of the quickest one.

    If nothing is wrong, the first is "".
    """
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


def check_accelerators(setup: DoctorOptions) -> Iterator[Finding]:
    """Check that the model really runs on CUDA and TensorRT, whatever a list of providers says."""
    from export.runtime import ActionModel

    if not setup.model.is_file():
        return  # reported by check_model
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
