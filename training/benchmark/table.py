"""The benchmark's result for people to read."""

from __future__ import annotations

from typing import Any

_GOALS = {"fp32": 2.0, "bf16-compile": 4.0}
_BEST_GOAL = 3.0  # of the quicker precision
_MEMORY_GOALS = {"fp32": 0.3, "bf16": 0.25}


def table(result: dict[str, Any]) -> str:
    """Format the result for people to read."""
    setting, machine = result["setting"], result["machine"]
    lines = [
        "stage-2 step (EKEM + IKEM), {modalities} modalities, batch {batch}, {people} person slot(s), "
        "K = {queue}".format(**setting),
        "{device_name}, torch {torch}".format(**machine)
        + (f", {setting['threads']} threads" if setting["device"] == "cpu" else ""),
        "",
        f"{'':<34}{'clips/s':>9}{'slowest':>9}{'fastest':>9}{'peak GB':>9}{'speed':>8}{'half lie in':>13}{'memory':>8}",
    ]
    for entry in result["variants"].values():
        ratios = ""
        if "speed" in entry:
            within = "{:.2f}-{:.2f}".format(*entry["within"])
            ratios = f"{entry['speed']:>7.2f}x{within:>13}{entry['memory']:>7.2f}x"
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
    for name, goal in _GOALS.items():
        if "speed" in variants.get(name, {}):
            lines.append(f"{variants[name]['text']}: {variants[name]['speed']:.2f}x the published speed (goal {goal}x)")
    eager = [variants[name] for name in ("fp32", "bf16") if "speed" in variants.get(name, {})]
    if len(eager) == 2:
        best = max(eager, key=lambda entry: entry["speed"])
        lines.append(f"the quicker precision is {best['text']}: {best['speed']:.2f}x (goal {_BEST_GOAL}x)")
    for name, entry in variants.items():
        if "recompute" in name and "memory" in entry:
            precision = name.split("-")[0]
            base = variants.get(precision, entry)["clips_per_s"] / entry["clips_per_s"]
            lines.append(
                f"{entry['text']}: {entry['memory']:.2f}x the published memory (goal {_MEMORY_GOALS[precision]}x at "
                f"batch 128 with two people), {base:.2f}x slower than without"
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
    if "published" in variants:
        lines.append(
            f"speed is the median of the ratios to the published step of the same {result['paired']}; half of the "
            "ratios lie in the range beside it"
        )
    load = result["machine"]["load"]
    if load is not None and load > 0.5:
        lines.append(f"other programs were using the cores at the start (load {load:.1f}): clips/s are too low")
    return lines
