"""The verdict on what is taught: whether an action will be recognised and, if not, what to do next.

Each example is judged by a head that was taught by the others alone. Where too few are known in this way, it is asked
why: because there are so few, because they lie near one of the model's own actions or everyday movement, or because
they are unlike one another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.teach.ridge import Judged
from models.labels import DISPLAY
from models.system.words import count

LEAST = 3  # examples from which there is a verdict
# Both were chosen on people who choose (val), where they tell best what happens to further clips; see docs/teach.md.
FOUND = 0.7  # share of the examples that must be known by the others
NEAR = 0.5  # place between everyday movement and the examples from which one of the model's own actions is near
FEW, UNLIKE, OWN, EVERYDAY = "few", "unlike", "own", "everyday"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on an action's examples.

    Attributes:
        action: its name.
        examples: how many there are.
        found: how many of them are known by the others.
        why: what is wrong: FEW, UNLIKE (one another), OWN (near the model's `near`), EVERYDAY, or "" for nothing.
        near: the model's own action that is nearest, if it is near; "" if none is.
        odd: the numbers from 1 of the examples that are not known by the others, from LEAST examples on.
    """

    action: str
    examples: int
    found: int
    why: str
    near: str = ""
    odd: tuple[int, ...] = ()

    @property
    def good(self) -> bool:
        """Whether the action will be recognised."""
        return not self.why

    @property
    def advice(self) -> str:
        """What to do next, "" if nothing."""
        own = f'the model\'s own "{DISPLAY.get(self.near, self.near)}"'
        if self.good:
            unlike = f"{_numbers(self.odd)} unlike the others: delete what went wrong" if self.odd else ""
            alike = f"whoever does {own} may get this name: if so, record that as what it is not" if self.near else ""
            return "; ".join(filter(None, (unlike, alike)))
        if self.why == FEW:
            return "three to five examples are better"
        most = f"{_numbers(self.odd)} most of all"
        return {
            UNLIKE: f"the examples are unlike one another ({most}): delete those that went wrong, or do it alike a few "
            "times more",
            OWN: f"too near to {own} ({most}): record that as what it is not, or choose another movement",
            EVERYDAY: f"hard to tell from everyday movement ({most}): show more of it, or what it is not",
        }[self.why]

    @property
    def said(self) -> str:
        """The verdict as a sentence without its end."""
        if self.why == FEW:
            return f"{count(self.examples, 'example')}: too few to tell whether it will be recognised"
        known = f"{self.found} of {count(self.examples, 'example')} known by the others"
        return f"{'will be recognised' if self.good else 'may not be recognised well'}: {known}"


def judge_examples(action: str, judged: Judged, place_of: Mapping[str, float]) -> Verdict:
    """Return the verdict on an action.

    Args:
        action: its name.
        judged: what its examples say of each other and of the background.
        place_of: the model's own actions with their places between the background's usual score, 0, and the
            examples', 1.
    """
    examples = len(judged.known_E)
    nearest = max(place_of, key=lambda label: place_of[label], default="")
    near = nearest if nearest and place_of[nearest] >= NEAR else ""
    odd = tuple((judged.unseen_E < judged.threshold).nonzero()[0] + 1)
    found = len(judged.unseen_E) - len(odd)
    if examples < LEAST:
        why = FEW
    elif found >= FOUND * examples:
        why = ""
    elif near:
        why = OWN
    else:
        taught_by_all = (judged.known_E >= judged.threshold).mean()
        why = UNLIKE if taught_by_all >= FOUND else EVERYDAY
    named = () if why == FEW else tuple(int(number) for number in odd)
    return Verdict(action, examples, found, why, near, named)


def _numbers(odd: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, odd[:5]))
    return f"number{'s' if len(odd) > 1 else ''} {shown}{' ...' if len(odd) > 5 else ''}"
