"""The program `ikem-live`: the commands of app, and `train` and `export` of the packages that need PyTorch.

The packages are loaded by name, so that nothing of app depends on training. An install without PyTorch has all commands
but those two.
"""

from __future__ import annotations

import importlib
import sys

from models.system.command_line import needed

PROG = "ikem-live"
# first word -> the package whose commands follow it, and what one does with them
PACKAGES = {"train": ("training", "training"), "export": ("export", "exporting")}
TEXTS = {
    "train": "train a model of your own actions, or the shipped one again (needs the extra `train`)",
    "export": "write model files for other machines, and check them (needs the extra `train`)",
}


def main(argv: list[str] | None = None) -> int:
    """Run one command and return the exit code.

    Args:
        argv: the words of the command line; None takes this process's.
    """
    words = sys.argv[1:] if argv is None else argv
    if words[:2] == ["export", "web"]:  # the whole page; `python -m export web` writes the model's part alone
        return importlib.import_module("app.__main__").main(words[1:], f"{PROG} export")
    if words and words[0] in PACKAGES:
        return _package(words[0], words[1:])
    return importlib.import_module("app.__main__").main(words, PROG, TEXTS)


def _package(word: str, words: list[str]) -> int:
    package, doing = PACKAGES[word]
    try:
        return importlib.import_module(f"{package}.__main__").main(words, f"{PROG} {word}")
    except ModuleNotFoundError as error:
        print(f"{PROG} {word}: {needed(error, doing)}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
