"""The tracing of a torch module as an ONNX graph, quietly, and without the exporter's notes of this machine."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

if TYPE_CHECKING:
    import onnx


def traced(
    module: nn.Module,
    inputs: Mapping[str, np.ndarray],
    dynamic: Mapping[str, Any],
    outputs: Sequence[str],
    opset: int,
) -> onnx.ModelProto:
    """Return a module as a graph.

    Args:
        module: what to trace.
        inputs: a sample of each input, by the name of its argument, in order.
        dynamic: the `torch.export.Dim` of the first axis of inputs that have a dynamic one.
        outputs: names of the outputs.
        opset: version of ONNX's operators.
    """
    noisy = logging.getLogger("torch.onnx")
    level = noisy.level
    noisy.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                module,
                tuple(map(torch.from_numpy, inputs.values())),
                dynamo=True,
                dynamic_shapes={name: {0: dynamic[name]} if name in dynamic else None for name in inputs},
                input_names=list(inputs),
                output_names=list(outputs),
                opset_version=opset,
                verbose=False,
            )
    finally:
        noisy.setLevel(level)
    assert program is not None
    return _stripped(program.model_proto)


def _stripped(model: onnx.ModelProto) -> onnx.ModelProto:
    """Remove the exporter's notes: each node has a stack trace with the paths of this machine."""
    graph = model.graph
    for entry in (graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del entry.metadata_props[:]
        entry.ClearField("doc_string")
    return model
