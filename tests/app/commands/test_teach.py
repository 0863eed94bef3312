"""The inputs of `teach`: files and folders as `classify` finds them, each named once where it teaches nothing."""

from __future__ import annotations

import pytest

from app.__main__ import main
from app.commands import teach
from app.teach.pack import Pack, read_pack
from models.clips import Clip, write_clips
from tests.app.helpers import HandModel
from tests.app.teach.conftest import folder, teacher
from tests.app.teach.helpers import FPS
from training.drawing.motions import make_motion

__all__ = ["folder", "teacher"]


class Unasked:
    """A teacher who is told of no recording."""

    model = HandModel()

    def pack(self):
        return Pack("m")


@pytest.fixture
def teaching(tmp_path, monkeypatch, capsys):
    """Teach from these inputs, in a folder, and return the lines of complaint."""
    monkeypatch.setattr(teach, "_teacher", lambda args: Unasked())
    monkeypatch.chdir(tmp_path)

    def run(*inputs):
        assert main(["teach", "salute", *inputs, "--pack", "my.pack"]) == 2
        return [line for line in capsys.readouterr().err.splitlines() if line]

    return run


def test_each_input_is_named_once(teaching, tmp_path):
    for name in ("empty", "full", "full/deeper"):
        (tmp_path / name).mkdir()
    for name in ("bad.npz", "a.txt", "old.annotated.mp4", "deeper/c.npz"):
        (tmp_path / "full" / name).write_bytes(b"nothing")
    *said, last = teaching("empty", "full", "full/no.mp4")
    assert [line.split(": ")[0] for line in said] == ["empty", "full/bad.npz", "full/no.mp4"]
    assert said[0].endswith("empty: no video, no .npz and no .ikem file in this folder")
    assert said[2].startswith("full/no.mp4: there is no such file") and "nothing was learnt" in last


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rtsp://me:HUSH5@cam/1", "rtsp://***@cam/1: actions are taught by files"),
        ("camera:0", "camera 0: actions are taught by files"),
        ("rtsp:/me:HUSH5@cam/1", "looks like an address"),
    ],
)
def test_no_cameras(text, says, teaching):
    (line,) = teaching(text)
    assert says in line and "HUSH5" not in line


def test_the_verdict_is_told_after_each_file(teacher, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(teach, "_teacher", lambda args: teacher)
    monkeypatch.chdir(tmp_path)
    for k in range(2):
        write_clips(tmp_path / f"{k}.npz", [Clip(make_motion("bow", 1.5, FPS, k).astype("f4"), FPS)])
    assert main(["teach", "dip", "0.npz", "1.npz", "--pack", "my.pack"]) == 0
    first, verdict, second, last, held = capsys.readouterr().out.splitlines()
    assert first.startswith("0.npz: 1 repetition (") and second.startswith("1.npz: 1 repetition (")
    assert verdict == "dip: 1 example: too few to tell whether it will be recognised; three to five examples are better"
    assert last.startswith("dip: 2 examples: too few") and held.startswith("dip: 2 examples (")
    assert len(read_pack(tmp_path / "my.pack").action_E) == 2
    assert main(["teach", "dip", "1.npz", "--not", "--pack", "my.pack"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("dip: 2 examples")
