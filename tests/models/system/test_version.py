"""One place for the version: the checkout's pyproject.toml, else what was installed."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from models.system.version import UNKNOWN, version

OURS = '[project]\nname = "ikem-live"\nversion = "1.2.3"\n'
ANOTHER = '[project]\nname = "another"\nversion = "9"\n'


@pytest.fixture(params=[None, "7.8.9"], ids=["not installed", "installed"])
def installed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str | None:
    def look_up(name: str) -> str:
        if request.param is None:
            raise metadata.PackageNotFoundError(name)
        return request.param

    monkeypatch.setattr(metadata, "version", look_up)
    return request.param


@pytest.mark.parametrize(
    ("text", "expected"), [(OURS, "1.2.3"), (ANOTHER, None), ("[tool.ruff]\n", None), (None, None)]
)
def test_where_it_comes_from(
    text: str | None, expected: str | None, installed: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.system.version.ROOT", tmp_path)
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    assert version() == (expected or installed or UNKNOWN)
