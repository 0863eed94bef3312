"""Pictures of a model's mistakes: written motions drawn with looks and cameras that trained nothing.

No picture of a recorded set is shown. Shapes: F frames of a strip, H W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.system.native_warnings import native_warnings_hidden
from training.data.tracks import Track, track_of
from training.drawing.camera_clips import see
from training.drawing.draw import draw_clip
from training.drawing.jobs import DrawJob
from training.drawing.motions import MOTIONS
from training.drawing.scenes import drawn_joints, scene_of
from training.judging.judge import judge

if TYPE_CHECKING:
    from export.runtime import Recogniser

FRAMES = 6  # of a strip
SEED = 99_000_000  # away from every training drawing's


@dataclass(frozen=True, slots=True)
class Case:
    """Drawn motion and what the model said of it. `answers` is empty where nobody was found."""

    job: DrawJob
    answers: tuple[str, ...]

    @property
    def wrong(self) -> bool:
        return not self.answers or self.answers[0] != self.job.action


def look_for(model: Recogniser, pose_model: Path, each: int) -> list[Case]:
    """Draw every written motion that the model can say and judge it.

    Each is drawn `each` times, in rooms as they are.
    """
    from tqdm import tqdm

    said = [action for action in MOTIONS if action in model.labels]
    jobs = [
        DrawJob(action, "test", SEED + each * i + k, film=True) for i, action in enumerate(said) for k in range(each)
    ]
    return [_judged(model, pose_model, job) for job in tqdm(jobs, desc="looking for failures", unit="clip")]


def _judged(model: Recogniser, pose_model: Path, job: DrawJob) -> Case:
    with native_warnings_hidden():
        seen = see(job, pose_model)
    track: Track | None = track_of(seen, job.action, job.part)
    return Case(job, () if track is None else judge(model, track).ranked[:3])


def strip(job: DrawJob) -> np.ndarray:
    """Put the clip's frames side by side, evenly spread, each as high as the others, (H, F W, 3) uint8 BGR."""
    import cv2

    scene = scene_of(job)
    frames = list(draw_clip(drawn_joints(job, scene), scene.camera, scene.look, scene.film))
    chosen = [frames[i] for i in np.linspace(0, len(frames) - 1, FRAMES).round().astype(int)]
    return np.concatenate([cv2.resize(f, (round(240 * f.shape[1] / f.shape[0]), 240)) for f in chosen], axis=1)


def picture(cases: Sequence[Case], display: dict[str, str], path: Path) -> None:
    """Draw a strip for each case, with what was drawn and what the model said.

    Raises:
        ValueError: there are no cases.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    if not cases:
        raise ValueError("there is no case to show")
    figure, rows = plt.subplots(len(cases), 1, figsize=(11, 2.1 * len(cases)), layout="constrained", squeeze=False)
    for case, axes in zip(cases, rows[:, 0], strict=True):
        answers = ", ".join(display.get(label, label) for label in case.answers) or "nobody found"
        axes.imshow(strip(case.job)[..., ::-1])
        axes.set_title(f"{display.get(case.job.action, case.job.action)}; the model: {answers}", fontsize=9, loc="left")
        axes.axis("off")
    figure.savefig(path, dpi=90, format="png")
    plt.close(figure)
