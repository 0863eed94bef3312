"""The lesson of one visitor of the page: a current recording, their pack, and the model that knows it.

Nothing of it is written to disk. Shapes: E clips, K frames of a clip, V joints.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from app.teach.examples import Demonstration, TeachError
from app.teach.pack import Pack, PackError, checked_name, pack_bytes, parse_pack
from app.teach.taught_model import TaughtModel, is_known
from app.teach.teacher import Teacher
from app.teach.verdict import FEW, Verdict
from app.types import Pose, PosedFrame
from models.system.words import count

if TYPE_CHECKING:
    from export.runtime import Recogniser

LONGEST_S = 30.0  # length of a recording; later frames are not kept
MOST_FRAMES = 2000  # most frames of a recording, whatever the camera's rate
MOST_PACK_BYTES = 16 << 20  # size of a pack that a visitor loads; a clip has some 15 kB


class Lesson:
    """The recording, pack and model of one visitor.

    The methods may be called from several threads.

    Args:
        model: the model of the model file.
        teacher: the teacher of that model; None if nothing can be taught.
        pack: pack to begin with, None for an empty one.
        only: whether the model's own actions are left out.
        check_room: called with the bytes of a larger pack before it is kept; raises PackError where there is no room.

    Attributes:
        model: what the visitor's stream should use now; another object whenever its actions have changed.
        pack: what was taught so far, None while nothing was.
        only: whether the model's own actions are left out, once there are others.
        used_s: when it was last used, by the clock of the registry (app.teach.lessons).
    """

    def __init__(
        self,
        model: Recogniser,
        teacher: Teacher | None = None,
        pack: Pack | None = None,
        only: bool = False,
        check_room: Callable[[int], None] = lambda size: None,
    ) -> None:
        self._own, self._teacher, self._lock = model, teacher, threading.Lock()
        self._frames: list[PosedFrame] = []
        self._asked: tuple[str, bool] | None = None  # the current recording's action, and whether of counter-examples
        self.used_s = 0.0
        self.pack: Pack | None = pack
        self._check_room = check_room
        self._take(pack, only)

    @property
    def teaches(self) -> bool:
        """Whether anything can be taught here."""
        return self._teacher is not None

    @property
    def teacher(self) -> Teacher:
        """The teacher of its model.

        Raises:
            PackError: nothing can be taught.
        """
        return self._teaches()

    @property
    def recording(self) -> str:
        """The name of the action that is being recorded, or ""."""
        asked = self._asked
        return asked[0] if asked is not None else ""

    def see(self, time_s: float, poses: Sequence[Pose]) -> None:
        """Add the people found in one frame, if a recording goes on."""
        with self._lock:
            if self._asked is None or len(self._frames) >= MOST_FRAMES:
                return
            if not self._frames or time_s - self._frames[0].time_s <= LONGEST_S:
                self._frames.append(PosedFrame(time_s, list(poses)))

    def start(self, name: str, counter: bool = False) -> str:
        """Begin to record examples of an action, or of what it is not, and return the action's name.

        Raises:
            PackError: the name cannot be used.
        """
        self._teaches()
        name = self._as_known(checked_name(name))
        if is_known(self._own, name, self.only):
            way = "" if self.only else ', or switch "Only my actions are named" on'
            raise PackError(f"the model already knows {name!r}: choose another name{way}")
        if counter:
            (self.pack or self._teaches().pack()).require(name)
        with self._lock:
            self._asked, self._frames = (name, counter), []
        return name

    def cancel(self) -> None:
        """Forget the current recording."""
        with self._lock:
            self._asked, self._frames = None, []

    def stop(self) -> str:
        """End the recording, learn from it and return what was learnt, in words.

        Raises:
            TeachError: the recording shows nothing to learn from.
            PackError: the pack is full.
        """
        teacher = self._teaches()
        with self._lock:
            asked, frames, self._asked, self._frames = self._asked, self._frames, None, []
        if asked is None:
            raise TeachError("no recording goes on: press Record first")
        if not frames:
            raise TeachError("no picture came from the camera: start it, and record again")
        name, counter = asked
        clips_EKV3 = teacher.clips(Demonstration.from_poses(frames))
        before = self.pack or teacher.pack()
        is_new = name not in before.actions
        self._take(teacher.add(before, name, clips_EKV3, counter), self.only)
        return self._learnt(name, len(clips_EKV3), counter, is_new)

    def delete(self, clip: str) -> None:
        """Remove one example; an action without examples is removed too.

        Raises:
            PackError: there is no such clip.
        """
        places = [place for place, known in enumerate(self.clip_names()) if known == clip]
        if self.pack is None or not places:
            raise PackError("that example is gone already")
        self._shrink(places[:1])

    def forget(self, name: str) -> None:
        """Remove an action with all its examples.

        Raises:
            PackError: there is no such action.
        """
        if self.pack is None or name not in self.pack.actions:
            raise PackError(f"there is no action {name!r}")
        self._shrink(np.flatnonzero(self.pack.action_E == self.pack.actions.index(name)).tolist())

    def take(self, pack: Pack) -> None:
        """Take a pack in the place of what was taught.

        Raises:
            PackError: there is no room for it, or a name in it is taken.
        """
        self._take(pack, self.only)

    def verdict(self, action: str) -> Verdict:
        """Return whether an action will be recognised and, if not, why."""
        assert self.pack is not None
        known = self._verdicts.get(action)
        if known is None:
            known = self._verdicts[action] = self._teaches().verdict(self.pack, action)
        return known

    def set_only(self, only: bool) -> None:
        """Choose whether only taught actions are named, or the model's own too.

        Raises:
            PackError: a taught action has the name of one of them.
        """
        self._take(self.pack, only)

    def load(self, content: bytes, name: str, check_name: Callable[[str], None] = lambda name: None) -> None:
        """Replace what was taught by a pack's file.

        Args:
            content: of the file.
            name: what messages call it.
            check_name: called with the name of each action in it; raises PackError where it cannot be used.

        Raises:
            PackError: the file is not a pack, too large, of another model, or has such a name.
        """
        if len(content) > MOST_PACK_BYTES:
            raise PackError(f"{name}: larger than the page takes ({MOST_PACK_BYTES >> 20} MB)")
        pack = parse_pack(content, name)
        for action in pack.actions:
            check_name(action)
        self._take(pack, self.only)

    def file(self) -> bytes:
        """Return the pack as a file's content.

        Raises:
            PackError: nothing was taught.
        """
        if self.pack is None:
            raise PackError("there is nothing to save yet: teach an action first")
        return pack_bytes(self.pack)

    def clip_names(self) -> list[str]:
        """Return a short name for each clip of the pack, which stays the same as long as the clip is there."""
        if self.pack is None:
            return []
        return [hashlib.blake2b(clip.tobytes(), digest_size=6).hexdigest() for clip in self.pack.embedding_EWD]

    def _teaches(self) -> Teacher:
        if self._teacher is None:
            raise PackError("nothing can be taught here")
        return self._teacher

    def _as_known(self, name: str) -> str:
        """Return the name in the spelling of a known action if they differ only in capitals."""
        known = self.pack.actions if self.pack is not None else ()
        return next((action for action in known if action.casefold() == name.casefold()), name)

    def _take(self, pack: Pack | None, only: bool) -> None:
        pack = pack if pack is not None and pack.actions else None
        if pack is not None and pack.size > (0 if self.pack is None else self.pack.size):
            self._check_room(pack.size)
        self.model = self._own if pack is None else TaughtModel(self._own, pack, only)
        self.pack, self.only = pack, only
        self._verdicts: dict[str, Verdict] = {}

    def _shrink(self, places: list[int]) -> None:
        assert self.pack is not None
        self._take(self._teaches().finished(self.pack.without_clips(places)), self.only)

    def _learnt(self, name: str, times: int, counter: bool, is_new: bool) -> str:
        seen = f"{count(times, 'repetition')} seen"
        if counter:
            return f"{seen}: kept as what {name!r} is not"
        if not is_new:
            return f"{seen}, added to {name!r}, which was there already{self._doubt(name)}"
        more = "; one works, three to five are better" if times == 1 else self._doubt(name)
        return f"{seen}: {name!r} is live now{more}"

    def _doubt(self, name: str) -> str:
        """Return why an action may not be recognised although there are enough examples of it, or ""."""
        verdict = self.verdict(name)
        return "" if verdict.good or verdict.why == FEW else f", but {verdict.said}; {verdict.advice}"
