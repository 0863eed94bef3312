"""The documents: links lead somewhere, commands and options exist, the README stays short, versions agree."""

import importlib
import io
import re
import sys
import tomllib
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from app.commands.bench import FORMS
from models.system.places import ROOT

TOP = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
FOLDERS = (
    "docs",
    "export/docker",
    "export/runtime",
    "models/pretrained",
    "models/pretrained_open",
    "space",
    "training",
)
DOCUMENTS = [ROOT / name for name in TOP] + [path for name in FOLDERS for path in sorted((ROOT / name).glob("*.md"))]
EACH = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
MOST_README_LINES = 160

FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")
# A command line of ours: the package after -m or nothing, its first word, and what follows.
OURS = re.compile(
    r"(?:ikem-live|-m (app|training|export)|^train) +(?!python)([a-z]+)(?: +([a-z]+))?([^\n`|]*)", re.MULTILINE
)
OPTION = re.compile(r"(?<![\w-])--[a-z][\w.-]*\w")
TAIL = {"train": "training", "export": "export"}  # what `ikem-live` calls the other packages
# Of pip, pipx, torchrun, tensorboard and ruff.
OTHERS = {"--index-url", "--pip-args", "--no-deps", "--force", "--nproc-per-node", "--logdir", "--check"}


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def anchors(path: Path) -> set[str]:
    """The anchors of a Markdown file's headings, as the usual hosts name them."""
    titles = re.findall(r"^#+ (.+)$", FENCED.sub("", read(path)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def broken(path: Path, link: str) -> str:
    """Why a relative link leads nowhere, or ""."""
    name, _, anchor = unquote(link).partition("#")
    target = (path.parent / name).resolve() if name else path
    if not target.is_relative_to(ROOT):
        return f"{link} leaves the project"
    if not target.exists():
        return f"{link} is not there"
    return f"{link}: no such heading" if anchor and anchor not in anchors(target) else ""


@cache
def options(package: str, command: str) -> frozenset[str]:
    """The options that the command's own help names; none where there is no such command."""
    text = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(text), redirect_stderr(io.StringIO()):
        patch.setattr(sys, "argv", [package, *command.split(), "--help"])
        with pytest.raises(SystemExit) as end:
            importlib.import_module(f"{package}.__main__").main()
    return frozenset() if end.value.code else frozenset(OPTION.findall(text.getvalue()))


def command_lines(path: Path) -> list[tuple[str, str, set[str]]]:
    """(package, command, options) of each command line of ours in a document."""
    found = []
    for match in OURS.finditer(read(path).replace("\\\n", " ")):
        package, word, second, rest = match.groups(default="")
        named = {option.rstrip(".") for option in OPTION.findall(f"{second} {rest.partition(' # ')[0]}")}
        if package:
            found.append((package, word, named))
        elif match[0].startswith("train"):
            found.append(("training", word, named))
        elif word not in TAIL:
            found.append(("app", word, named))
        elif second:
            found.append((TAIL[word], second, named))
    return found


def test_the_readme_is_short() -> None:
    assert len(read(ROOT / "README.md").splitlines()) <= MOST_README_LINES


@EACH
def test_links_lead_somewhere(path: Path) -> None:
    links = ["".join(match) for match in LINK.findall(FENCED.sub("", read(path)))]
    reasons = [broken(path, link) for link in links if not re.match(r"[a-z]+:", link)]
    assert not [reason for reason in reasons if reason]


@EACH
def test_command_lines_exist(path: Path) -> None:
    for package, command, named in command_lines(path):
        known = options(package, command)
        assert known, f"there is no command {package} {command}"
        assert named <= known, f"{package} {command} has no {sorted(named - known)}"


def test_options_in_tables_and_text_exist() -> None:
    """An option that stands without its command is at least one of a command that the documents name."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    commands = {(package, command) for path in DOCUMENTS for package, command, _ in command_lines(path)}
    commands |= {("app", f"bench {form}") for form in FORMS}
    known = {option for package, command in commands for option in options(package, command)}
    for path in pages:
        named = {option for code in re.findall(r"`+[^`]+`+", read(path)) for option in OPTION.findall(code)}
        assert named <= known | OTHERS, f"{path.name}: {sorted(named - known - OTHERS)}"


def test_the_checks_see_what_is_wrong(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Title, with `code`\n\n`ikem-live train own x --out y`\n```sh\ntrain prepare z --kind k\n```\n")
    assert anchors(page) == {"title-with-code"}
    assert command_lines(page) == [("training", "own", {"--out"}), ("training", "prepare", {"--kind"})]
    readme = ROOT / "README.md"
    assert not broken(readme, "docs/page.md#options") and not broken(readme, "#start")
    assert broken(readme, "docs/none.md") and broken(readme, "docs/page.md#none") and broken(readme, "../elsewhere")
    assert not options("app", "nothing") and "--json" in options("app", "doctor")


def test_licence_and_versions() -> None:
    assert "END OF TERMS AND CONDITIONS" in read(ROOT / "LICENSE") and "Apache License" in read(ROOT / "NOTICE")
    newest = re.search(r"^## \[(\d+\.\d+\.\d+)\]", read(ROOT / "CHANGELOG.md"), re.MULTILINE)
    cited = re.search(r"^version: (\S+)$", read(ROOT / "CITATION.cff"), re.MULTILINE)
    assert newest and cited and newest[1] == cited[1]
    for path in (ROOT / "pyproject.toml", ROOT / "export" / "pyproject.toml"):
        assert tomllib.loads(read(path))["project"]["version"] == newest[1]
