"""Ways of doing an action as tracks, without a picture: as exact as recorded skeletons, and as many as one likes."""

from __future__ import annotations

import numpy as np

from training.data.tracks import Track
from training.drawing.jobs import way_jobs
from training.drawing.ways import make_way

SOURCE = "ways"
FPS = 15.0
LASTS_S = (2.5, 5.0)
BODIES = 40  # people whom the tracks are shared out to, by turns


def way_tracks(per_action: int, seed: int) -> list[Track]:
    """Make tracks of the raw domain that train.

    Args:
        per_action: tracks of an action whose weight (training.drawing.jobs.WEIGHT) is 1.
        seed: of ways, bodies and lengths; 0 to 99.
    """
    return [_track(job.action, job.seed, job.way, job.key) for job in way_jobs(per_action, seed)]


def _track(action: str, seed: int, way: str | None, key: str) -> Track:
    seconds = float(np.random.default_rng([seed, 1]).uniform(*LASTS_S))
    joints_TV3 = make_way(action, seconds, FPS, seed, way)
    return Track(
        times_T=np.arange(len(joints_TV3)) / FPS,
        joints_TV3=joints_TV3.astype(np.float32),
        seen_TV=np.ones(joints_TV3.shape[:2], bool),
        action=action,
        part="train",
        source=SOURCE,
        domain="raw",
        key=key,
        subject=f"{SOURCE} {seed % BODIES}",
    )
