"""What the page is told of the recogniser that runs in a visitor's own browser, and who serves it.

Whoever starts the page makes one (app.site.served): the page itself only hands it on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

if TYPE_CHECKING:
    from export.runtime import Recogniser


@dataclass(frozen=True, slots=True)
class Here:
    """The recogniser for browsers.

    Attributes:
        addresses: of its files, relative to the page's own, by the names that the page's scripts know; empty where
            there are none.
        why_not: why there are none, as a sentence for a visitor.
        routes: that serve the files.
    """

    addresses: dict[str, str] = field(default_factory=dict)
    why_not: str = ""
    routes: list[BaseRoute] = field(default_factory=list)

    def settings(self) -> dict:
        """Return what the page's scripts read."""
        return self.addresses or {"why": self.why_not}


NOT_HERE = Here(why_not="whoever runs this page has not prepared it for browsers")
MakeHere = Callable[["Recogniser", Path, Path], Here]  # of the model, its file and the pose model's
