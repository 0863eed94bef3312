"""A TensorRT engine as a session: the same call as ONNX Runtime's, on buffers that are allocated once.

Nothing but numpy and tensorrt is imported, and tensorrt only when an engine is asked for.

Shape suffixes: N batch (windows). A name without a suffix may be any of a model's inputs and outputs, with N as the
first axis.
"""

from __future__ import annotations

import functools
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from export.runtime.card import INPUTS, OUTPUTS, Card, ModelFileError
from export.runtime.cuda import AcceleratorMissingError, Cuda, CudaError
from export.runtime.sidecar import Sidecar, engine_name, rebuild, sha256
from models.system.command_line import called
from models.system.contents import mistaken

PROVIDER = "TensorRT"
OLDEST = 10  # the first major version with this interface


def tensorrt_module() -> ModuleType:
    """Return the tensorrt package.

    Raises:
        AcceleratorMissingError: If it is missing, cannot be loaded or is too old.
    """
    remedy = (
        "the extra `tensorrt`, or in a checkout `pip install -r requirements-tensorrt.txt`, installs it "
        "(on a Jetson, JetPack does)"
    )
    try:
        import tensorrt as trt
    except ModuleNotFoundError:
        raise AcceleratorMissingError(f"TensorRT is missing: {remedy}, on a machine with an NVIDIA GPU") from None
    except (ImportError, OSError) as error:
        raise AcceleratorMissingError(f"TensorRT cannot be loaded ({first_line(error)}): {remedy}") from error
    if int(trt.__version__.split(".")[0]) < OLDEST:
        raise AcceleratorMissingError(f"TensorRT {OLDEST} or newer is needed, but this is {trt.__version__}: {remedy}")
    return trt


@functools.cache
def logger(trt: ModuleType) -> Any:
    """Return TensorRT's one logger of this process, which keeps the last errors in `errors` and prints nothing."""

    base: Any = trt.ILogger  # the package has no types

    class Log(base):
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.errors: deque[str] = deque(maxlen=3)

        def log(self, severity: object, msg: str) -> None:
            if severity in (trt.ILogger.Severity.INTERNAL_ERROR, trt.ILogger.Severity.ERROR):
                self.errors.append(" ".join(msg.split()))

    return Log()


def reason(trt: ModuleType) -> str:
    """Return the errors that TensorRT has logged since the last call, in one line."""
    errors = logger(trt).errors
    text = "; ".join(errors) or "it does not say why"
    errors.clear()
    return text


def create(trt: ModuleType, kind: Callable[..., Any], *args: object) -> Any:
    """Create an object of the library.

    If the library gives none, its binding raises a TypeError.

    Raises:
        AcceleratorMissingError: If there is none, because the GPU or its driver is not good enough.
    """
    try:
        return kind(*args)
    except TypeError as error:
        if "nullptr" not in str(error):
            raise
        raise AcceleratorMissingError(f"TensorRT {trt.__version__} cannot use this GPU: {reason(trt)}") from error


def engine_beside(model: Path, precision: str) -> Path:
    """Return the path of an ONNX file's engine.

    It has the name that `python -m export tensorrt` gives it, in the same folder.

    Raises:
        ModelFileError: If the engine is missing, or was built from another file.
        AcceleratorMissingError: If TensorRT or a GPU is missing.
    """
    trt, cuda = tensorrt_module(), Cuda()
    path = model.with_name(engine_name(model.stem, cuda.name, trt.__version__, precision))
    if not path.is_file():
        raise ModelFileError(f"{path} is missing: build it here with `{called('export')} tensorrt {model}`")
    if Sidecar.read(path).onnx_sha256 != sha256(model.read_bytes()):
        raise ModelFileError(f"{path} was built from another {model.name}; {rebuild(model)}")
    return path


def open_engine(path: Path) -> tuple[Engine, Card]:
    """Open an engine, and return it with its model's card.

    Raises:
        ModelFileError: If the engine or its sidecar is missing, damaged, or made for another machine.
        AcceleratorMissingError: If TensorRT or a GPU is missing.
        ValueError: If the GPU has too little memory for it.
    """
    if not path.exists():
        raise ModelFileError(f"{path} is missing: `{called('export')} tensorrt MODEL.onnx` builds an engine")
    if path.stat().st_size and (instead := mistaken(path)):
        raise ModelFileError(f"{path} {instead}")
    sidecar = Sidecar.read(path)
    card = sidecar.card(path)
    trt, cuda = tensorrt_module(), Cuda()
    sidecar.check_place(path, trt.__version__, cuda.name, cuda.capability)
    plan = path.read_bytes()
    if sha256(plan) != sidecar.engine_sha256:
        raise ModelFileError(f"{path} is damaged: it is not what its sidecar describes; {rebuild(sidecar.onnx)}")
    try:
        return Engine(trt, cuda, plan), card
    except ModelFileError as error:
        raise ModelFileError(f"{path} {error}; {rebuild(sidecar.onnx)}") from error
    except RuntimeError as error:
        raise ValueError(
            f"the GPU cannot hold {path} ({error}): free its memory, or build with a lower --max"
        ) from error


