"""A recogniser that names taught actions beside, or instead of, the model's own.

Shapes: N windows, M modalities, C classes of the model file, A taught actions, L classes of both.
"""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import numpy as np

from app.teach.pack import Pack, PackError, read_pack
from export.runtime import ActionModel, ModelScores, Recogniser
from models.labels import IDLE, OTHER
from models.skeleton import V
from models.system.command_line import called


class TaughtModel:
    """A recogniser in the place of another one, with the same attributes and call but more classes.

    What speaks for taught actions is taken from all other classes, so scores still sum to 1, and the model's own gate
    for unknown movement still holds. Examples that correct one of the model's own labels speak for that label.

    Args:
        model: the recogniser with whose embedding the pack was made.
        pack: the pack, with its head.
        only: whether the model's own actions are no longer named; their scores then go to the label for other movement.

    Raises:
        PackError: the pack belongs to another embedding model, or a name is taken.
    """

    def __init__(self, model: Recogniser, pack: Pack, only: bool = False) -> None:
        check_embedding(model, pack)
        assert pack.head is not None
        for name in pack.actions:
            if is_known(model, name, only) and name not in pack.corrects:
                ways = "teach it under another name, or use the pack with --only"
                raise PackError(f"the model already knows {name!r}: {ways}; {forgetting(name, 'PACK')}")
        self._model, self._head = model, pack.head
        silent = (IDLE, OTHER)
        self._kept = [c for c, label in enumerate(model.labels) if not only or label in silent]
        kept = tuple(model.labels[c] for c in self._kept)
        self._to_other = only and OTHER in kept
        self.taught = tuple(name for name in pack.actions if name not in kept)
        self.labels = (*kept, *self.taught)
        self._place_A = [self.labels.index(name) for name in pack.actions]
        self.display = {label: model.display[label] for label in kept} | {name: name for name in self.taught}
        self.window_s, self.frames, self.modalities = model.window_s, model.frames, model.modalities
        self.thresholds, self.provider, self.version = model.thresholds, model.provider, model.version
        self.terms, self.embedding = model.terms, model.embedding
        try:
            self(np.zeros((1, model.frames, V, 3), np.float32), np.full(1, model.window_s * 30, np.float32))
        except ValueError:
            raise PackError("a damaged pack: its numbers do not fit the model that it names; teach it again") from None

    def __call__(self, joints_NTV3: np.ndarray, frames_N: np.ndarray) -> ModelScores:
        """Recognise windows, as ActionModel does."""
        scores = self._model(joints_NTV3, frames_N)
        enter = self.thresholds["enter"]
        fused_NA, modality_NMA = self._head.logits(scores.embedding_ND, enter, len(self.modalities))
        return ModelScores(
            self._joined(scores.fused_NC, fused_NA),
            self._joined(scores.modality_NMC, modality_NMA),
            scores.embedding_ND,
        )

    def _joined(self, own: np.ndarray, logits: np.ndarray) -> np.ndarray:
        """Return scores (..., L) from the model's own scores (..., C) and the taught actions' log odds (..., A)."""
        odds = np.clip(logits, -30, 30)
        taught = 1 / (1 + np.exp(-odds.max(-1, keepdims=True)))
        share = np.exp(odds - odds.max(-1, keepdims=True))
        kept = own[..., self._kept].astype(np.float64)
        if self._to_other:
            place = self.labels.index(OTHER)
            kept[..., place] += 1 - kept.sum(-1)
        share *= taught / share.sum(-1, keepdims=True)
        joined = np.concatenate([kept * (1 - taught), np.zeros((*own.shape[:-1], len(self.taught)))], axis=-1)
        for a, place in enumerate(self._place_A):
            joined[..., place] += share[..., a]
        return joined.astype(np.float32)


def is_known(model: Recogniser, name: str, only: bool = False) -> bool:
    """Return whether a name is taken by one of the model's actions, ignoring capitals.

    Args:
        model: the recogniser with its own classes.
        name: name of a taught action.
        only: whether the model's own actions are not named; the names of its two labels for no action stay taken.
    """
    labels = (IDLE, OTHER) if only else (*model.labels, IDLE, OTHER)
    taken = {text.casefold() for label in labels for text in (label, model.display.get(label, label))}
    return name.casefold() in taken


def forgetting(name: str, pack: Path | str) -> str:
    """Return how an action is taken out of a pack, for a message.

    Args:
        name: of the action.
        pack: the pack's file, or a word for it.
    """
    return f"`{called('app')} teach --forget {quote(name)} --pack {quote(str(pack))}` takes it out of the pack"


def load_model(
    path: Path, pack_path: Path | None = None, only: bool = False, device: str = "auto", threads: int | None = None
) -> Recogniser:
    """Load a model file, with the actions of a pack if one is given.

    Raises:
        ValueError: the model cannot be used.
        PackError: the pack cannot be used, or not with this model.
    """
    model = ActionModel(path, device=device, threads=threads)
    return model if pack_path is None else TaughtModel(model, read_pack(pack_path), only)


def check_embedding(model: Recogniser, pack: Pack) -> None:
    """Refuse a pack of another embedding model.

    Raises:
        PackError: the pack is of another embedding model.
    """
    if not model.embedding:
        raise PackError(f"this model file does not name its embedding: export it again ({called('export')} onnx)")
    if pack.embedding != model.embedding:
        if pack.clips_EKV3 is None:
            raise PackError(
                "the pack was made with another model, and without skeletons it cannot be made anew for this one: "
                "name its own model with --model, or teach its actions again into a new pack"
            )
        raise PackError(
            f"the pack was made with another model; `{called('app')} teach --rebuild --pack PACK` makes it anew from "
            "the clips in it; with the same --model as here, where that is named"
        )
