"""The names of the six modalities of IKEM, in their order. How each is computed: models.modalities."""

from __future__ import annotations

from collections.abc import Sequence

MODALITIES = ("joint", "motion", "bone", "acceleration", "rotation", "angular")


def check_modalities(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names as a tuple, after a check.

    Raises:
        ValueError: For an empty list, a name that stands twice, or a modality that does not exist.
    """
    wrong = [name for name in names if name not in MODALITIES]
    if wrong or not names or len(set(names)) != len(names):
        raise ValueError(f"modalities must be different names out of {', '.join(MODALITIES)}; got {list(names)}")
    return tuple(names)
