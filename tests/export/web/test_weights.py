"""Weights in half precision and in int8 are unpacked by the graph itself."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from export.web.weights import packed

WEIGHT = np.random.default_rng(0).normal(0, [[[[1.0]]], [[[0.01]]], [[[0.0]]]], (3, 8, 9, 1)).astype(np.float32)


def convolution() -> onnx.ModelProto:
    names = ("blocks.0.temporal_weight", "blocks.0.temporal_bias")
    constants = [numpy_helper.from_array(a, n) for a, n in zip((WEIGHT, np.ones(3, np.float32)), names, strict=True)]
    node = helper.make_node("Conv", ["x", *names], ["y"])
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "y")]
    graph = helper.make_graph([node], "one", ends[:1], ends[1:], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def answer(model: onnx.ModelProto) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": np.eye(72, dtype=np.float32).reshape(72, 8, 9, 1)})[0].reshape(72, 3) - 1


def test_only_the_rounding_is_felt() -> None:
    exact = answer(packed(convolution(), "fp32"))
    np.testing.assert_allclose(exact, WEIGHT.reshape(3, 72).T, atol=1e-6)
    np.testing.assert_allclose(answer(packed(convolution(), "fp16")), exact, rtol=6e-4, atol=1e-6)
    steps = np.abs(WEIGHT).max((1, 2, 3)) / 127  # each channel has its own
    assert (np.abs(answer(packed(convolution(), "int8")) - exact) <= 0.51 * steps + 1e-6).all()


def test_sizes() -> None:
    sizes = {precision: packed(convolution(), precision).ByteSize() for precision in ("fp32", "fp16", "int8")}
    assert sizes["fp32"] - sizes["fp16"] > 0.8 * WEIGHT.nbytes / 2
    assert sizes["fp32"] - sizes["int8"] > 0.4 * WEIGHT.nbytes


def test_the_first_layers_stay_exact() -> None:
    model, small = convolution(), np.full((1, 8, 3, 1), 1 / 3, np.float32)
    model.graph.initializer.append(numpy_helper.from_array(small, "blocks.0.first_weight"))
    for precision in ("fp16", "int8"):
        kept = {tensor.name: tensor for tensor in packed(model, precision).graph.initializer}
        np.testing.assert_array_equal(numpy_helper.to_array(kept["blocks.0.first_weight"]), small)
        assert "blocks.0.temporal_weight" not in kept


def test_the_graph_that_is_given_stays() -> None:
    model = convolution()
    before = model.SerializeToString()
    packed(model, "int8")
    assert model.SerializeToString() == before
