"""CUDA's runtime library on ordinary memory, for tests: real C functions, called through ctypes like the real ones.

Work that is put on a stream is done when one waits for the stream, so that what is read too early is wrong.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, c_char, c_int, c_size_t, c_void_p
from typing import Any

TEXTS = {
    1: b"invalid argument",
    2: b"out of memory",
    35: b"CUDA driver version is insufficient for CUDA runtime version",
    100: b"no CUDA-capable device is detected",
    999: b"the fake itself failed",
}
# As cuda_runtime_api.h declares them in 12.9 and 13.5, but for the kind of the last one.
DECLARED = {
    "cudaGetDeviceCount": (POINTER(c_int),),
    "cudaSetDevice": (c_int,),
    "cudaDeviceGetAttribute": (POINTER(c_int), c_int, c_int),
    "cudaGetDeviceProperties": (POINTER(c_char), c_int),
    "cudaMalloc": (POINTER(c_void_p), c_size_t),
    "cudaFree": (c_void_p,),
    "cudaMemcpyAsync": (c_void_p, c_void_p, c_size_t, c_int, c_void_p),
    "cudaStreamCreate": (POINTER(c_void_p),),
    "cudaStreamSynchronize": (c_void_p,),
    "cudaStreamDestroy": (c_void_p,),
}
DIFFERENT_TODAY = 1032  # bytes of cudaDeviceProp in CUDA 12: all of them are written


class FakeCudart:
    """The library, as `ctypes.CDLL` would give it.

    Args:
        gpus: Names of the GPUs.
        capability: Compute capability of all of them.
        driver_error: What cudaGetDeviceCount returns, 0 for none.
        room: Bytes that can be allocated.

    Attributes:
        memory: Buffers of the GPU by address.
        streams: Work that waits, by the stream's handle.
        calls: Names of the functions called, in order.
        faults: What went wrong inside the fake; empty after a good test.
    """

    def __init__(
        self, gpus: tuple[str, ...] = ("NVIDIA Test 1",), capability: tuple[int, int] = (9, 0),
        driver_error: int = 0, room: int = 1 << 30,
    ) -> None:  # fmt: skip
        self.gpus, self.capability, self.driver_error, self.room = gpus, capability, driver_error, room
        self.memory: dict[int, Any] = {}
        self.streams: dict[int, list[Callable[[], None]]] = {}
        self.calls: list[str] = []
        self.faults: list[BaseException] = []
        self._texts = {code: ctypes.create_string_buffer(text) for code, text in TEXTS.items()}
        self._kept = {name: CFUNCTYPE(c_int, *types)(self._guarded(name)) for name, types in DECLARED.items()}
        for name, function in self._kept.items():  # as a library gives them: nothing is known of their arguments
            setattr(self, name, CFUNCTYPE(c_int)(ctypes.cast(function, c_void_p).value))
        self.cudaGetErrorString = CFUNCTYPE(c_void_p, c_int)(lambda code: ctypes.addressof(self._texts[code]))

    def holds(self, pointer: int | None, size: int) -> bool:
        """Whether that many bytes of the GPU's memory lie at an address."""
        return pointer in self.memory and size <= len(self.memory[pointer])

    def _guarded(self, name: str) -> Callable[..., int]:
        """An exception must not get lost in C."""
        function = getattr(self, f"_{name}")

        def call(*args: Any) -> int:
            self.calls.append(name)
            try:
                return function(*args) or 0
            except BaseException as error:
                self.faults.append(error)
                return 999

        return call

    def _cudaGetDeviceCount(self, count: Any) -> int:
        if self.driver_error or not self.gpus:
            return self.driver_error or 100  # the count is left as it is
        count[0] = len(self.gpus)
        return 0

    def _cudaSetDevice(self, device: int) -> int:
        return 0 if 0 <= device < len(self.gpus) else 101

    def _cudaDeviceGetAttribute(self, value: Any, attribute: int, device: int) -> None:
        value[0] = self.capability[{75: 0, 76: 1}[attribute]]

    def _cudaGetDeviceProperties(self, properties: Any, device: int) -> None:
        data = self.gpus[device].encode().ljust(256, b"\0").ljust(DIFFERENT_TODAY, b"\xff")
        ctypes.memmove(properties, data, len(data))

    def _cudaMalloc(self, pointer: Any, size: int) -> int:
        if sum(map(len, self.memory.values())) + size > self.room:
            return 2
        buffer = ctypes.create_string_buffer(b"\xff" * size, size)
        self.memory[ctypes.addressof(buffer)] = buffer
        pointer[0] = ctypes.addressof(buffer)
        return 0

    def _cudaFree(self, pointer: int) -> int:
        return 1 if self.memory.pop(pointer, None) is None else 0

    def _cudaMemcpyAsync(self, to: int, source: int, size: int, kind: int, stream: int) -> int:
        if not self.holds({1: to, 2: source}[kind], size):
            return 1
        if kind == 1:
            data = ctypes.string_at(source, size)  # pageable memory is read before the call returns
            self.streams[stream].append(lambda: ctypes.memmove(to, data, size))
        else:
            self.streams[stream].append(lambda: ctypes.memmove(to, source, size))
        return 0

    def _cudaStreamCreate(self, stream: Any) -> None:
        handle = 0x7F00_0000_1000 + len(self.calls)  # needs more than 32 bits, as real ones do
        self.streams[handle] = []
        stream[0] = handle

    def _cudaStreamSynchronize(self, stream: int) -> None:
        while self.streams[stream]:
            self.streams[stream].pop(0)()

    def _cudaStreamDestroy(self, stream: int) -> None:
        del self.streams[stream]
