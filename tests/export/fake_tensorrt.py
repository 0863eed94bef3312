"""The tensorrt package, for tests: the classes and arguments that our code uses, with ONNX Runtime inside its engines.

`test_tensorrt_names.py` checks that nothing here goes beyond the real package. Numbers of enums are the real ones.
"""

from __future__ import annotations

import ctypes
import enum
import functools
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime
import pytest

from export.runtime import cuda
from tests.export.fake_cuda import FakeCudart
from tests.export.tensorrt_bindings import known

VERSIONS = ("10.16.1.11", "11.4.0.106")
PLAN, TIMINGS = b"plan:", b"timings of "


def install(
    monkeypatch: pytest.MonkeyPatch, version: str = VERSIONS[1], fails: tuple[str, ...] = (), **gpu: Any
) -> ModuleType:
    """Put the fakes in the place of the real package and library.

    Args:
        monkeypatch: Takes them away again.
        version: Of TensorRT.
        fails: What is not to work: "Builder", "Runtime", "parse", "profile", "build", "deserialize", "context", "run",
            "dtype", "tensors".
        gpu: Arguments of FakeCudart.

    Returns:
        The package; `calls` lists the builder's calls with their arguments, `cudart` is the library.
    """
    trt = fake_tensorrt(version, FakeCudart(**gpu), fails)
    monkeypatch.setitem(sys.modules, "tensorrt", trt)
    monkeypatch.setattr(cuda, "cudart", lambda: trt.cudart)
    return trt


def fake_tensorrt(version: str, cudart: FakeCudart, fails: tuple[str, ...] = ()) -> ModuleType:
    """The package for one version."""
    trt = ModuleType("tensorrt")
    trt.__version__, trt.calls, trt.cudart, trt.fails = version, [], cudart, fails
    names = known()["bindings"][version]["names"]
    for kind in CLASSES:
        setattr(trt, kind.__name__, type(kind.__name__, (kind,), {"trt": trt}))
    for name in (name for name, told in names.items() if told == "enum"):
        members = {key.rpartition(".")[2]: value for key, value in names.items() if key.startswith(f"{name}.")}
        owner, _, short = name.rpartition(".")
        setattr(getattr(trt, owner) if owner else trt, short, enum.IntEnum(short, members))
    return trt


