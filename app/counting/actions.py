"""Which actions are counted, and from how many repetitions on a number is said."""

from __future__ import annotations

from app.counting.repetitions import FOUND_OUT, IN_TURN, TOGETHER
from models.labels import SILENT

# Of these somebody does one: whoever sits down gets up by another action.
ONCE = frozenset({"sit_down", "stand_up", "lie_down", "drink", "phone", "point", *SILENT})
STEPS = frozenset({"walk", "run"})  # counted in steps of either foot
BOTH_SIDES = frozenset(
    {"squat", "lunge", "jumping_jack", "jump", "clap"}
)  # arms that swing meanwhile are no repetitions
AT_ONCE = frozenset({"squat", "lunge", "jumping_jack", "kick", "punch", "jump"})  # each one is a whole

FROM_STANDING = STEPS | AT_ONCE | {"raise_hand", "throw", "pick_up", "bow"}  # they begin and end where one is anyway

LEAST, LEAST_STEPS = 2, 4  # a movement that goes back and forth so often repeats


def is_counted(label: str) -> bool:
    """Return whether an action, also one that somebody taught, is counted if it repeats."""
    return label not in ONCE


def least_of(label: str) -> int:
    """Return from how many repetitions on their number is said."""
    if label in STEPS:
        return LEAST_STEPS
    return 1 if label in AT_ONCE else LEAST


def sides_of(label: str) -> str:
    """Return how left and right move in an action: together, in turn, or not known."""
    if label in STEPS:
        return IN_TURN
    return TOGETHER if label in BOTH_SIDES else FOUND_OUT


def is_in_position(label: str) -> bool:
    """Return whether an action may be done in a position that one gets into first, as what somebody taught may be.

    A hand is raised to wave and to clap, and one lies down to do push-ups; either may be the largest movement of all.
    """
    return label not in FROM_STANDING
