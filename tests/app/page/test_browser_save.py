"""The events of the Live tab as files, in a real Chromium before a server that tells of some."""

from __future__ import annotations

import csv
import io
import json

import pytest

from app.classify.formats import event_fields
from app.corrections.formats import read_corrections
from app.page.answer import live_event_json
from app.types import ActionEvent

pytestmark = pytest.mark.browser
EVENTS = [
    ActionEvent(0, "jumping_jack", 1.0, 3.25, 0.91234, (("jumping_jack", 0.91234), ("wave", 0.05)), {"joint": 0.9}, 2,
                (1.5, 2.5)),
    ActionEvent(1, 'my "own", wave', 2.0, 4.0, 0.8, (('my "own", wave', 0.8),), {"joint": 1.0}),
]  # fmt: skip


def saved(tab, button: str) -> tuple[str, str]:
    """The name and the text of what a button downloads."""
    with tab.expect_download() as download:
        tab.click(button)
    return download.value.suggested_filename, download.value.path().read_text(encoding="utf-8")


def test_events_are_saved_as_classify_writes_them(bare, tmp_path):
    tab, server = bare()
    tab.click("#start")
    tab.wait_for_function("document.getElementById('action').textContent.includes('Jumping')")
    assert tab.locator("#save-lines").is_disabled() and tab.locator("#record-here").is_hidden()
    server.events = [live_event_json(number, event) for number, event in enumerate(EVENTS)]
    tab.locator("#events tr", has_text="my").wait_for()
    name, text = saved(tab, "#save-lines")
    lines = [json.loads(line) for line in text.splitlines()]
    times = [line.pop("time") for line in lines]
    assert name == "ikem-live.jsonl" and lines == [event_fields("ikem-live.ikem", event) for event in EVENTS]
    assert [list(line) for line in lines] == 2 * [list(event_fields("", EVENTS[0]))], "in the same order"
    name, text = saved(tab, "#save-live")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert name == "ikem-live.csv" and [row["label"] for row in rows] == [event.label for event in EVENTS]
    assert [row["count"] for row in rows] == ["2", ""] and [row["time"] for row in rows] == times
    (path := tmp_path / "ikem-live.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    (read,) = read_corrections(path, every=True)
    assert read.name == "ikem-live.ikem" and len(read.events) == len(EVENTS)
