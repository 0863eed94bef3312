"""Running the page's scripts in Node.js, without a browser: those that touch no element of a page."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from models.system.places import ASSETS

NODE = shutil.which("node") or shutil.which("nodejs")


def run_script(folder: Path, text: str, facts: object = None, scripts: str = "page", patience_s: float = 60) -> object:
    """Run a script beside the page's and return what it gave to `tell`, as JSON.

    Args:
        folder: an empty folder.
        text: an ES module, which may import the page's scripts as "./NAME.js". It finds `facts` in the variable of that
            name and hands one value to the function `tell`.
        facts: what JSON can hold.
        scripts: which of the folders of assets to run it beside.
        patience_s: seconds after which it has failed.
    """
    if NODE is None:
        pytest.skip("no Node.js on this machine (Debian: apt-get install nodejs)")
    for path in (ASSETS / scripts).glob("*.js"):
        shutil.copy(path, folder)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    start = 'import { readFileSync } from "node:fs";\nconst facts = JSON.parse(readFileSync("facts.json", "utf8"));\n'
    start += "const tell = (value) => console.log(JSON.stringify(value));\n"
    (folder / "test.mjs").write_text(start + text, encoding="utf-8")
    done = subprocess.run([NODE, "test.mjs"], cwd=folder, capture_output=True, text=True, timeout=patience_s)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run_with_web(folder: Path, text: str, facts: object = None, patience_s: float = 120) -> object:
    """Run a script as `run_script` does, beside the page's scripts, with those of assets/web where these look for them.

    It runs as a worker would, by the name `self`.
    """
    (folder / "web").mkdir()
    for path in (ASSETS / "web").glob("*.js"):
        shutil.copy(path, folder / "web")
    (folder / "web" / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (folder / "page").mkdir()
    return run_script(folder / "page", f"globalThis.self = globalThis;\n{text}", facts, patience_s=patience_s)
