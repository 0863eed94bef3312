"""Keys of nobody and of others, and sessions that were never opened."""

from __future__ import annotations

import numpy as np

from tests.app.page.hostile.campaign import FAULT
from tests.app.page.hostile.target import Target, Visitor
from tests.app.page.pictures import jpeg

UNEASY = {500}
_SESSIONS = ["", None, "x" * 100_000, 7, {}, "../../etc", "<b>", "a.b.c", "\0", "é"]


def try_one(target: Target, random: np.random.Generator) -> int:
    """Post a picture with a wrong key, which must be refused, or ask for a key for a session that nobody has."""
    picture, kind = jpeg((64, 48)), random.integers(4)
    if kind == 0:
        session = _SESSIONS[random.integers(len(_SESSIONS))]
        answer = target.call(target.function("answer", "load"), [], session)
        return 200 if answer is not None else 403
    if kind == 1:
        visitor = Visitor(target)
        name, _, sign = visitor.key.rpartition(".")
        wrong = f"{name}x.{sign}", f"{name}.{sign[:-1]}", f"{name}.{sign}0", sign, f".{sign}", visitor.key.upper()
        status = target.post_picture(wrong[random.integers(len(wrong))], picture)
        visitor.leave()
    elif kind == 2:
        status = target.post_picture(random.bytes(int(random.integers(1, 60))).hex(), picture)
    else:
        status = target.post_picture(".".join("ab" * int(random.integers(1, 3000))), picture)
    return FAULT if status in (200, 204) else status
