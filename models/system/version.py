"""The version of this software. It stands in one place, pyproject.toml."""

from __future__ import annotations

from models.system.places import ROOT

NAME = "ikem-live"
UNKNOWN = "0+unknown"


def version() -> str:
    """Return the version of the checkout, or of the installed copy if there is no checkout.

    The checkout comes first, because an installed copy of another version may lie beside it.
    """
    import tomllib

    path = ROOT / "pyproject.toml"
    if path.is_file():
        project = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {})
        if project.get("name") == NAME and "version" in project:
            return project["version"]
    return _installed()


def _installed() -> str:
    from importlib import metadata

    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        return UNKNOWN
