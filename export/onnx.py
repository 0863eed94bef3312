"""The student as one self-contained ONNX file: raw joints in, softmaxed scores out.

Shape suffixes: N batch, T frames, V joints, M modalities, C coordinates or classes, D embedding.
"""

from __future__ import annotations

import copy
import json
import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from export.fused import FusedStudent
from models.modalities import FRAMES
from models.skeleton import CENTRE, JOINTS, OUTWARD, PARENTS
from models.student import Student
from models.weights import FORMAT, StudentConfig, write_whole

if TYPE_CHECKING:
    import onnx

OPSET = 20
TOLERANCE = 1e-4
INPUTS = ("joints", "frames")
OUTPUTS = ("scores", "modality_scores", "embedding")


def sample_joints(batch: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Seeded skeleton-like input: walks of bone vectors, with limbs lost as the app loses them.

    Returns:
        joints (batch, 50, 25, 3) float32 metres and frames (batch,) float32.
    """
    rng = np.random.default_rng(seed)
    bones_NTVC = rng.normal(0.0, 0.2, (batch, 1, len(JOINTS), 3))
    bones_NTVC = bones_NTVC + np.cumsum(rng.normal(0.0, 0.01, (batch, FRAMES, len(JOINTS), 3)), axis=1)
    lost_NV = rng.random((batch, len(JOINTS))) < 0.1
    bones_NTVC[np.broadcast_to(lost_NV[:, None, :, None], bones_NTVC.shape)] = 0.0
    joints_NTVC = np.zeros_like(bones_NTVC)
    joints_NTVC[:, :, CENTRE] = rng.normal(0.0, 1.0, (batch, 1, 3))
    for v in OUTWARD[1:]:
        joints_NTVC[:, :, v] = joints_NTVC[:, :, PARENTS[v]] + bones_NTVC[:, :, v]
    return joints_NTVC.astype(np.float32), rng.uniform(30, 120, batch).astype(np.float32)


def export_student(student: Student, config: StudentConfig, out: str | Path) -> float:
    """Write the student as ONNX, after checking that ONNX Runtime answers as torch does.

    Returns:
        The largest difference found in any output.

    Raises:
        ValueError: If the exported graph is invalid or its outputs differ by more than 1e-4; nothing is written then.
    """
    model = _trace(FusedStudent(student))
    _describe(model, config)
    differences: list[float] = []

    def write(part: Path) -> None:
        import onnx

        onnx.checker.check_model(model, full_check=True)
        onnx.save_model(model, part)
        differences.append(largest_difference(student, part))
        if not differences[0] <= TOLERANCE:
            raise ValueError(
                f"{out} was not written: ONNX Runtime and torch differ by {differences[0]:.2e}, "
                f"more than {TOLERANCE:.0e}"
            )

    write_whole(Path(out), write)
    return differences[0]


def largest_difference(student: Student, path: str | Path) -> float:
    """The largest difference between torch and ONNX Runtime on the CPU, over all outputs, at batches 1 and 3."""
    import onnxruntime

    student = copy.deepcopy(student).cpu().eval()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    differences = []
    for batch in (1, 3):
        joints_NTVC, frames_N = sample_joints(batch, seed=batch)
        with torch.inference_mode():
            logits_NMC, embedding_ND = student(torch.from_numpy(joints_NTVC), torch.from_numpy(frames_N))
            expected = (*student.scores(logits_NMC), embedding_ND)
        found = session.run(list(OUTPUTS), {"joints": joints_NTVC, "frames": frames_N})
        differences += [np.abs(a.numpy() - b).max() for a, b in zip(expected, found, strict=True)]
    return float(np.max(differences))  # a NaN stays one


def _trace(deployed: FusedStudent) -> onnx.ModelProto:
    """Export with a dynamic batch (traced at 2: a batch of 1 would be taken for a constant)."""
    joints_NTVC, frames_N = (torch.from_numpy(array) for array in sample_joints(2))
    batch = torch.export.Dim("batch", min=1, max=4096)
    noisy = logging.getLogger("torch.onnx")
    level = noisy.level
    noisy.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                deployed,
                (joints_NTVC, frames_N),
                dynamo=True,
                dynamic_shapes={"joints": {0: batch}, "frames": {0: batch}},
                input_names=list(INPUTS),
                output_names=list(OUTPUTS),
                opset_version=OPSET,
                verbose=False,
            )
    finally:
        noisy.setLevel(level)
    assert program is not None
    return _stripped(program.model_proto)


def _stripped(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without the exporter's notes: each node carries a stack trace with the paths of this machine."""
    graph = model.graph
    for entry in (graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del entry.metadata_props[:]
        entry.ClearField("doc_string")
    return model


def _describe(model: onnx.ModelProto, config: StudentConfig) -> None:
    """Put what the app must know about the model into its metadata."""
    import onnx

    texts = {
        "format": FORMAT,
        "version": config.version,
        "labels": json.dumps(config.labels),
        "display": json.dumps(config.display),
        "window_s": str(config.window_s),
        "frames": str(config.frames),
        "modalities": json.dumps(config.modalities),
        "thresholds": json.dumps(config.thresholds),
        "fusion": json.dumps(config.fusion),
    }
    onnx.helper.set_model_props(model, texts)
    model.producer_name = "ikem-live"
