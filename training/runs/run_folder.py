"""Folder of a run: its settings, its progress and its result.

config.json, checkpoint.pt (resumable, whole or not at all), stage1.pt, log.jsonl (a line an epoch), tb/ (TensorBoard)
and, when the run is finished, model.safetensors with the query branches.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from models.branches import Branches
from models.revision import git_revision
from models.shape import Shape
from models.system.atomic import write_json, write_text, write_whole
from training.data.store import Store

CONFIG, CHECKPOINT, STAGE1, LOG, MODEL = "config.json", "checkpoint.pt", "stage1.pt", "log.jsonl", "model.safetensors"
FORMAT = "ikem-run/1"
# Fields of a configuration that a resumed run may change: the result stays the same.
FREE = ("save_every",)
_MOST_NAMED = 5  # values that differ, in a message
# Fields that configurations of earlier versions lack. Their runs had nothing of what these speak of.
LATER = ("pair", "hide", "beside", "mix", "product", "views.layout")


def provenance(store: Store) -> dict[str, str]:
    """Return where a result came from: data, code and version of torch."""
    return {"data_hash": store.hash, "data_source": store.source, **made_with()}


def made_with() -> dict[str, str]:
    """Return which code and torch made something, and whether a GPU might round its float32 products to TF32."""
    rounded = torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32
    return {"git": git_revision(), "torch": torch.__version__, "tf32": "yes" if rounded else "no"}


def open_run(out: Path, kind: str, config: Any, data: list[dict[str, Any]], extra: dict[str, Any]) -> None:
    """Create the folder and its config.json, or make sure that an existing one has the same settings.

    Args:
        out: the run's folder.
        kind: pretrain or distil.
        config: a configuration dataclass.
        data: `Pool.record`.
        extra: what else has to be the same.

    Raises:
        ValueError: the folder belongs to another configuration or other data.
    """
    asked = {"format": FORMAT, "kind": kind, "config": asdict(config), "data": data, **extra}
    asked = json.loads(json.dumps(asked))
    path = out / CONFIG
    if path.exists():
        held = read_config(out)
        differs = [k for k in asked if k != "config" and held.get(k) != asked[k]]
        told = held.get("config", {})
        differs += [k for k, v in known(asked["config"], told).items() if k not in FREE and told.get(k) != v]
        if differs:
            first, more = ", ".join(differs[:_MOST_NAMED]), len(differs) - _MOST_NAMED
            raise ValueError(
                f"{out} belongs to a run with another {first}"
                + (f" and {more} more values; is it of another --preset? Give" if more > 0 else "; give")
                + " another --out, or delete the folder"
            )
        return
    write_json(path, asked | made_with())


def known(asked: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """Return what a configuration asks for, without the fields that a run of an earlier version could not know.

    Args:
        asked: the configuration's values.
        told: those of the run's config.json.
    """
    here = {k: v for k, v in asked.items() if k in told or k not in LATER}
    for name, values in here.items():
        there = told.get(name)
        if isinstance(values, dict) and isinstance(there, dict):
            here[name] = {k: v for k, v in values.items() if k in there or f"{name}.{k}" not in LATER}
    return here


def read_config(run: str | Path) -> dict[str, Any]:
    """Read the config.json of a run.

    Raises:
        ValueError: there is none, or it is no run's.
    """
    path = Path(run) / CONFIG
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(
            f"{run} is no training run ({CONFIG} is missing): name a folder of pretrain or distil"
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(held, dict) or held.get("format") != FORMAT:
        raise ValueError(f"{path} is not of a training run of this version")
    return held


def finished(run: str | Path) -> bool:
    """Return whether the run is finished."""
    return (Path(run) / MODEL).exists()


def save_model(branches: Branches, run: Path) -> None:
    """Write the query branches, which marks the run as finished."""
    from safetensors.torch import save_file

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in branches.state_dict().items()}
    write_whole(run / MODEL, lambda part: save_file(tensors, part, metadata={"format": FORMAT}))


def load_branches(run: str | Path) -> tuple[Branches, dict[str, Any]]:
    """Load the branches that a finished run trained, in eval mode, and its config.json.

    Raises:
        ValueError: the run is missing, unfinished or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    held = read_config(run)
    config = held["config"]
    try:
        state = load_file(Path(run) / MODEL)
        branches = Branches(config["modalities"], Shape(**config["shape"]), tuple(held["head"]))
        branches.load_state_dict(state)
    except FileNotFoundError:
        raise ValueError(f"{run} is not finished; repeat the command that makes it, and it goes on") from None
    except SafetensorError as error:
        raise ValueError(f"{Path(run) / MODEL} is damaged ({error}); copy it again, or train it again") from error
    except (OSError, RuntimeError, KeyError, TypeError) as error:
        raise ValueError(f"{Path(run) / MODEL} does not fit its {CONFIG}: {error}") from error
    return branches.eval(), held


def read_state(path: Path, remedy: str = "delete it to begin again") -> dict[str, Any]:
    """Read a checkpoint of tensors and plain values.

    Args:
        path: of the file.
        remedy: what to do about a damaged one.

    Raises:
        ValueError: it is missing or damaged.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ValueError(f"{path} is missing") from None
    except Exception as error:  # torch and zipfile raise many kinds for a broken archive
        raise ValueError(f"{path} is damaged, and cannot be read; {remedy}") from error


def cut_log(run: Path, epochs: int) -> None:
    """Drop the lines of epochs that the checkpoint does not hold."""
    path = run / LOG
    if path.exists():
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if json.loads(line)["epoch"] <= epochs]
        write_text(path, "".join(f"{line}\n" for line in lines))


def read_log(run: str | Path) -> list[dict[str, Any]]:
    """Read the log, one entry an epoch."""
    path = Path(run) / LOG
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


class Log:
    """Log of a run, in log.jsonl and TensorBoard.

    Args:
        run: the run's folder.
        main: False writes nothing (other processes of a parallel run).
        first: epochs already done; curves of later ones, from a run that was stopped between checkpoints, are dropped.
    """

    def __init__(self, run: Path, main: bool = True, first: int = 0) -> None:
        self.run, self.writer = run, None
        if main:
            from torch.utils.tensorboard import SummaryWriter

            self.writer = SummaryWriter(str(run / "tb"), purge_step=first + 1)

    def write(self, epoch: int, values: dict[str, float]) -> None:
        """Write one epoch's numbers."""
        if self.writer is None:
            return
        line = json.dumps({"epoch": epoch} | {k: round(v, 6) for k, v in values.items()})
        with open(self.run / LOG, "a", encoding="utf-8") as file:
            file.write(line + "\n")
        for name, value in values.items():
            self.writer.add_scalar(name, value, epoch)
        self.writer.flush()
