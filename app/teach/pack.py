"""The pack: taught actions in one small file of safetensors and JSON, so nothing in it can run.

It holds the skeleton clips (no picture), their embeddings, and the head made from them, for one embedding model.

Shapes: E clips, K frames of a clip, V joints, W windows of a clip, D width of the embedding, A actions.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.teach.head import Head
from models.system.atomic import OutputError, replacing
from models.system.command_line import called
from models.system.contents import mistaken

FORMAT = "ikem-live-pack/1"
MOST_BYTES = 64 << 20  # largest file that is read
MOST_ACTIONS, MOST_CLIPS = 50, 2000
MOST_FRAMES = 1000  # of one clip, which has as many as a window of the model
_LARGEST = 1e9  # number, far above any that is learnt or measured, and far below what overflows
NO_ACTION = -1  # in place of an action's number: a counter-example of all
_NAME = 40  # most letters of an action's name
_JOINED = re.compile(r"(?<=[^\w\s])\u200d(?=[^\w\s])")  # what makes one sign of several, as in the sign of a family


class PackError(ValueError):
    """The reason why a pack cannot be used, as a message that says what to do."""


@dataclass(frozen=True, slots=True)
class Pack:
    """The taught actions with their examples and head.

    Attributes:
        embedding: name of the embedding model (Recogniser.embedding).
        actions: names, as people gave them.
        action_E: the action that each clip belongs to.
        counter_E: bool, whether it is an example of what that action is not; of what no action is where its action is
            NO_ACTION.
        embedding_EWD: of the windows of each clip.
        clips_EKV3: the clips, metres; None if the pack keeps none.
        head: the head fitted to them; None before there is an example of every action.
        corrects: the actions that are labels of the model itself, whose examples correct what it says.
    """

    embedding: str
    actions: tuple[str, ...] = ()
    action_E: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    counter_E: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    embedding_EWD: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 0), np.float32))
    clips_EKV3: np.ndarray | None = None
    head: Head | None = None
    corrects: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The bytes of its arrays, nearly all of what it takes in memory."""
        return self.embedding_EWD.nbytes + (0 if self.clips_EKV3 is None else self.clips_EKV3.nbytes)

    def examples(self, action: str, counter: bool = False) -> np.ndarray:
        """Return the places of an action's examples, or counter-examples, among the clips."""
        return np.flatnonzero((self.action_E == self.actions.index(action)) & (self.counter_E == counter))

    def advice(self, action: str) -> str:
        """Return what would make an action surer, or "" if it is well taught."""
        if len(self.examples(action)) < 3:
            return "three to five examples are better"
        if self.head is not None and self.head.is_vague[self.actions.index(action)]:
            return "hard to tell from everyday movement: show more of it, or what it is not"
        return ""

    def require(self, action: str) -> None:
        """Refuse counter-examples of an action that the pack does not know.

        Raises:
            PackError: there is no such action.
        """
        if checked_name(action) not in self.actions:
            raise PackError(f"teach {action!r} itself before what it is not")

    def without_skeletons(self) -> Pack:
        """Return the pack without its clips: smaller, and tied to its embedding model for good."""
        return replace(self, clips_EKV3=None)

    def with_clips(self, action: str, clips_EKV3: np.ndarray, embedding_EWD: np.ndarray, counter: bool = False) -> Pack:
        """Return the pack with more examples of an action, which may be new; its head must then be made anew.

        An action "" stands for all of them, and has counter-examples alone.

        Raises:
            PackError: the name cannot be used, or the pack is full.
        """
        action = checked_name(action) if action else ""
        assert action or counter
        actions = self.actions if not action or action in self.actions else (*self.actions, action)
        count = len(embedding_EWD)
        if len(actions) > MOST_ACTIONS or len(self.action_E) + count > MOST_CLIPS:
            raise PackError(f"a pack holds up to {MOST_ACTIONS} actions and {MOST_CLIPS} examples: begin another one")
        kept = self.clips_EKV3 if len(self.action_E) else clips_EKV3[:0]
        held = self.embedding_EWD if len(self.action_E) else embedding_EWD[:0]
        return replace(
            self,
            actions=actions,
            action_E=np.append(self.action_E, np.full(count, actions.index(action) if action else NO_ACTION)),
            counter_E=np.append(self.counter_E, np.full(count, counter)),
            embedding_EWD=np.concatenate([held, embedding_EWD]),
            clips_EKV3=None if kept is None else np.concatenate([kept, clips_EKV3]),
            head=None,
        )

    def without_clips(self, places: list[int]) -> Pack:
        """Return the pack without some clips and without actions that have no example left.

        Its head must then be made anew.
        """
        keep_E = np.ones(len(self.action_E), bool)
        keep_E[places] = False
        shown = set(self.action_E[keep_E & ~self.counter_E].tolist())
        keep_E &= np.isin(self.action_E, [*sorted(shown), *([NO_ACTION] if shown else [])])
        number = {old: new for new, old in enumerate(sorted(shown))} | {NO_ACTION: NO_ACTION}
        return replace(
            self,
            actions=tuple(name for i, name in enumerate(self.actions) if i in shown),
            action_E=np.array([number[i] for i in self.action_E[keep_E].tolist()], np.int64),
            counter_E=self.counter_E[keep_E],
            embedding_EWD=self.embedding_EWD[keep_E],
            clips_EKV3=None if self.clips_EKV3 is None else self.clips_EKV3[keep_E],
            head=None,
            corrects=tuple(name for name in self.corrects if self.actions.index(name) in shown),
        )


