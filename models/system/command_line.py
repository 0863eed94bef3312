"""A command line with one file for each command: only the module of the command that is asked for is loaded."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from models.system.version import version


def add_commands(
    parser: argparse.ArgumentParser,
    package: str,
    texts: Mapping[str, str],
    describe: Callable[[ModuleType, str], str],
    only: str | None,
    **how: Any,
) -> None:
    """Add a sub-command for each module of a package.

    A module has EXAMPLES, add_arguments(command) and run(args) -> exit code. If its texts name the program as
    `python -m PACKAGE`, the help names it as the parser does.

    Args:
        parser: the program's parser; a command must be given by its full name.
        package: dotted name of the package, such as "app.commands".
        texts: command, which is the module's name -> what it does, in the list of commands.
        describe: (module, text) -> the first text of the command's own help.
        only: the command that is asked for; the others get no options. None loads them all.
        **how: for `add_subparsers`, and `formatter_class` for the commands.
    """
    shape = how.pop("formatter_class", argparse.HelpFormatter)
    named = f"python -m {package.partition('.')[0]}"
    commands = parser.add_subparsers(dest="command", required=True, **how)
    for name, text in texts.items():
        command = commands.add_parser(name, help=text, formatter_class=shape)
        if only in (None, name):
            module = importlib.import_module(f"{package}.{name}")
            command.description = describe(module, text).replace(named, parser.prog)
            command.epilog = module.EXAMPLES.replace(named, parser.prog)
            module.add_arguments(command)
            command.set_defaults(run=module.run)


def asked_for(words: Sequence[str]) -> str:
    """Return the command on a command line, the first word that is no option, or "" if there is none."""
    return next((word for word in words if not word.startswith("-")), "")


def program_of(command: argparse.ArgumentParser) -> str:
    """Return the name of a sub-command's program, such as "ikem-live" for "ikem-live classify"."""
    return command.prog.rpartition(" ")[0]


def needed(error: ModuleNotFoundError, doing: str) -> str:
    """Return which package is missing and how to get it.

    Args:
        error: error of the import.
        doing: what needs the package, such as "training".

    Raises:
        ModuleNotFoundError: the module that is missing is one of ours.
    """
    name = (error.name or "").partition(".")[0]
    if name in ("", "app", "export", "models"):
        raise error
    package = "PyTorch" if name in ("torch", "training") else name
    return f"{doing} needs {package}: pip install 'ikem-live[train]', or make setup-dev in a checkout"


class ShowVersion(argparse.Action):
    """The option `--version`, whose text is made only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, **_: Any) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, help="show the version and leave")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        print(parser.prog, version())
        parser.exit()
