"""The places of the project's own files, in a checkout and in an installed copy alike."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from models.system.options import path as path_of

ROOT = Path(__file__).resolve().parents[2]  # of the checkout, or the folder that the packages are installed in
ASSETS = ROOT / "assets"
EXAMPLE = ASSETS / "example.mp4"
PRETRAINED = ROOT / "models" / "pretrained"
DEFAULT_MODEL = PRETRAINED / "student.onnx"
OPEN_MODEL = ROOT / "models" / "pretrained_open" / "student.onnx"
MODELS = {"default": DEFAULT_MODEL, "open": OPEN_MODEL}  # what a command line may call the shipped ones
RECIPES = ROOT / "training" / "recipes"


def in_checkout() -> bool:
    """Whether these files lie in a checkout, and not in an installed copy."""
    return (ROOT / "pyproject.toml").is_file()


def model_file(text: str) -> Path:
    """Return the model file that a user names: a shipped one by its name in MODELS, else a path.

    A file of the user's with such a name is written ./open.
    """
    return MODELS[text] if text in MODELS else shipped(text)


def shipped(text: str) -> Path:
    """Return a path; one below models/pretrained or models/pretrained_open is looked for among our files too.

    So what the documents call models/pretrained can be named from any folder. A file of the working directory comes
    first.
    """
    path = path_of(text)
    ours = path.parts[:2] in (("models", "pretrained"), ("models", "pretrained_open"))
    return ROOT / path if ours and not path.exists() and (ROOT / path).exists() else path


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
