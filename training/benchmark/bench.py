"""`python -m training bench`: time and memory of one stage-2 pre-training step, ours and as published.

Every variant runs in a process of its own (training.benchmark.steps), so that its peak of memory is its own; the
variants take turns, round after round, so that whatever else the machine does meets all of them. A step is forward,
backward, update, momentum and queue, with EKEM and IKEM; reading and augmenting clips is in none of them. The input is
made up: what it shows does not matter to the time.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.system.cores import usable_cores
from training.benchmark.settings import VARIANTS, Setting

if TYPE_CHECKING:
    from training.parallel.torchrun import Traffic

_GOALS = {"fp32": ("speed", 1.3), "bf16": ("speed", 2.0), "bf16-compile": ("speed", 4.0)}
_MEMORY_GOAL = 0.25


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
        `setting`, facts of the `machine`, `messages` of a step that several processes share, and `variants`: name ->
        text, seconds of every step, clips_per_s (of the median step), slowest and fastest, peak_gb, two_people, and
        speed and memory as ratios to published (if run).

    Raises:
        ValueError: an unknown variant, or one that needs more memory than there is.
    """
    names = choose(only, setting)
    for name in names:
        check_memory(name, setting, free_mb())
    machine = _machine()
    turns: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for r in range(setting.rounds):
        # Another one begins each round.
        for name in names[r % len(names) :] + names[: r % len(names)]:
            check_memory(name, setting, free_mb())
            turn = _in_own_process(name, setting)
            turns[name].append(turn)
            seconds = statistics.median(turn["seconds"])
            note(f"round {r + 1}/{setting.rounds}  {VARIANTS[name].text}: {setting.batch / seconds:.2f} clips/s")
    variants = {name: _summary(name, setting, turns[name]) for name in names}
    for entry in variants.values() if "published" in variants else ():
        entry["speed"] = entry["clips_per_s"] / variants["published"]["clips_per_s"]
        entry["memory"] = entry["peak_gb"] / variants["published"]["peak_gb"]
    machine |= next(iter(turns.values()))[0]["machine"]
    sent = asdict(messages(setting))
    return {"setting": asdict(setting), "machine": machine, "messages": sent, "variants": variants}


def messages(setting: Setting) -> Traffic:
    """Count the messages of one step that several processes share, without sending any."""
    from training.benchmark.steps import rehearse

    return rehearse(setting)


def _in_own_process(name: str, setting: Setting) -> dict[str, Any]:
    """Run one turn of a variant in a fresh interpreter."""
    from training.benchmark.steps import run

    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            return pool.submit(run, VARIANTS[name], setting).result()
        except BrokenProcessPool:
            raise ValueError(
                f"the process of variant {name} died, most likely for want of memory; take a smaller --batch"
            ) from None


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


def _summary(name: str, setting: Setting, turns: list[dict[str, Any]]) -> dict[str, Any]:
    seconds = [s for turn in turns for s in turn["seconds"]]
    return {
        "text": VARIANTS[name].text,
        "seconds": seconds,
        "clips_per_s": setting.batch / statistics.median(seconds),
        "slowest": setting.batch / max(seconds),
        "fastest": setting.batch / min(seconds),
        "peak_gb": max(turn["peak_bytes"] for turn in turns) / 1e9,
        "two_people": setting.two_people(VARIANTS[name]),
    }


def table(result: dict[str, Any]) -> str:
    """Format the result for people to read."""
    setting, machine = result["setting"], result["machine"]
    lines = [
        "stage-2 step (EKEM + IKEM), {modalities} modalities, batch {batch}, {people} person slot(s), "
        "K = {queue}".format(**setting),
        "{device_name}, torch {torch}".format(**machine)
        + (f", {setting['threads']} threads" if setting["device"] == "cpu" else ""),
        "",
        f"{'':<34}{'clips/s':>9}{'slowest':>9}{'fastest':>9}{'peak GB':>9}{'speed':>8}{'memory':>8}",
    ]
    for entry in result["variants"].values():
        ratios = f"{entry['speed']:>7.2f}x{entry['memory']:>7.2f}x" if "speed" in entry else ""
        numbers = (
            f"{entry['clips_per_s']:>9.2f}{entry['slowest']:>9.2f}{entry['fastest']:>9.2f}{entry['peak_gb']:>9.2f}"
        )
        lines.append(f"{entry['text']:<34}{numbers}{ratios}")
    lines += ["", *_remarks(result)]
    return "\n".join(lines)


def _remarks(result: dict[str, Any]) -> list[str]:
    """Return remarks on the goals, and on what the table alone would hide."""
    variants, setting = result["variants"], result["setting"]
    lines = []
    for name, (what, goal) in _GOALS.items():
        if "speed" in variants.get(name, {}):
            lines.append(f"{variants[name]['text']}: {variants[name][what]:.2f}x the published speed (goal {goal}x)")
    for name, entry in variants.items():
        if "recompute" in name and "memory" in entry:
            base = variants.get(name.split("-")[0], entry)["clips_per_s"] / entry["clips_per_s"]
            lines.append(
                f"{entry['text']}: {entry['memory']:.2f}x the published memory (goal {_MEMORY_GOAL}x at batch 128 with "
                f"two people), {base:.2f}x slower than without"
            )
        if "skip" in name:
            lines.append(f"{entry['text']}: {entry['two_people']} of {setting['batch']} clips have two people")
    sent = result["messages"]
    lines.append(
        f"in several processes a step sends {sum(sent.values())} messages: {sent['all_reduce']} sums, {sent['gather']} "
        "gathers (recomputed or compiled, each batch-norm sends its own)"
    )
    if setting["device"] == "cuda":
        lines.append("TF32: in the variant tf32 alone, and in the published one as torch has it (convolutions)")
    load = result["machine"]["load"]
    if load is not None and load > 0.5:
        lines.append(f"other programs were using the cores at the start (load {load:.1f}): the numbers are too low")
    return lines
