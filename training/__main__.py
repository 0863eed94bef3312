"""python -m training COMMAND: build the training data and train, step by step."""

from __future__ import annotations

import argparse
import functools
import os
import sys
from pathlib import Path

# A thread that waits for the others gives its core away soon: for a little (3 %) on cores of one's own, and several
# times faster on cores that are shared. Read when torch loads its threads.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

from models.system.cores import usable_cores
from training.commands import add_command, add_research


def _draw(args: argparse.Namespace) -> None:
    from app.pose.model_file import ensure_pose_model
    from training.drawing.camera_clips import draw_all
    from training.drawing.jobs import jobs

    todo = jobs(args.data, seed=args.seed, film=args.film, other=args.other)
    draw_all(todo[: args.limit], args.out, ensure_pose_model(args.pose), args.workers)


def _default(args: argparse.Namespace) -> None:
    import torch
    from tqdm import tqdm

    from app.pose.model_file import ensure_pose_model
    from models.system.memory import keep_freed_memory
    from training.default.build import Build
    from training.default.recipe import DefaultRecipe

    keep_freed_memory()
    torch.set_num_threads(args.threads)
    recipe = DefaultRecipe.read(args.recipe)
    pose = functools.cache(lambda: ensure_pose_model(args.pose))
    build = Build(recipe, args.sets, args.data, args.work, pose, args.workers, tqdm.write)
    build.make(args.out, args.scratch)
    if not args.no_card:
        from training.default.appraisal import appraise

        appraise(build, args.out)


def _judge(args: argparse.Namespace) -> None:
    from app.pose.model_file import ensure_pose_model
    from export.runtime import ActionModel
    from training.evaluation.results import markdown
    from training.judging.judge import HeldOut, judge_model

    model = ActionModel(args.model, device="cpu", threads=args.threads)
    held = HeldOut(args.data, args.drawn)
    result = judge_model(model, held, args.data / "videos", ensure_pose_model(args.pose), args.out, args.part)
    print(markdown([row.to_dict() for row in result.rows]))
    print(f"real videos: {result.videos} right, {result.videos.top3} in the top three")


def _example(args: argparse.Namespace) -> None:
    from training.drawing.example import STEPS, scene, write_video

    write_video(args.out, scene(STEPS))


def _teaching(args: argparse.Namespace) -> None:
    from export.runtime import ActionModel
    from training.benchmark.bench import write_json
    from training.default.recipe import DefaultRecipe
    from training.evaluation.results import markdown
    from training.judging.episodes import counts, episodes, gather, shown_of, strangers
    from training.judging.few_shot import live, measure

    named = dict(entry.partition("=")[::2] for entry in args.model)
    if not all(named.values()):
        raise ValueError("--model takes NAME=FILE, such as pre-trained=models/pretrained/student.onnx")
    models = {name: (ActionModel(file, device="cpu"), Path(file)) for name, file in named.items()}
    actions = DefaultRecipe.read(args.recipe).without
    tracks, actors = gather(args.data, args.drawn, args.part, actions, args.domain, args.within)
    if not tracks:
        raise ValueError(f"there is no clip of {', '.join(actions)} in {args.part}, {args.domain}")
    shown = lambda model: shown_of(tracks, actors, model.window_s, model.frames)  # noqa: E731
    print(counts(shown(next(iter(models.values()))[0])))
    rows = measure(models, shown, args.ways, args.shots, args.episodes, args.seed, args.within)
    print(markdown(rows))
    name, (model, path) = next(iter(models.items()))
    clips = shown(model)
    packs = episodes(clips, args.ways, max(args.shots), args.packs, args.seed, args.within)
    said = live(model, path, clips, tracks, strangers(args.data, args.drawn, args.part, args.domain), packs)
    print(f"{name}, taught by {max(args.shots)} clips each, through the app's stream: {said}")
    if args.json:
        write_json({"rows": rows, "live": said}, args.json)


