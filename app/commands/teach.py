"""`python -m app teach`: actions into a pack, from videos or recordings."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.batch.jobs import find, printable
from app.commands.options import add_model, add_pose
from app.sources.camera import camera_name
from app.teach.examples import TeachError
from app.teach.pack import Pack, PackError, checked_name, read_pack, write_pack
from models.system.command_line import called
from models.system.options import nonempty, path
from models.system.words import count

if TYPE_CHECKING:
    from app.teach.teacher import Teacher
    from app.teach.verdict import Verdict

HELP = """\
Teach actions by a few examples each, in seconds and without training, into a pack: one small file of skeletons,
without pictures. Each repetition between moments of stillness is one example; three to five of each action are good.
Then: python -m app demo --pack my.pack"""
EXAMPLES = """\
examples:
  python -m app teach salute salute.mp4 --pack my.pack           a video of somebody who does it a few times
  python -m app teach salute more.ikem more2.mp4 --pack my.pack  more examples of it
  python -m app teach salute scratching.mp4 --not --pack my.pack what it is not
  python -m app teach --list --pack my.pack
  python -m app teach --forget salute --pack my.pack
  python -m app teach --rebuild --pack my.pack                   for another model, from the clips in the pack

exit code: 0 all went well, 1 an input taught nothing (it is named, the others are in the pack), 2 nothing changed"""
FAILED = 1


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_model(command)
    command.add_argument("name", nargs="?", metavar="NAME", help="what to say when somebody does it")
    command.add_argument(
        "inputs", nargs="*", type=nonempty, metavar="INPUT", help="a video, .ikem or .npz file, or a folder of them"
    )
    command.add_argument("--pack", required=True, type=path, metavar="FILE", help="the pack; made if missing")
    command.add_argument("--not", dest="counter", action="store_true", help="the inputs show what NAME is not")
    command.add_argument("--no-clips", action="store_true", help="keep no skeletons in a new pack (no --rebuild then)")
    other = command.add_mutually_exclusive_group()
    other.add_argument("--list", action="store_true", help="say what is in the pack")
    other.add_argument("--forget", metavar="ACTION", help="take an action out of the pack")
    other.add_argument("--rebuild", action="store_true", help="make the pack anew for this model")
    add_pose(command)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    alone = args.list or args.forget is not None or args.rebuild
    if alone and (args.name or args.counter or args.no_clips):
        raise PackError("--list, --forget and --rebuild stand alone: give --pack besides, and nothing else")
    if not alone and not args.inputs:
        raise PackError(
            f"name the action, and a video or recording of it: {called('app')} teach NAME VIDEO --pack FILE"
        )
    if args.list:
        pack = read_pack(args.pack)
        print(said_of(pack))
        print(_whose(pack, args.model))
        return 0
    teacher = _teacher(args)
    if not alone:
        return _teach(args, teacher)
    pack = read_pack(args.pack)
    pack = teacher.rebuilt(pack) if args.rebuild else teacher.finished(_without(pack, checked_name(args.forget)))
    if not pack.actions:
        raise PackError(f"{args.forget!r} is all that is in {args.pack}: delete the file instead")
    write_pack(pack, args.pack)
    print(said_of(pack))
    return 0


def said_of(pack: Pack) -> str:
    """Return what a pack holds, one line for each action."""
    lines = []
    for name in pack.actions:
        shown, not_it = len(pack.examples(name)), len(pack.examples(name, counter=True))
        counters = f", {not_it} of what it is not" if not_it else ""
        advice = f" ({pack.advice(name)})" if pack.advice(name) else ""
        lines.append(f"{name}: {count(shown, 'example')}{counters}{advice}")
    if pack.clips_EKV3 is None:
        lines.append("without skeletons: it cannot be made anew for another model")
    return "\n".join(lines)


def told(verdict: Verdict) -> str:
    """Return the verdict on an action in a line, with what to do next."""
    return "; ".join(filter(None, (f"{verdict.action}: {verdict.said}", verdict.advice)))


def _whose(pack: Pack, model_path: Path) -> str:
    """Return whether a pack was made with a model, as a sentence."""
    from export.runtime import ActionModel

    if pack.embedding == ActionModel(model_path, device="cpu").embedding:
        return f"made with {model_path}"
    return f"made with another model than {model_path}: --rebuild makes it anew for it, --model names another one"


def _without(pack: Pack, name: str) -> Pack:
    if name not in pack.actions:
        raise PackError(f"there is no {name!r} in the pack; it holds {', '.join(pack.actions)}")
    return pack.without_clips(np.flatnonzero(pack.action_E == pack.actions.index(name)).tolist())


def _teacher(args: argparse.Namespace) -> Teacher:
    from app.teach.teacher import Teacher
    from export.runtime import ActionModel

    return Teacher(ActionModel(args.model, device=args.device, threads=args.threads), args.model)


def _teach(args: argparse.Namespace, teacher: Teacher) -> int:
    from tqdm import tqdm

    from app.teach.taught_model import forgetting, is_known

    name = checked_name(args.name)
    if is_known(teacher.model, name, only=True):
        raise PackError(f"the model uses {name!r} for people who do nothing that it knows: choose another name")
    if is_known(teacher.model, name):
        ways = f"teach it under another name, or use the pack with --only; {forgetting(name, args.pack)}"
        tqdm.write(f"the model already knows {name!r}: {ways}", file=sys.stderr)
    if not args.pack.parent.is_dir():  # told before the long work
        raise PackError(f"{args.pack}: there is no folder {args.pack.parent}; make it, or name another place")
    pack = read_pack(args.pack) if args.pack.exists() else teacher.pack()
    if args.counter:
        pack.require(name)
    if args.pack.exists() and args.no_clips:
        raise PackError("--no-clips is for a new pack; this one is there already")
    learnt, failed = pack, 0
    for file in tqdm(_files(args.inputs), desc="watching", unit="file", disable=None, leave=False):
        try:
            found, when = _clips(file, teacher, args.pose)
        except ValueError as error:
            failed += 1
            reason = str(error).removeprefix(f"{file}: ").removeprefix(f"{file.name}: ")
            tqdm.write(f"{printable(str(file))}: {reason}", file=sys.stderr)
            continue
        tqdm.write(f"{printable(str(file))}: {count(len(found), 'repetition')}{when}")
        learnt = teacher.add(learnt, name, found, args.counter)
        tqdm.write(told(teacher.verdict(learnt, name)))
    if learnt is pack:
        raise TeachError(f"nothing was learnt; {'the pack is as it was' if args.pack.exists() else 'no pack was made'}")
    if args.no_clips:
        learnt = learnt.without_skeletons()
    write_pack(learnt, args.pack)
    print(said_of(learnt))
    return FAILED if failed else 0


def _files(inputs: Sequence[str]) -> list[Path]:
    """Return the files that the inputs stand for, as `classify` finds them.

    Raises:
        TeachError: an input is a camera or an address.
    """
    found = []
    for target in find(inputs):
        if not isinstance(target, Path):
            raise TeachError(f"{camera_name(target)}: actions are taught by files; the page's Teach tab takes a camera")
        found.append(target)
    return found


def _clips(path: Path, teacher: Teacher, pose: str) -> tuple[np.ndarray, str]:
    """Return the repetitions in a file, and in words when each happens if the file holds one recording."""
    from app.pose.model_file import ensure_pose_model
    from app.teach.inputs import recordings

    if path.is_dir():
        raise TeachError("no video, no .npz and no .ikem file in this folder")
    every = [(one, teacher.spans(one)) for one in recordings(path, lambda: ensure_pose_model(pose))]
    when = ", ".join(f"{start_s:.1f}-{end_s:.1f}" for start_s, end_s in every[0][1])
    found = np.concatenate([teacher.cut(one, spans) for one, spans in every])
    notes = "".join(f"; {note}" for note in dict.fromkeys(one.note for one, _ in every) if note)
    return found, f"{f' ({when} s)' if len(every) == 1 else ''}{notes}"
