"""The places of the project's own files, in a checkout and in an installed copy alike."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # of the checkout, or the folder that the packages are installed in
ASSETS = ROOT / "assets"
EXAMPLE = ASSETS / "example.mp4"
PRETRAINED = ROOT / "models" / "pretrained"
DEFAULT_MODEL = PRETRAINED / "student.onnx"
RECIPES = ROOT / "training" / "recipes"


def in_checkout() -> bool:
    """Whether these files lie in a checkout, and not in an installed copy."""
    return (ROOT / "pyproject.toml").is_file()


def cache_folder() -> Path:
    """Return the folder for what is fetched or built once, such as the pose model; it may not exist yet.

    Returns:
        The folder that IKEM_LIVE_CACHE names; else `assets/cache` of a checkout; else the user's cache folder.
    """
    named = os.environ.get("IKEM_LIVE_CACHE")
    if named:
        return Path(named)
    if in_checkout():
        return ASSETS / "cache"
    return _user_caches() / "ikem-live"


def _user_caches() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
