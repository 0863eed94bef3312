"""The reading of windows in torch, from MediaPipe's landmarks to a model's input, so that it can be exported.

It computes what `models.skeleton.bridge` and `models.resample.read_window` compute in numpy, in as many operators as
do not depend on the number of poses. The twins are held together by tests.

Shapes: N poses, L landmarks (33), V joints (25), D dense times, T frames of a window, K frames of a taught clip,
R rows that are read (those of the clip, then those of the window), W windows, X = 3 V coordinates.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.resample import HOLD_S, smoother
from models.skeleton import BRIDGE_VL, CENTRE, PARENTS, SEEN_FROM, TURN, V
from models.taught_clip import clip_frames, clip_seconds, first_frames

_NONE = 1 << 30  # number of a pose that is not there
_REACHES = [1 << k for k in range(10)]  # 1,023 poses in all: more than there are in HOLD_S
_GENERATIONS = 3  # 2^3 steps from a joint to the root are enough


def window_starts(window_s: float, frames: int) -> dict[str, list[int]]:
    """Return the rows at which windows start: "live", that of the window, and "clip", those of a taught clip's."""
    of_clip = clip_frames(window_s, frames)
    return {"live": [of_clip], "clip": first_frames(of_clip, frames).tolist()}


class Reading(nn.Module):
    """A reader of one person's poses: the window and the taught clip that end at a given time.

    Args:
        window_s: Seconds of a window.
        frames: T, that a window is resampled to.
    """

    bridge_LV: Tensor
    needs_LV: Tensor
    turn_3: Tensor
    own_V: Tensor
    parent_V: Tensor
    is_root_V: Tensor
    dense_D: Tensor
    weight_RD: Tensor
    frame_T: Tensor

    def __init__(self, window_s: float, frames: int) -> None:
        super().__init__()
        self.clip_frames = clip_frames(window_s, frames)
        dense_D, weight_RD = _rows(window_s, frames)
        tables = {
            "bridge_LV": torch.from_numpy(BRIDGE_VL.T.copy()),
            "needs_LV": torch.from_numpy((BRIDGE_VL.T > 0).astype(np.float32)),
            "turn_3": torch.from_numpy(TURN),
            "own_V": torch.arange(V),
            "parent_V": torch.from_numpy(PARENTS),
            "is_root_V": torch.arange(V) == CENTRE,
            "dense_D": torch.from_numpy(dense_D),
            "weight_RD": torch.from_numpy(weight_RD),
            "frame_T": torch.arange(frames),
        }
        for name, table in tables.items():
            self.register_buffer(name, table)

    def forward(
        self, landmarks: Tensor, visibility: Tensor, times: Tensor, end: Tensor, starts: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Read windows.

        Args:
            landmarks: (N, 33, 3) metres, x right, y down, z away, oldest first. The shoulders are seen in every pose.
            visibility: (N, 33) in [0, 1].
            times: (N,) float64 seconds, increasing.
            end: (1,) float64, end of window and clip on the same clock; poses may lie after it.
            starts: (W,) int64, some of `window_starts`.

        Returns:
            Windows (W, T, 25, 3) in metres, and the clip (K, 25, 3) relative to the shoulders of its first frame.
        """
        joints_NV3, seen_NV = self.bridge(landmarks, visibility)
        row_RV3 = self.read(times, self.bridge_gaps(times, joints_NV3, seen_NV), end)
        clip_KV3 = row_RV3[: self.clip_frames]
        return row_RV3[starts.unsqueeze(1) + self.frame_T], clip_KV3 - clip_KV3[:1, CENTRE : CENTRE + 1]

    def bridge(self, landmarks_NL3: Tensor, visibility_NL: Tensor) -> tuple[Tensor, Tensor]:
        """Return joints (N, 25, 3), and which are seen, (N, 25); see models.skeleton.bridge."""
        joints_NV3 = torch.matmul(self.bridge_LV.t(), landmarks_NL3) * self.turn_3
        hidden_NL = (visibility_NL < SEEN_FROM).float()
        return joints_NV3, hidden_NL @ self.needs_LV < 0.5

    def bridge_gaps(self, times_N: Tensor, joints_NV3: Tensor, seen_NV: Tensor) -> Tensor:
        """Return joints (N, 25, 3) without losses: bridged, held or collapsed; see models.resample.bridge_gaps."""
        a_NV, b_NV = _neighbours(seen_NV)
        has_a_NV, has_b_NV = a_NV >= 0, b_NV < _NONE
        a_NV, b_NV = torch.where(has_a_NV, a_NV, 0), torch.where(has_b_NV, b_NV, 0)
        since_NV, gap_NV = times_N.unsqueeze(1) - times_N[a_NV], times_N[b_NV] - times_N[a_NV]
        between_NV = has_a_NV & has_b_NV & (gap_NV <= HOLD_S)
        held_NV = has_a_NV & (since_NV <= HOLD_S)
        share_NV1 = torch.where(between_NV, since_NV / gap_NV.clamp(min=1e-9), 0.0).float().unsqueeze(-1)
        a_NV3, b_NV3 = (torch.gather(joints_NV3, 0, x.unsqueeze(-1).expand(-1, -1, 3)) for x in (a_NV, b_NV))
        bridged_NV = ~seen_NV & (between_NV | held_NV)
        joints_NV3 = torch.where(bridged_NV.unsqueeze(-1), a_NV3 + share_NV1 * (b_NV3 - a_NV3), joints_NV3)
        return self._filled(joints_NV3, seen_NV | bridged_NV | self.is_root_V)

    def _filled(self, joints_NV3: Tensor, known_NV: Tensor) -> Tensor:
        """Put each lost joint where its nearest known ancestor is; see models.skeleton.fill_lost."""
        at_NV = torch.where(known_NV, self.own_V, self.parent_V)
        for _ in range(_GENERATIONS):
            at_NV = torch.gather(at_NV, 1, at_NV)
        return torch.gather(joints_NV3, 1, at_NV.unsqueeze(-1).expand(-1, -1, 3))

    def read(self, times_N: Tensor, joints_NV3: Tensor, end_1: Tensor) -> Tensor:
        """Return the rows (R, 25, 3) of the clip and of the window that end then; see models.resample.read_window."""
        when_D = torch.minimum(torch.maximum(self.dense_D + end_1, times_N[:1]), times_N[-1:])
        b_D = (times_N.unsqueeze(0) < when_D.unsqueeze(1)).sum(1).clamp(min=1)
        b_D = torch.minimum(b_D, torch.ones_like(times_N, dtype=torch.int64).sum() - 1)
        a_D = (b_D - 1).clamp(min=0)
        share_D1 = ((when_D - times_N[a_D]) / (times_N[b_D] - times_N[a_D]).clamp(min=1e-9)).float().unsqueeze(1)
        flat_NX = joints_NV3.flatten(1)
        dense_DX = flat_NX[a_D] + share_D1 * (flat_NX[b_D] - flat_NX[a_D])
        return torch.matmul(self.weight_RD, dense_DX).unflatten(1, (V, 3))


def _neighbours(seen_NV: Tensor) -> tuple[Tensor, Tensor]:
    """Return the numbers of the poses before and after (or at) each that show the joint, (N, 25): -1 or _NONE if none.

    ONNX has no running maximum: after the k-th step each number is the best of 2^k poses.
    """
    number_N1 = torch.cumsum(torch.ones_like(seen_NV[:, :1], dtype=torch.int64), 0) - 1
    before_NV, after_NV = torch.where(seen_NV, number_N1, -1), torch.where(seen_NV, number_N1, _NONE)
    for reach in _REACHES:
        before_NV = torch.maximum(before_NV, F.pad(before_NV, (0, 0, reach, 0), value=-1)[: seen_NV.shape[0]])
        after_NV = torch.minimum(after_NV, F.pad(after_NV, (0, 0, 0, reach), value=_NONE)[reach:])
    return before_NV, after_NV


def _rows(window_s: float, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Return dense times relative to the end (D,), and the weights (R, D) of the clip's frames and of the window's.

    The window's own dense times are the last of the clip's, so both are read at once.
    """
    dense_D, clip_KD = smoother(clip_seconds(window_s), clip_frames(window_s, frames))
    own_D, window_TD = smoother(window_s, frames)
    before = len(dense_D) - len(own_D)
    assert np.allclose(dense_D[before:], own_D, rtol=0, atol=1e-9)
    return dense_D, np.concatenate([clip_KD, np.pad(window_TD, ((0, 0), (before, 0)))])
