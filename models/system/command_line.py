"""A command line with one file for each command: only the module of the command that is asked for is loaded."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, NoReturn

from models.system.addresses import without_addresses
from models.system.places import in_checkout
from models.system.streams import output_handed_over
from models.system.version import UNKNOWN, version
from models.system.words import why

# package -> what its command line is called where ikem-live is installed
_INSTALLED = {"app": "ikem-live", "training": "ikem-live train", "export": "ikem-live export"}


def called(package: str) -> str:
    """What the command line of a package is called in messages: `ikem-live` where it is installed.

    In a checkout it is `python -m app`, and in an image, which holds the files alone.

    Args:
        package: app, training or export.
    """
    return f"python -m {package}" if in_checkout() or version() == UNKNOWN else _INSTALLED[package]


class CommandLine(argparse.ArgumentParser):
    """A parser whose errors repeat no address of a camera, in which a password may stand."""

    def error(self, message: str) -> NoReturn:
        super().error(without_addresses(message))


class _Command(CommandLine):
    """The parser of a sub-command, which refuses what it does not know with its own usage, not with the program's."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known, unknown


def add_commands(
    parser: argparse.ArgumentParser,
    package: str,
    texts: Mapping[str, str],
    describe: Callable[[ModuleType, str], str],
    only: str | None,
    others: Mapping[str, str] | None = None,
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
        others: command that somebody else carries out -> what it does; such ones are only listed.
        **how: for `add_subparsers`, and `formatter_class` for the commands.
    """
    shape = how.pop("formatter_class", argparse.HelpFormatter)
    named = f"python -m {package.partition('.')[0]}"
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Command, **how)
    for name, text in texts.items():
        command = commands.add_parser(name, help=text, formatter_class=shape)
        if only in (None, name):
            module = importlib.import_module(f"{package}.{name}")
            command.description = describe(module, text).replace(named, parser.prog)
            command.epilog = module.EXAMPLES.replace(named, parser.prog)
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    for name, text in (others or {}).items():
        commands.add_parser(name, help=text).set_defaults(run=_not_first)


def _not_first(args: argparse.Namespace) -> int:
    raise ValueError(f"{args.command} must be the first word")


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
    remedy = "install the extra `train` (pipx install --force '.[train]'), or make setup-dev in a checkout"
    return f"{doing} needs {package}: {remedy}"


def carry_out(args: argparse.Namespace, said: str, doing: str, stopped: str) -> int:
    """Run the command that was asked for, of a package that needs PyTorch; returns the exit code.

    Args:
        args: what `add_commands` read.
        said: what stands before a complaint.
        doing: what the package is for, such as "training".
        stopped: what is said of a command that was interrupted.
    """
    try:
        with output_handed_over(said, 1):
            return args.run(args)
    except BrokenPipeError:  # whoever reads what is printed has left
        return 1
    except ModuleNotFoundError as error:
        print(f"{said}: {needed(error, doing)}", file=sys.stderr)
        return 2
    except (ValueError, OSError) as error:
        print(f"{said}: {why(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(stopped, file=sys.stderr)
        return 130


class ShowVersion(argparse.Action):
    """The option `--version`, whose text is made only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, **_: Any) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, help="show the version and leave")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        print(parser.prog, version())
        parser.exit()
