"""The NTU skeleton graph and its spatial partition (ST-GCN, arXiv 1801.07455, section 3.3).

Shape suffixes: K subsets of the partition, V joints (the last axis is the target joint).
"""

from __future__ import annotations

import numpy as np

from models.skeleton import BONES, CENTRE, JOINTS

SUBSETS = 3

# The graph hangs the hand tips on the thumbs' joints: (22,23) and (24,25) stand for the bones (22,8) and (24,12).
_TIP_EDGES = {21: 22, 23: 24}
EDGES: tuple[tuple[int, int], ...] = tuple(
    (child, _TIP_EDGES.get(child, parent)) for child, parent in BONES if child != parent
)


def hop_distances() -> np.ndarray:
    """Return the hops from every joint to the centre (joint 21), shape (V,)."""
    hops_V = np.full(len(JOINTS), -1, dtype=np.int64)
    hops_V[CENTRE] = 0
    frontier = [CENTRE]
    while frontier:
        joint = frontier.pop(0)
        for edge in EDGES:
            if joint in edge:
                other = edge[0] + edge[1] - joint
                if hops_V[other] < 0:
                    hops_V[other] = hops_V[joint] + 1
                    frontier.append(other)
    assert (hops_V >= 0).all(), "the graph is not connected"
    return hops_V


def spatial_partition(published_partition: bool = False) -> np.ndarray:
    """Return the adjacency split by the direction of each edge and normalised by column.

    Subset 0 holds the joints themselves, subset 1 the edges whose message travels towards the centre, subset 2 those
    whose message travels away from it.

    Args:
        published_partition: Repeat the published code's fault: hop distances stop at 1, so beyond the centre's
            neighbours both directions fall into subset 1 (non-zeros 25 / 40 / 8).

    Returns:
        (K, V, V) float32; entry [k, v, w] weighs the message from joint v to joint w.
    """
    joints = len(JOINTS)
    hops_V = hop_distances()
    if published_partition:
        hops_V = np.minimum(hops_V, 2)
    adjacency_VV = np.eye(joints)
    for a, b in EDGES:
        adjacency_VV[a, b] = adjacency_VV[b, a] = 1.0
    weights_VV = adjacency_VV / adjacency_VV.sum(axis=0, keepdims=True)

    away_VV = hops_V[:, None] < hops_V[None, :]
    itself_VV = np.eye(joints, dtype=bool)
    towards_VV = ~away_VV & ~itself_VV
    return np.stack([weights_VV * subset for subset in (itself_VV, towards_VV, away_VV)]).astype(np.float32)
