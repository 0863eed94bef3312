"""The session of one visitor: their stream, their landmarker and what they taught."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.page.recent import Recent
from app.stream.action_stream import ActionStream

if TYPE_CHECKING:
    import numpy as np

    from app.broadcast.source import Broadcast
    from app.corrections.live import Shown
    from app.page.recorder import Recorder
    from app.pose.landmarker import PoseSource
    from app.teach.lesson import Lesson
    from app.types import ActionEvent, Answer
    from export.runtime import Recogniser

RESTART_GAP_S = 2.0  # after a longer gap the camera was stopped, and a new scene begins
RETELL_S = 3.0  # how long an event is sent again, since the page may miss an answer
Numbered = tuple[int, "ActionEvent"]


class VisitorLeft(RuntimeError):
    """The error of a frame that arrives after its visitor has closed the page."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to a visitor about one frame.

    Attributes:
        session: number that tells this session from an earlier one of the same visitor.
        answer: the stream's answer.
        model: the recogniser that the stream used; it names the labels.
        events: the newest events as (number within the session, event); most were sent before.
        window_TV3: (T, 25, 3) metres, the main person's window if the frame brought new scores, else None.
        recording: "", "on" or "failed": whether landmarks are being written to a file.
    """

    session: int
    answer: Answer
    model: Recogniser
    events: tuple[Numbered, ...]
    window_TV3: np.ndarray | None
    recording: str


class Session:
    """The session of one visitor, with their landmarker, stream and clock.

    Landmarker and stream are made at the first frame.

    The stream is made anew when the visitor's model changes, because something was taught or forgotten.

    Args:
        make_pose: see Sessions.
        find_lesson: returns what the visitor taught, and with it the model.
        clock: a monotonic clock, seconds.
        recorder: records the landmarks, None to record nothing; closed with the session.
        make_broadcast: makes what tells other programs of a stream, by the stream's model; None tells nobody.
    """

    def __init__(
        self,
        make_pose: Callable[[], PoseSource],
        find_lesson: Callable[[], Lesson],
        clock: Callable[[], float],
        recorder: Recorder | None = None,
        make_broadcast: Callable[[Recogniser], Broadcast] | None = None,
    ) -> None:
        self._make_broadcast = make_broadcast
        self._broadcast: Broadcast | None = None
        self._make_pose, self._find_lesson, self._clock = make_pose, find_lesson, clock
        self._pose: PoseSource | None = None
        self._stream: ActionStream | None = None
        self._model: Recogniser | None = None  # of the stream
        self._recorder = recorder
        self._events: deque[tuple[float, Numbered]] = deque()  # with the time when it was first told
        self._count = 0
        self._scores_C: np.ndarray | None = None
        self._recent = Recent()
        self._lock = threading.Lock()
        self._closed = False
        self._started = self.last_s = clock()
        self._number = time.time_ns() // 1_000_000

    def process(self, rgb_HWC: np.ndarray, sensitivity: float = 0.5) -> Reply:
        """Answer one frame.

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
            stream, model = self._stream, lesson.model
            if stream is None or now - self.last_s > RESTART_GAP_S or self._model is not model:
                self._finish(now)
                self._model = model
                stream = self._stream = ActionStream(model)
                if self._make_broadcast is not None:
                    self._broadcast = self._make_broadcast(model)
            time_s = now - self._started
            try:
                poses = self._pose.detect(rgb_HWC, time_s)
                lesson.see(time_s, poses)
                if stream.sensitivity != sensitivity:
                    stream.sensitivity = sensitivity
                return self._reply(now, stream, model, stream.push(time_s, poses))
            finally:
                self.last_s = self._clock()  # a slow frame is not a gap of the camera

    def finish(self) -> tuple[Numbered, ...]:
        """End the current actions because the camera was stopped, and return the newest events."""
        with self._lock:
            self._finish(self._clock())
            return tuple(event for _, event in self._events)

    def shown(self, number: object) -> Shown | None:
        """Return one of the last events with its movement, by its number; None if it is not here any more."""
        with self._lock:
            return self._recent.find(number)

    def close(self) -> None:
        """Free the landmarker and forget the stream, after the frame that is being answered."""
        with self._lock:
            if self._pose is not None:
                self._pose.close()
            if self._recorder is not None:
                self._recorder.close()
            if self._broadcast is not None:
                self._broadcast.finish()
            self._pose = self._stream = self._model = self._recorder = self._broadcast = None
            self._recent = Recent()
            self._closed = True

    def _reply(self, now: float, stream: ActionStream, model: Recogniser, answer: Answer) -> Reply:
        if self._recorder is not None:
            self._recorder.add(answer.time_s, [(state.person, state.pose) for state in answer.persons if state.pose])
        self._recent.see(answer.time_s, answer.persons)
        self._tell(now, answer.events)
        if self._broadcast is not None:
            self._broadcast.frame(answer)
        new = answer.fused_C is not None and answer.fused_C is not self._scores_C
        self._scores_C = answer.fused_C
        return Reply(
            session=self._number,
            answer=answer,
            model=model,
            events=tuple(event for _, event in self._events),
            window_TV3=stream.main_window() if new else None,
            recording=self._recorder.state if self._recorder is not None else "",
        )

    def _tell(self, now: float, events: tuple[ActionEvent, ...] | list[ActionEvent]) -> None:
        for event in events:
            if self._broadcast is not None:
                self._broadcast.end(event)
            self._events.append((now, (self._count, event)))
            self._recent.tell(self._count, event, self._stream.sensitivity if self._stream is not None else 0.5)
            self._count += 1
        while self._events and now - self._events[0][0] > RETELL_S:
            self._events.popleft()

    def _finish(self, now: float) -> None:
        if self._stream is not None:
            self._tell(now, self._stream.finish())
        if self._broadcast is not None:
            self._broadcast.finish()
        self._broadcast = None
        self._stream = self._scores_C = None
