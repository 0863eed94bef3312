"""The sidecar of a TensorRT engine: a JSON file with what it was built from and for, and the model's metadata."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from export.runtime.card import FORMAT, Card, ModelFileError
from models.system.command_line import called


def engine_name(stem: str, gpu: str, tensorrt: str, precision: str) -> str:
    """Return the file name of an engine, which belongs to one GPU and one TensorRT version."""
    return f"{stem}-{_slug(gpu)}-trt{tensorrt}-{_slug(precision)}.engine"


def sidecar_path(path: Path) -> Path:
    """Return the path of an engine's sidecar."""
    return path.with_suffix(".engine.json")


def rebuild(model: str | Path) -> str:
    """Return what to do about an engine that does not fit."""
    return f"build it again here with `{called('export')} tensorrt {model}`"


def sha256(data: bytes) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Sidecar:
    """The facts that the runtime needs about an engine, so that it needs no ONNX file.

    Attributes:
        onnx: File name of the model.
        onnx_sha256: Hash of the model file's content.
        engine_sha256: Hash of the engine's content.
        tensorrt: Version that built it, and the only one that can run it.
        gpu: Name of the GPU that it was built on.
        compute_capability: Compute capability of that GPU, such as "9.0".
        profile: Windows in a batch: "min", "opt" and "max".
        precision: Precision of the arithmetic, such as "fp32".
        metadata: The metadata of the ONNX file, as it stands there.
    """

    onnx: str
    onnx_sha256: str
    engine_sha256: str
    tensorrt: str
    gpu: str
    compute_capability: str
    profile: dict[str, int]
    precision: str
    metadata: dict[str, str]

    def to_json(self) -> str:
        """Return the content of the file."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, path: Path) -> Sidecar:
        """Read the sidecar of the engine at `path`.

        Raises:
            ModelFileError: If it is missing or damaged.
        """
        place = sidecar_path(path)
        try:
            sidecar = cls(**json.loads(place.read_text(encoding="utf-8")))
            wrong = [name for name in cls.__slots__ if not isinstance(getattr(sidecar, name), _TYPES.get(name, str))]
            if wrong or set(sidecar.profile) != {"min", "opt", "max"}:
                raise ValueError(f"{', '.join(wrong) or 'profile'} cannot be that")
        except FileNotFoundError:
            raise ModelFileError(f"{place} is missing beside the engine; {rebuild('MODEL.onnx')}") from None
        except (OSError, ValueError, TypeError) as error:
            raise ModelFileError(f"{place} is damaged ({error}); {rebuild('MODEL.onnx')}") from error
        return sidecar

    def card(self, path: Path) -> Card:
        """Return the checked metadata; `path` is the engine's.

        Raises:
            ModelFileError: If the metadata is damaged, or not of an action model.
        """
        if self.metadata.get("format") != FORMAT:
            raise ModelFileError(f"{sidecar_path(path)} is of no action model of format {FORMAT}; {rebuild(self.onnx)}")
        try:
            return Card.from_metadata(self.metadata)
        except (KeyError, ValueError, TypeError) as error:
            raise ModelFileError(
                f"{sidecar_path(path)} has damaged metadata ({error!r}); {rebuild(self.onnx)}"
            ) from error

    def check_place(self, path: Path, tensorrt: str, gpu: str, compute_capability: str) -> None:
        """Refuse an engine that was built by another TensorRT, or for another GPU, than this machine has.

        Raises:
            ModelFileError: If it was.
        """
        if self.tensorrt != tensorrt:
            raise ModelFileError(
                f"{path} was built by TensorRT {self.tensorrt}, but this is {tensorrt}; {rebuild(self.onnx)}"
            )
        if (self.gpu, self.compute_capability) != (gpu, compute_capability):
            raise ModelFileError(
                f"{path} was built for {self.gpu} (compute capability {self.compute_capability}), "
                f"but this is {gpu} ({compute_capability}); {rebuild(self.onnx)}"
            )


_TYPES = {"profile": dict, "metadata": dict}  # the others are texts


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
