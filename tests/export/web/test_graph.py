"""The graph answers as Python does: numpy's windows and torch's student, at any number of poses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from app.stream.person import Person
from export.runtime import ActionModel
from export.web.graph import INPUTS, OUTPUTS, answers, sample_poses
from export.web.reading import window_starts
from models.resample import kept_seconds, read_window
from models.skeleton import CENTRE, bridge
from models.student import Student
from models.system.places import ROOT
from models.weights import StudentConfig

LIVE = np.array(window_starts(2.5, 50)["live"])


@pytest.fixture(scope="module")
def session(traced_file: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(traced_file, providers=["CPUExecutionProvider"])


def test_all_outputs(traced_file: Path, student: Student, config: StudentConfig) -> None:
    for expected, found in answers(traced_file.read_bytes(), student, config):
        for name, a, b in zip(OUTPUTS, expected, found, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-5, err_msg=name)


def test_poses_and_windows_are_dynamic(graph: onnx.ModelProto) -> None:
    shapes = {entry.name: entry.type.tensor_type.shape.dim for entry in graph.graph.input}
    assert tuple(shapes) == INPUTS
    assert [shapes[name][0].dim_param for name in INPUTS] == ["poses", "poses", "poses", "", "windows"]
    assert tuple(entry.name for entry in graph.graph.output) == OUTPUTS


def test_standard_operators_alone(graph: onnx.ModelProto) -> None:
    assert {node.domain for node in graph.graph.node} == {""}
    assert not any(attribute.g.node for node in graph.graph.node for attribute in node.attribute)  # no loops
    assert str(ROOT).encode() not in graph.SerializeToString()


@pytest.mark.parametrize("fps", [8.0, 30.0, 60.0])
def test_a_person_of_the_stream(session: onnxruntime.InferenceSession, model_file: Path, fps: float) -> None:
    """A person who turns away for a while: the ring's poses give the windows, and the scores, that Python gets."""
    model = ActionModel(model_file, device="cpu")
    person, sample, ring, windows = Person(0, model, 0.2), sample_poses(int(5 * fps), fps, seed=3), [], 0
    times = sample["times"]
    sample["visibility"][(times > times[0] + 2) & (times < times[0] + 2.4), 11] = 0.1
    for time_s, landmarks, visibility in zip(times, sample["landmarks"], sample["visibility"], strict=True):
        joints, seen = bridge(landmarks, visibility)
        person.see(time_s, joints, seen)
        if not seen[CENTRE]:
            continue
        ring = [pose for pose in ring if pose[0] >= time_s - kept_seconds(2.5)] + [(time_s, landmarks, visibility)]
        due = person.due()
        if due is None:
            continue
        feeds = dict(zip(("times", "landmarks", "visibility"), map(np.array, zip(*ring, strict=True)), strict=True))
        scores, modality, embedding, window, _ = session.run(
            list(OUTPUTS), feeds | {"end": np.array([due[0]]), "starts": LIVE}
        )
        expected = model(due[1][None], np.array([due[2]], np.float32))
        np.testing.assert_allclose(window[0], due[1], atol=1e-5)
        np.testing.assert_allclose(scores, expected.fused_NC, atol=1e-5)
        np.testing.assert_allclose(modality, expected.modality_NMC, atol=1e-5)
        np.testing.assert_allclose(embedding, expected.embedding_ND, rtol=1e-5, atol=1e-5)
        windows += 1
    assert windows > 15


def test_recorded_poses(session: onnxruntime.InferenceSession, shared_data: Path) -> None:
    """Landmarks of real people, of the part that chooses."""
    path = shared_data / "poses" / "mediapipe_webcam.npz"
    if not path.exists():
        pytest.skip("there is no ../shared/data/poses")
    with np.load(path) as file:
        arrays = {name: file[name] for name in ("world", "visibility", "start", "length", "fps", "part")}
    chosen = np.flatnonzero((arrays["part"] == "val") & (arrays["length"] > 20))[::20]
    for i in chosen:
        rows = slice(arrays["start"][i], arrays["start"][i] + arrays["length"][i])
        world, visibility = (arrays[name][rows].astype(np.float32) for name in ("world", "visibility"))
        joints, seen = bridge(world, visibility)
        times, shown = np.arange(len(world)) / float(arrays["fps"][i]), seen[:, CENTRE]
        if not shown.any():
            continue
        feeds = {"landmarks": world[shown], "visibility": visibility[shown], "times": times[shown]}
        end = feeds["times"][-1:]
        found = session.run(["window"], feeds | {"end": end, "starts": LIVE})[0][0]
        expected = read_window(times[shown], joints[shown], seen[shown], float(end[0]), 2.5, 50)
        np.testing.assert_allclose(found, expected, atol=1e-5)
    assert len(chosen) > 5
