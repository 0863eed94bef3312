"""`python -m training bench`: time and memory of one stage-2 pre-training step, ours and as published.

Every variant runs in a process of its own, so that its peak of memory is its own. The processes take turns step by
step, and a variant's speed is the median of its ratios to the published step of the same turn: whatever else the
machine does meets both. Where memory does not hold all of them they take turns round by round. A step is forward,
backward, update, momentum and queue, with EKEM and IKEM; reading and augmenting clips is in none of them. The input is
made up: what it shows does not matter to the time.
"""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.system.cores import usable_cores
from training.benchmark.settings import VARIANTS, Setting
from training.benchmark.steps import Turn
from training.benchmark.turns import take_turns

if TYPE_CHECKING:
    from training.parallel.torchrun import Traffic


def choose(names: Sequence[str] | None, setting: Setting) -> list[str]:
    """Return the names of the variants to run.

    Args:
        names: those asked for; None takes all that make sense here.
        setting: how to run them.

    Raises:
        ValueError: an unknown variant, or one that has nothing to show in this setting.
    """
    fitting = [n for n, v in VARIANTS.items() if (setting.people == 2 or not v.skip)]
    on_gpus = {n for n, variant in VARIANTS.items() if variant.compile or variant.precision == "tf32"}
    usual = [n for n in fitting if n not in on_gpus or setting.device == "cuda"]
    if names is None:
        return usual
    for name in names:
        if name not in VARIANTS:
            raise ValueError(f"there is no variant {name!r}; choose among {', '.join(VARIANTS)}")
        if name not in fitting:
            raise ValueError(f"variant {name} skips empty second bodies; give --people 2")
    return [name for name in VARIANTS if name in names]


def free_mb() -> float | None:
    """Return how many megabytes of memory can be had without displacing anything.

    None where the system does not tell.
    """
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("MemAvailable")), None)


def check_memory(name: str, setting: Setting, free: float | None) -> None:
    """Refuse a variant that would be killed for want of memory.

    Raises:
        ValueError: the variant needs more than is free.
    """
    need = setting.memory_mb(VARIANTS[name])
    if setting.device == "cpu" and free is not None and need > 0.95 * free:
        raise ValueError(
            f"variant {name} needs about {need / 1000:.1f} GB at batch {setting.batch} with {setting.people} "
            f"{'person' if setting.people == 1 else 'people'} a clip, and {free / 1000:.1f} GB are free; end other "
            "programs, take a smaller --batch, or leave it out with --only"
        )


def bench(
    setting: Setting, only: Sequence[str] | None = None, note: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """Run the benchmark.

    Args:
        setting: how to run them.
        only: names of VARIANTS; None takes all that make sense on the device.
        note: told a line a turn.

    Returns:
        `setting`, facts of the `machine`, `paired` (by "step" or by "round"), `messages` of a step that several
        processes share, and `variants`: name -> text, seconds of every step, clips_per_s (of the median step), slowest
        and fastest, peak_gb, two_people, and as ratios to published (if run): speed, within (the quartiles of its
        ratios) and memory.

    Raises:
        ValueError: an unknown variant, or one that needs more memory than there is.
    """
    names = choose(only, setting)
    for name in names:
        check_memory(name, setting, free_mb())
    machine = _machine()
    groups = together(names, setting, free_mb())
    turns: dict[str, list[Turn]] = {name: [] for name in names}
    for r in range(setting.rounds):
        # Another one begins each round.
        for group in groups[r % len(groups) :] + groups[: r % len(groups)]:
            check_memory(group[0], setting, free_mb())
            for name, turn in take_turns(group, setting).items():
                turns[name].append(turn)
                rate = setting.batch / statistics.median(turn.seconds)
                note(f"round {r + 1}/{setting.rounds}  {VARIANTS[name].text}: {rate:.2f} clips/s")
    variants = {name: _summary(name, setting, turns[name]) for name in names}
    if "published" in variants:
        for entry in variants.values():
            entry |= _ratios(entry, variants["published"])
    return {
        "setting": asdict(setting),
        "machine": machine | turns[names[0]][0].machine,
        "paired": "step" if len(groups) == 1 else "round",
        "messages": asdict(messages(setting)),
        "variants": variants,
    }


def together(names: list[str], setting: Setting, free: float | None) -> list[list[str]]:
    """Group the variants whose processes run side by side: all of them, or each alone for want of memory."""
    need = sum(setting.memory_mb(VARIANTS[name]) for name in names)
    fits = setting.device == "cpu" and (free is None or need < 0.8 * free)
    return [names] if fits else [[name] for name in names]


def _ratios(entry: dict[str, Any], published: dict[str, Any]) -> dict[str, Any]:
    """Compare a variant with the published step, turn by turn."""
    ratios = sorted(theirs / own for theirs, own in zip(published["seconds"], entry["seconds"], strict=True))
    low, _, high = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    memory = entry["peak_gb"] / published["peak_gb"]
    return {"speed": statistics.median(ratios), "within": [low, high], "memory": memory}


def messages(setting: Setting) -> Traffic:
    """Count the messages of one step that several processes share, without sending any."""
    from training.benchmark.steps import rehearse

    return rehearse(setting)


def _machine() -> dict[str, Any]:
    """Return the facts about the machine that a reader of the numbers needs.

    `load` tells whether other programs were using the cores.
    """
    return {
        "machine": platform.machine(),
        "system": platform.platform(terse=True),
        "cores": usable_cores(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def _summary(name: str, setting: Setting, turns: list[Turn]) -> dict[str, Any]:
    seconds = [s for turn in turns for s in turn.seconds]
    return {
        "text": VARIANTS[name].text,
        "seconds": seconds,
        "clips_per_s": setting.batch / statistics.median(seconds),
        "slowest": setting.batch / max(seconds),
        "fastest": setting.batch / min(seconds),
        "peak_gb": max(turn.peak_bytes for turn in turns) / 1e9,
        "two_people": setting.two_people(VARIANTS[name]),
    }
