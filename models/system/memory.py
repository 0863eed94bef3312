"""The handling of freed memory: given back to the system, or kept for the next step of a training."""

from __future__ import annotations

import ctypes
import platform

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # M_TRIM_THRESHOLD and so on of <malloc.h>
_NEVER = 2**31 - 1


def give_memory_back() -> bool:
    """Give freed memory that the C library keeps back to the system.

    A landmarker takes some hundred blocks of all sizes and frees them in its own threads, and glibc keeps the pieces. A
    page that many visitors opened would hold several times what it uses.

    Returns:
        Whether it was done, which only glibc can.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    ctypes.CDLL(None).malloc_trim(0)
    return True


def keep_freed_memory() -> bool:
    """Serve large tensors from the heap, and give none of it back to the system before the process ends.

    Otherwise glibc asks the system for every large block anew and returns it when it is freed, so each activation of
    each step costs page faults: 8 % of a float32 step of pre-training and 16 % of a bf16 one. The peak is the same.

    Returns:
        Whether it was done, since only glibc has these settings.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    # One heap for all threads: what one of them frees, another takes.
    options = ((_MMAP_THRESHOLD, _NEVER), (_TRIM_THRESHOLD, _NEVER), (_ARENA_MAX, 1))
    return min(libc.mallopt(option, value) for option, value in options) == 1  # all of them, whatever failed
