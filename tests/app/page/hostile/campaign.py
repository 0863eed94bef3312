"""A campaign of hostile requests and files, beside a visitor who goes on as ever.

To add a kind: write a module in `kinds` with `try_one(target, random)`, which makes one attempt and returns its status,
0 for none, and name it in KINDS. From 500 on, a status is a fault; FAULT is one of the module's own finding. A module
may have UNEASY: statuses from 500 on that are Gradio's own there.
"""

from __future__ import annotations

import importlib
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np

from tests.app.page.hostile.served import Served
from tests.app.page.hostile.target import Target
from tests.app.page.hostile.witness import Witness

KINDS = {  # kind -> its share of the tries
    "pictures": 4,
    "bodies": 2,
    "strange": 3,
    "keys": 2,
    "origins": 1,
    "hosts": 1,
    "uploads": 1,
    "packs": 1,
    "videos": 1,
    "npz": 1,
    "models": 1,
}
FAULT = 599  # of an attempt that went wrong otherwise: a file's reader that died, or an error that is no sentence
WITHIN_S = 2.0  # in which others are answered
MORE_MEMORY = 1.1  # than after the warming up
WARM = 0.2  # share of the tries before the memory is looked at: what is loaded at first use is no leak

# An error that came from our own code, as Python writes it, or the end of native code.
_OWN_FRAME = r'^  File "[^"]*/(?:app|models|export)/[^"]*", line .*\n    .*\n(?: [ ~^]*\n)?'
_OWN_ERROR = re.compile(_OWN_FRAME + r"(\w.*)|^Fatal Python.*", re.MULTILINE)


@dataclass
class Report:
    """What came of a campaign."""

    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    uneasy: dict[str, set[int]] = field(default_factory=dict)
    calm_s: float = 0.0  # slowest answer to the visitor before the campaign
    slowest_s: float = 0.0  # and during it
    refused: int = 0  # answers to the visitor that were none
    megabytes: list[float] = field(default_factory=list)  # after the warming up, and at the end
    alive: bool = False
    seconds: float = 0.0
    said: str = ""

    def faults(self) -> list[str]:
        """Return what is wrong, as sentences."""
        found = [] if self.alive else ["the server has died"]
        for kind, statuses in self.statuses.items():
            bad = {status for status in statuses if status >= 500} - self.uneasy[kind]
            wrong = sum(statuses[status] for status in bad)
            if wrong:
                found.append(f"{wrong} of {kind} gave a fault: {dict(statuses)}")
        if self.refused:
            found.append(f"the visitor was refused {self.refused} times")
        if self.slowest_s > max(WITHIN_S, 4 * self.calm_s):
            found.append(f"the visitor waited for {self.slowest_s:.1f} s, {self.calm_s:.1f} s before")
        if len(self.megabytes) == 2 and self.megabytes[1] > MORE_MEMORY * self.megabytes[0]:
            found.append(f"memory went from {self.megabytes[0]:.0f} to {self.megabytes[1]:.0f} MB")
        if words := _OWN_ERROR.findall(self.said):
            found.append(f"the log has {len(words)} errors of ours, such as: {words[0][:200]}")
        return found

    def text(self) -> str:
        """Return the report for a reader."""
        tries = sum(sum(statuses.values()) for statuses in self.statuses.values())
        lines = [f"{tries} tries in {self.seconds:.0f} s"]
        for kind, statuses in self.statuses.items():
            lines.append(f"  {kind}: " + ", ".join(f"{status} x {n}" for status, n in sorted(statuses.items())))
        lines.append(f"the visitor waited for {self.slowest_s:.2f} s at most, {self.calm_s:.2f} s before")
        lines.append("memory: " + " -> ".join(f"{size:.0f} MB" for size in self.megabytes))
        lines.append(f"log: {len(self.said.splitlines())} lines")
        return "\n".join([*lines, *(f"WRONG: {fault}" for fault in self.faults())])


def campaign(server: Served, tries: int, seconds: float, seed: int, kinds: list[str]) -> Report:
    """Make so many attempts of these kinds, in random order, within so many seconds, and report."""
    random, report, target = np.random.default_rng(seed), Report(), Target(server.port)
    modules = {kind: importlib.import_module(f"tests.app.page.hostile.kinds.{kind}") for kind in kinds}
    report.uneasy = {kind: getattr(module, "UNEASY", set()) for kind, module in modules.items()}
    share_K = np.array([KINDS[kind] for kind in kinds], float)
    order = random.choice(kinds, size=tries, p=share_K / share_K.sum())
    begun = time.monotonic()
    with Witness(target) as witness:
        witness.look(10)
        report.calm_s = witness.slowest_s()
        witness.start()
        for number, kind in enumerate(order):
            if time.monotonic() - begun > seconds or not server.is_alive():
                break
            if number == int(WARM * tries):
                report.megabytes.append(server.megabytes())
            report.statuses[kind][modules[kind].try_one(target, random)] += 1
        target.let_go()
        witness.stop()
        report.slowest_s, report.refused = witness.slowest_s(), witness.refused
    report.megabytes.append(server.megabytes())
    report.alive, report.said, report.seconds = server.is_alive(), server.said(), time.monotonic() - begun
    return report
