"""Running a model file: numpy and ONNX Runtime, no torch."""

from export.runtime.model import ActionModel, ModelFileError, ModelScores

__all__ = ["ActionModel", "ModelFileError", "ModelScores"]