def _events(args: argparse.Namespace) -> None:
    from export.runtime import ActionModel
    from training.benchmark.bench import write_json
    from training.data.splices import splices
    from training.evaluation.results import markdown
    from training.judging.events import measure

    model = ActionModel(args.model, device="cpu", threads=args.threads)
    rows = measure(model, splices(args.data, args.part, args.each, args.seed), args.sensitivity)
    print(markdown(rows))
    if args.json:
        write_json(rows, args.json)


def _own(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from training.own.build import run

    return run(args, tqdm.write)


def _identities(args: argparse.Namespace) -> None:
    from training.benchmark.bench import write_json
    from training.evaluation.results import markdown
    from training.judging.identities import compare

    rows = compare(range(args.first_seed, args.first_seed + args.scenes))
    print(markdown(rows))
    if args.json:
        write_json(rows, args.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    draw = add_command(
        commands, "draw", _draw, "draw labelled skeleton clips as people, and keep the poses that the app sees in them",
        "draw --data DATA --out runs/drawn --workers 2",
    )  # fmt: skip
    _add_data(draw)
    _add_pose(draw)
    draw.add_argument("--out", type=Path, default=Path("runs/drawn"))
    draw.add_argument("--limit", type=int, help="stop after this many clips; any number is a balanced set")
    draw.add_argument("--workers", type=int, default=2)
    draw.add_argument("--seed", type=int, default=0, help="another seed draws other cameras, looks and motions")
    draw.add_argument("--film", action="store_true", help="dark, blurred, compressed, covered pictures as well")
    draw.add_argument("--other", type=int, default=0, help="training clips of no action (default: none)")

    default = add_command(
        commands, "default", _default, "make the default model: draw, pre-train, distil, train, calibrate, export",
        "default --data DATA --sets all --out models/pretrained",
    )  # fmt: skip
    _add_data(default)
    _add_pose(default)
    default.add_argument(
        "--recipe", type=Path, default=Path("training/recipes/default.yaml"), help="(default: %(default)s)"
    )
    default.add_argument("--sets", default="all", help="which of the recipe's sets train (default: %(default)s)")
    default.add_argument("--work", type=Path, default=Path("runs/default"), help="what lies between (%(default)s)")
    default.add_argument(
        "--out",
        type=Path,
        default=Path("models/pretrained"),
        help="model and card (default: %(default)s)",
    )
    default.add_argument("--threads", type=int, default=2)
    default.add_argument("--scratch", action="store_true", help="no pre-training: to compare with")
    default.add_argument("--no-card", action="store_true", help="end with the model; the card's measures take hours")
    default.add_argument("--workers", type=int, default=2, help="processes that draw, or train beside it")

    judge = add_command(
        commands, "judge", _judge, "judge a model file on actors, sets and real videos that never trained it",
        "judge --data DATA --part test --out runs/results",
    )  # fmt: skip
    _add_data(judge)
    _add_drawn(judge)
    _add_pose(judge)
    judge.add_argument(
        "--model", type=Path, default=Path("models/pretrained/student.onnx"), help="model file (default: %(default)s)"
    )
    judge.add_argument("--part", choices=("val", "test"), default="val", help="val to choose by, test to report")
    judge.add_argument("--out", type=Path, default=Path("runs/results"), help="for the tables (%(default)s)")

    example = add_command(
        commands, "example", _example, "draw the demo's example video", "example --out assets/example.mp4",
    )  # fmt: skip
    example.add_argument("--out", type=Path, default=Path("assets/example.mp4"))

    events = add_command(
        commands, "events", _events, "do the app's events lie on the actions, in spliced recordings of known times",
        "events --data DATA --part val",
    )  # fmt: skip
    _add_data(events)
    events.add_argument("--model", type=Path, default=Path("models/pretrained/student.onnx"))
    events.add_argument("--part", choices=("val", "test"), default="val", help="val to choose by, test to report")
    events.add_argument("--each", type=int, default=5, help="recordings a set (default: %(default)s)")
    events.add_argument("--seed", type=int, default=0, help="another seed splices other clips")
    events.add_argument(
        "--sensitivity", type=float, nargs="+", default=[0.5], help="a table for each (default: the model file's own)"
    )
    events.add_argument("--threads", type=int, default=2)
    events.add_argument("--json", type=Path, metavar="FILE", help="write the rows to a file as well")

    teaching = add_command(
        commands, "teaching", _teaching, "actions taught by a few examples: N-way K-shot accuracy of ways to answer",
        "teaching --data DATA --model pre-trained=A/student.onnx --model scratch=B/student.onnx --part test",
    )  # fmt: skip
    _add_data(teaching)
    teaching.add_argument("--drawn", type=Path, nargs="+", default=[], help="folders that `draw` wrote")
    teaching.add_argument(
        "--model", action="append", required=True, metavar="NAME=FILE", help="with background.safetensors beside it"
    )
    teaching.add_argument("--recipe", type=Path, default=Path("training/recipes/unseen_actions.yaml"))
    teaching.add_argument(
        "--part", choices=("val", "test", "unseen"), default="val", help="val to choose by, the others to report"
    )
    teaching.add_argument("--domain", choices=("raw", "camera"), default="raw", help="as recorded, or drawn and seen")
    teaching.add_argument(
        "--within", action="store_true", help="all of an episode from one set, and actions as that set names them"
    )
    teaching.add_argument("--ways", type=int, default=5)
    teaching.add_argument("--shots", type=int, nargs="+", default=[1, 3, 5])
    teaching.add_argument("--episodes", type=int, default=600)
    teaching.add_argument("--packs", type=int, default=10, help="played through the app's stream")
    teaching.add_argument("--seed", type=int, default=0)
    teaching.add_argument("--json", type=Path, metavar="FILE", help="write the rows to a file as well")

    own = add_command(
        commands, "own", _own, "a model of your own actions, from a folder of videos for each: train, judge, export",
        "own videos/ --out models/mine",
    )  # fmt: skip
    own.add_argument(
        "folder", type=Path, metavar="DIR", help="DIR/ACTION/file or DIR/ACTION/PERSON/file: videos, .ikem or .npz"
    )
    own.add_argument(
        "--out", type=Path, required=True, metavar="MODEL", help="folder of the model; run again, it goes on"
    )
    own.add_argument(
        "--by", choices=("auto", "person", "file"), default="auto",
        help="hold back whole people to judge by, or files (default: people, where every file has a person's folder)",
    )  # fmt: skip
    own.add_argument("--sides", action="store_true", help="left and right are different actions: learn no mirror image")
    own.add_argument("--epochs", type=int, default=12, help="(default: %(default)s)")
    own.add_argument(
        "--start", type=Path, default=Path("models/pretrained"), help="weights to start from (default: %(default)s)"
    )
    own.add_argument("--seed", type=int, default=0, help="of what is held back, and of the training")
    own.add_argument("--workers", type=int, default=2, help="videos looked at at once (default: %(default)s)")
    own.add_argument(
        "--threads",
        type=int,
        default=usable_cores(),
        help="of the training; 1 where other programs are busy (default: %(default)s)",
    )
    _add_pose(own)

    identities = add_command(
        commands, "identities", _identities, "who is taken for whom when people cross: the app and tracking libraries",
        "identities --scenes 6 --first-seed 100",
    )  # fmt: skip
    identities.add_argument("--scenes", type=int, default=6, help="of each number of people and frame rate")
    identities.add_argument("--first-seed", type=int, default=100, help="0 to 7 chose the app's constants")
    identities.add_argument("--json", type=Path, metavar="FILE", help="write the rows to a file as well")
    add_research(commands)
    return parser


def _add_data(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", type=Path, required=True, help="folder that holds skeletons/*.npz (and videos/)")


def _add_drawn(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--drawn", type=Path, nargs="+", default=[Path("runs/drawn")], help="folders that `draw` wrote"
    )
    command.add_argument("--threads", type=int, default=2)


def _add_pose(command: argparse.ArgumentParser) -> None:
    command.add_argument("--pose", default="wheel", help="pose model: wheel, lite, full or heavy")


def main() -> int:
    args = _parser().parse_args()
    try:
        return args.run(args) or 0
    except (ValueError, OSError) as error:
        print(f"training: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("training: stopped; the same command goes on from the last checkpoint, if any", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
