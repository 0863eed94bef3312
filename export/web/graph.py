"""The graph that a browser runs: one person's landmarks in, scores and embedding of windows out.

Shapes: N poses, W windows, T frames of a window, V joints, M modalities, C classes, D width of the embedding, K frames
of a taught clip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from export.fused import FusedStudent
from export.onnx import OPSET, Answers, describe
from export.tracing import traced
from export.web.card import FORMAT
from export.web.reading import Reading, window_starts
from export.web.weights import packed
from models.resample import read_window
from models.skeleton import CENTRE, bridge
from models.student import Student
from models.taught_clip import clip_frames, clip_seconds, first_frames
from models.weights import StudentConfig

if TYPE_CHECKING:
    import onnx

INPUTS = ("landmarks", "visibility", "times", "end", "starts")
OUTPUTS = ("scores", "modality_scores", "embedding", "window", "clip")


class WebRecogniser(nn.Module):
    """A network from one person's landmarks to the scores of windows.

    Args:
        student: The student, which is copied.
        config: Its configuration.
    """

    frames_1: Tensor

    def __init__(self, student: Student, config: StudentConfig) -> None:
        super().__init__()
        self.reading, self.student = Reading(config.window_s, config.frames), FusedStudent(student)
        self.register_buffer("frames_1", torch.tensor([config.window_s * 30], dtype=torch.float32))

    def forward(
        self, landmarks: Tensor, visibility: Tensor, times: Tensor, end: Tensor, starts: Tensor
    ) -> tuple[Tensor, ...]:
        """Compute all outputs; the inputs are those of `Reading`."""
        windows_WTV3, clip_KV3 = self.reading(landmarks, visibility, times, end, starts)
        return *self.student(windows_WTV3, self.frames_1), windows_WTV3, clip_KV3


def trace(student: Student, config: StudentConfig) -> onnx.ModelProto:
    """Return the graph in fp32, without metadata."""
    poses, windows = torch.export.Dim("poses", min=1, max=100_000), torch.export.Dim("windows", min=1, max=4096)
    dynamic = {"landmarks": poses, "visibility": poses, "times": poses, "starts": windows}
    starts = window_starts(config.window_s, config.frames)["clip"]
    return traced(WebRecogniser(student, config), _inputs(sample_poses(40), starts), dynamic, OUTPUTS, OPSET)


def described(model: onnx.ModelProto, student: Student, config: StudentConfig, precision: str) -> onnx.ModelProto:
    """Return a copy of the graph with the weights in a precision, and with metadata."""
    small = packed(model, precision)
    describe(small, student, config, precision, format=FORMAT)
    return small


def answers(content: bytes, student: Student, config: StudentConfig) -> Answers:
    """Return the answers of torch, whose windows numpy reads, and of ONNX Runtime, for poses of several rates.

    Each is fused scores, scores by modality, embedding, windows and clip.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found = []
    for poses, fps in ((20, 8.0), (100, 30.0), (200, 60.0)):
        sample = sample_poses(poses, fps, seed=poses)
        for kind, starts in window_starts(config.window_s, config.frames).items():
            expected = _expected(sample, student, config, kind)
            found.append((expected, session.run(list(OUTPUTS), _inputs(sample, starts))))
    return found


def _inputs(sample: dict[str, np.ndarray], starts: list[int]) -> dict[str, np.ndarray]:
    return sample | {"starts": np.array(starts, np.int64)}


def _expected(sample: dict[str, np.ndarray], student: Student, config: StudentConfig, kind: str) -> list[np.ndarray]:
    """Return what the graph should answer, by the way that Python takes."""
    joints_NV3, seen_NV = bridge(sample["landmarks"], sample["visibility"])
    end_s, frames, clip_s = float(sample["end"][0]), config.frames, clip_seconds(config.window_s)
    read = lambda seconds, rows: read_window(sample["times"], joints_NV3, seen_NV, end_s, seconds, rows)  # noqa: E731
    clip_KV3 = read(clip_s, clip_frames(config.window_s, frames))
    windows_WTV3 = read(config.window_s, frames)[None]
    if kind == "clip":
        windows_WTV3 = np.stack([clip_KV3[k : k + frames] for k in first_frames(len(clip_KV3), frames)])
    with torch.inference_mode():
        frames_W = torch.full((len(windows_WTV3),), config.window_s * 30)
        logits_WMC, embedding_WD = student(torch.from_numpy(windows_WTV3), frames_W)
        scores = student.scores(logits_WMC, embedding_WD)
    clip_KV3 = clip_KV3 - clip_KV3[:1, CENTRE : CENTRE + 1]
    return [*(x.numpy() for x in (*scores, embedding_WD)), windows_WTV3, clip_KV3]


def sample_poses(poses: int, fps: float = 30.0, seed: int = 0) -> dict[str, np.ndarray]:
    """Return seeded inputs but `starts`: a random walk of landmarks, with holes, and legs that are hidden at times."""
    rng = np.random.default_rng(seed)
    walk_NL3 = rng.normal(0, 0.3, (1, 33, 3)) + np.cumsum(rng.normal(0, 0.02, (poses, 33, 3)), 0)
    hidden_NL = rng.random((poses, 33)) < 0.1
    hidden_NL[:, 25:] |= (np.arange(poses)[:, None] // max(round(fps / 3), 1)) % 3 == 0
    hidden_NL[:, 11:13] = False  # the shoulders
    times_N = 100 + np.cumsum(rng.uniform(0.5, 1.5, poses)) / fps
    return {
        "landmarks": walk_NL3.astype(np.float32),
        "visibility": np.where(hidden_NL, 0.1, 0.9).astype(np.float32),
        "times": times_N,
        "end": times_N[-1:] - 0.05,
    }
