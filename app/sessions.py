"""Who is watching: one pose landmarker and one action stream per visitor, never shared, always given back.

A landmarker follows people from frame to frame and a stream holds seconds of somebody's movement, so two visitors
must not meet in one. Sessions are kept by the browser tab's own key, bounded in number, and freed when the tab goes
or when it has sent nothing for a while (a tab that crashed never says goodbye).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from app.stream.action_stream import ActionStream

if TYPE_CHECKING:
    import numpy as np

    from app.page_record import Recorder
    from app.pose.landmarker import PoseSource
    from app.teach.lesson import Lesson, Lessons
    from app.teach.taught_model import TaughtModel
    from app.types import ActionEvent, Answer
    from export.runtime import ActionModel

LEFT_S = 15.0  # for so long what still arrives from a visitor who left is late, and after it a visitor who came back
RESTART_GAP_S = 2.0  # after a longer silence the camera was stopped: what was seen before is another scene
RETELL_S = 3.0  # an event is told for so long, for the page may miss an answer
Numbered = tuple[int, "ActionEvent"]


class SessionsFull(RuntimeError):
    """As many visitors as the machine is meant to serve are already here."""


class VisitorLeft(RuntimeError):
    """A frame came in late, after its visitor had closed the page."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a visitor is told about one frame.

    Attributes:
        session: tells this session from an earlier one of the same visitor.
        answer: of the stream.
        model: that the stream asked; it names the labels.
        events: (number within the session, event), the newest; most were told before.
        window_TV3: (T, 25, 3) metres, the main person's window if the frame brought new scores, else None.
        recording: "", "on" or "failed": whether landmarks are being written to a file.
    """

    session: int
    answer: Answer
    model: ActionModel | TaughtModel
    events: tuple[Numbered, ...]
    window_TV3: np.ndarray | None
    recording: str


class Session:
    """One visitor: their landmarker, their stream and their clock. Both are made at the first frame.

    The stream is made anew when the visitor's model is another one, because something was taught or forgotten.

    Args:
        make_pose: see Sessions.
        find_lesson: finds what the visitor taught, and with it the model.
        clock: a monotonic clock, seconds.
        recorder: takes the landmarks, None where nothing is recorded; closed with the session.
    """

    def __init__(
        self,
        make_pose: Callable[[], PoseSource],
        find_lesson: Callable[[], Lesson],
        clock: Callable[[], float],
        recorder: Recorder | None = None,
    ) -> None:
        self._make_pose, self._find_lesson, self._clock = make_pose, find_lesson, clock
        self._pose: PoseSource | None = None
        self._stream: ActionStream | None = None
        self._model: ActionModel | TaughtModel | None = None  # of the stream
        self._recorder = recorder
        self._events: deque[tuple[float, Numbered]] = deque()  # with the time when it was first told
        self._count = 0
        self._scores_C: np.ndarray | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._started = self.last_s = clock()
        self._number = time.time_ns() // 1_000_000

    def process(self, rgb_HWC: np.ndarray, sensitivity: float = 0.5) -> Reply:
        """One frame in, what the stream says about it out.

        Args:
            rgb_HWC: (height, width, 3) uint8 picture; its time is the time it arrives here.
            sensitivity: in [0, 1], see ActionStream.
        """
        with self._lock:
            if self._closed:
                raise VisitorLeft
            now = self._clock()
            if self._pose is None:
                self._pose = self._make_pose()
            lesson = self._find_lesson()
            if self._stream is None or now - self.last_s > RESTART_GAP_S or self._model is not lesson.model:
                self._finish(now)
                self._model = lesson.model
                self._stream = ActionStream(self._model)
            time_s = now - self._started
            try:
                poses = self._pose.detect(rgb_HWC, time_s)
                lesson.see(time_s, poses)
                return self._reply(now, time_s, poses, sensitivity)
            finally:
                self.last_s = self._clock()  # a machine that takes seconds over a frame is no camera that stopped

    def finish(self) -> tuple[Numbered, ...]:
        """The camera was stopped: end what goes on; the newest events."""
        with self._lock:
            self._finish(self._clock())
            return tuple(event for _, event in self._events)

    def close(self) -> None:
        """Free the landmarker and forget the stream; waits for the frame in hand."""
        with self._lock:
            if self._pose is not None:
                self._pose.close()
            if self._recorder is not None:
                self._recorder.close()
            self._pose = self._stream = self._model = self._recorder = None
            self._closed = True

    def _reply(self, now: float, time_s: float, poses: list, sensitivity: float) -> Reply:
        if self._stream.sensitivity != sensitivity:
            self._stream.sensitivity = sensitivity
        answer = self._stream.push(time_s, poses)
        if self._recorder is not None:
            self._recorder.add(time_s, [(state.person, state.pose) for state in answer.persons if state.pose])
        self._tell(now, answer.events)
        new = answer.fused_C is not None and answer.fused_C is not self._scores_C
        self._scores_C = answer.fused_C
        return Reply(
            session=self._number,
            answer=answer,
            model=self._model,
            events=tuple(event for _, event in self._events),
            window_TV3=self._stream.main_window() if new else None,
            recording=self._recorder.state if self._recorder is not None else "",
        )

    def _tell(self, now: float, events: tuple[ActionEvent, ...] | list[ActionEvent]) -> None:
        for event in events:
            self._events.append((now, (self._count, event)))
            self._count += 1
        while self._events and now - self._events[0][0] > RETELL_S:
            self._events.popleft()

    def _finish(self, now: float) -> None:
        if self._stream is not None:
            self._tell(now, self._stream.finish())
        self._stream = self._scores_C = None


class Sessions:
    """The registry of visitors.

    Args:
        make_pose: makes a visitor's landmarker.
        lessons: what each visitor taught, and the model that knows it.
        limit: how many visitors may be served at once.
        idle_s: a visitor silent for so long gives up the place, seconds.
        clock: a monotonic clock, seconds.
        make_recorder: makes a visitor's recorder of landmarks; None where nothing is recorded.
    """

    def __init__(
        self,
        make_pose: Callable[[], PoseSource],
        lessons: Lessons,
        limit: int,
        idle_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        make_recorder: Callable[[], Recorder] | None = None,
    ) -> None:
        if limit < 1:
            raise ValueError(f"the limit of visitors must be 1 or more, got {limit}")
        self.limit, self.idle_s = limit, idle_s
        self.lessons = lessons
        self._make_pose, self._clock = make_pose, clock
        self._make_recorder = make_recorder
        self._sessions: dict[str, Session] = {}
        self._left: dict[str, float] = {}  # when each visitor left
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def __len__(self) -> int:
        return len(self._sessions)

    def process(self, key: str, rgb_HWC: np.ndarray, sensitivity: float = 0.5) -> Reply:
        """Hand one frame to the visitor `key`, who is let in if there is room.

        Raises:
            SessionsFull: `limit` other visitors are being served.
            VisitorLeft: the visitor closed the page a moment ago.
        """
        return self._session(key).process(rgb_HWC, sensitivity)

    def finish(self, key: str) -> tuple[Numbered, ...]:
        """The visitor stopped the camera, and may start it again: end what goes on; the newest events."""
        with self._lock:
            session = self._sessions.get(key)
        return session.finish() if session is not None else ()

    def _session(self, key: str) -> Session:
        self.sweep()
        with self._lock:
            if key in self._left:
                raise VisitorLeft(key)
            if key not in self._sessions:
                if len(self._sessions) >= self.limit:
                    raise SessionsFull(f"{self.limit} visitors are here already")
                recorder = self._make_recorder() if self._make_recorder is not None else None
                self._sessions[key] = Session(self._make_pose, partial(self.lessons.of, key), self._clock, recorder)
            return self._sessions[key]

    def free(self, key: str) -> None:
        """Take a visitor's place back; a key that is not here is fine."""
        with self._lock:
            session = self._sessions.pop(key, None)
        if session is not None:
            session.close()

    def leave(self, key: str) -> None:
        """The visitor closed the page: free the place, and open no new one for frames still on their way."""
        with self._lock:
            self._left[key] = self._clock()
        self.free(key)
        self.lessons.leave(key)

    def has_left(self, key: str) -> bool:
        """Whether the visitor closed the page a moment ago."""
        return key in self._left

    def sweep(self) -> None:
        """Free everyone who has been silent for longer than `idle_s`."""
        now = self._clock()
        oldest = now - self.idle_s
        with self._lock:
            self._left = {key: left_s for key, left_s in self._left.items() if now - left_s < LEFT_S}
            silent = [key for key, session in self._sessions.items() if session.last_s < oldest]
        for key in silent:
            self.free(key)

    def sweep_in_background(self) -> None:
        """Sweep until `close`: the last visitor of the day must not keep a place, nor their movement, all night."""

        def loop() -> None:
            while not self._closed.wait(self.idle_s / 2):
                self.sweep()

        threading.Thread(target=loop, name="sessions-sweep", daemon=True).start()

    def close(self) -> None:
        """Free everyone and stop sweeping."""
        self._closed.set()
        for key in list(self._sessions):
            self.free(key)
