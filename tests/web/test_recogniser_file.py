"""The browser refuses a graph that is cut off, damaged or of another version, with a sentence."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from export.web.card import FORMAT
from models.system.places import ASSETS
from tests.app.node_scripts import NODE

CONTENT = bytes(range(256)) * 8
CARD = {"format": FORMAT, "bytes": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}
SCRIPT = """
import { readFileSync } from "node:fs";
import { RecogniserFileError, cardOf, wholeGraph } from "./recogniser_file.mjs";
const { text, content, hashes } = JSON.parse(readFileSync("facts.json", "utf8"));
if (!hashes) Object.defineProperty(globalThis, "crypto", { value: {} });
else globalThis.crypto ??= (await import("node:crypto")).webcrypto; // Node 18 has it behind a flag
try {
  const bytes = await wholeGraph(new Uint8Array(content).buffer, cardOf(text));
  console.log(JSON.stringify(`whole ${bytes.byteLength}`));
} catch (error) {
  console.log(JSON.stringify(error instanceof RecogniserFileError ? error.message : String(error)));
}
"""


def said(folder: Path, content: bytes, card: dict[str, Any] | str = "", hashes: bool = True) -> str:
    if NODE is None:
        pytest.skip("no Node.js on this machine (Debian: apt-get install nodejs)")
    text = card if isinstance(card, str) and card else json.dumps(card or CARD)
    shutil.copy(ASSETS / "web" / "recogniser_file.js", folder / "recogniser_file.mjs")
    facts = {"text": text, "content": list(content), "hashes": hashes}
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    (folder / "test.mjs").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run([NODE, "test.mjs"], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_whole_graph(tmp_path: Path) -> None:
    assert said(tmp_path, CONTENT) == "whole 2048"


def test_a_graph_that_is_cut_off(tmp_path: Path) -> None:
    assert said(tmp_path, CONTENT[:1000]).startswith("the model did not arrive whole (1 of 2 kB): load the page again")


def test_a_damaged_graph(tmp_path: Path) -> None:
    damaged = CONTENT[:-1] + b"x"
    assert said(tmp_path, damaged).startswith("the model arrived damaged, or is another version's: load the page again")
    assert said(tmp_path, damaged, hashes=False) == "whole 2048"  # no hashes without https


def test_cards(tmp_path: Path) -> None:
    assert said(tmp_path, CONTENT, '{"format": "ike').startswith("the model's description did not arrive whole: load")
    other = {"format": "ikem-live-student/1"}
    assert f"(ikem-live-student/1, not {FORMAT})" in said(tmp_path, CONTENT, other)
    assert "(none, not" in said(tmp_path, CONTENT, "null")
