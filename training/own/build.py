"""`python -m training own`: a model of one's own actions from a folder of videos. Every step can be resumed.

OUT/work holds what lies between: what was seen in each file, the drawn everyday motions, the training's checkpoint.
"""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.teach.background import FILE
from models.labels import DISPLAY, IDLE, OTHER, SILENT
from models.system.command_line import called
from models.system.lock import alone
from models.thresholds import Thresholds
from training.data.tracks import Track, camera_tracks
from training.judging.judge import judge
from training.own.corrected import find_corrected, watch_corrected
from training.own.everyday import everyday_jobs, everyday_tracks, own_by_another_name
from training.own.files import Example, divide, find
from training.own.report import RESULTS, OwnReport, write_report
from training.own.request import Request
from training.own.watch import Watched, watch
from training.supervised.augmentation import Augmentation
from training.supervised.background import BACKGROUND, some_of_each, write_background
from training.supervised.fit import fit
from training.supervised.recipe import Recipe
from training.supervised.train import train

if TYPE_CHECKING:
    from models.student import Student
    from models.weights import StudentConfig

MODEL = "student.onnx"
DRAWN_AT_ONCE = 5  # clips between two safe points
LEAST_ENTER = 0.5  # drawn motions are told from people more easily than other people's movements will be
FALSE_ALARMS = {IDLE: 0.05, OTHER: 0.05}  # shares of held-out drawn windows that may pass the threshold
WINDOWS_A_CLIP, LEAST_WINDOWS, MOST_WINDOWS = 12, 1024, 6144  # of an epoch


def make(request: Request, pose_model: Callable[[], Path], note: Callable[[str], None]) -> OwnReport:
    """Watch, train, calibrate, export and judge.

    OUT holds the model, its card and what it said of each held-out file.

    Args:
        request: what is wanted.
        pose_model: gives the pose model's file, where it is needed.
        note: told what happens.

    Raises:
        ValueError: the folder, OUT or the start cannot be used, or another run is at work on OUT; the message says
            what to do.
    """
    _check(request)
    with alone(request.out / "work", f"another run is at work on {request.out}: wait for it, or end it"):
        return _made(request, pose_model, note)


def _made(request: Request, pose_model: Callable[[], Path], note: Callable[[str], None]) -> OwnReport:
    from export.onnx import export_student
    from export.runtime import ActionModel
    from models.weights import save

    began = time.monotonic()
    config, base = _start(request.start)
    corrected = find_corrected(request.folder, note)
    found, look = (corrected, watch_corrected) if corrected else (find(request.folder, note), watch)
    divide(found, request.by, request.seed)  # refuses before the long work what cannot be held back
    seen = look(found, request.out / "work" / request.pose / "seen", pose_model, request.workers, note)
    examples, by = divide(_enough(seen), request.by, request.seed)
    by = "video" if corrected and by == "person" else by
    own = [replace(t, part=e.part) for e, t in zip(examples, seen.tracks, strict=True)]
    drawn, left_out = _everyday(request, base, examples, own, pose_model, note)
    names = sorted({e.action for e in examples} - set(SILENT))
    config = _config(config, names, request)
    training = [t for t in own + drawn if t.part == "train"]
    how = _recipe(config, request, [t for t in own if t.part == "train"])
    mine = sum(t.part == "train" for t in own)
    note(f"{mine} of your clips train, {len(own) - mine} are held back (by {by}); {len(training) - mine} drawn train")
    run = request.out / "work" / "training" / _identity(request, config, how, training)
    student, log = train(training, config.labels, how, run, note, request.start)
    held = [t for t in own if t.part == "val"]
    config = _calibrated(student, config, held + [t for t in drawn if t.part == "val"], how)
    save(student, config, request.out)
    export_student(student, config, request.out / MODEL)
    write_background(student, config, some_of_each(training, BACKGROUND), how, request.out / FILE)
    model = ActionModel(request.out / MODEL, device="cpu")
    verdicts = tuple(judge(model, track) for track in held)
    others = tuple(judge(model, t) for t in drawn if t.part == "val")
    report = OwnReport(
        request=request, config=config, examples=tuple(examples), held=tuple(t.key for t in held), verdicts=verdicts,
        drawn=others, failed=seen.failed, by=by, left_out=left_out, log=tuple(log), seconds=time.monotonic() - began,
    )  # fmt: skip
    write_report(report)
    return report


def _check(request: Request) -> None:
    """Refuse what cannot be trained, and an OUT that holds somebody else's model or lies among the files."""
    if request.epochs < 1 or request.workers < 1:
        raise ValueError(f"--epochs and --workers are at least 1; got {request.epochs} and {request.workers}")
    out = request.out.resolve()
    if file := next((place for place in (out, *out.parents) if place.exists() and not place.is_dir()), None):
        raise ValueError(f"{file} is a file: --out names a folder, which may be new")
    if out.is_relative_to(request.folder.resolve()):
        raise ValueError(f"{request.out} lies in {request.folder}, whose folders are actions; give another --out")
    if (out / MODEL).exists() and not (out / RESULTS).exists():
        raise ValueError(f"{request.out} holds another model, which would be lost; give another --out")


