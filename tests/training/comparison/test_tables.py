"""Arithmetic of the table, its words, its files and its place in a document."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from training.comparison.curves import draw_bars, draw_health, draw_losses, title
from training.comparison.grid import GridRow
from training.comparison.tables import Cell, Line, check_document, insert, markdown, markers, read_result, words

SIX = ("joint", "motion", "bone", "acceleration", "rotation", "angular")
JMB = SIX[:3]
STUDENT = GridRow(kind="distil", exchange="ekem+ikem", of=SIX, method="rckd")


@pytest.mark.parametrize(
    ("values", "wanted", "mean", "std", "text"),
    [
        ([], 0, None, None, ""),
        ([], 2, None, None, "missing"),
        ([81.25], 1, 81.25, None, "81.2"),
        ([80.0, 82.0, 87.0], 3, 83.0, 13**0.5, "83.0 +- 3.6"),  # (9 + 1 + 16) / 2
        ([80.0, 82.0], 3, 81.0, 2**0.5, "81.0 +- 1.4 (1 missing)"),
        ([70.0], 3, 70.0, None, "70.0 (2 missing)"),
    ],
)
def test_cell(values: list[float], wanted: int, mean: float | None, std: float | None, text: str) -> None:
    cell = Cell(dict(enumerate(values)), wanted)
    assert cell.mean == (None if mean is None else pytest.approx(mean))
    assert cell.std == (None if std is None else pytest.approx(std))
    assert str(cell) == text


@pytest.mark.parametrize(
    ("row", "expected", "short"),
    [
        (GridRow(kind="pretrain", modalities=SIX[:1], exchange="none"),
         ("encoder", "joint", "none", "", ""), "j, none"),
        (GridRow(kind="pretrain", modalities=JMB, exchange="ekem", of=JMB),
         ("encoders", "joint, motion, bone", "ekem", "", ""), "jmb, ekem"),
        (GridRow(kind="pretrain", modalities=JMB, exchange="ekem", of=SIX, variant="more"),
         ("encoders", "joint, motion, bone (of jmbaro)", "ekem", "", "more"), "more: jmb, ekem of jmbaro"),
        (STUDENT, ("student", "joint, motion, bone", "ekem+ikem", "rckd", ""),
         "student, rckd from jmbaro, ekem+ikem"),
        (GridRow(kind="distil", exchange="none", of=JMB, method="kl"),
         ("student", "joint, motion, bone", "none", "kl from jmb", ""), "student, kl from jmb, none"),
        (GridRow(kind="scratch", modalities=JMB),
         ("student, labels alone", "joint, motion, bone", "", "", ""), "jmb, labels alone"),
    ],
)  # fmt: skip
def test_words(row: GridRow, expected: tuple[str, ...], short: str) -> None:
    assert tuple(words(row, JMB).values()) == expected
    assert title(row) == short


def test_markdown() -> None:
    text = markdown([{"model": "a", "knn": "1.0"}, {"model": "b", "knn": ""}])
    assert text == "| model | knn |\n|---|---:|\n| a | 1.0 |\n| b |  |"


def test_the_text_between_the_markers_is_replaced(tmp_path: Path) -> None:
    document = tmp_path / "RESULTS.md"
    begin, end = markers("one")
    document.write_text(f"# Results\n{begin}\nold\n{end}\nafter\n{markers('two')[0]}\nkeep\n{markers('two')[1]}\n")
    insert(document, "one", "| new |")
    insert(document, "one", "| newer |")
    text = document.read_text()
    assert text.startswith(f"# Results\n{begin}\n\n| newer |\n\n{end}\nafter\n") and "keep" in text
    assert "old" not in text and "| new |" not in text


@pytest.mark.parametrize("text", [None, "", "<!-- compare one: begin -->", "<!-- compare one: end -->"])
def test_a_document_without_a_place_is_refused(tmp_path: Path, text: str | None) -> None:
    document = tmp_path / "RESULTS.md"
    if text is not None:
        document.write_text(text)
    with pytest.raises(ValueError, match="write the lines"):
        check_document(document, "one")


def test_files(tmp_path: Path) -> None:
    """A row without results stays in the table, a column that nothing fills goes, values are kept unrounded."""
    from training.comparison.grid import Grid
    from training.comparison.plan import make_plan
    from training.comparison.state import ComparisonState
    from training.comparison.tables import gather, write_tables

    path = tmp_path / "tiny.yaml"
    path.write_text(
        "{data: nowhere, split: xview, protocols: {linear: {}}, "
        "rows: [{modalities: [j, jm], seeds: [0, 1]}, {student: rckd, modalities: jm}]}"
    )
    grid = Grid.read(path)
    state = ComparisonState(tmp_path, grid, make_plan(grid))
    state.done = lambda task: task.name in ("seed0-none-jm-linear", "seed1-none-jm-linear")
    state.clips = lambda task: 8
    costs = {"parameters": 2_500_000, "flops": 1.5e9, "latency_ms": 4.0}
    for seed, accuracy in ((0, 70.04), (1, 71.0)):
        costs |= {"threads": 1, "device": ("cpu", "cuda")[seed]}
        rows = [{"modalities": ["joint"], "accuracy": 60.0} | costs]
        rows += [{"modalities": ["motion", "joint"], "accuracy": accuracy} | costs]
        path = state.result(f"seed{seed}-none-jm-linear")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"rows": rows, "config": {"precision": "bf16"}}))
    assert [len(line.cells["linear"].values) for line in gather(state)] == [2, 2, 0]
    text = write_tables(state)
    assert "| encoder | joint | none |  | 2 | 60.0 +- 0.0 | 2.50 | 1.50 | 4.00 |" in text
    assert "| encoders | joint, motion | none |  | 2 | 70.5 +- 0.7 | 2.50 | 1.50 | 4.00 |" in text
    assert "| student | joint, bone, motion | none | rckd from jm | 0 | missing |  |  |  |" in text
    assert "- Pre-training: 200 epochs, 100 of them InfoNCE alone; 8 clips (nowhere, xview); batch 64" in text
    assert "Costs are of one clip of one person, timed on 1 thread and cuda." in text
    for precision in ("fp32", "bf16"):  # that asked for, of what is missing, and that which a result says it had
        assert f"- Evaluation linear: 100 epochs, batch 256, lr 0.1, schedule cosine, precision {precision}." in text
    with open(tmp_path / "tiny.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "model", "modalities", "exchange", "distillation", "seeds", "linear", "parameters (M)", "GFLOPs",
        "latency (ms)",
    ]  # fmt: skip
    assert rows[1]["linear"] == "70.5 +- 0.7"
    cells = json.loads((tmp_path / "tiny.json").read_text())["rows"][1]["cells"]
    assert cells["linear"]["mean"] == pytest.approx(70.52) and cells["linear"]["values"] == {"0": 70.04, "1": 71.0}


def test_a_result_of_other_modalities_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    rows = [{"modalities": names, "accuracy": 1.0} for names in (["joint"], ["motion"], ["joint", "motion"])]
    path.write_text(json.dumps({"rows": rows}))
    assert read_result(path, ("motion",)) == rows[1] and read_result(path, ()) == rows[2]
    with pytest.raises(ValueError, match="0 results of bone"):
        read_result(path, ("bone",))


def test_pictures(tmp_path: Path) -> None:
    import cv2

    log = [
        {"epoch": e, "loss": 7.0 / e} | {f"joint/{s}": float(e) for s in ("std", "rank", "self_hit")}
        for e in range(1, 4)
    ]
    draw_losses({"a": log, "b": log[:1]}, tmp_path / "pictures" / "losses.png")
    draw_health(log, "a", tmp_path / "health.png")
    draw_health([{"epoch": 1, "loss": 1.0}], "b", tmp_path / "none.png")
    cells = {"linear": Cell({0: 70.0, 1: 72.0}, 2), "knn": Cell({}, 1)}
    draw_bars([Line(STUDENT, cells)], ["linear", "knn"], tmp_path / "bars.png")
    for name in ("pictures/losses.png", "health.png", "bars.png"):
        picture = cv2.imread(str(tmp_path / name))
        assert picture is not None and picture.std() > 5
    assert not (tmp_path / "none.png").exists()
