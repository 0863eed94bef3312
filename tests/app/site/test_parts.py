"""What npm brings for the browser: a stand-in for npm, and what goes wrong."""

import json
import re
import sys

import pytest

from app.__main__ import main
from app.site import parts
from app.site.parts import NPM, PARTS, PartsError, ensure_parts, parts_folder

# A stand-in for npm: it says what it was asked, and puts the packages' files where npm would.
STAND_IN = """#!{python}
import pathlib, sys
there = sorted(path.name for path in pathlib.Path().iterdir())
pathlib.Path({asked!r}).write_text(" ".join([*sys.argv[1:], "in", *there]))
if not {paths!r}:
    sys.exit("npm error code ECONNREFUSED\\nnpm error syscall connect")
for path in {paths!r}:
    file = pathlib.Path("node_modules", path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(path)
"""


ALL = list(PARTS.values())


@pytest.fixture()
def npm(tmp_path, monkeypatch):
    """A function that makes a stand-in for npm the only program there is; it returns the file of what npm was asked."""
    monkeypatch.setenv("IKEM_LIVE_CACHE", str(tmp_path / "cache"))
    folder, asked = tmp_path / "bin", tmp_path / "asked.txt"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def stand_in(paths=ALL):
        text = STAND_IN.format(python=sys.executable, asked=str(asked), paths=paths)
        (folder / "npm").write_text(text)
        (folder / "npm").chmod(0o755)
        return asked

    return stand_in


def test_only_what_the_page_needs_is_kept_and_npm_is_asked_once(npm):
    asked = npm()
    folder = ensure_parts(progress=False)
    assert folder == parts_folder() and {path.name: path.read_text() for path in folder.iterdir()} == PARTS
    words, _, files = asked.read_text().partition(" in ")
    assert words.startswith("ci --ignore-scripts") and files == "package-lock.json package.json"
    asked.unlink()
    assert ensure_parts() == folder and not asked.exists()
    (folder / "ort.mjs").unlink()
    assert ensure_parts(progress=False) == folder and (folder / "ort.mjs").exists()  # a file that is gone comes again
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize(("paths", "said"), [([], "ECONNREFUSED"), (ALL[1:], "vision_bundle")])
def test_nothing_is_kept_of_what_came_in_part(npm, paths, said, capsys):
    npm(paths)
    with pytest.raises(PartsError, match=said):
        ensure_parts(progress=False)
    assert not list(parts_folder().parent.iterdir())
    assert main(["web"]) == 2 and said in capsys.readouterr().err


def test_without_npm_one_sentence_says_what_to_do(npm):
    with pytest.raises(PartsError, match=r"npm is not on this machine.*make web.*web-[0-9a-f]{12}"):
        ensure_parts()


def test_a_folder_that_cannot_be_written_is_said(npm, tmp_path):
    npm()
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(PartsError, match="IKEM_LIVE_CACHE"):
        ensure_parts(progress=False)


def test_the_lock_file_pins_every_package_by_its_hash_and_names_no_address():
    text = (NPM / "package-lock.json").read_text(encoding="utf-8")
    packages = {name: facts for name, facts in json.loads(text)["packages"].items() if name}
    assert all(facts["integrity"].startswith("sha512-") for facts in packages.values())
    assert not re.search(r"https?://|resolved", text)
    assert {name: packages[f"node_modules/{name}"]["version"] for name in parts.versions()} == parts.versions()
