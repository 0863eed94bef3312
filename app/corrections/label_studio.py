"""Events for Label Studio: a task with an annotation of timeline labels, whose times are frames from 1."""

from __future__ import annotations

import json
import math

from app.corrections.correction import Correction


def label_studio(correction: Correction, fps: float) -> str:
    """Return the events as the text of a file of tasks, for Label Studio's import.

    Args:
        correction: the events.
        fps: frames a second of the video, as the labelling configuration names them too (`frameRate`).

    Raises:
        ValueError: the rate is none.
    """
    if not (math.isfinite(fps) and fps > 0):
        raise ValueError(f"frames a second are a number above 0; got {fps}")
    result = [
        {
            "id": f"event{k}",
            "type": "timelinelabels",
            "from_name": "timeline",
            "to_name": "video",
            "origin": "manual",
            "value": {"ranges": [_frames(event.start_s, event.end_s, fps)], "timelinelabels": [event.label]},
            "meta": {"text": [f"person {event.person}"]},
        }
        for k, event in enumerate(correction.events)
    ]
    task = {"data": {"video": correction.name, "fps": round(fps, 3)}, "annotations": [{"result": result}]}
    return json.dumps([task], indent=1) + "\n"


def _frames(start_s: float, end_s: float, fps: float) -> dict[str, int]:
    first = round(start_s * fps) + 1
    return {"start": first, "end": max(first, round(end_s * fps))}
