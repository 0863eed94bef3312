"""Result files are whole or absent."""

from __future__ import annotations

import os

import pytest

from app.batch.journal import Entry, Journal
from app.batch.options import Options
from app.batch.outputs import ResultFiles
from app.types import ActionEvent
from models.system.atomic import OutputError, WholeFile
from tests.app.helpers import HandModel

EVENT = ActionEvent(0, "wave", 1.23456, 2.5, 0.876543, (("wave", 0.876543), ("idle", 0.1)), {"joint": 0.7, "bone": 0.9})


def listing(folder):
    return sorted(os.listdir(folder))


def outputs(folder, name="x", on_event=lambda line: None, **options):
    options = Options(out=folder, **options)
    return ResultFiles(options, folder / "parts" / name, f"{name}.mp4", name, HandModel(), on_event)


def test_files_appear_together_at_the_end(tmp_path):
    (tmp_path / "x.jsonl").write_text("older\n")
    told = []
    with outputs(tmp_path, on_event=told.append, vtt=True) as results:
        results.event(EVENT)
        results.event(EVENT)
        assert listing(tmp_path) == ["parts", "x.jsonl"] and (tmp_path / "x.jsonl").read_text() == "older\n"
        sizes = results.commit()
    assert (tmp_path / "x.jsonl").read_text().splitlines() == told and len(told) == 2
    assert sizes == {name: (tmp_path / name).stat().st_size for name in ("x.jsonl", "x.vtt")}
    assert listing(tmp_path / "parts") == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_nothing_half_written(tmp_path, error):
    (tmp_path / "x.jsonl").write_text("older\n")
    with pytest.raises(error), outputs(tmp_path, vtt=True) as results:
        results.record({"pose": "fake"})
        results.film(1)
        results.event(EVENT)
        raise error
    assert listing(tmp_path) == ["parts", "x.jsonl"] and (tmp_path / "x.jsonl").read_text() == "older\n"
    assert listing(tmp_path / "parts") == []


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match="choose another --out"):
            Journal(folder)
        with pytest.raises(OutputError, match="choose another --out"):
            outputs(folder)
    with pytest.raises(OutputError, match="file is a file: choose another --out"):
        Journal(tmp_path / "file")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full, a device that is always full")
def test_full_disk(tmp_path):
    file = WholeFile(tmp_path / "x")
    file._file.close()
    file._file = open("/dev/full", "w")  # noqa: SIM115
    with pytest.raises(OutputError, match="No space left on device; free some space"):
        file.write("x" * 100_000)
        file.commit()
    file.discard()
    assert listing(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full, a device that is always full")
def test_full_disk_is_noticed_when_an_input_is_done(tmp_path):
    with Journal(tmp_path) as journal:
        journal.begin({})
        journal._file.close()
        journal._file = open("/dev/full", "w")  # noqa: SIM115
        with pytest.raises(OutputError, match="No space left on device; free some space"):
            journal.add(Entry("/a", 1, 2, "", "a", "a", [["a"] * 100]))
