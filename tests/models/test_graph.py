"""The graph and its partition."""

import numpy as np
import pytest

from models.graph import EDGES, hop_distances, spatial_partition


def test_tips_hang_on_the_thumbs() -> None:
    """(22,23) and (24,25), numbered from 1, and no edge (22,8) or (24,12)."""
    edges = {(child + 1, parent + 1) for child, parent in EDGES}
    assert len(edges) == 24
    assert {(22, 23), (24, 25), (23, 8), (25, 12)} <= edges
    assert not {(22, 8), (24, 12)} & edges


@pytest.mark.parametrize(("published", "non_zeros"), [(False, [25, 24, 24]), (True, [25, 40, 8])])
def test_non_zeros(published: bool, non_zeros: list[int]) -> None:
    A_KVV = spatial_partition(published)
    assert [int((subset != 0).sum()) for subset in A_KVV] == non_zeros
    np.testing.assert_allclose(A_KVV.sum((0, 1)), 1.0, rtol=1e-6)  # normalised by column


def test_directions() -> None:
    """Subset 1 carries a message from the farther joint to the nearer one, subset 2 the other way."""
    hops_V = hop_distances()
    assert hops_V.max() == 6  # chest, mid spine, pelvis, hip, knee, ankle, foot
    for subset, step in ((1, -1), (2, 1)):
        sources, targets = np.nonzero(spatial_partition()[subset])
        assert (hops_V[targets] - hops_V[sources] == step).all()
