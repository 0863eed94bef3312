"""The Dockerfiles of export/docker, read."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from models.system.places import ROOT

DOCKERFILES = sorted((ROOT / "export" / "docker").glob("Dockerfile.*"))


@dataclass
class Stage:
    """One stage of a Dockerfile: its name, what it starts from, and its instructions in order."""

    name: str
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, word: str) -> list[str]:
        """The texts of all instructions of one kind."""
        return [text for kind, text in self.steps if kind == word]


def stages(path: Path) -> dict[str, Stage]:
    """The stages of a Dockerfile by name, each with the steps of the stages that it starts from."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    found: dict[str, Stage] = {}
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if not line.strip():
            continue
        word, text = line.split(maxsplit=1)
        if word == "FROM":
            base, _, name = text.split()
            stage = Stage(name, base, list(found[base].steps) if base in found else [])
            found[name] = stage
        else:
            stage.steps.append((word, " ".join(text.split())))
    return found


def copies(stage: Stage) -> list[tuple[str, str]]:
    """(source in the repository, target folder) of what a stage copies; what comes from other stages is left out."""
    pairs = []
    for text in stage.all("COPY"):
        *sources, target = text.split()
        if not text.startswith("--from="):
            pairs += [(source, target) for source in sources]
    return pairs


def copy_stage(stage: Stage, folder: Path) -> None:
    """Do what the stage's COPY instructions do, into a folder."""
    for source, target in copies(stage):
        if source.endswith("/"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / source, folder / target, dirs_exist_ok=True, ignore=ignored)
        else:
            (folder / target).mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, folder / target)
