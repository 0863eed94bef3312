"""A site of made-up parts, which takes no time to build."""

from __future__ import annotations

from app.site.parts import PARTS
from app.site.served import NAMES


def recognition(**changed: bytes) -> dict[str, bytes]:
    """What recognises in the browser by its names, of other content where that is given by the scripts' key."""
    made = {name: f"{name} of nobody".encode() for name in (*PARTS, *NAMES.values())}
    return made | {NAMES[key]: content for key, content in changed.items()}
