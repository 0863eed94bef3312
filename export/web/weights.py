"""The convolutions' weights of a graph in fewer bytes: half precision or int8, which the graph itself turns into fp32.

A runtime folds that into constants when it opens the file, so nothing is computed otherwise than in fp32, and only the
rounding of the weights is felt. int8 has one scale for each channel that a convolution puts out. The first layers'
weights stay as they are: they hold few of the numbers, and their rounding is felt as much as that of all others.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx

PRECISIONS = ("fp32", "fp16", "int8")
_KEPT = 1 / 8  # of the weights' numbers, at most, stay in fp32: those of the first layers


def packed(model: onnx.ModelProto, precision: str) -> onnx.ModelProto:
    """Return a copy of a graph with its convolutions' weights in a precision out of PRECISIONS."""
    import onnx
    from onnx import numpy_helper

    assert precision in PRECISIONS
    out = onnx.ModelProto()
    out.CopyFrom(model)
    if precision == "fp32":
        return out
    kept, nodes, later = [], [], _later(model)
    for tensor in model.graph.initializer:
        if tensor.name not in later:
            kept.append(tensor)
            continue
        small = _halved if precision == "fp16" else _in_steps
        arrays, unpacking = small(tensor.name, numpy_helper.to_array(tensor))
        kept += [numpy_helper.from_array(array, name) for name, array in arrays.items()]
        nodes += unpacking
    nodes += model.graph.node
    del out.graph.initializer[:], out.graph.node[:]
    out.graph.initializer.extend(kept)
    out.graph.node.extend(nodes)
    return out


def _later(model: onnx.ModelProto) -> set[str]:
    """Return the convolutions' weights by name, but for the first layers', which hold up to _KEPT of the numbers."""
    numbers = {
        tensor.name: math.prod(tensor.dims)
        for tensor in model.graph.initializer
        if "blocks." in tensor.name and tensor.name.endswith("_weight")
    }
    names = sorted(numbers)  # blocks.0.spatial_weight, blocks.0.temporal_weight, blocks.1. ...
    together = np.cumsum([numbers[name] for name in names])
    return {name for name, many in zip(names, together, strict=True) if many > _KEPT * together[-1]}


Packed = tuple[dict[str, np.ndarray], list["onnx.NodeProto"]]  # constants, and the nodes that make the weights of them


def _halved(name: str, weight: np.ndarray) -> Packed:
    from onnx import TensorProto, helper

    half = f"{name}.half"
    return {half: weight.astype(np.float16)}, [helper.make_node("Cast", [half], [name], to=TensorProto.FLOAT)]


def _in_steps(name: str, weight: np.ndarray) -> Packed:
    from onnx import TensorProto, helper

    largest = np.abs(weight).max(tuple(range(1, weight.ndim)), keepdims=True)
    step = (np.maximum(largest, 1e-12) / 127).astype(np.float32)
    steps, whole, one = f"{name}.steps", f"{name}.whole", f"{name}.step"
    return {steps: np.round(weight / step).astype(np.int8), one: step}, [
        helper.make_node("Cast", [steps], [whole], to=TensorProto.FLOAT),
        helper.make_node("Mul", [whole, one], [name]),
    ]
