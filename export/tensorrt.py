"""The building of a TensorRT engine from an ONNX file, on the machine that will run it, for TensorRT 10 and 11.

The network is strongly typed: the ONNX graph itself defines the precision of each operation. Nothing here needs torch.

Shape suffixes: N batch (windows).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from export.runtime.card import JOINTS, Card
from export.runtime.cuda import Cuda
from export.runtime.engine import create, logger, reason, tensorrt_module
from export.runtime.model import open_onnx
from export.runtime.sidecar import Sidecar, engine_name, sha256, sidecar_path
from models.system.atomic import check_writable, write_together


@dataclass(frozen=True, kw_only=True, slots=True)
class Batches:
    """The numbers of windows that an engine takes at a time: at least `min`, at most `max`, tuned for `opt`."""

    min: int = 1
    opt: int = 8
    max: int = 64

    def __post_init__(self) -> None:
        if not 1 <= self.min <= self.opt <= self.max:
            raise ValueError(f"batches must be 1 <= min <= opt <= max; got {self.min}, {self.opt}, {self.max}")


def build_engine(
    model: Path,
    folder: Path | None = None,
    batches: Batches | None = None,
    workspace_mb: int = 1024,
    timing_cache: Path | None = None,
    device: int = 0,
) -> Path:
    """Build an engine and its sidecar; both are written, or neither.

    Args:
        model: The ONNX file.
        folder: Where to put the engine; None puts it beside the ONNX file.
        batches: Numbers of windows at a time.
        workspace_mb: GPU memory for the work of the layers, in MiB.
        timing_cache: File of timings that speeds up the next build; it is read if it exists, and written.
        device: Which GPU to build for, counted from 0.

    Returns:
        The engine's path. Its name contains the model, the GPU, the version of TensorRT and the precision.

    Raises:
        AcceleratorMissingError: If TensorRT or a GPU is missing.
        ValueError: If an argument makes no sense, the file is not an action model, TensorRT cannot build it, or a
            file cannot be written.
    """
    if workspace_mb < 1 or device < 0:
        raise ValueError(f"workspace-mb must be at least 1, and device at least 0; got {workspace_mb} and {device}")
    batches = batches or Batches()
    session, card = open_onnx(model, threads=1)
    trt, cuda = tensorrt_module(), Cuda(device)
    path = (folder or model.parent) / engine_name(model.stem, cuda.name, trt.__version__, card.precision)
    check_writable(path.parent, "--out")
    saved = _read_cache(timing_cache)
    plan, timings = _build(trt, model, _shapes(card, batches), workspace_mb, saved)
    sidecar = Sidecar(
        onnx=model.name,
        onnx_sha256=sha256(model.read_bytes()),
        engine_sha256=sha256(plan),
        tensorrt=trt.__version__,
        gpu=cuda.name,
        compute_capability=cuda.capability,
        profile=asdict(batches),
        precision=card.precision,
        metadata=session.get_modelmeta().custom_metadata_map,
    )
    write_together({path: plan, sidecar_path(path): sidecar.to_json().encode()})
    if timing_cache is not None:
        write_together({timing_cache: timings})
    return path


def _read_cache(file: Path | None) -> bytes:
    if file is None:
        return b""
    check_writable(file.parent, "--timing-cache")
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise ValueError(
            f"{file} cannot be read ({error.strerror or error}): name another file with --timing-cache"
        ) from error


def _shapes(card: Card, batches: Batches) -> dict[str, list[tuple[int, ...]]]:
    """Return the smallest, best and largest shape of each input."""
    sizes = (batches.min, batches.opt, batches.max)
    return {
        "joints": [(N, card.frames, JOINTS, 3) for N in sizes],
        "frames": [(N,) for N in sizes],
    }


def _build(
    trt: ModuleType, model: Path, shapes: dict[str, list[tuple[int, ...]]], workspace_mb: int, saved: bytes
) -> tuple[bytes, bytes]:
    """Build, and return the serialised engine and the timing cache."""
    log = logger(trt)
    builder = create(trt, trt.Builder, log)
    # The number of the flag differs between TensorRT 10 and 11.
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = _parse(trt, network, model)  # owns the weights until the engine is built
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, workspace_mb << 20)
    profile = builder.create_optimization_profile()
    for name, (least, best, largest) in shapes.items():
        profile.set_shape(name, least, best, largest)
    if config.add_optimization_profile(profile) < 0:
        raise ValueError(f"TensorRT does not take these batches: {reason(trt)}")
    cache = _attach_cache(trt, config, saved)
    plan = builder.build_serialized_network(network, config)
    del parser
    if plan is None:
        raise ValueError(f"TensorRT {trt.__version__} cannot build an engine from {model}: {reason(trt)}")
    return bytes(plan), bytes(cache.serialize())


def _parse(trt: ModuleType, network: Any, model: Path) -> Any:
    """Fill the network from the model, and return the parser."""
    parser = create(trt, trt.OnnxParser, network, logger(trt))
    if not parser.parse_from_file(str(model)):
        faults = [parser.get_error(i) for i in range(parser.num_errors)]
        text = "; ".join(" ".join(fault.desc().split()) for fault in faults) or reason(trt)
        raise ValueError(f"TensorRT {trt.__version__} cannot take {model}: {text}")
    return parser


def _attach_cache(trt: ModuleType, config: Any, saved: bytes) -> Any:
    """Return the timing cache that the build reads and fills; a saved one of another GPU or version is not used."""
    for data in (saved, b""):
        cache = config.create_timing_cache(data)
        if cache is not None and config.set_timing_cache(cache, False):
            return cache
    raise ValueError(f"TensorRT gives no timing cache: {reason(trt)}")
