"""`python -m app learn`: corrected events into a pack, if what was corrected is called better by it."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.batch.jobs import printable
from app.commands.options import add_model, add_pose
from app.commands.teach import told
from models.system.options import nonempty, path
from models.system.words import count

if TYPE_CHECKING:
    from app.corrections.learn import Corrected, Learnt

HELP = """\
Learn from corrected events: results (.jsonl or .csv) with `corrected` on each line, as the page's editor saves them or
as you write them. What was missed becomes an example of its label, and what was wrongly said an example of what it is
not, in a pack of skeletons. The recordings are then called again: a pack that calls more of the corrected events
wrongly than before is not written, unless you insist.

A recording is looked for beside the file and in --videos: NAME.ikem (classify --skeletons) saves looking again."""
EXAMPLES = """\
examples:
  python -m app classify films/ --out results --skeletons           then correct results/*.jsonl, here or in the page
  python -m app learn results/ --pack my.pack
  python -m app learn holiday.corrected.jsonl --videos films/ --pack my.pack
  python -m app classify films/ --out again --pack my.pack

exit code: 0 all went well, 1 a file could not be used (it is named), 2 nothing was written"""
FAILED, REFUSED = 1, 2


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_model(command)
    command.add_argument(
        "inputs", nargs="+", type=nonempty, metavar="INPUT", help="a file of corrected events, or a folder of results"
    )
    command.add_argument("--pack", required=True, type=path, metavar="FILE", help="the pack; made if missing")
    command.add_argument(
        "--videos", type=path, metavar="DIR", help="where the recordings lie (default: beside their events)"
    )
    command.add_argument("--insist", action="store_true", help="write the pack although more events are called wrongly")
    command.add_argument("--only", action="store_true", help="the pack is to be used with --only: judge it so")
    add_pose(command)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from app.corrections.correction import CorrectionError
    from app.corrections.learn import learn
    from app.pose.model_file import ensure_pose_model
    from app.teach.pack import read_pack, write_pack
    from app.teach.teacher import Teacher
    from export.runtime import ActionModel

    teacher = Teacher(ActionModel(args.model, device=args.device, threads=args.threads), args.model)
    pack = read_pack(args.pack) if args.pack.exists() else None
    given, failed = _given([Path(name) for name in args.inputs], args.videos, functools.cache(
        lambda: ensure_pose_model(args.pose)
    ))  # fmt: skip
    if not given:
        raise CorrectionError('nothing was learnt: there are no corrected events ("corrected": true) that can be used')
    learnt = learn(teacher, pack, given, args.only)
    print("\n".join([_said(learnt), *_counted(given, learnt)]))
    if not learnt.added:
        return FAILED if failed else 0
    if learnt.worse and not args.insist:
        print("the pack is as it was: correct more of what is called wrongly, or --insist", file=sys.stderr)
        return REFUSED
    write_pack(learnt.pack, args.pack)
    return FAILED if failed else 0


def _said(learnt: Learnt) -> str:
    lines = [f"{label}: {count(examples, 'new example')}" for label, examples in learnt.added.items()]
    lines += [f"{label}: left out, its examples made nothing better" for label in learnt.unhelpful]
    return "\n".join([*lines, *map(told, learnt.verdicts), learnt.said])


def _counted(given: Sequence[Corrected], learnt: Learnt) -> list[str]:
    """Return a line for each recording of whose corrected events something is counted."""
    from app.classify.counts import Counts

    lines = []
    for one, events in zip(given, learnt.corrected, strict=True):
        counts = Counts()
        for event in events:
            counts.add(event)
        lines += [printable(f"{one.correction.name}, as corrected: {counts}")] if str(counts) else []
    return lines


def _given(inputs: list[Path], videos: Path | None, pose_model: Callable[[], Path]) -> tuple[list[Corrected], int]:
    """Return the recordings with corrected events, and how many files could not be used; those are named."""
    from app.corrections.find import corrected_files, recording

    given, failed = [], 0
    for file in corrected_files(inputs):
        try:
            given += recording(file, videos, pose_model)
        except ValueError as error:
            failed += 1
            print(f"{printable(str(error))}", file=sys.stderr)
    return given, failed
