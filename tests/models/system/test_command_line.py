"""Command lines with a file a command: what is loaded, what a command consists of, and where its files lie."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

import pytest

from models.system import command_line
from models.system.command_line import asked_for, called, carry_out
from models.system.places import ROOT

PACKAGES = pytest.mark.parametrize("package", ["app", "training", "export"])
NO_COMMANDS = {"__init__", "options", "common", "console", "broadcasting"}


def choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    return next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction)).choices


@pytest.mark.parametrize(
    ("words", "command"),
    [([], ""), (["--help"], ""), (["demo", "--port", "1"], "demo"), (["--version", "demo"], "demo")],
)
def test_the_command_that_is_asked_for(words: list[str], command: str) -> None:
    assert asked_for(words) == command


@PACKAGES
def test_a_message_names_the_command_line_that_its_reader_has(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert called(package) == f"python -m {package}"
    monkeypatch.setattr(command_line, "in_checkout", lambda: False)
    monkeypatch.setattr(command_line, "version", lambda: "0+unknown")
    assert called(package) == f"python -m {package}", "an image holds the files alone"
    monkeypatch.setattr(command_line, "version", lambda: "1.0")
    assert called(package) == {"app": "ikem-live", "training": "ikem-live train"}.get(package, "ikem-live export")


@PACKAGES
def test_a_command_is_a_file(package: str) -> None:
    commands = import_module(f"{package}.__main__").COMMANDS
    files = {path.stem for path in (ROOT / package / "commands").glob("*.py")}
    assert files - NO_COMMANDS == set(commands)
    for name in commands:
        module = import_module(f"{package}.commands.{name}")
        assert module.EXAMPLES.startswith("example") and callable(module.run) and module.__doc__
        assert f"python -m {package} {name}" in module.EXAMPLES


@PACKAGES
def test_only_what_is_asked_for_gets_its_options(package: str) -> None:
    main = import_module(f"{package}.__main__")
    name = list(main.COMMANDS)[-1]
    for other, command in choices(main.parser(only=name)).items():
        assert (len(command._actions) > 1) == (other == name), other
    assert all(len(command._actions) > 1 for command in choices(main.parser()).values())


@PACKAGES
def test_files_of_ours_are_found_from_any_folder(package: str) -> None:
    """Defaults are files of the project by their whole paths, or begin in runs/, which is the user's."""
    parser = import_module(f"{package}.__main__").parser()
    for name, command in choices(parser).items():
        for action in command._actions:
            paths = action.default if isinstance(action.default, list) else [action.default]
            for path in paths:
                if isinstance(path, Path):
                    assert path.parts[0] == "runs" or (path.is_absolute() and path.exists()), f"{name} {action.dest}"
        assert str(ROOT) not in command.format_help(), f"the help of {name} names a folder of this machine"


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (None, 0, ""),
        (ValueError("no clip"), 1, "train: no clip\n"),
        (OSError("no room"), 1, "train: no room\n"),
        (ModuleNotFoundError("", name="torch"), 2, "train: training needs PyTorch: "),
        (KeyboardInterrupt(), 130, "to be gone on with\n"),
    ],
)
def test_how_a_command_ends(
    error: BaseException | None, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: argparse.Namespace) -> int:
        if error is not None:
            raise error
        return 0

    assert carry_out(argparse.Namespace(run=run), "train", "training", "to be gone on with") == code
    told = capsys.readouterr().err
    assert told.startswith(said) and told.count("\n") == bool(said)
