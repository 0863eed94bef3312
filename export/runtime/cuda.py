"""The few calls of CUDA's runtime library that a TensorRT engine needs, through ctypes.

No package provides them.
"""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from collections.abc import Iterator
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_void_p
from pathlib import Path
from typing import Any

import numpy as np

# Each returns an error code, 0 for none.
PROTOTYPES = {
    "cudaGetDeviceCount": (POINTER(c_int),),
    "cudaSetDevice": (c_int,),
    "cudaDeviceGetAttribute": (POINTER(c_int), c_int, c_int),
    "cudaGetDeviceProperties": (c_void_p, c_int),
    "cudaMalloc": (POINTER(c_void_p), c_size_t),
    "cudaFree": (c_void_p,),
    "cudaMemcpyAsync": (c_void_p, c_void_p, c_size_t, c_int, c_void_p),
    "cudaStreamCreate": (POINTER(c_void_p),),
    "cudaStreamSynchronize": (c_void_p,),
    "cudaStreamDestroy": (c_void_p,),
}
_TO_DEVICE, _TO_HOST = 1, 2  # cudaMemcpyKind
_MAJOR, _MINOR = 75, 76  # cudaDevAttrComputeCapabilityMajor, ...Minor
_OLD_DRIVER = 35  # cudaErrorInsufficientDriver
# cudaGetDeviceProperties fills a struct that starts with the name, char[256]; what follows differs from one version to
# the next, and is about 1 kB.
_PROPERTIES_BYTES = 16384


class AcceleratorMissingError(ValueError):
    """The error of a machine without TensorRT, CUDA's runtime library or an NVIDIA GPU."""


class CudaError(RuntimeError):
    """The error of a failed call of CUDA's runtime library."""


def cudart() -> Any:
    """Load a CUDA runtime library for which the driver is new enough.

    Raises:
        AcceleratorMissingError: If there is none.
    """
    found = []
    for name in (*_names(), *_beside_python()):
        try:
            found.append(ctypes.CDLL(name))
        except OSError:
            continue
        if found[-1].cudaGetDeviceCount(ctypes.byref(c_int())) != _OLD_DRIVER:
            return found[-1]
    if not found:
        raise AcceleratorMissingError(
            "CUDA's runtime library (libcudart) is missing: install CUDA 12 or 13, "
            "or the extra `tensorrt` (in a checkout, `pip install -r requirements-tensorrt.txt`)"
        )
    return found[0]


def _names() -> tuple[str, ...]:
    if sys.platform == "win32":
        return "cudart64_13.dll", "cudart64_12.dll"
    return "libcudart.so.13", "libcudart.so.12", "libcudart.so"


def _beside_python() -> Iterator[str]:
    """Yield the libraries that pip installed, which the loader does not search."""
    spec = importlib.util.find_spec("nvidia")
    for folder in (spec and spec.submodule_search_locations) or ():
        for pattern in ("*/lib/libcudart.so.*", "*/bin/**/cudart64_*.dll"):
            yield from sorted(map(str, Path(folder).glob(pattern)), reverse=True)


class Cuda:
    """A GPU.

    A new thread starts on GPU 0, whatever another thread has chosen. Buffers are therefore used on GPU 0 only.

    Args:
        device: Number of the GPU, from 0.

    Attributes:
        name: What the driver calls the GPU.
        capability: Its compute capability, such as "9.0".

    Raises:
        AcceleratorMissingError: If the library, the driver or the GPU is missing or cannot be used.
    """

    def __init__(self, device: int = 0) -> None:
        self._lib = cudart()
        self._lib.cudaGetErrorString.argtypes, self._lib.cudaGetErrorString.restype = (c_int,), c_char_p
        for name, types in PROTOTYPES.items():
            getattr(self._lib, name).argtypes = types
        try:
            self.name, self.capability = self._choose(device)
        except CudaError as error:
            raise AcceleratorMissingError(
                f"no NVIDIA GPU can be used here ({error}): TensorRT needs one, and a driver for CUDA 12 or newer"
            ) from error

    def _choose(self, device: int) -> tuple[str, str]:
        """Make the GPU this thread's own, and return its name and compute capability."""
        count, major, minor = c_int(), c_int(), c_int()
        self._call("cudaGetDeviceCount", ctypes.byref(count))
        if device >= count.value:
            raise CudaError(f"GPU {device} was asked for, but there are {count.value}, counted from 0")
        self._call("cudaSetDevice", device)
        self._call("cudaDeviceGetAttribute", ctypes.byref(major), _MAJOR, device)
        self._call("cudaDeviceGetAttribute", ctypes.byref(minor), _MINOR, device)
        properties = ctypes.create_string_buffer(_PROPERTIES_BYTES)
        self._call("cudaGetDeviceProperties", properties, device)
        return properties.value.decode(errors="replace"), f"{major.value}.{minor.value}"

    def allocate(self, size: int) -> int:
        """Allocate memory on the GPU, in bytes, and return its address there."""
        pointer = c_void_p()
        self._call("cudaMalloc", ctypes.byref(pointer), size)
        assert pointer.value
        return pointer.value

    def free(self, pointer: int) -> None:
        """Free memory that `allocate` returned."""
        self._call("cudaFree", pointer)

    def stream(self) -> int:
        """Create a stream, on which work is done in turn."""
        handle = c_void_p()
        self._call("cudaStreamCreate", ctypes.byref(handle))
        assert handle.value
        return handle.value

    def destroy(self, stream: int) -> None:
        """Free a stream that `stream` returned."""
        self._call("cudaStreamDestroy", stream)

    def copy_in(self, pointer: int, array: np.ndarray, stream: int) -> None:
        """Put a copy of a contiguous array to the GPU on the stream; the array must stay until `wait` returns."""
        assert array.flags.c_contiguous
        self._call("cudaMemcpyAsync", pointer, array.ctypes.data, array.nbytes, _TO_DEVICE, stream)

    def copy_out(self, array: np.ndarray, pointer: int, stream: int) -> None:
        """Put a copy from the GPU to a contiguous array on the stream; it is complete when `wait` returns."""
        assert array.flags.c_contiguous
        self._call("cudaMemcpyAsync", array.ctypes.data, pointer, array.nbytes, _TO_HOST, stream)

    def wait(self, stream: int) -> None:
        """Wait until all work on the stream is done."""
        self._call("cudaStreamSynchronize", stream)

    def _call(self, name: str, *args: object) -> None:
        code = getattr(self._lib, name)(*args)
        if code:
            raise CudaError(f"{name}: {self._lib.cudaGetErrorString(code).decode(errors='replace')}")
