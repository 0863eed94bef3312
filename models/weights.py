"""The files of a recogniser: a folder with student.safetensors and config.json."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import torch

from models.gate import Gate, said_labels
from models.modalities import FRAMES
from models.modality_names import check_modalities
from models.shape import CHANNELS, STRIDES
from models.student import Student
from models.system.atomic import write_json, write_whole
from models.system.contents import mistaken
from models.thresholds import Thresholds, sensible

WEIGHTS, CONFIG = "student.safetensors", "config.json"
FORMAT = "ikem-live-student/1"
EMBEDDING = "spread over parts/1"  # how the embedding is computed; renamed when that changes


@dataclass(frozen=True, kw_only=True, slots=True)
class StudentConfig:
    """The configuration of a recogniser, which its weights do not contain.

    Args:
        labels: Short ids of the classes, in the order of the logits.
        display: Plain words for each short id.
        window_s: Seconds that the model looks at.
        frames: Frames that a window is resampled to.
        modalities: Branches, in order.
        temperature: Divisor of the logits before the softmax.
        fusion: Weights of the branches in the fused score, which sum to 1; () weighs them equally.
        gate: Whether the fused scores pass a gate for the unknown; files of before it have none.
        thresholds: Scores at which an action is entered and left (models.thresholds).
        channels: Widths of the encoder's blocks.
        strides: Strides of the encoder's blocks, in time.
        version: Version of the weights.
        terms: What the training data allows the weights to be used for, in a sentence or two; "" if that was not
            stated.
        format: Format of the folder.
    """

    labels: tuple[str, ...]
    display: dict[str, str] = field(default_factory=dict)
    window_s: float = 2.0
    frames: int = FRAMES
    modalities: tuple[str, ...] = ("joint", "bone", "motion")
    temperature: float = 1.0
    fusion: tuple[float, ...] = ()
    gate: bool = False
    thresholds: Thresholds = field(default_factory=lambda: Thresholds(enter=0.5, leave=0.3))
    channels: tuple[int, ...] = CHANNELS
    strides: tuple[int, ...] = STRIDES
    version: str = "0"
    terms: str = ""
    format: str = FORMAT

    def __post_init__(self) -> None:
        for name in ("labels", "modalities", "channels", "strides", "fusion"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "display", {label: label.replace("_", " ") for label in self.labels} | self.display)
        check_modalities(self.modalities)
        rules = {
            "format": self.format == FORMAT,
            "labels": bool(self.labels) and len(set(self.labels)) == len(self.labels),
            "display": set(self.display) == set(self.labels),
            "window_s": self.window_s > 0,
            "frames": self.frames == FRAMES,
            "temperature": self.temperature > 0,
            "fusion": not self.fusion or self._fuses(),
            "gate": self.gate is False or (self.gate is True and len(set(said_labels(self.labels))) == 2),
            "thresholds": sensible(self.thresholds, self.labels),
            "channels": bool(self.channels) and min(self.channels) > 0,
            "strides": len(self.strides) == len(self.channels) and min(self.strides) > 0,
        }
        for name, holds in rules.items():
            if not holds:
                raise ValueError(f"{name} cannot be {getattr(self, name)!r}")

    def build(self, dropout: float = 0.5) -> Student:
        """Build an untrained student of this shape; its gate, if there is one, changes nothing yet."""
        student = Student(len(self.labels), self.modalities, self.channels, dropout, strides=self.strides)
        student.temperature, student.fusion = self.temperature, self.fusion
        if self.gate:
            student.gate = Gate(said_labels(self.labels), student.width)
        return student

    def _fuses(self) -> bool:
        right = len(self.fusion) == len(self.modalities) and min(self.fusion) >= 0
        return right and abs(sum(self.fusion) - 1) < 1e-6


def save(student: Student, config: StudentConfig, folder: str | Path) -> None:
    """Write the weights and the configuration, each all or nothing.

    Raises:
        ValueError: If the student's shape is not that of the configuration.
    """
    from safetensors.torch import save_file

    _load_state(config.build(), student.state_dict(), "the student")
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in student.state_dict().items()}
    folder = Path(folder)
    write_whole(folder / WEIGHTS, lambda part: save_file(tensors, part, metadata={"format": FORMAT}))
    write_json(folder / CONFIG, asdict(config))


def embedding_id(student: Student, config: StudentConfig) -> str:
    """Return an identifier of the space of the student's embeddings; embeddings of different spaces cannot be compared.

    Returns:
        A hash of the encoders' weights, of what a window is and of what is taken from the maps; heads, labels, gate
        and calibration are not part of it.
    """
    known_by = [config.modalities, config.window_s, config.frames, EMBEDDING]
    digest = hashlib.sha256(json.dumps(known_by).encode())
    for name, tensor in sorted(student.encoders.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:32]


def load(folder: str | Path) -> tuple[Student, StudentConfig]:
    """Read a folder that `save` wrote, and return the student in eval mode and its configuration.

    Raises:
        ValueError: If a file is missing, damaged, or does not fit the other.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder = Path(folder)
    config = read_config(folder)
    try:
        state = load_file(folder / WEIGHTS)
    except FileNotFoundError:
        raise ValueError(f"{folder / WEIGHTS} is missing: name a folder that holds {WEIGHTS} and {CONFIG}") from None
    except (SafetensorError, OSError) as error:
        instead = mistaken(folder / WEIGHTS) or f"is not a whole safetensors file: {error}"
        raise ValueError(f"{folder / WEIGHTS} {instead}") from error
    student = config.build()
    _load_state(student, state, str(folder / WEIGHTS))
    return student.eval(), config


def read_config(folder: str | Path) -> StudentConfig:
    """Read only the configuration.

    Raises:
        ValueError: If config.json is missing, not JSON, or holds an unknown key or an impossible value.
    """
    path = Path(folder) / CONFIG
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path} is missing: name a folder that holds {WEIGHTS} and {CONFIG}") from None
    except NotADirectoryError:
        raise ValueError(f"{folder} is a file: name the folder that holds {WEIGHTS} and {CONFIG}") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} {mistaken(path) or f'is not JSON: {error}'}") from error
    names = {entry.name for entry in fields(StudentConfig)}
    if not isinstance(values, dict) or set(values) - names or "labels" not in values:
        raise ValueError(f"{path} must hold the keys {', '.join(sorted(names))}, and labels at least")
    try:
        return StudentConfig(**values)
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: {error}") from error


def _load_state(student: Student, state: dict[str, torch.Tensor], source: str) -> None:
    """Copy the tensors into the student, and name the first that does not fit."""
    own = student.state_dict()
    for name in sorted(own.keys() | state.keys()):
        mine, other = own.get(name), state.get(name)
        if mine is None or other is None or mine.shape != other.shape:
            shapes = [None if tensor is None else list(tensor.shape) for tensor in (other, mine)]
            raise ValueError(
                f"{source} does not fit {CONFIG}: {name} is {shapes[0]}, expected {shapes[1]}; the weights and the "
                "configuration must come from the same training run"
            )
    student.load_state_dict(state)
