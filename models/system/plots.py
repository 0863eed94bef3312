"""Plots: matplotlib, which MediaPipe and Gradio import unasked, and which training draws with."""

from __future__ import annotations

import os


def plots_into_memory() -> None:
    """Have matplotlib draw into memory, before it is imported.

    A notebook's terminal asks for a backend that may not be installed here, and matplotlib's import then fails.
    """
    os.environ["MPLBACKEND"] = "agg"
