"""Report on a training on one's own actions: the card, its pictures, and the answer for each held-out file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.labels import SILENT
from models.system.command_line import called
from training.evaluation.results import markdown
from training.judging.judge import Verdict, confusion_picture, per_action, rates
from training.judging.rows import as_dicts
from training.own.files import Example

if TYPE_CHECKING:
    from models.weights import StudentConfig
    from training.own.request import Request

RESULTS, CARD, CONFUSION, CURVE = "own.json", "README.md", "confusion.png", "training.png"
_HELD = {
    "person": "Whole people were held back, {}: none of them trained.",
    "video": "Whole videos were held back, {}: none of their events trained. The same people may be in "
    "others, and a stranger will do worse.",
    "file": "Files were held back, and the same people may be in those that trained: a stranger will do worse. Put "
    "each file into a folder of its person (DIR/ACTION/PERSON/file) to measure that.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReport:
    """Everything that was done and measured in a training.

    Attributes:
        request: the user's.
        config: of the model.
        examples: the files, with their parts; several of one key where a file holds several clips.
        held: keys of the held-out clips.
        verdicts: of them.
        drawn: of held-out drawn stillness and motions that are none of the actions.
        failed: (key, why) of files that could not be used.
        by: "person" or "file".
        left_out: written motions that are the user's own -> the action.
        log: loss and share of right windows of each epoch.
        seconds: the whole took, this time.
    """

    request: Request
    config: StudentConfig
    examples: tuple[Example, ...]
    held: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    drawn: tuple[Verdict, ...]
    failed: tuple[tuple[str, str], ...]
    by: str
    left_out: dict[str, str]
    log: tuple[dict[str, Any], ...]
    seconds: float

    @property
    def people(self) -> tuple[str, ...]:
        """People who were held back."""
        return tuple(sorted({e.person for e in self.examples if e.part == "val"} - {""}))

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the share of held-out clips that are right, in %."""
        return wilson(sum(v.hit for v in self.verdicts), len(self.verdicts))

    def lines(self) -> str:
        """Return the last lines of the command's output, for a terminal."""
        told = rates(list(self.verdicts))
        low, high = self.interval
        out = self.request.out
        return "\n".join([
            f"{told.top1} % of {told.clips} held-out clips right (95 % interval {low:.0f} to {high:.0f} %), held "
            f"back by {self.by}",
            f"the model: {out / 'student.onnx'}; its card, with every clip that went wrong: {out / CARD}",
            f"try it: {called('app')} demo --model {out / 'student.onnx'}",
        ])  # fmt: skip


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, in % (Wilson 1927).

    It is (0, 100) where nothing was counted.
    """
    if not count:
        return 0.0, 100.0
    z2, share = 1.96**2, hits / count
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = sqrt(share * (1 - share) * z2 / count + z2 * z2 / (4 * count * count)) / (1 + z2 / count)
    return 100 * (middle - half), 100 * (middle + half)


def write_report(report: OwnReport) -> None:
    """Write OUT/README.md, own.json and the pictures, each whole or not at all.

    own.json comes last.
    """
    from models.system.atomic import write_text, write_whole

    out, verdicts = report.request.out, list(report.verdicts)
    title = f"held-out clips: top-1 {rates(verdicts).top1} %"
    labels = report.config.labels
    write_whole(out / CONFUSION, lambda part: confusion_picture(verdicts, labels, title, part))
    write_whole(out / CURVE, lambda part: _curve(report.log, part))
    write_text(out / CARD, _card(report))
    text = json.dumps(_results(report), indent=1, ensure_ascii=False) + "\n"
    write_text(out / RESULTS, text)


def _results(report: OwnReport) -> dict[str, Any]:
    answers = [
        {"file": key, "action": v.truth, "answers": list(v.ranked[:3])}
        for key, v in zip(report.held, report.verdicts, strict=True)
    ]
    return {
        "held_back_by": report.by, "people": list(report.people), "accuracy": rates(list(report.verdicts)).to_dict(),
        "interval": report.interval, "answers": answers,
        "trained": sorted({e.key for e in report.examples if e.part == "train"}), "left_out": dict(report.failed),
        "log": list(report.log), "seed": report.request.seed, "seconds": round(report.seconds, 1),
    }  # fmt: skip


def _card(report: OwnReport) -> str:
    config, told = report.config, rates(list(report.verdicts))
    low, high = report.interval
    wrong = [
        {"file": key, "action": v.truth, "answers": ", ".join(v.ranked[:3]) or "nobody could be judged"}
        for key, v in zip(report.held, report.verdicts, strict=True)
        if not v.hit
    ]
    silent = [v for v in report.drawn if v.ranked]
    named = sum(v.ranked[0] not in SILENT for v in silent)
    held = _HELD[report.by].format(", ".join(report.people))
    sections = [
        f"# A model of {len(config.labels) - len(SILENT)} actions",
        f"Actions: {', '.join(name for name in config.labels if name not in SILENT)}; and stillness and anything else, "
        f"which are not said.\n\n{config.terms}",
        "```sh\npython -m app demo --model student.onnx\npython -m app classify VIDEOS --model student.onnx\n```",
        "## What it was trained on\n\n" + markdown(_counts(report)),
        f"## What it gets right\n\n{told.top1} % of {told.clips} held-out clips (95 % interval {low:.0f} to "
        f"{high:.0f} %), {told.top3} % in the top three. {held} The held-out clips also "
        f"gave the temperature ({config.temperature:g}) and the thresholds ({config.thresholds['enter']:g} and "
        f"{config.thresholds['leave']:g}), which change no best answer; the last epoch is kept, whatever they say.",
        markdown(as_dicts(per_action(list(report.verdicts)))) + f"\n\n![]({CONFUSION})\n\n![]({CURVE})",
    ]
    if wrong:
        sections.append("### Held-out clips that it got wrong\n\n" + markdown(wrong))
    if silent:
        sections.append(
            f"Of {len(silent)} drawn clips of stillness and everyday motions that are none of the actions, {named} got "
            "an action as best answer. People's other movements are more varied: a folder `other` of them, and one "
            "`idle` of people who stand or sit still, make it quieter."
        )
    if report.left_out:
        told_apart = ", ".join(f"{motion} ({action})" for motion, action in report.left_out.items())
        sections.append(f"Everyday motions left out because they look like actions of yours: {told_apart}.")
    if report.failed:
        rows = [{"file": key, "why": why} for key, why in report.failed]
        sections.append("### Files that could not be used\n\n" + markdown(rows))
    return "\n\n".join(sections) + "\n"


def _counts(report: OwnReport) -> list[dict[str, Any]]:
    parts = Counter((e.action, e.part) for e in report.examples)
    word = "people" if all(e.span is None for e in report.examples) else "videos"
    people = {a: len({e.person for e in report.examples if e.action == a} - {""}) for a, _ in parts}
    return [
        {"action": action, "train": parts[action, "train"], "held out": parts[action, "val"],
         word: people[action] or "not told"}
        for action in sorted({action for action, _ in parts})
    ]  # fmt: skip


def _curve(log: Sequence[dict[str, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    epochs = [entry["epoch"] for entry in log]
    axes.plot(epochs, [entry["loss"] for entry in log], color="C0", label="loss")
    axes.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
    right = axes.twinx()
    right.plot(epochs, [100 * entry["top1"] for entry in log], color="C1", label="training windows right")
    right.set(ylabel="training windows right, %", ylim=(0, 100))
    figure.legend(loc="outside upper center", ncols=2)
    figure.savefig(path, dpi=110, format="png")
    plt.close(figure)
