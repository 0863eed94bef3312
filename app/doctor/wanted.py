"""The tested packages, as a checkout or the installed copy lists them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from models.system.version import NAME

TRAINING = "requirements-train.txt"  # beside requirements.txt
TRAIN = "train"  # the extra of the same packages


@dataclass(frozen=True, slots=True)
class Wanted:
    """The packages that this machine should have, with their tested versions.

    Attributes:
        app: name -> version of the packages that the app needs; empty if nothing lists them.
        training: name -> version of the packages that only training and export need.
        source: where they are listed.
        install: how to install those of the app; install_training: the others.
    """

    app: dict[str, str]
    training: dict[str, str]
    source: str
    install: str
    install_training: str


def wanted(requirements: Path) -> Wanted:
    """Return the packages that the file and its neighbour list.

    If there is no such file, these are the requirements of the installed copy.

    Args:
        requirements: requirements.txt of a checkout.
    """
    if requirements.is_file():
        training = requirements.with_name(TRAINING)
        return Wanted(
            dict(_pins(_lines(requirements))),
            dict(_pins(_lines(training))) if training.is_file() else {},
            f"in {requirements.name}",
            f"`.venv/bin/pip install -r {requirements.name}`",
            f"`.venv/bin/pip install -r {training.name}`",
        )
    asked = _asked()
    app = dict(_pins(asked))
    training_too = dict(_pins(asked, TRAIN))
    return Wanted(
        app,
        {name: version for name, version in training_too.items() if name not in app},
        f"{NAME} asks for",
        f"install {NAME} anew",
        f"install the extra `{TRAIN}` (pipx install --force '.[{TRAIN}]' in a checkout)",
    )


def _lines(path: Path) -> list[str]:
    lines = (text.partition("#")[0].strip() for text in path.read_text(encoding="utf-8").splitlines())
    return [text for text in lines if text]


def _asked() -> list[str]:
    try:
        return metadata.requires(NAME) or []
    except metadata.PackageNotFoundError:
        return []


def _pins(requirements: Iterable[str], extra: str = "") -> Iterator[tuple[str, str]]:
    """Yield (name, pinned version) of the packages that belong on this machine, with those of one extra."""
    from packaging.requirements import Requirement

    for text in requirements:
        one = Requirement(text)
        if one.marker is None or one.marker.evaluate({"extra": extra}):
            yield one.name, str(one.specifier).removeprefix("==")
