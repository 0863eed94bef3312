"""Strength of the augmentation of training windows (training.supervised.window_augmentation)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """Strength of the augmentation of windows. Angles are in radians, lengths in metres, chances in [0, 1].

    Attributes:
        speed: the clip runs faster or slower by up to this factor.
        inside: least share of the action (or of the window, where that is shorter) that the window must hold.
        thin: chance of a slower camera, 8 to 30 frames a second.
        lost_legs: chance that the lower body is never seen.
        lost_limb: chance that a limb is lost for a stretch.
        pitch: tilt of the camera, standard deviation; roll is half of it.
        depth: raw clips' depth is scaled by 1 - U(0, depth), as a single camera compresses it.
        noise: jitter of raw joints, largest standard deviation; camera tracks get a third.
        size: body scale, 1 +- U(0, size).
        mirror: chance that left and right change places.
        life: chance that an action stands in its surroundings (training.supervised.surroundings), and not alone.
        over: then, chance that the window ends when the action has been over for a while, which is stillness.
        hover: chance that the lower body and the hands are seen as in another track, by the real tracker's habits.
        seen_depth: depth of what a camera saw is scaled by 1 + U(-seen_depth, 0.2), and drifts joint by joint.
        desk: chance that the lower body is never seen in an action of the arms (training.drawing.jobs.UPPER).
    """

    speed: float = 1.25
    inside: float = 0.7
    thin: float = 0.6
    lost_legs: float = 0.15
    lost_limb: float = 0.25
    pitch: float = 0.15
    depth: float = 0.4
    noise: float = 0.02
    size: float = 0.12
    mirror: float = 0.5
    life: float = 0.0
    over: float = 0.15
    hover: float = 0.0
    seen_depth: float = 0.0
    desk: float = 0.0

    @property
    def needs_life(self) -> bool:
        """Whether windows need to know more than their own track."""
        return self.life > 0 or self.hover > 0
