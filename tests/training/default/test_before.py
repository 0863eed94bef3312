"""Files of the version before and of what was tried."""

import json
from pathlib import Path

import pytest

from training.default.before import Before, Tried, tried


def test_the_files_in_the_repository_are_read() -> None:
    before = Before.read()
    assert before is not None and before.version == "2" and before.of("all", "2") is None
    for name in ("all", "open"):
        blocks = before.of(name, "3")
        assert blocks is not None and {"webcam val", "webcam held", "actions", "videos", "accuracy"} <= set(blocks)
    assert all(row.what for row in tried())


def test_a_missing_or_empty_file_is_nothing(tmp_path: Path) -> None:
    assert Before.read(tmp_path / "version.json") is None and tried(tmp_path / "tried.json") == ()
    (tmp_path / "tried.json").write_text("[]")
    assert tried(tmp_path / "tried.json") == ()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"what": "x", "speed": 1}, "unknown: speed"),
        ({"what": "x", "top1": {"bow": 1}}, "unknown: bow"),
        ({"note": "x"}, "what is missing"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: dict, message: str) -> None:
    path = tmp_path / "tried.json"
    path.write_text(json.dumps([row]))
    with pytest.raises(ValueError, match=f"tried.json: .*{message}"):
        tried(path)


def test_a_wrong_version_is_named(tmp_path: Path) -> None:
    path = tmp_path / "version.json"
    path.write_text(json.dumps({"version": "2"}))
    with pytest.raises(ValueError, match="needs version, made_by and models"):
        Before.read(path)


def test_a_row_says_only_what_was_measured() -> None:
    cells = Tried(what="x").cells()
    assert cells["recorded, top-1 %"] == "-" and cells["kept"] == "no" and cells["AUROC / FPR at 95 %"] == "- / -"
