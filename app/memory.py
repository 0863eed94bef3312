"""Memory that native libraries have freed, back to the system."""

from __future__ import annotations

import ctypes
import platform


def give_memory_back() -> bool:
    """Return what the C library keeps of freed memory to the system.

    A landmarker takes some hundred blocks of all sizes and frees them in its own threads; glibc keeps the pieces, and a
    page that many visitors came to would hold several times what it uses.

    Returns:
        Whether it could be done: only glibc can.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    ctypes.CDLL(None).malloc_trim(0)
    return True
