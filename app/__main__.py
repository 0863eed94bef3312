"""The command line: `python -m app demo | classify | teach | learn | convert | bench | doctor | pose | web`."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Mapping

from models.system.blas import one_blas_thread
from models.system.command_line import CommandLine, ShowVersion, add_commands, asked_for
from models.system.native_warnings import native_warnings_hidden
from models.system.plots import plots_into_memory
from models.system.signals import ended_as_by_ctrl_c
from models.system.streams import open_closed_streams, output_handed_over
from models.system.words import why

PROG = "python -m app"
# command -> what it does; the module app.commands.<command> holds `EXAMPLES`, `add_arguments`, `run` and maybe `HELP`
COMMANDS = {
    "demo": "open the live page in the browser",
    "classify": "name the actions in videos, cameras and recorded skeletons",
    "teach": "teach actions of your own by a few examples",
    "learn": "learn from corrected events",
    "convert": "write recorded landmarks or events for other programs",
    "bench": "measure the live path against MediaPipe alone",
    "doctor": "check what works on this machine, and say what to do",
    "pose": "prepare the pose model",
    "web": "write the page for any web server: the visitor's browser does the work",
}
BROKEN_OFF, USAGE, INTERRUPTED = 1, 2, 130


def parser(
    prog: str = PROG, only: str | None = None, others: Mapping[str, str] | None = None
) -> argparse.ArgumentParser:
    """Build the parser of all commands, with the options of the command `only`, or of all (None).

    The commands `others` are only listed.
    """
    main = CommandLine(prog=prog, description="IKEM Live: names what people do, live.")
    main.add_argument("--version", action=ShowVersion)
    add_commands(
        main, "app.commands", COMMANDS,
        lambda module, text: getattr(module, "HELP", f"{text[0].upper()}{text[1:]}."), only, others,
        metavar="COMMAND", formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    return main


def _work(words: list[str], prog: str, others: Mapping[str, str] | None) -> tuple[str, Callable[[], int]]:
    """Return the name of the command that the words ask for, and the function that runs it."""
    if words[:1] == ["bench"]:
        from app.commands.bench import FORMS

        form = words[1] if len(words) > 1 else ""
        if form in FORMS:  # the benchmark reads the further words itself
            program = importlib.import_module(FORMS[form])
            return f"bench {form}", lambda: program.main(words[2:], f"{prog} bench {form}")
    args = parser(prog, asked_for(words), others).parse_args(words)
    return args.command, lambda: args.run(args)


def main(argv: list[str] | None = None, prog: str = PROG, others: Mapping[str, str] | None = None) -> int:
    """Run one command and return the exit code.

    Args:
        argv: the words of the command line; None takes this process's.
        prog: what the program is called in its help and in its errors.
        others: command that the caller carries out -> what it does, for the help.
    """
    from models.system.atomic import OutputError

    open_closed_streams()
    one_blas_thread()  # before a command imports numpy
    plots_into_memory()
    command = ""
    try:
        with output_handed_over(prog, USAGE):
            command, work = _work(sys.argv[1:] if argv is None else argv, prog, others)
            with native_warnings_hidden(), ended_as_by_ctrl_c():
                return work()
    except BrokenPipeError:  # whoever reads what is printed has left
        return BROKEN_OFF
    except (ValueError, OutputError, OSError) as error:
        print(f"{f'{prog} {command}'.strip()}: {why(error)}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        kept = "; what was finished is whole, and --resume goes on from it" if command == "classify" else ""
        print(f"stopped{kept}", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
