"""The teacher, which makes examples from recordings and heads from examples, and rebuilds packs for another model.

Shapes: E clips, K frames of a clip, V joints, F frames of a window, W windows of a clip, D width of the embedding.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.teach.background import read_background
from app.teach.examples import Demonstration, TeachError, clip_of, repetitions, windows_of
from app.teach.pack import Pack, PackError
from app.teach.ridge import Ridge
from app.teach.taught_model import check_embedding
from app.teach.verdict import Verdict, judge_examples
from models.taught_clip import SHIFTS, clip_frames

if TYPE_CHECKING:
    from export.runtime import Recogniser

_BATCH = 16
MOST_AT_ONCE = 60  # most repetitions in one recording


def embedded(model: Recogniser, clips_EKV3: np.ndarray) -> np.ndarray:
    """Return a model's embeddings of the clips' windows, (E, W, D)."""
    windows = windows_of(clips_EKV3, model.frames)
    flat = windows.reshape(-1, *windows.shape[2:])
    frames_N = np.full(len(flat), model.window_s * 30, np.float32)
    parts = [model(flat[i : i + _BATCH], frames_N[i : i + _BATCH]) for i in range(0, len(flat), _BATCH)]
    return np.concatenate([part.embedding_ND for part in parts]).reshape(len(clips_EKV3), SHIFTS, -1)


class Teacher:
    """A teacher of actions to one model.

    Args:
        model: the recogniser whose embedding is used.
        model_path: the model's file; the background lies beside it.

    Attributes:
        model: as given.

    Raises:
        PackError: the background is missing, or not this model's.
    """

    def __init__(self, model: Recogniser, model_path: Path) -> None:
        self.model = model
        background = self._background = read_background(model_path, model)
        self._ridge = Ridge(background.embedding_BD, len(model.modalities), background.kind_B)

    def pack(self) -> Pack:
        """Return an empty pack."""
        return Pack(self.model.embedding)

    def spans(self, recording: Demonstration) -> list[tuple[float, float]]:
        """Return from when to when each repetition in a recording lasts, in seconds.

        Raises:
            TeachError: there are too many.
        """
        spans = repetitions(recording, self.model.window_s)
        if len(spans) > MOST_AT_ONCE:
            raise TeachError(
                f"{len(spans)} repetitions in one recording: three to five are enough; cut it to at most {MOST_AT_ONCE}"
            )
        return spans

    def clips(self, recording: Demonstration) -> np.ndarray:
        """Return the repetitions in a recording, each as a clip, (E, K, V, 3).

        Raises:
            TeachError: there are too many.
        """
        return self.cut(recording, self.spans(recording))

    def cut(self, recording: Demonstration, spans: list[tuple[float, float]]) -> np.ndarray:
        """Return what lies in each span of a recording, as clips (E, K, V, 3)."""
        return np.stack([clip_of(recording, *span, self.model.window_s, self.model.frames) for span in spans])

    def add(self, pack: Pack, action: str, clips_EKV3: np.ndarray, counter: bool = False) -> Pack:
        """Return the pack with more examples of an action (or of what it is not), with its head.

        Raises:
            PackError: the name cannot be used, the pack is full or another model's, or a counter-example comes before
                an example.
        """
        check_embedding(self.model, pack)
        if counter:
            pack.require(action)
        return self.finished(pack.with_clips(action, clips_EKV3, embedded(self.model, clips_EKV3), counter))

    def finished(self, pack: Pack) -> Pack:
        """Return the pack with its head, made anew from its examples.

        Raises:
            PackError: the pack is another model's, so that its examples do not fit this one's background.
        """
        check_embedding(self.model, pack)
        if not pack.actions:
            return pack
        own = {pack.actions.index(name): self._background.kinds_of(name) for name in pack.corrects}
        return replace(pack, head=self._ridge.head(pack.embedding_EWD, pack.action_E, pack.counter_E, own))

    def verdict(self, pack: Pack, action: str) -> Verdict:
        """Return whether an action of a pack will be recognised and, if not, why."""
        own = self._background.kinds_of(action) if action in pack.corrects else None
        judged = self._ridge.judge(pack.embedding_EWD, pack.action_E, pack.counter_E, pack.actions.index(action), own)
        place_of = {self._background.labels[kind]: place for kind, place in judged.place_of_kind.items()}
        return judge_examples(action, judged, place_of)

    def rebuilt(self, pack: Pack) -> Pack:
        """Return a pack made with another model, rebuilt for this one from its clips.

        Raises:
            PackError: the pack keeps no clips, or clips for another window.
        """
        if pack.clips_EKV3 is None:
            raise PackError("the pack keeps no clips: teach its actions again")
        frames = clip_frames(self.model.window_s, self.model.frames)
        if pack.clips_EKV3.shape[1] != frames:
            raise PackError(
                f"its clips have {pack.clips_EKV3.shape[1]} frames, this model needs {frames}: teach it again"
            )
        embedding_EWD = embedded(self.model, pack.clips_EKV3)
        return self.finished(replace(pack, embedding=self.model.embedding, embedding_EWD=embedding_EWD, head=None))
