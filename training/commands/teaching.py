"""`python -m training teaching`: few-shot accuracy of taught actions, with several classifiers compared."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.system.options import at_least_0, at_least_1, path, seed
from models.system.places import RECIPES
from training.commands.options import add_data, add_json

EXAMPLES = (
    "example: python -m training teaching --data DATA --model pre-trained=A/student.onnx "
    "--model scratch=B/student.onnx --part test"
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(command)
    command.add_argument("--drawn", type=path, nargs="+", default=[], help="folders that `draw` wrote")
    command.add_argument(
        "--model", action="append", required=True, metavar="NAME=FILE", help="with background.safetensors beside it"
    )
    command.add_argument("--recipe", type=path, default=RECIPES / "unseen_actions.yaml")
    command.add_argument(
        "--part", choices=("val", "test", "unseen"), default="val", help="val to choose by, the others to report"
    )
    command.add_argument("--domain", choices=("raw", "camera"), default="raw", help="as recorded, or drawn and seen")
    command.add_argument(
        "--within", action="store_true", help="all of an episode from one set, and actions as that set names them"
    )
    command.add_argument("--ways", type=at_least_1, default=5)
    command.add_argument("--shots", type=at_least_1, nargs="+", default=[1, 3, 5])
    command.add_argument("--episodes", type=at_least_1, default=600)
    command.add_argument("--packs", type=at_least_0, default=10, help="played through the app's stream (0: none)")
    command.add_argument("--seed", type=seed, default=0)
    add_json(command)


def run(args: argparse.Namespace) -> int:
    """Measure, print the tables and return the exit code."""
    from export.runtime import ActionModel
    from models.system.atomic import write_json
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
    if not args.packs:
        if args.json:
            write_json(args.json, {"rows": rows})
        return 0
    name, (model, path) = next(iter(models.items()))
    clips = shown(model)
    packs = episodes(clips, args.ways, max(args.shots), args.packs, args.seed, args.within)
    said = live(model, path, clips, tracks, strangers(args.data, args.drawn, args.part, args.domain), packs)
    print(f"{name}, taught by {max(args.shots)} clips each, through the app's stream: {said}")
    if args.json:
        write_json(args.json, {"rows": rows, "live": said})
    return 0
