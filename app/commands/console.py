"""The command `ikem-live`."""

from __future__ import annotations

import importlib
import sys

from app.__main__ import main as app_main

OTHERS = {"train": "training", "export": "export"}


def main() -> int:
    """Run a command of the app; `train` and `export` hand the rest to those packages."""
    words = sys.argv[1:]
    if words and words[0] in OTHERS:
        sys.argv = [f"ikem-live {words[0]}", *words[1:]]
        return importlib.import_module(f"{OTHERS[words[0]]}.__main__").main() or 0
    return app_main(words)
