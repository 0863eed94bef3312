"""The command's own words: its help, and one sentence for each mistake before anything is touched."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from app.__main__ import main, parser
from app.batch.options import Options, chosen_labels
from app.commands.classify import EXAMPLES, _labels, options_of
from models.system.places import ROOT
from tests.app.batch.helpers import joints, rows, save


def test_the_examples_of_the_help_are_commands():
    lines = [line.strip() for line in EXAMPLES.splitlines() if line.strip().startswith("python -m app classify")]
    assert len(lines) >= 8
    for line in lines:
        words = shlex.split(line.partition("  ")[0].partition("|")[0])
        assert isinstance(options_of(parser().parse_args(words[3:])), Options)


def test_the_help_names_every_option(capsys):
    with pytest.raises(SystemExit):
        main(["classify", "--help"])
    shown = capsys.readouterr().out
    for word in (
        "--resume",
        "--annotate",
        "summary.csv",
        "events.csv",
        ".vtt",
        ".ikem",
        "camera:",
        "rtsp://",
        "exit code",
    ):
        assert word in shown
    assert max(map(len, shown.splitlines())) <= 130


def test_what_is_given_arrives():
    words = "a.mp4 --out o --every 0.5 --min-score 0.6 --labels wave,clap,wave --top 5 --csv --count --workers 3"
    options = options_of(
        parser().parse_args(["classify", *words.split(), "--seconds", "2.5", "--json-lines", "-", "--quiet"])
    )
    assert options == Options(
        out=Path("o"), every_s=0.5, min_score=0.6, labels=("wave", "clap"), top=5, count=True, csv=True, workers=3,
        seconds=2.5, json_lines=True, quiet=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--labels", "wave,dancing"], "no event is called dancing; there are"),
        (["--labels", "idle"], "no event is called idle"),  # it is a state, never an event
        (["--ray-address", "10.0.0.5:6379"], "--ray-address needs --engine ray"),
        (["--seconds", "5"], "--seconds is for cameras and addresses"),
        (["--csv", "--", "file:///etc/passwd"], "a file is named by its path"),
    ],
)
def test_mistakes_touch_nothing(tmp_path, action_model, capsys, more, says):
    clip = save(tmp_path / "a.npz", joints((1, "wave")))
    command = ["classify", "--out", str(tmp_path / "out"), "--model", str(action_model), *more]
    command.insert(-1 if "--" in more else 1, str(clip))
    assert main(command) == 2
    told = capsys.readouterr().err.splitlines()
    complaint = [line for line in told if line.startswith("python -m app classify: ")]
    assert len(complaint) == 1 and says in complaint[0]
    assert not (tmp_path / "out").exists()


def test_ctrl_c_at_any_time_is_one_sentence(monkeypatch, capsys):
    """Also before the command line is read: importing what that needs takes half a second."""

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("app.__main__.parser", interrupted)
    assert main(["classify"]) == 130 and capsys.readouterr().err == "stopped\n"


@pytest.mark.parametrize("command", [["classify", "a.mp4", "--out", "x"], ["doctor"]])
def test_what_ctrl_c_leaves_is_told_by_the_command_that_can_go_on(command, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"app.commands.{command[0]}.run", interrupted)
    assert main(command) == 130
    assert ("--resume" in capsys.readouterr().err) == (command[0] == "classify")


SCRIPT = """
import sys
from pathlib import Path
from models.system.atomic import OutputError
from tests.app.batch.helpers import run
if __name__ == "__main__":
    try:
        run([sys.argv[1]], Path(sys.argv[2]), json_lines=sys.argv[4] == "events", workers=int(sys.argv[3]))
    except OutputError as error:
        sys.exit(f"told: {error}")
"""


@pytest.mark.parametrize(("workers", "lines"), [(1, "events"), (2, "events"), (1, "words")])
def test_a_reader_that_leaves(tmp_path, workers, lines):
    """`| head -1`: one sentence, no complaint of Python's at its end, and what is finished is whole."""
    (tmp_path / "in").mkdir()
    for i in range(6):
        save(tmp_path / "in" / f"{i}.npz", joints((2, "wave"), (2, "squat")))
    (tmp_path / "run.py").write_text(SCRIPT)
    command = [sys.executable, tmp_path / "run.py", tmp_path / "in", tmp_path / "out", str(workers), lines]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, text=True)
    process.stdout.readline()
    process.stdout.close()
    told = process.stderr.read().replace("\r", "\n").splitlines()
    assert process.wait() == 1 and [line for line in told if line.startswith("told: ")] == [
        "told: nobody takes standard output any more; what was finished is whole"
    ]
    assert not any("Exception ignored" in line or "Traceback" in line for line in told)
    done = rows(tmp_path / "out")
    assert len(done) < 6 and all((tmp_path / "out" / f"{Path(name).stem}.jsonl").exists() for name in done)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("salute, left hand", ("salute, left hand",)),
        ("salute,left  hand", None),
        ("wave,salute, left hand,wave", ("wave", "salute, left hand")),
        ("salute, wave", ("salute", "wave")),
        ("a,b", ("a,b",)),
        ("left hand", None),
    ],
)
def test_names_with_commas_can_be_chosen(text, expected):
    known = ("wave", "idle", "salute", "salute, left hand", "a,b")
    assert chosen_labels(_labels("cafe\u0301"), ("caf\u00e9",)) == ("caf\u00e9",)
    if expected is not None:
        assert chosen_labels(_labels(text), known) == expected
        return
    with pytest.raises(ValueError, match="there are 'a,b', 'salute, left hand', salute, wave"):
        chosen_labels(_labels(text), known)


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["classify", "a.npz", "--out", ""], "--out"),
        (["classify", "a.npz", "--out", "o", "--model", ""], "--model"),
        (["classify", "a.npz", "--out", "o", "--pack", " "], "--pack"),
        (["convert", "a.ikem", ""], "OUT"),
        (["teach", "x", "", "--pack", "p"], "INPUT"),
        (["teach", "x", "a.npz", "--pack", ""], "--pack"),
        (["demo", "--auth", ""], "--auth"),
        (["demo", "--host", ""], "--host"),
        (["demo", "--record", ""], "--record"),
        (["doctor", "--json", ""], "--json"),
    ],
)
def test_an_unset_variable_names_nothing(words, option, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(words)
    assert f"argument {option}" in (said := capsys.readouterr().err) and "an empty text names nothing" in said
    assert list(tmp_path.iterdir()) == []


def test_no_error_repeats_the_password_of_an_address(capsys):
    secret = "rtsp://me:HUSH5@cam/1"
    for words in (
        [secret],
        ["demo", secret],
        ["convert", secret, "x.csv"],
        ["bench", "rtsp:/me:HUSH5@cam/1"],
        ["doctor", "--camera", "rtsp:/me:HUSH5@cam/1"],
        ["classify", "a.npz", "--out", secret],
        ["classify", "a.npz", "--out", "o", "--model", "me:HUSH5@cam"],
    ):
        with pytest.raises(SystemExit):
            main(words)
        assert "HUSH5" not in capsys.readouterr().err
