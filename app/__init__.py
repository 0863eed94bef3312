"""IKEM Live names what people do. From Python: the events of a video, a recording of landmarks or a recorded skeleton.

>>> from app import classify_video
>>> for event in classify_video("assets/example.mp4").events:
...     print(event.label, round(event.start_s), round(event.end_s))
wave 3 7
jumping_jack 11 15
squat 18 24

What a caller may have to catch is here too: VideoError, LandmarkError, ClipFileError, ModelFileError and
PoseModelError. Each is a ValueError whose text says what to do.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.classify.one_input import Result, classify_clip, classify_video
    from app.classify.summary import Summary
    from app.landmarks.codec import LandmarkError
    from app.pose.packages import PoseModelError
    from app.sources.video import VideoError
    from app.types import ActionEvent
    from export.runtime import ModelFileError, Recogniser
    from models.clips import ClipFileError
else:
    _HOMES = {
        "ActionEvent": "app.types",
        "ClipFileError": "models.clips",
        "LandmarkError": "app.landmarks.codec",
        "ModelFileError": "export.runtime",
        "PoseModelError": "app.pose.packages",
        "Recogniser": "export.runtime",
        "Result": "app.classify.one_input",
        "Summary": "app.classify.summary",
        "VideoError": "app.sources.video",
        "classify_clip": "app.classify.one_input",
        "classify_video": "app.classify.one_input",
    }

    def __getattr__(name: str) -> object:
        """Import a public name when it is asked for, so that `import app` alone loads neither numpy nor the rest."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)


__all__ = [
    "ActionEvent",
    "ClipFileError",
    "LandmarkError",
    "ModelFileError",
    "PoseModelError",
    "Recogniser",
    "Result",
    "Summary",
    "VideoError",
    "classify_clip",
    "classify_video",
]
