"""The lessons of all visitors of the page, which are bounded in number and in size.

Nothing of them is written to disk.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.teach.lesson import Lesson
from app.teach.pack import Pack, PackError, read_pack
from app.teach.teacher import Teacher

if TYPE_CHECKING:
    from export.runtime import Recogniser

IDLE_S = 4 * 3600.0  # a lesson that was not used for longer is forgotten
MOST_VISITORS, MOST_OF_ADDRESS = 64, 8  # most lessons that are kept, in all and of one address
MOST_TAUGHT, MOST_TAUGHT_OF_ADDRESS = 256 << 20, 64 << 20  # bytes of their packs
_NO_ROOM = "as much is taught here at the moment as there is room for: try again when others have left"


class LessonsFullError(RuntimeError):
    """The error of a visitor who cannot be taught more, because others have taught so much."""


@dataclass
class Lessons:
    """The registry of visitors' lessons: kept by the browser tab's own key, and forgotten with the tab.

    Where there is no room, newcomers are refused: nobody's actions make way for another's.

    Attributes:
        model: the model of the model file.
        teacher: the teacher of that model; None if nothing can be taught.
        why_not: why nothing can be taught, "" if it can.
        pack: the pack that every visitor begins with, or None.
        only: whether the model's own actions are left out at the beginning.
        clock: a monotonic clock, seconds.
        address: returns the address of a visitor.
    """

    model: Recogniser
    teacher: Teacher | None = None
    why_not: str = ""
    pack: Pack | None = None
    only: bool = False
    clock: Callable[[], float] = time.monotonic
    address: Callable[[str], str] = str

    def __post_init__(self) -> None:
        self._lessons: dict[str, Lesson] = {}
        self._lock = threading.Lock()
        # What everybody has who has taught nothing; a pack that does not fit is refused now.
        self._fresh = Lesson(self.model, self.teacher, self.pack, self.only)

    def __len__(self) -> int:
        return len(self._lessons)

    def find(self, key: str) -> Lesson:
        """Return the visitor's lesson to read, which all share who have taught nothing."""
        return self._lessons.get(key, self._fresh)

    def of(self, key: str) -> Lesson:
        """Return the visitor's lesson to change, which is new for a new visitor.

        Raises:
            LessonsFullError: there are as many lessons as may be, in all or of one address.
        """
        now = self.clock()
        with self._lock:
            for other in [other for other, lesson in self._lessons.items() if now - lesson.used_s > IDLE_S]:
                del self._lessons[other]
            if key not in self._lessons:
                if len(self._lessons) >= MOST_VISITORS or len(self._same(key)) >= MOST_OF_ADDRESS:
                    raise LessonsFullError(_NO_ROOM)
                check = partial(self._check_room, key)
                lesson = self._lessons[key] = Lesson(self.model, self.teacher, self.pack, self.only, check)
                lesson.model = self._fresh.model  # the same one, so that a stream that uses it goes on
            lesson = self._lessons[key]
            lesson.used_s = now
            return lesson

    def _same(self, key: str) -> list[Lesson]:
        """Return the other lessons of the visitor's address."""
        address = self.address(key)
        return [it for other, it in list(self._lessons.items()) if other != key and self.address(other) == address]

    def _check_room(self, key: str, size: int) -> None:
        others = [lesson for other, lesson in list(self._lessons.items()) if other != key]
        taken, of_address = (_taught(lessons) for lessons in (others, self._same(key)))
        if taken + size > MOST_TAUGHT or of_address + size > MOST_TAUGHT_OF_ADDRESS:
            raise PackError(_NO_ROOM)

    def leave(self, key: str) -> None:
        """Forget what a visitor taught; an unknown key is ignored."""
        with self._lock:
            self._lessons.pop(key, None)


def _taught(lessons: Sequence[Lesson]) -> int:
    return sum(lesson.pack.size for lesson in lessons if lesson.pack is not None)


def open_lessons(model: Recogniser, path: Path, pack_path: Path | None = None, only: bool = False) -> Lessons:
    """Return the lessons for a model file.

    Without the model's background nothing can be taught; `why_not` tells why.

    Raises:
        PackError: the pack cannot be used.
    """
    pack = None if pack_path is None else read_pack(pack_path)
    try:
        return Lessons(model, Teacher(model, path), pack=pack, only=only)
    except PackError as error:
        return Lessons(model, why_not=str(error), pack=pack, only=only)
