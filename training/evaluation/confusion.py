"""Picture of a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np


def draw(counts: np.ndarray, truths: Sequence[str], answers: Sequence[str], title: str, path: Path) -> None:
    """Draw counts as a PNG file, in % of each row.

    Args:
        counts: (len(truths), len(answers)) clips.
        truths: names of the rows.
        answers: names of the columns.
        title: above the picture.
        path: of the file, whatever its suffix.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    figure, axes = plt.subplots(figsize=(10, 0.36 * len(truths) + 2.4), layout="constrained")
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(answers)), answers, rotation=90)
    axes.set_yticks(range(len(truths)), [f"{t} ({int(n)})" for t, n in zip(truths, counts.sum(1), strict=True)])
    for i, j in zip(*np.nonzero(share >= 0.005), strict=True):
        axes.text(j, i, f"{100 * share[i, j]:.0f}", ha="center", va="center", fontsize=7,
                  color="white" if share[i, j] > 0.5 else "black")  # fmt: skip
    axes.set(xlabel="the model's answer", ylabel="the action (clips)", title=title)
    figure.savefig(path, dpi=110, format="png")
    plt.close(figure)
