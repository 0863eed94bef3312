"""The runtime of model files: numpy and ONNX Runtime, no torch."""

from export.runtime.model import ActionModel, ModelFileError
from export.runtime.recogniser import ModelScores, Recogniser

__all__ = ["ActionModel", "ModelFileError", "ModelScores", "Recogniser"]
