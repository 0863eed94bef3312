"""Numbers on command lines: what is taken, what is refused in which words, and that every option of ours asks so."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from models.system import options
from models.system.options import number, path, share, whole

Reader = Callable[[str], float]
NO_NUMBERS = ("", "x", "nan", "1e", "--", "0x10", "\u0665", "1,5")


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    [
        (whole(1, 64), "1", 1),
        (whole(1, 64), "64", 64),
        (whole(0), "12345678901", 12345678901),
        (whole(-1), "-1", -1),
        (number(0), "0", 0.0),
        (number(0), "1e-4", 1e-4),
        (number(0.02, 60), "60", 60.0),
        (number(0, above=True), "0.001", 0.001),
        (share("a score"), "1", 1.0),
        (options.at_least_1, "1", 1),
        (options.at_least_0, "0", 0),
        (options.seed, "0", 0),
        (options.port, "65535", 65535),
        (options.threads, "256", 256),
        (options.workers, "256", 256),
        (options.seconds, "2.5", 2.5),
    ],
)
def test_what_is_taken(reader: Reader, text: str, value: float) -> None:
    read = reader(text)
    assert read == value and type(read) is type(value)


@pytest.mark.parametrize(
    ("reader", "text", "words"),
    [
        (whole(1, 64), "0", "a whole number from 1 to 64, not '0'"),
        (whole(1, 64), "65", "a whole number from 1 to 64, not '65'"),
        (whole(1, 64), "1.5", "a whole number from 1 to 64, not '1.5'"),
        (whole(0), "-1", "a whole number of at least 0, not '-1'"),
        (number(0), "-0.1", "a number of at least 0, not '-0.1'"),
        (number(0), "inf", "a number of at least 0, not 'inf'"),
        (number(0, above=True), "0", "a number above 0, not '0'"),
        (number(0, 8), "-inf", "a number from 0 to 8, not '-inf'"),
        (share("a score"), "1.01", "a score is from 0 to 1, not '1.01'"),
        (options.at_least_1, "0", "a whole number of at least 1, not '0'"),
        (options.seed, "-3", "a seed is a whole number of at least 0, not '-3'"),
        (options.port, "65536", "a port is a number from 1 to 65535, not '65536'"),
        (options.port, "seven", "a port is a number from 1 to 65535, not 'seven'"),
        (options.threads, "x", "a number of threads is 1 to 256, not 'x'"),
        (options.workers, "0", "a number of workers is 1 to 256, not '0'"),
        (options.seconds, "0", "a number of seconds above 0, not '0'"),
        (options.seconds, "inf", "a number of seconds above 0, not 'inf'"),
    ],
)
def test_what_is_refused_and_how(reader: Reader, text: str, words: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        reader(text)
    assert str(caught.value) == words


@pytest.mark.parametrize("reader", [whole(-10), whole(1, 9), number(-10), number(0, 9, above=True)])
@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number(reader: Reader, text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="not "):
        reader(text)


def test_argparse_shows_the_words(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=options.threads)
    with pytest.raises(SystemExit):
        parser.parse_args(["--threads", "x"])
    assert "argument --threads: a number of threads is 1 to 256, not 'x'" in capsys.readouterr().err


def _actions(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.Action]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
        else:
            yield parser.prog, action


class _Caught(Exception):
    """The parser of a program that makes it in its main()."""


def _parser_of(program: str, monkeypatch: pytest.MonkeyPatch) -> argparse.ArgumentParser:
    module = import_module(program)
    if hasattr(module, "parser"):
        return module.parser()
    with monkeypatch.context() as patch, pytest.raises(_Caught) as caught:
        patch.setattr(argparse.ArgumentParser, "parse_args", lambda self, *_: (_ for _ in ()).throw(_Caught(self)))
        module.main([])
    return caught.value.args[0]


@pytest.mark.parametrize(
    "program",
    ["app.__main__", "training.__main__", "export.__main__"]
    + [f"app.benchmark.{name}" for name in ("page", "batch", "camera")],
)
def test_no_option_takes_a_bare_number_or_path(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(_actions(_parser_of(program, monkeypatch)))
    assert found
    bare = [f"{prog} {action.dest}" for prog, action in found if action.type in (int, float, Path)]
    assert bare == []


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("evaluate", {"epochs", "lr", "drop_at", "channels", "dropout", "seeds", "fractions"}),
        ("pretrain", {"epochs", "lr", "drop_at", "shape.channels", "shape.dropout", "views.noise", "weights", "seed"}),
        ("distil", {"epochs", "lr", "drop_at", "shape.channels", "shape.dropout", "views.noise", "seed"}),
    ],
)
def test_parts_of_lists_are_read_so_too(name: str, numbers: set[str]) -> None:
    """Lists such as "1,2", and readers chosen by a field's annotation, hide theirs from the test above."""
    actions = [action for action in _command("training.__main__", name)._actions if action.dest in numbers]
    assert {action.dest for action in actions} == numbers
    for action in actions:
        for text in ("nan", "-1", "x"):
            with pytest.raises(argparse.ArgumentTypeError, match=f"not {text!r}"):
                action.type(f"ekem={text}" if action.dest == "weights" else text)


def _command(program: str, name: str) -> argparse.ArgumentParser:
    actions = import_module(program).parser()._actions
    return next(a for a in actions if isinstance(a, argparse._SubParsersAction)).choices[name]


def test_the_users_folder_where_the_shell_left_its_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert path("~/results") == tmp_path / "results" and path("a~") == Path("a~") and path("~") == tmp_path
    (tmp_path / "~").mkdir()  # a folder of that name is meant
    assert path("~/results") == Path("~/results")
