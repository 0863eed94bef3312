"""The export of trained weights to a self-contained model file, and the runtime that runs it."""

import os

# Before ONNX Runtime is first imported: its builds report usage to their makers otherwise. Nothing may leave here.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
