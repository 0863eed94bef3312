"""The shape of an encoder, as configurations name it; needs no torch."""

from __future__ import annotations

from dataclasses import dataclass

CHANNELS = (16, 16, 16, 16, 32, 32, 32, 64, 64, 256)
STRIDES = (1, 1, 1, 1, 2, 1, 1, 2, 1, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """The shape that the encoders of all branches share.

    Attributes:
        channels: widths of the blocks; the last is H.
        strides: strides of the blocks, in time.
        dropout: dropout of all blocks but the first.
        published_partition: repeat the published code's partition of the graph (models.graph).
        time_scaled: multiply velocities with the clip's time scale f.
        mask_people: leave slots without a person out of the mean over people and of the computation.
    """

    channels: tuple[int, ...] = CHANNELS
    strides: tuple[int, ...] = STRIDES
    dropout: float = 0.5
    published_partition: bool = False
    time_scaled: bool = True
    mask_people: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", tuple(self.channels))
        object.__setattr__(self, "strides", tuple(self.strides))
