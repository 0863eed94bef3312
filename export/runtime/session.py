"""ONNX Runtime sessions that report truly where they run."""

from __future__ import annotations

import contextlib
import ctypes
import io
import sys
from pathlib import Path

import onnxruntime

from models.system.cores import usable_cores

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
DEVICES = ("auto", "cpu", "cuda", "tensorrt")
_QUIET, _USUAL = 4, 2  # ONNX Runtime's severities: fatal, warning


def default_threads() -> int:
    """Return the number of threads from which a model this small still gains; the pose network gets the other cores."""
    return min(4, usable_cores())


def cpu_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """Open a session on the CPU; a file that it cannot read raises whatever ONNX Runtime raises."""
    return onnxruntime.InferenceSession(str(path), _options(threads), providers=[CPU])


def cuda_session(path: Path, threads: int) -> onnxruntime.InferenceSession | None:
    """Open a session that really runs on CUDA, or return None.

    The GPU build of ONNX Runtime lists CUDA as available on every machine, complains on the console if its libraries
    are missing, and falls back to the CPU silently. Only the session's own list tells the truth.
    """
    if CUDA not in onnxruntime.get_available_providers() or not _has_driver():
        return None
    options = _options(threads)
    options.log_severity_level = _QUIET
    onnxruntime.set_default_logger_severity(_QUIET)
    try:
        if hasattr(onnxruntime, "preload_dlls"):
            with contextlib.redirect_stdout(io.StringIO()):
                onnxruntime.preload_dlls()  # finds CUDA and cuDNN where pip put them, and prints where it does not
        # A search for the fastest convolution at every new batch size would stall a live stream.
        providers = [(CUDA, {"cudnn_conv_algo_search": "HEURISTIC"}), CPU]
        session = onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception:  # ONNX Runtime's exceptions share no base; the caller says what to do about a missing CUDA
        return None
    finally:
        onnxruntime.set_default_logger_severity(_USUAL)
    return session if session.get_providers()[0] == CUDA else None


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Within a window spinning threads wake faster (9 against 10 ms a window on two cores, 14 against 16 in turns with
    # the pose network); between two windows they would take the cores from the pose network.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return options


def _has_driver() -> bool:
    """Return whether NVIDIA's driver can be loaded; without it CUDA need not be tried."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
