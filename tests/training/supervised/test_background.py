"""The embeddings of everyday movement that go with a model."""

from pathlib import Path

import numpy as np
from safetensors import safe_open

from models.labels import DISPLAY
from models.weights import StudentConfig, embedding_id
from tests.training.default.test_default import TINY, recipe_of, tracks
from training.data.tracks import Track
from training.supervised.background import some_of_each, write_background
from training.supervised.outputs import outputs_of


def counted(kinds: dict[tuple[str, str], int]) -> list[Track]:
    still = np.zeros((2, 25, 3), np.float32)
    one = lambda action, domain: Track(np.arange(2.0), still, still[..., 0] == 0, action, "train", "kard", domain)  # noqa: E731
    return [one(*kind) for kind, count in kinds.items() for _ in range(count)]


def test_each_action_and_domain_has_its_share() -> None:
    kinds = {("wave", "raw"): 50, ("wave", "camera"): 3, ("idle", "raw"): 20}
    chosen = some_of_each(counted(kinds), 31)
    assert {kind: sum((t.action, t.domain) == kind for t in chosen) for kind in kinds} == {
        ("wave", "raw"): 14, ("wave", "camera"): 3, ("idle", "raw"): 14,
    }  # fmt: skip
    assert len(some_of_each(counted(kinds), 1000)) == 73


def test_the_file_holds_the_embeddings_and_says_whose_they_are(tmp_path: Path) -> None:
    how = recipe_of(tmp_path).train
    config = StudentConfig(
        labels=tuple(DISPLAY), display=DISPLAY, channels=tuple(TINY["train"]["channels"]), strides=(2, 2)
    )
    student = config.build().eval()
    write_background(student, config, tracks(), how, tmp_path / "background.safetensors")
    expected = outputs_of(student, tracks(), how)
    with safe_open(tmp_path / "background.safetensors", framework="np") as file:
        assert file.metadata()["embedding"] == embedding_id(student, config)
        np.testing.assert_allclose(file.get_tensor("embedding"), expected.embedding_ND, atol=1e-3)
