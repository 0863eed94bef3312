"""A recorded skeleton as the pose landmarker would see it, learned from drawn clips whose true joints are known.

A small network says what the landmarker gives on average for a pose and its recent motion, seen from the camera; what
is left, frame after frame, and which joints were out of sight, is borrowed from a drawn clip of the same action. So a
recorded clip can be shown from any camera without being drawn.

Shapes: T frames, V joints, X = V x 3 coordinates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.skeleton import CENTRE, JOINTS, bridge
from training.data.tracks import Track

BACK_S = 0.1  # how far the network looks back: the landmarker smooths over time
_PELVIS = JOINTS.index("pelvis")
HIDDEN = 256


@dataclass(frozen=True, slots=True)
class Pair:
    """A drawn clip: the joints that were drawn and those that were seen, in the camera's axes.

    Attributes:
        times_T: seconds.
        truth_TV3: metres.
        found_TV3: metres, 25 joints bridged from the landmarks.
        seen_TV: bool.
        action: short id.
        part: train, val or test.
    """

    times_T: np.ndarray
    truth_TV3: np.ndarray
    found_TV3: np.ndarray
    seen_TV: np.ndarray
    action: str
    part: str


def read_pairs(drawn: Path, least_found: float = 0.7) -> list[Pair]:
    """Pairs of clips that training.drawing.camera_clips wrote; those whose person was missed too often are left out."""
    pairs = []
    for path in sorted(Path(drawn).glob("part_*.npz")):
        with np.load(path, allow_pickle=False) as part:
            joints, seen = bridge(part["world"].astype(np.float32), part["visibility"].astype(np.float32))
            ends = np.cumsum(part["length"])
            for i, (a, b) in enumerate(zip(ends - part["length"], ends, strict=True)):
                keep = seen[a:b, CENTRE]
                if part["found"][i] >= least_found and keep.sum() >= 4:
                    columns = (part["times"], part["truth"].astype(np.float32), joints, seen)
                    named = (str(part["action"][i]), str(part["part"][i]))
                    pairs.append(Pair(*(column[a:b][keep] for column in columns), *named))
    return pairs


def _scaled(joints_TV3: np.ndarray) -> tuple[np.ndarray, float]:
    """Centred on joint 21 and divided by the clip's trunk length, which is returned too."""
    centred = joints_TV3 - joints_TV3[:, CENTRE : CENTRE + 1]
    trunk = float(np.median(np.linalg.norm(centred[:, _PELVIS], axis=-1)))
    return centred / max(trunk, 0.1), max(trunk, 0.1)


def _features(times_T: np.ndarray, scaled_TV3: np.ndarray) -> np.ndarray:
    """(T, 2 X): each frame and the change since BACK_S before it."""
    flat_TX = scaled_TV3.reshape(len(scaled_TV3), -1)
    before = np.searchsorted(times_T, times_T - BACK_S).clip(0, len(times_T) - 1)
    return np.concatenate([flat_TX, flat_TX - flat_TX[before]], axis=1).astype(np.float32)


class Likeness:
    """Makes recorded clips look as the landmarker would see them.

    Args:
        pairs: drawn clips that teach it.
        epochs: of the network.
        seed: of the network.
    """

    def __init__(self, pairs: Sequence[Pair], epochs: int = 40, seed: int = 0) -> None:
        if not pairs:
            raise ValueError("no drawn clips with their true joints; draw some: python -m training draw --help")
        x_TX = np.concatenate([_features(p.times_T, _scaled(p.truth_TV3)[0]) for p in pairs])
        y = [(_scaled(p.found_TV3)[0] - _scaled(p.truth_TV3)[0]).reshape(len(p.times_T), -1) for p in pairs]
        weight = np.concatenate([np.repeat(p.seen_TV, 3, axis=1) for p in pairs]).astype(np.float32)
        self._layers = _fit(x_TX, np.concatenate(y).astype(np.float32), weight, epochs, seed)
        self._rest: dict[str, list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = defaultdict(list)
        for pair, shift in zip(pairs, y, strict=True):
            rest = shift - self._mean(_features(pair.times_T, _scaled(pair.truth_TV3)[0]))
            entry = (pair.times_T - pair.times_T[0], rest.reshape(pair.truth_TV3.shape), pair.seen_TV)
            self._rest[pair.action].append(entry)
            self._rest[""].append(entry)

    def _mean(self, x_TX: np.ndarray) -> np.ndarray:
        for weight, bias in self._layers[:-1]:
            x_TX = np.maximum(x_TX @ weight + bias, 0)
        weight, bias = self._layers[-1]
        return x_TX @ weight + bias

    def see(self, track: Track, yaw: float, rng: np.random.Generator) -> Track:
        """A recorded clip seen from a camera turned by yaw (radians; 0 as it was recorded)."""
        c, s = np.cos(yaw), np.sin(yaw)
        turned = track.joints_TV3 @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32).T
        scaled_TV3, trunk = _scaled(turned)
        times_T = track.times_T - track.times_T[0]
        choice = self._rest.get(track.action) or self._rest[""]
        when_T, rest_TV3, seen_TV = choice[rng.integers(len(choice))]
        # to and fro through the borrowed clip, from a random moment
        span = max(float(when_T[-1]), 1e-3)
        phase_T = (times_T + rng.uniform(0, 2 * span)) % (2 * span)
        at = np.searchsorted(when_T, np.minimum(phase_T, 2 * span - phase_T)).clip(0, len(when_T) - 1)
        shift = self._mean(_features(times_T, scaled_TV3)).reshape(scaled_TV3.shape) + rest_TV3[at]
        joints_TV3 = ((scaled_TV3 + shift) * trunk).astype(np.float32)
        return Track(track.times_T, joints_TV3, seen_TV[at], track.action, track.part, track.source, "camera")


def _fit(
    x_TX: np.ndarray, y_TX: np.ndarray, weight_TX: np.ndarray, epochs: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Layers of a network that predicts y from x, in the squares of what was seen."""
    import torch
    from torch import nn

    rng = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = nn.Sequential(nn.Linear(x_TX.shape[1], HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, y_TX.shape[1]))
    x, y, weight = (torch.from_numpy(array) for array in (x_TX, y_TX, weight_TX))
    steps = -(-len(x) // 512)
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, epochs * steps)
    for _ in range(epochs):
        for some in torch.randperm(len(x), generator=rng).split(512):
            loss = ((net(x[some]) - y[some]).square() * weight[some]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    linear = [layer for layer in net if isinstance(layer, nn.Linear)]
    return [(layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy()) for layer in linear]
