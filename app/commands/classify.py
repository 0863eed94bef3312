"""`python -m app classify`: the actions in videos, cameras and recorded skeletons."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from functools import partial

from app.batch.options import ENGINES, HERE, RAY, Options, chosen_labels, file_hash
from app.commands.broadcasting import add_broadcast, broadcasting
from app.commands.options import add_model, add_pack, add_pose, check_pack
from models.system.options import nonempty, number, path, seconds, share, whole, workers

HELP = """\
Name the actions in videos, cameras and recorded skeletons.

DIR/summary.csv gets one row an input with the label of all of it, and DIR/<name>.jsonl one event a line. The label is a
best guess, an event has to be sure: an input may have the one and none of the other. Options add a table of all events,
subtitles, annotated videos and recordings of landmarks. A file of results appears whole or not at all. Times are those
of the file's own clock, as a player shows them."""
EXAMPLES = """\
examples:
  python -m app classify holiday.mp4 clips/ 'more/*.avi' --out results
  python -m app classify archive/ --recursive --out results --workers 2       two inputs at once
  python -m app classify archive/ --recursive --out results --resume          go on where a run was stopped or killed
  python -m app classify holiday.mp4 --out results --annotate --vtt           to be watched
  python -m app classify squats.mp4 --out results --count                     how often: squat 12
  python -m app classify holiday.mp4 --out results --labels wave,clap --min-score 0.6 --csv
  python -m app classify camera:0 --seconds 60 --out results                  the first camera here, for a minute
  python -m app classify rtsp://10.0.0.7/live --out results --json-lines - | jq .label
  python -m app classify camera:0 --out results --serve 8080                  events for other programs, as they happen
  python -m app classify archive/ --out results --skeletons                   landmarks to .ikem, to be classified again
  python -m app classify holiday.mp4 --out results --pack my.pack --only      actions of your own, and no others
  python -m app classify archive/ --out results --engine ray --ray-address 10.0.0.5:6379

exit code: 0 all went well, 1 an input failed (it is named, with the reason; the others are done), 2 the command itself
is wrong or the results cannot be written, 130 stopped before the end"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_model(command)
    command.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="a video; landmarks recorded by --skeletons (.ikem); recorded skeletons (.npz); a folder (its files of "
        "these kinds, without *.annotated.mp4); a pattern in quotes, such as 'clips/*.mp4'; camera:N for a camera of "
        "this machine; or the address of a stream (rtsp://, http:// ...), watched live",
    )
    command.add_argument(
        "--out",
        required=True,
        type=path,
        metavar="DIR",
        help="folder for the results, made if missing; results of "
        "earlier runs in it are replaced where names are the same, and the tables are written anew (see --resume)",
    )
    command.add_argument("--recursive", action="store_true", help="take the folders in a folder too")
    command.add_argument(
        "--seconds",
        type=seconds,
        metavar="N",
        help="end cameras and addresses after N seconds (else Ctrl-C does); files are read to their ends",
    )
    results = command.add_argument_group("results")
    results.add_argument("--csv", action="store_true", help="a table of all events, DIR/events.csv")
    results.add_argument("--vtt", action="store_true", help="subtitles in plain words, DIR/<name>.vtt")
    results.add_argument(
        "--annotate",
        action="store_true",
        help="videos with skeletons and the current action, as it would be said live (a second or two after the times "
        "of the events), drawn over the picture, for browsers: DIR/<name>.annotated.mp4, at most 1280 pixels long "
        "(.ikem: on black; .npz: none)",
    )
    results.add_argument(
        "--skeletons", action="store_true", help="everybody's landmarks, without pictures, DIR/<name>.ikem"
    )
    results.add_argument(
        "--count",
        action="store_true",
        help="how often each action was repeated, summed over an input: a column of the summary, and in its line here "
        "(each event has its own count without it)",
    )
    results.add_argument(
        "--json-lines", choices=["-"], metavar="-", help="events to standard output as they end, and nothing else there"
    )
    results.add_argument(
        "--top",
        type=whole(1, 64),
        metavar="N",
        help="a column of the summary with the N best labels, and up to N (at most 3) in each event as `top`",
    )
    choice = command.add_argument_group("what counts")
    choice.add_argument(
        "--every",
        type=number(0.02, 60, "a number of seconds from 0.02 to 60"),
        metavar="SECONDS",
        help="time between two classifications (default: 0.25)",
    )
    choice.add_argument(
        "--min-score",
        type=share("a score"),
        metavar="S",
        help="leave out events of a lower score, 0 to 1 (a low one finds no more)",
    )
    choice.add_argument("--labels", type=_labels, metavar="A,B", help="only these events, by their short ids, such as "
                        "wave,sit_down (an unknown one shows them all)")  # fmt: skip
    add_broadcast(command)
    work = command.add_argument_group("how it is done")
    work.add_argument("--workers", type=workers, metavar="N", help="inputs worked on at once (default: 1)")
    work.add_argument(
        "--resume", action="store_true", help="keep results that are whole and made the same way from the same file"
    )
    work.add_argument("--quiet", action="store_true", help="show errors alone")
    work.add_argument("--engine", choices=ENGINES, default=HERE, help="this machine, or a Ray cluster (default: here)")
    work.add_argument(
        "--ray-address", type=nonempty, metavar="HOST:PORT", help="a running cluster (else one starts on this machine)"
    )
    add_pack(command)
    add_pose(command)


def options_of(args: argparse.Namespace) -> Options:
    """Return the options that the command line gives.

    Raises:
        ValueError: two options exclude each other.
    """
    if args.ray_address and args.engine != RAY:
        raise ValueError("--ray-address needs --engine ray")
    labels = args.labels and tuple(dict.fromkeys(args.labels))
    given = {"every_s": args.every, "min_score": args.min_score, "labels": labels, "workers": args.workers}
    return Options(
        out=args.out,
        top=args.top,
        count=args.count,
        csv=args.csv,
        vtt=args.vtt,
        annotate=args.annotate,
        skeletons=args.skeletons,
        seconds=args.seconds,
        recursive=args.recursive,
        resume=args.resume,
        quiet=args.quiet,
        json_lines=args.json_lines is not None,
        engine=args.engine,
        ray_address=args.ray_address or "",
        **{name: value for name, value in given.items() if value is not None},
    )


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from app.batch.run import Run
    from app.pose.model_file import ensure_pose_model
    from app.teach.taught_model import load_model
    from models.system.cores import usable_cores

    options = options_of(args)
    check_pack(args)
    # Workers that each took all cores would wait for each other.
    share = max(1, usable_cores() // options.workers) if options.workers > 1 or options.engine == RAY else None
    make_model = partial(load_model, args.model, args.pack, args.only, args.device, args.threads or share)
    model = make_model()
    options = replace(options, labels=chosen_labels(args.labels or (), model.labels))
    if options.annotate:
        _warn_of_encoder(options)
    with broadcasting(args, options, model.labels) as sinks:
        return Run(
            args.inputs,
            options,
            model,
            _model_id(args),
            make_model,
            lambda: ensure_pose_model(args.pose),
            args.pose,
            share,
            sinks,
        )()


def _model_id(args: argparse.Namespace) -> str:
    """Return a text that identifies the model and the pack that is used with it."""
    if args.pack is None:
        return file_hash(args.model)
    return f"{file_hash(args.model)} {file_hash(args.pack)}{' only' if args.only else ''}"


def _warn_of_encoder(options: Options) -> None:
    from app.batch.annotate import encoder_note

    note = encoder_note()
    if note and not options.quiet:
        print(note, file=sys.stderr)


def _labels(text: str) -> tuple[str, ...]:
    labels = tuple(part.strip() for part in text.split(",") if part.strip())
    if not labels:
        raise argparse.ArgumentTypeError("labels are short ids with commas between them, such as wave,clap")
    return labels
