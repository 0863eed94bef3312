"""Timed steps of one variant, which `python -m training bench` runs in a process of their own.

Shape suffixes: N clips, P people, T frames, V joints, C coordinates, M modalities.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.system.cores import processor

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from training.benchmark.settings import Setting, Variant
    from training.data.store import Batch
    from training.parallel.torchrun import Group, Traffic


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """Turn of one variant.

    Attributes:
        seconds: of each timed step.
        peak_bytes: of the process; on CUDA, of the device's allocations.
        machine: the device's name and torch's version.
    """

    seconds: list[float]
    peak_bytes: int
    machine: dict[str, str]


def serve(variant: Variant, setting: Setting, pipe: Connection) -> None:
    """Take a timed step whenever the pipe says "step", and send a `Turn` and end when it says "end".

    The first step, which is not counted, is taken at once. What goes wrong is sent as well.
    """
    try:
        step = prepare(variant, setting)
        step()
        seconds: list[float] = []
        pipe.send(None)
        while pipe.recv() == "step":
            seconds.append(step())
            pipe.send(None)
        pipe.send(Turn(seconds=seconds, peak_bytes=_peak(setting), machine=_machine(setting)))
    except EOFError:  # nobody asks any more
        return
    except Exception as error:
        pipe.send(error)


def prepare(variant: Variant, setting: Setting) -> Callable[[], float]:
    """Return a function that takes a step of the variant and returns its seconds."""
    import torch

    from training.runs.precision import use_precision

    torch.set_num_threads(setting.threads)
    torch.manual_seed(0)
    if not variant.published:
        use_precision(variant.precision)
    step = (_published if variant.published else _ours)(variant, setting)

    def timed() -> float:
        start = time.perf_counter()
        loss = step()
        if setting.device == "cuda":
            torch.cuda.synchronize()
        assert loss == loss, "the loss is not a number"
        return time.perf_counter() - start

    return timed


def _peak(setting: Setting) -> int:
    import torch

    if setting.device == "cuda":
        return torch.cuda.max_memory_allocated()
    # Linux counts kilobytes, macOS bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _machine(setting: Setting) -> dict[str, str]:
    import torch

    name = torch.cuda.get_device_name() if setting.device == "cuda" else processor()
    return {"device_name": name, "torch": torch.__version__}


def _views(variant: Variant, setting: Setting) -> tuple[Batch, Batch]:
    """Make two views of made-up clips.

    Each person is a random pose that drifts. Some clips have a second person where the variant has one.
    """
    import torch

    from training.data.store import Batch

    N, P = setting.batch, setting.people
    joints_NPTVC = 0.3 * torch.randn(N, P, 1, 25, 3) + 0.02 * torch.randn(N, P, 50, 25, 3).cumsum(2)
    present_NP = torch.ones(N, P, dtype=torch.bool)
    present_NP[setting.two_people(variant) :, 1:] = False
    joints_NPTVC = joints_NPTVC * present_NP[:, :, None, None, None]
    fields = (torch.full((N,), 90.0), present_NP, torch.full((N,), -1), torch.arange(N))
    noisy = [joints_NPTVC + 0.01 * torch.randn_like(joints_NPTVC) for _ in range(2)]
    first, second = (Batch(*(x.to(setting.device) for x in (view, *fields))) for view in noisy)
    return first, second


def rehearse(setting: Setting) -> Traffic:
    """Count the messages that a step of pre-training in several processes sends, which no width or batch changes."""
    import torch

    from models.modality_names import MODALITIES
    from models.shape import CHANNELS, Shape
    from training.benchmark.settings import VARIANTS
    from training.config.schema import PretrainConfig
    from training.method.pretrain import Pretrainer, prepare_encoders
    from training.parallel.torchrun import Group, average, average_gradients, rehearsed

    group = Group(0, 2)
    config = PretrainConfig(
        modalities=MODALITIES[: setting.modalities], batch=2, queue=8, epochs=1, stage1=0,
        shape=Shape(channels=setting.channels or CHANNELS),
    )  # fmt: skip
    trainer = Pretrainer(config, 8).train()
    prepare_encoders((trainer.query, trainer.key), config, group)
    first, second = _views(VARIANTS["fp32"], replace(setting, batch=2, people=1, device="cpu"))
    with rehearsed() as sent:
        parts = trainer.losses(first, second, 0)
        parts["loss"].backward()
        average_gradients((p for p in trainer.parameters() if p.requires_grad), group)
        average(torch.stack([*parts.values()]).detach(), group)
        trainer.after(group, False)
    return sent


def _published(variant: Variant, setting: Setting) -> Callable[[], float]:
    from models.modalities import modalities, time_scale
    from models.modality_names import MODALITIES
    from models.shape import CHANNELS
    from training.benchmark.published import PublishedStep

    names, views = MODALITIES[: setting.modalities], _views(variant, setting)
    net = PublishedStep(len(names), setting.queue, setting.channels or CHANNELS).to(setting.device).train()

    def step() -> float:
        inputs = [modalities(view.joints_NPTVC, time_scale(view.frames_N), names) for view in views]
        return net.step(*inputs)

    return step


def _ours(variant: Variant, setting: Setting) -> Callable[[], float]:
    from training.parallel.torchrun import Group

    return step_of_group(variant, setting, Group())


def step_of_group(variant: Variant, setting: Setting, group: Group) -> Callable[[], float]:
    """Return a function that takes a step of this package with a group's share of the batch, and returns the loss."""
    from models.modality_names import MODALITIES
    from models.shape import CHANNELS, Shape
    from models.side_by_side import one_thread
    from models.system.memory import keep_freed_memory
    from training.config.schema import PretrainConfig
    from training.method.pretrain import Pretrainer, prepare_encoders
    from training.parallel.torchrun import average, average_gradients
    from training.runs.loop import hold_gradients, make_optimizer

    keep_freed_memory()
    channels = setting.channels or CHANNELS
    config = PretrainConfig(
        modalities=MODALITIES[: setting.modalities], batch=setting.batch, queue=setting.queue, epochs=1, stage1=0,
        precision=variant.precision, recompute=variant.recompute, compile=variant.compile,
        shape=Shape(channels=channels, mask_people=variant.skip),
    )  # fmt: skip
    group.share(setting.batch)
    views = _views(variant, replace(setting, batch=setting.batch // group.world))
    trainer = Pretrainer(config, setting.queue).to(setting.device).train()
    wanted = [p for p in trainer.parameters() if p.requires_grad]
    optimizer = make_optimizer(config, wanted)
    prepare_encoders((trainer.query, trainer.key), config, group)
    hold_gradients(trainer)

    def step() -> float:
        trainer.before(0)
        with one_thread() if group.world == 1 and not variant.compile else nullcontext():
            loss = trainer.losses(*views, 0)["loss"]
            optimizer.zero_grad(set_to_none=False)
            loss.backward()
            average_gradients(wanted, group)
            optimizer.step()
        trainer.after(group, False)
        return float(average(loss.detach(), group))

    return step
