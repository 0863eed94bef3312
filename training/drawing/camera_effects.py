"""Effects of a room and a cheap camera on a picture: things in front, a slow shutter, bad light, compression.

Colours are BGR. Shapes: H W pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

SHUTTER_STEPS = 3  # moments that a picture with a slow shutter is the mean of


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """Effects on a picture. The defaults leave it as it is.

    Attributes:
        shutter: share of the time between two frames that the shutter is open; 0 freezes every motion.
        gain: brightness; under 1 is a dark room.
        noise: standard deviation of the sensor's noise, of 255.
        tint: gains of blue, green and red.
        quality: of the JPEG or video compression, 1 to 100; None for none.
        cover: a thing in front of the person: left, top, right, bottom in shares of the picture; None for nothing.
        cover_colour: of that thing.
    """

    shutter: float = 0.0
    gain: float = 1.0
    noise: float = 0.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    quality: int | None = None
    cover: tuple[float, float, float, float] | None = None
    cover_colour: tuple[int, int, int] = (90, 90, 90)

    def take(self, image_HW3: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Apply the effects to a picture, (H, W, 3) uint8."""
        image = image_HW3
        if self.cover is not None:
            height, width = image.shape[:2]
            left, top, right, bottom = (np.array(self.cover) * [width, height, width, height]).astype(int).tolist()
            image = cv2.rectangle(image.copy(), (left, top), (right, bottom), self.cover_colour, -1)
        if self.gain != 1.0 or self.noise or self.tint != (1.0, 1.0, 1.0):
            light = image.astype(np.float32) * (self.gain * np.array(self.tint, np.float32))
            if self.noise:
                light += rng.standard_normal(image.shape[:2], np.float32)[..., None] * self.noise
            image = np.clip(light, 0, 255).astype(np.uint8)
        if self.quality is not None:
            whole, packed = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, self.quality))
            decoded = cv2.imdecode(packed, cv2.IMREAD_COLOR)
            assert whole and decoded is not None
            image = decoded
        return image


def random_film(rng: np.random.Generator) -> Film:
    """Draw random effects such as real rooms and cameras have.

    Now and then a picture is dark, blurred, compressed, or has furniture in front.
    """
    dark = rng.random() < 0.3
    gain = float(rng.uniform(0.2, 0.5) if dark else rng.uniform(0.7, 1.25))
    cover = None
    if rng.random() < 0.3:
        cover = _furniture(rng)
    return Film(
        shutter=float(rng.uniform(0.3, 0.9)) if rng.random() < 0.4 else 0.0,
        gain=gain,
        noise=float(rng.uniform(4, 16) if dark else rng.uniform(0, 5)),
        tint=_gains(rng.uniform(0.85, 1.15, 3)),
        quality=int(rng.integers(12, 80)) if rng.random() < 0.6 else None,
        cover=cover,
        cover_colour=_colour(rng.integers(20, 220, 3)),
    )


def _gains(values_3: np.ndarray) -> tuple[float, float, float]:
    blue, green, red = (float(v) for v in values_3)
    return blue, green, red


def _colour(values_3: np.ndarray) -> tuple[int, int, int]:
    blue, green, red = (int(v) for v in values_3)
    return blue, green, red


def _furniture(rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Choose a desk's edge along the bottom, or a chair, plant or door frame that hides a strip."""
    if rng.random() < 0.5:
        return 0.0, float(rng.uniform(0.62, 0.85)), 1.0, 1.0
    width, left = rng.uniform(0.06, 0.16), rng.uniform(0.1, 0.8)
    top = rng.uniform(0.0, 0.2) if rng.random() < 0.3 else rng.uniform(0.55, 0.8)
    return float(left), float(top), float(left + width), 1.0