def _start(folder: Path) -> tuple[StudentConfig, Path]:
    """Return the configuration and the model file of the weights to start from."""
    from models.weights import read_config

    config = read_config(folder)
    if not (folder / MODEL).is_file():
        raise ValueError(f"{folder} has no {MODEL}: {called('export')} onnx makes it from the weights")
    return config, folder / MODEL


def _enough(seen: Watched) -> list[Example]:
    if not seen.tracks:
        key, why = seen.failed[0]
        more = f" (and {len(seen.failed) - 1} more)" if len(seen.failed) > 1 else ""
        raise ValueError(f"not one file could be used; the first: {key}: {why}{more}")
    if len({e.action for e in seen.examples} - set(SILENT)) < 2:
        raise ValueError("fewer than two actions are left with files that can be used; see what was left out, and why")
    return list(seen.examples)


def _everyday(
    request: Request,
    base: Path,
    examples: list[Example],
    own: list[Track],
    pose_model: Callable[[], Path],
    note: Callable[[str], None],
) -> tuple[list[Track], dict[str, str]]:
    """Draw tracks of stillness and of other motions.

    The second result is the motions that are left out because they are the user's own.
    """
    from export.runtime import ActionModel
    from training.drawing.camera_clips import draw_all

    left_out = own_by_another_name(ActionModel(base, device="cpu"), examples, own)
    for motion, action in left_out.items():
        note(f'"{DISPLAY[motion]}" is not taken as something else: it looks like your "{action}"')
    folder = request.out / "work" / request.pose / "drawn"
    draw_all(everyday_jobs(), folder, pose_model(), request.workers, DRAWN_AT_ONCE)
    return everyday_tracks(camera_tracks(folder), tuple(left_out)), left_out


def _config(start: StudentConfig, names: list[str], request: Request) -> StudentConfig:
    """Make a configuration of the start's shape with the user's labels."""
    began = f" It began from weights with these terms: {start.terms}" if start.terms else ""
    return replace(
        start, labels=(*names, *SILENT), display={name: name for name in names} | {s: DISPLAY[s] for s in SILENT},
        gate=False, thresholds=Thresholds(enter=0.5, leave=0.3),  # the start's were fitted to its own actions
        version=f"own, from {start.version}, seed {request.seed}",
        terms=f"Trained on your own clips.{began}",
    )  # fmt: skip


def _recipe(config: StudentConfig, request: Request, own: list[Track]) -> Recipe:
    from_camera = max(0.3, sum(track.domain == "camera" for track in own) / len(own))
    windows = min(MOST_WINDOWS, max(LEAST_WINDOWS, WINDOWS_A_CLIP * len(own)))
    return Recipe(
        window_s=config.window_s, frames=config.frames, channels=config.channels, strides=config.strides,
        modalities=config.modalities, epochs=request.epochs, windows=windows, lr=1e-3, seed=request.seed,
        shares={"camera": from_camera, "raw": 1 - from_camera},
        augmentation=Augmentation(mirror=0.0 if request.sides else 0.5),
    )  # fmt: skip


def _identity(request: Request, config: StudentConfig, how: Recipe, training: list[Track]) -> str:
    """Return a hash that tells this training from one of other files, settings or start."""
    from models.weights import WEIGHTS

    digest = hashlib.sha256(f"{how} {config.labels}".encode())
    digest.update((request.start / WEIGHTS).read_bytes())
    for track in training:
        digest.update(f"{track.action} {track.key} {track.seconds:.6f} {track.joints_TV3.sum():.6f}".encode())
    return digest.hexdigest()[:16]


def _calibrated(student: Student, config: StudentConfig, choosing: list[Track], how: Recipe) -> StudentConfig:
    """Fit temperature and thresholds on the held-out clips.

    The fusion stays the start's, so that these clips choose no answer.
    """
    fusion = config.fusion or (1 / len(config.modalities),) * len(config.modalities)
    fitted = fit(student, choosing, how, config.labels, FALSE_ALARMS, fusion)
    enter = max(LEAST_ENTER, fitted["thresholds"]["enter"])
    leave = round(enter * fitted["thresholds"]["leave"] / fitted["thresholds"]["enter"], 3)
    return replace(config, **(fitted | {"thresholds": Thresholds(enter=enter, leave=leave)}))


def run(args: Any, note: Callable[[str], None]) -> int:
    """Run the command and return its exit code, which is 1 where a file could not be used."""
    import torch

    from app.pose.model_file import ensure_pose_model
    from models.system.memory import keep_freed_memory

    keep_freed_memory()
    torch.set_num_threads(args.threads)
    request = Request(
        folder=args.folder, out=args.out, start=args.start, by=args.by, epochs=args.epochs, sides=args.sides,
        seed=args.seed, workers=args.workers, pose=args.pose,
    )  # fmt: skip
    report = make(request, functools.cache(lambda: ensure_pose_model(args.pose)), note)
    print(report.lines())
    return 1 if report.failed else 0
