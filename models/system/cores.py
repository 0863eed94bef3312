"""The processor: its name, and how many of its cores this process may use."""

from __future__ import annotations

import functools
import math
import os
import platform
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_GROUP, _GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")  # Linux's control groups


def usable_cores() -> int:
    """Return how many cores this process may use.

    These are the cores it is bound to, or as many as its container may keep busy if that is fewer.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([bound, *map(math.ceil, _quotas())])


def processor() -> str:
    """Return the processor's name, as the system gives it."""
    try:
        with open(_CPUINFO, encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def bf16_is_quick() -> bool:
    """Return whether bfloat16 trains faster than float32 on this processor.

    It takes matrix units (AMX), or AVX-512's bfloat16 on AMD (Zen 4 and later: 1.5 times as fast). On Intel without
    matrix units that is slower by a fifth, and processors without any bfloat16 take five to nine times as long.
    """
    words = _words()
    return "amx_bf16" in words or ("avx512_bf16" in words and "AuthenticAMD" in words)


@functools.cache
def has_matrix_units() -> bool:
    """Return whether the processor multiplies matrices of bfloat16 in units of their own (AMX)."""
    return "amx_bf16" in _words()


def _words() -> frozenset[str]:
    """Return the words in the system's description of the processor; none where it is not Linux."""
    try:
        return frozenset(_CPUINFO.read_text(encoding="utf-8").split())
    except OSError:
        return frozenset()


def _quotas() -> Iterator[float]:
    """Yield the limits of this process's control groups and of those around them, in cores; nothing if there are none.

    Version 2 has one tree of groups. Version 1 has a tree for each kind of limit; a container sees its own group as the
    root of the tree, by whatever name the machine knows it.
    """
    try:
        lines = _GROUP.read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return
    for _, kinds, own in (line.split(":", 2) for line in lines if line.count(":") >= 2):
        if kinds and "cpu" not in kinds.split(","):
            continue
        root = _GROUPS / kinds if kinds else _GROUPS
        for group in (Path(own.lstrip("/")), *Path(own.lstrip("/")).parents):
            with suppress(OSError, ValueError, ZeroDivisionError):  # no such file, or no limit ("max", -1)
                quota, period = _version_1(root / group) if kinds else _version_2(root / group)
                if quota > 0:
                    yield quota / period


def _version_1(group: Path) -> tuple[int, int]:
    quota, period = ((group / f"cpu.cfs_{name}_us").read_text(encoding="utf-8") for name in ("quota", "period"))
    return int(quota), int(period)


def _version_2(group: Path) -> tuple[int, int]:
    quota, period = (group / "cpu.max").read_text(encoding="utf-8").split()
    return int(quota), int(period)