class Engine:
    """A deserialised engine with its buffers, on GPU 0.

    Calls from several threads take turns.

    Args:
        trt: The tensorrt package.
        cuda: The GPU.
        plan: The serialised engine.

    Attributes:
        least: Fewest windows that the engine takes; fewer are filled up.
        most: Most windows that it takes; more are split.

    Raises:
        ModelFileError: If the plan cannot be read or is of another model; the caller puts the file's name before the
            text.
        CudaError: If the GPU has too little memory.
    """

    def __init__(self, trt: ModuleType, cuda: Cuda, plan: bytes) -> None:
        self._trt, self._cuda, self._lock = trt, cuda, threading.Lock()
        self._runtime = create(trt, trt.Runtime, logger(trt))
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise ModelFileError(f"cannot be read as an engine: {reason(trt)}")
        self._check_tensors()
        profile = self._engine.get_tensor_profile_shape("joints", 0)
        self.least, self.most = profile[0][0], profile[2][0]
        self._context = self._engine.create_execution_context()
        if self._context is None:
            raise CudaError(reason(trt))
        self._stream = cuda.stream()
        self._pointers: dict[str, int] = {}
        weakref.finalize(self, _release, cuda, self._stream, self._pointers)
        self._hosts = {name: self._buffer(name) for name in (*INPUTS, *OUTPUTS)}

    def get_providers(self) -> list[str]:
        """Return what runs the model, in the form of an ONNX Runtime session."""
        return [PROVIDER]

    def run(self, names: Sequence[str], feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Run windows.

        Args:
            names: Names of outputs: "scores", "modality_scores" and "embedding".
            feeds: "joints" (N, T, 25, 3) and "frames" (N,), float32, of any N >= 1.

        Returns:
            One float32 array for each name, N long.

        Raises:
            RuntimeError: If TensorRT or CUDA fails.
        """
        starts = range(0, len(feeds["joints"]), self.most)
        with self._lock:
            parts = [self._run({name: x[i : i + self.most] for name, x in feeds.items()}) for i in starts]
        return [np.concatenate([part[name] for part in parts]) for name in names]

    def _run(self, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Run at most `most` windows; if there are fewer than `least`, the last one is repeated."""
        count = len(feeds["joints"])
        batch = max(count, self.least)
        for name, array in feeds.items():
            host = self._hosts[name][:batch]
            host[:count], host[count:] = array, array[-1]
            self._must(self._context.set_input_shape(name, host.shape))
            self._cuda.copy_in(self._pointers[name], host, self._stream)
        self._must(self._context.execute_async_v3(self._stream))
        for name in OUTPUTS:
            self._cuda.copy_out(self._hosts[name][:batch], self._pointers[name], self._stream)
        self._cuda.wait(self._stream)
        return {name: self._hosts[name][:count].copy() for name in OUTPUTS}

    def _check_tensors(self) -> None:
        trt = self._trt
        names = [self._engine.get_tensor_name(i) for i in range(self._engine.num_io_tensors)]
        modes = {name: self._engine.get_tensor_mode(name) for name in names}
        wanted = dict.fromkeys(INPUTS, trt.TensorIOMode.INPUT) | dict.fromkeys(OUTPUTS, trt.TensorIOMode.OUTPUT)
        if modes != wanted:
            raise ModelFileError(f"is an engine of {', '.join(names)}, but an action model has {', '.join(wanted)}")
        if any(self._engine.get_tensor_dtype(name) != trt.DataType.FLOAT for name in names):
            raise ModelFileError("takes or gives something else than float32")

    def _buffer(self, name: str) -> np.ndarray:
        """Make buffers for the largest batch of a tensor, here and on the GPU, and tell the engine its address."""
        if name in INPUTS:
            shape = tuple(self._engine.get_tensor_profile_shape(name, 0)[2])
            self._must(self._context.set_input_shape(name, shape))
        else:
            shape = tuple(self._context.get_tensor_shape(name))
        host = np.zeros(shape, np.float32)
        self._pointers[name] = self._cuda.allocate(host.nbytes)
        self._must(self._context.set_tensor_address(name, self._pointers[name]))
        return host

    def _must(self, done: bool) -> None:
        if not done:
            raise RuntimeError(f"TensorRT: {reason(self._trt)}")


def _release(cuda: Cuda, stream: int, pointers: dict[str, int]) -> None:
    for pointer in pointers.values():
        cuda.free(pointer)
    cuda.destroy(stream)


def first_line(error: Exception) -> str:
    """Return the first line of an error's text, or its type if it has no text."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
