"""The processor: its name, and how many of its cores this process may use."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_GROUP, _GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")  # Linux's control groups, version 2


def usable_cores() -> int:
    """Return how many cores this process may use.

    These are the cores it is bound to, or as many as its container may keep busy if that is fewer.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([bound, *map(math.ceil, _quotas())])


def processor() -> str:
    """Return the processor's name, as the system gives it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def bf16_is_quick() -> bool:
    """Return whether bfloat16 trains faster than float32 here, which takes matrix units (AMX).

    Without them it is slower: by a fifth with AVX-512's bfloat16, by five times without.
    """
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return any(line.startswith("flags") and "amx_bf16" in line.split() for line in file)
    except OSError:  # not Linux
        return False


def _quotas() -> Iterator[float]:
    """Yield the limits of this process's control group and of those around it, in cores; nothing if there are none."""
    try:
        lines = _GROUP.read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    for group in (Path(own), *Path(own).parents):
        with suppress(OSError, ValueError):  # no such file, or "max": no limit
            share, period = (_GROUPS / group / "cpu.max").read_text(encoding="utf-8").split()
            yield int(share) / int(period)
