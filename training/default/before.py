"""What stands beside a model's own measures: those of the version before it, and what was tried on the way.

Both are files beside the recipes: version_2.json, which `blocks` of training.default.live_tables fills with the results
of `judge`, and tried.json, to which whoever tries something adds a row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from models.system.places import RECIPES
from training.judging.webcam import FIRST

Block = Mapping[str, str]  # measure -> value, as a table shows it


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """Measures of the version before.

    Attributes:
        version: of it.
        made_by: commands that took the measures.
        models: name of the recipe's sets -> block -> measure -> value.
    """

    version: str
    made_by: tuple[str, ...]
    models: dict[str, dict[str, dict[str, str]]]

    @classmethod
    def read(cls, path: Path = RECIPES / "version_2.json") -> Before | None:
        """Read the file; None where there is none.

        Raises:
            ValueError: the file has other keys.
        """
        if not path.exists():
            return None
        held = json.loads(path.read_text(encoding="utf-8"))
        if set(held) != {"version", "made_by", "models"}:
            raise ValueError(f"{path} needs version, made_by and models; it has {', '.join(held)}")
        return cls(version=held["version"], made_by=tuple(held["made_by"]), models=held["models"])

    def of(self, model: str, version: str) -> dict[str, dict[str, str]] | None:
        """Return the blocks that stand beside a model's; None where nothing older was measured.

        Args:
            model: name of the recipe's sets.
            version: of the model.
        """
        return self.models.get(model) if version != self.version else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Something that was tried, measured on val. Shares are in %, None where they were not measured.

    Attributes:
        what: in a few words.
        top1: wave, clap, punch and run of people at webcams -> share named rightly, by person.
        right_event: mean of the four of the share with an event of the right name.
        other_events: windows of other movement with an event, by person.
        auroc: actions against other movement, in [0, 1].
        fpr95: other movement that scores at least what 95 % of the actions do.
        recorded: top-1 of recorded clips.
        camera: top-1 of drawn clips seen by the camera path.
        kept: whether the recipe has it.
        note: whatever else is to be said.
    """

    what: str
    top1: dict[str, float] = field(default_factory=dict)
    right_event: float | None = None
    other_events: float | None = None
    auroc: float | None = None
    fpr95: float | None = None
    recorded: float | None = None
    camera: float | None = None
    kept: bool = False
    note: str = ""

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> Tried:
        """Read a row.

        Raises:
            ValueError: a key is unknown, or `what` is missing.
        """
        known = [entry.name for entry in fields(cls)]
        wrong = [key for key in held if key not in known] + [key for key in held.get("top1", {}) if key not in FIRST]
        if wrong or not held.get("what"):
            told = f"unknown: {', '.join(wrong)}" if wrong else "what is missing"
            raise ValueError(f"a row has {', '.join(known)}, and top1 of {', '.join(FIRST)}; {told}")
        return cls(**held)

    def cells(self) -> dict[str, object]:
        """Return the row of a table for people."""
        shown = lambda value: "-" if value is None else value  # noqa: E731
        return {
            "tried": self.what, "kept": "yes" if self.kept else "no",
            "wave, clap, punch, run: top-1 %": ", ".join(str(shown(self.top1.get(action))) for action in FIRST),
            "right event %": shown(self.right_event), "other: with an event %": shown(self.other_events),
            "AUROC / FPR at 95 %": f"{shown(self.auroc)} / {shown(self.fpr95)}",
            "recorded, top-1 %": shown(self.recorded), "camera, top-1 %": shown(self.camera), "note": self.note or "-",
        }  # fmt: skip


def tried(path: Path = RECIPES / "tried.json") -> tuple[Tried, ...]:
    """Read what was tried; () where the file is missing or empty.

    Raises:
        ValueError: a row has another key; the message names the file.
    """
    if not path.exists():
        return ()
    try:
        return tuple(map(Tried.from_dict, json.loads(path.read_text(encoding="utf-8"))))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from None
