"""The threads of numpy's matrix products, which are chosen before numpy is imported."""

from __future__ import annotations

import os

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def one_blas_thread() -> None:
    """Give numpy's matrix products one thread, in this process and in those that it starts, unless the user chose.

    The app multiplies small matrices. OpenBLAS's helpers gain nothing there, and wait busily for the next product: on
    two cores that doubled the page's processor time of a frame. It has no effect once numpy is loaded.
    """
    for name in THREADS:
        os.environ.setdefault(name, "1")