@functools.cache
def _session(model: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class Fake:
    """What all the classes know: the package that they belong to."""

    trt: ModuleType

    def _broken(self, what: str, logger: Any, text: str) -> bool:
        """Whether this is not to work; then the log says why."""
        if what in self.trt.fails:
            logger.log(self.trt.ILogger.Severity.ERROR, text)
        return what in self.trt.fails

    def _note(self, name: str, *args: object) -> None:
        self.trt.calls.append((name, *args))


class Dims:
    """A shape, as the binding gives it: a sequence, but no tuple."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = tuple(shape)

    def __len__(self) -> int:
        return len(self._shape)

    def __getitem__(self, i: int) -> int:
        return self._shape[i]


class ILogger(Fake):
    def __init__(self) -> None:
        self._made = True  # the real one must be made before it is used

    def log(self, severity: int, msg: str) -> None:
        raise NotImplementedError("the real one calls a derived class's")


class Builder(Fake):
    def __init__(self, logger: ILogger) -> None:
        assert isinstance(logger, self.trt.ILogger) and logger._made
        self._logger = logger
        if self._broken("Builder", logger, "CUDA initialization failure\n with error: 35"):
            raise TypeError("pybind11::init(): factory function returned nullptr")

    def create_network(self, flags: int = 0) -> INetworkDefinition:
        self._note("create_network", flags)
        return self.trt.INetworkDefinition()

    def create_builder_config(self) -> IBuilderConfig:
        return self.trt.IBuilderConfig()

    def create_optimization_profile(self) -> IOptimizationProfile:
        return self.trt.IOptimizationProfile()

    def build_serialized_network(self, network: INetworkDefinition, config: IBuilderConfig) -> memoryview | None:
        self._note("build_serialized_network")
        if self._broken("build", self._logger, "no implementation for node conv2d"):
            return None
        shapes = config._profiles[0]._shapes
        expected = {entry.name: len(entry.shape) for entry in _session(network._model).get_inputs()}
        assert {name: len(sizes[0]) for name, sizes in shapes.items()} == expected
        assert config._cache is not None
        config._cache._data += b", one more"
        return memoryview(PLAN + json.dumps(shapes).encode() + b"\n" + network._model)


class INetworkDefinition(Fake):
    _model = b""


class ITimingCache(Fake):
    def __init__(self, data: bytes) -> None:
        self._data = data

    def serialize(self) -> memoryview:
        return memoryview(self._data)


class IBuilderConfig(Fake):
    def __init__(self) -> None:
        self._profiles: list[IOptimizationProfile] = []
        self._cache: ITimingCache | None = None

    def set_memory_pool_limit(self, pool: int, pool_size: int) -> None:
        self._note("set_memory_pool_limit", pool, pool_size)

    def add_optimization_profile(self, profile: IOptimizationProfile) -> int:
        if "profile" in self.trt.fails:
            return -1
        self._profiles.append(profile)
        return 0

    def create_timing_cache(self, serialized_timing_cache: bytes) -> ITimingCache | None:
        self._note("create_timing_cache", serialized_timing_cache)
        if serialized_timing_cache and not serialized_timing_cache.startswith(TIMINGS):
            return None
        return self.trt.ITimingCache(serialized_timing_cache or TIMINGS + self.trt.__version__.encode())

    def set_timing_cache(self, cache: ITimingCache, ignore_mismatch: bool) -> bool:
        fits = ignore_mismatch or cache._data.startswith(TIMINGS + self.trt.__version__.encode())
        self._cache = cache if fits else None
        return fits


class IOptimizationProfile(Fake):
    def __init__(self) -> None:
        self._shapes: dict[str, list[tuple[int, ...]]] = {}

    def set_shape(self, input: str, min: tuple[int, ...], opt: tuple[int, ...], max: tuple[int, ...]) -> None:
        self._note("set_shape", input, min, opt, max)
        self._shapes[input] = [min, opt, max]


class ParserError(Fake):
    def __init__(self, text: str) -> None:
        self._text = text

    def desc(self) -> str:
        return self._text


class OnnxParser(Fake):
    def __init__(self, network: INetworkDefinition, logger: ILogger) -> None:
        self._network, self._errors = network, []

    def parse_from_file(self, model: str) -> bool:
        assert isinstance(model, str)
        if "parse" in self.trt.fails:
            self._errors = ["No importer registered for op: Magic", "the second\nfault"]
        else:
            self._network._model = Path(model).read_bytes()
        return not self._errors

    @property
    def num_errors(self) -> int:
        return len(self._errors)

    def get_error(self, index: int) -> ParserError:
        return self.trt.ParserError(self._errors[index])


class Runtime(Fake):
    def __init__(self, logger: ILogger) -> None:
        assert isinstance(logger, self.trt.ILogger) and logger._made
        self._logger = logger
        if self._broken("Runtime", logger, "the driver is too old"):
            raise TypeError("pybind11::init(): factory function returned nullptr")

    def deserialize_cuda_engine(self, serialized_engine: bytes) -> ICudaEngine | None:
        if self._broken("deserialize", self._logger, "the plan is of another version"):
            return None
        assert serialized_engine.startswith(PLAN)
        head, _, model = serialized_engine.removeprefix(PLAN).partition(b"\n")
        return self.trt.ICudaEngine(self._logger, json.loads(head), _session(model))


class ICudaEngine(Fake):
    def __init__(self, logger: ILogger, shapes: dict[str, Any], session: onnxruntime.InferenceSession) -> None:
        self._logger, self._shapes, self._session = logger, shapes, session
        self._outputs = {entry.name: entry.shape for entry in session.get_outputs()}
        self._names = [*shapes, *self._outputs]
        if "tensors" in self.trt.fails:
            self._names.remove("embedding")

    @property
    def num_io_tensors(self) -> int:
        return len(self._names)

    def get_tensor_name(self, index: int) -> str:
        return self._names[index]

    def get_tensor_mode(self, name: str) -> int:
        return self.trt.TensorIOMode.INPUT if name in self._shapes else self.trt.TensorIOMode.OUTPUT

    def get_tensor_dtype(self, name: str) -> object:
        return "HALF" if "dtype" in self.trt.fails else self.trt.DataType.FLOAT

    def get_tensor_profile_shape(self, name: str, profile_index: int) -> list[Dims]:
        assert profile_index == 0
        return [Dims(shape) for shape in self._shapes[name]]

    def create_execution_context(self) -> IExecutionContext | None:
        if self._broken("context", self._logger, "out of memory"):
            return None
        return self.trt.IExecutionContext(self)


class IExecutionContext(Fake):
    def __init__(self, owner: ICudaEngine) -> None:
        self._owner, self._logger = owner, owner._logger
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._addresses: dict[str, int] = {}

    def set_input_shape(self, name: str, shape: tuple[int, ...] | list[int] | Dims) -> bool:
        least, _, most = self._owner._shapes[name]
        assert len(shape) == len(least)
        fits = all(low <= size <= high for low, size, high in zip(least, shape, most, strict=True))
        if not fits:
            self._logger.log(self.trt.ILogger.Severity.ERROR, f"{name} {tuple(shape)} does not fit the profile")
            return False
        self._shapes[name] = tuple(shape)
        return True

    def get_tensor_shape(self, name: str) -> Dims:
        if name in self._shapes:
            return Dims(self._shapes[name])
        return Dims((self._shapes["joints"][0], *self._owner._outputs[name][1:]))

    def set_tensor_address(self, name: str, memory: int) -> bool:
        self._addresses[name] = memory
        return True

    def execute_async_v3(self, stream_handle: int) -> bool:
        if self._broken("run", self._logger, "the kernel failed"):
            return False
        assert self._shapes["joints"][0] == self._shapes["frames"][0]
        assert stream_handle, "the default stream is slow"
        shapes = {name: tuple(self.get_tensor_shape(name)) for name in self._owner._names}
        addresses, session = dict(self._addresses), self._owner._session
        for name, shape in shapes.items():
            assert self.trt.cudart.holds(addresses[name], 4 * int(np.prod(shape))), f"no room for {name}"

        def work() -> None:
            arrays = {name: _at(addresses[name], shape) for name, shape in shapes.items()}
            outputs = [name for name in shapes if name not in self._owner._shapes]
            found = session.run(outputs, {name: arrays[name] for name in self._owner._shapes})
            for name, array in zip(outputs, found, strict=True):
                arrays[name][...] = array

        self.trt.cudart.streams[stream_handle].append(work)
        return True


def _at(address: int, shape: tuple[int, ...]) -> np.ndarray:
    """The float32 array in the memory of the fake GPU."""
    size = int(np.prod(shape))
    return np.frombuffer((ctypes.c_float * size).from_address(address), np.float32).reshape(shape)


CLASSES = (
    ILogger, Builder, INetworkDefinition, ITimingCache, IBuilderConfig, IOptimizationProfile, ParserError, OnnxParser,
    Runtime, ICudaEngine, IExecutionContext,
)  # fmt: skip