def checked_name(name: str) -> str:
    """Return an action's name without spaces around it, after a check. Accents are joined to their letters (NFC).

    Raises:
        PackError: it is empty, too long, holds what cannot be shown in a line, or begins as a spreadsheet's formula.
    """
    name = unicodedata.normalize("NFC", " ".join(name.split()))  # file names from Macs have accents apart
    if not name or len(name) > _NAME:
        got = f"got {len(name)}: {name[:_NAME]!r} ..." if name else "got none"
        raise PackError(f"an action needs a name of 1 to {_NAME} letters; {got}")
    if not _JOINED.sub("", name).isprintable():
        raise PackError(f"an action's name cannot hold characters that are not shown; got {name!r}")
    if name[0] in "=+-@":
        raise PackError(f"an action's name cannot begin with {name[0]!r}, as formulas do; got {name!r}")
    return name


def pack_bytes(pack: Pack) -> bytes:
    """Return a pack with its head as the content of a file."""
    from safetensors.numpy import save

    assert pack.head is not None
    tensors = {
        "action": pack.action_E.astype(np.int16),
        "counter": pack.counter_E.astype(np.uint8),
        "embedding": pack.embedding_EWD.astype(np.float16),
        **{f"head.{name}": array.astype(np.float32) for name, array in pack.head.arrays().items()},
    }
    if pack.clips_EKV3 is not None:
        tensors["clips"] = pack.clips_EKV3.astype(np.float16)
    said = {"format": FORMAT, "embedding": pack.embedding, "actions": json.dumps(pack.actions)}
    if pack.corrects:
        said["corrects"] = json.dumps(pack.corrects)
    return save({name: np.ascontiguousarray(array) for name, array in tensors.items()}, metadata=said)


def write_pack(pack: Pack, path: Path) -> None:
    """Write a pack, all or nothing.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        with replacing(path) as part:
            part.write_bytes(pack_bytes(pack))
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}; nothing was changed") from None


def read_pack(path: Path) -> Pack:
    """Read a pack's file.

    Raises:
        PackError: the file is missing, damaged, or not a pack.
    """
    if not path.exists():
        raise PackError(f"{path}: there is no such pack; `{called('app')} teach NAME VIDEO --pack {path}` makes one")
    if instead := mistaken(path):
        raise PackError(f"{path} {instead}")
    if path.stat().st_size > MOST_BYTES:
        raise PackError(f"{path}: larger than a pack can be ({MOST_BYTES >> 20} MB)")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PackError(f"{path}: it cannot be read ({error.strerror or error})") from None
    return parse_pack(content, str(path))


def parse_pack(content: bytes, name: str) -> Pack:
    """Return the pack in a file's content, after checking everything in it.

    Args:
        content: content of the file.
        name: what messages call the file.

    Raises:
        PackError: the content is damaged, or not a pack.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(content)
        said = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")]).get("__metadata__", {})
    except (SafetensorError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise PackError(f"{name}: not a pack, or a damaged one; teach the actions again") from None
    if said.get("format") != FORMAT:
        told = repr(said.get("format"))[: 2 * _NAME]
        raise PackError(f"{name}: not a pack of this version (it says {told}, not {FORMAT!r})")
    try:
        return _checked(said, tensors)
    except (KeyError, ValueError, TypeError, PackError) as error:
        own = isinstance(error, PackError) or str(error).endswith("make no sense")
        raise PackError(f"{name}: a damaged pack{f' ({error})' if own else ''}; teach it again") from None


def _checked(said: dict[str, str], tensors: dict[str, np.ndarray]) -> Pack:
    try:
        names: Any = json.loads(said["actions"])
    except RecursionError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError("its names make no sense")
    actions = tuple(checked_name(name) for name in names)
    if not all(bool((np.abs(array.astype(np.float64)) <= _LARGEST).all()) for array in tensors.values()):
        raise ValueError("its numbers make no sense")
    corrects: Any = json.loads(said.get("corrects", "[]"))
    action_E, counter_E = tensors["action"].astype(np.int64), tensors["counter"].astype(bool)
    embedding_EWD = tensors["embedding"].astype(np.float32)
    clips_EKV3 = tensors["clips"].astype(np.float32) if "clips" in tensors else None
    head = Head(**{name.removeprefix("head."): array.astype(np.float64) for name, array in tensors.items()
                   if name.startswith("head.")})  # fmt: skip
    count = len(action_E)
    rules = {
        "names": 0 < len(actions) == len(set(actions)) <= MOST_ACTIONS,
        "corrected labels": isinstance(corrects, list) and all(name in actions for name in corrects),
        "examples": 0 < count <= MOST_CLIPS and action_E.shape == counter_E.shape == (count,)
                    and set(action_E[~counter_E].tolist()) == set(range(len(actions)))
                    and {*action_E.tolist()} - {NO_ACTION} == set(range(len(actions))),
        "embeddings": embedding_EWD.ndim == 3 and len(embedding_EWD) == count and embedding_EWD.size > 0,
        "clips": clips_EKV3 is None or (clips_EKV3.ndim == 4 and clips_EKV3.shape[:1] == (count,)
                                        and 0 < clips_EKV3.shape[1] <= MOST_FRAMES and clips_EKV3.shape[2:] == (25, 3)),
        "head": head.fits(len(actions), embedding_EWD.shape[-1]),
    }  # fmt: skip
    for name, holds in rules.items():
        if not holds:
            raise ValueError(f"its {name} make no sense")
    return Pack(said["embedding"], actions, action_E, counter_E, embedding_EWD, clips_EKV3, head, tuple(corrects))
