"""Distillation of the frozen teacher's modalities into the student of joints, bones and motions.

Source: arXiv 2309.12009, section 3.4. Shape suffixes: N clips, S student branches, M teacher modalities, H width of
h, D width of a teacher's z, E = M x D, K queue columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.branches import Branches
from training.config.schema import DistilConfig
from training.data.pool import Pool
from training.data.store import Batch
from training.method import distil_losses
from training.method.collapse import diagnostics
from training.method.key_queue import Queue
from training.method.losses import concatenated
from training.method.pretrain import cmd_neighbours, prepare_encoders, queue_length
from training.parallel.torchrun import Group, gather_keys, join
from training.runs.checkpoint import restore
from training.runs.loop import fit, make_optimizer, seed_start
from training.runs.precision import encoders_in, settle_precision
from training.runs.run_folder import CHECKPOINT, cut_log, finished, load_branches, open_run, read_state
from training.runs.starts import held_precision, kept_alone, require_split_of_teacher
from training.runs.two_views import two_views


class Distiller(nn.Module):
    """Frozen teacher, student, and the queue of the teacher's keys.

    Args:
        teacher: Query branches of a finished pre-training; never trained, always in eval mode.
        config: How to train.
        clips: Number of training clips.
    """

    def __init__(self, teacher: Branches, config: DistilConfig, clips: int) -> None:
        super().__init__()
        self.config = config
        self.teacher = teacher.requires_grad_(False).eval()
        D = teacher.head[1]
        E = D * len(teacher.names)
        self.student = Branches(config.modalities, config.shape, (E, E), config.recompute)
        if config.start == "teacher":
            require_start(teacher, config)
            self._begin_as_teacher()
        self.queue = Queue(teacher.names, queue_length(config, clips), D)
        self._newest: tuple[Tensor, Tensor] | None = None

    def _begin_as_teacher(self) -> None:
        for name, encoder in self.student.encoders.items():
            encoder.load_state_dict(self.teacher.encoders[name].state_dict())

    def train(self, mode: bool = True) -> Distiller:
        """Set training mode for all but the teacher: its dropout stays off, its statistics stand still."""
        super().train(mode)
        self.teacher.eval()
        return self

    def product(self) -> Branches:
        """Return the student."""
        return self.student

    def before(self, epoch: int) -> None:
        """Do nothing, as no branch follows another here."""

    @torch.no_grad()
    def teach(self, view: Batch) -> Tensor:
        """Compute the teacher's z of one view, (M, N, D)."""
        with self._autocast(view):
            h_MNH = self.teacher.encode(view.joints_NPTVC, view.frames_N, view.present_NP)
        return self.teacher.project(h_MNH)

    def _autocast(self, view: Batch) -> torch.autocast:
        return encoders_in(self.config.precision, view.joints_NPTVC.device)

    def losses(self, first: Batch, second: Batch, epoch: int) -> dict[str, Tensor]:
        """Compute the loss of one step.

        The teacher sees the first view, the student the second.
        """
        how, queue_MKD = self.config, self.queue.keys_MKD
        z_MND = self.teach(first)
        with self._autocast(second):
            h_SNH = self.student.encode(second.joints_NPTVC, second.frames_N, second.present_NP)
        e_SNE = self.student.project(h_SNH)
        self._newest = z_MND, first.ids_N
        t_NE, mask_NK = concatenated(z_MND), self.queue.own_columns(first.ids_N) if how.mask_own else None
        if how.method == "feature":
            return {"loss": distil_losses.feature(e_SNE, t_NE)}
        queue_KE = concatenated(queue_MKD)
        if how.method == "rckd":
            loss = distil_losses.rckd(e_SNE, t_NE, queue_KE, z_MND, queue_MKD, how.temperature, mask_NK)
        elif how.method == "kl":
            loss = distil_losses.kl(e_SNE, t_NE, queue_KE, mask_NK=mask_NK)
        else:
            topk = cmd_neighbours(how, len(self.queue))
            loss = distil_losses.cross_modal_kl(e_SNE, queue_KE, z_MND, queue_MKD, topk, mask_NK=mask_NK)
        return {"loss": loss}

    def after(self, group: Group, diagnose: bool) -> dict[str, float]:
        """Push the teacher's newest keys of all processes."""
        assert self._newest is not None
        z_MND, ids_N = self._newest
        z_MND, ids_N = gather_keys(z_MND, group), gather_keys(ids_N[None, :, None], group)[0, :, 0]
        health = diagnostics(z_MND, self.queue, ids_N) if diagnose else {}
        self.queue.push(z_MND, ids_N)
        return health

    def fill(self, pool: Pool, group: Group) -> None:
        """Fill the queue with the teacher's keys before anything is mined.

        The views are those of epochs beyond the last.
        """
        epoch = self.config.epochs
        while int(self.queue.filled) < len(self.queue):
            for first, _ in two_views(pool, self.config, epoch, group):
                self._newest = self.teach(first), first.ids_N
                self.after(group, False)
                if int(self.queue.filled) == len(self.queue):
                    return
            epoch += 1

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Return student and queue. The teacher is in its own run."""
        return {k: v for k, v in super().state_dict(*args, **kwargs).items() if not k.startswith("teacher.")}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Load what `state_dict` returned."""
        teacher = {f"teacher.{k}": v for k, v in self.teacher.state_dict().items()}
        return super().load_state_dict(teacher | dict(state_dict), strict, assign)


def require_start(teacher: Branches, config: DistilConfig) -> None:
    """Make sure that a student can begin as its teacher, where it is asked to.

    Raises:
        ValueError: the teacher lacks a modality of the student, or has other widths.
    """
    if config.start != "teacher":
        return
    if missing := [name for name in config.modalities if name not in teacher.names]:
        raise ValueError(
            f"the student cannot start as its teacher, which has no {', '.join(missing)} but {', '.join(teacher.names)}"
            "; choose other --modalities, or --start random"
        )
    if config.shape.channels != teacher.shape.channels:
        raise ValueError(
            f"the student cannot start as its teacher, whose widths are {','.join(map(str, teacher.shape.channels))} "
            f"and not {','.join(map(str, config.shape.channels))}: is it of another --preset? Give that, or --start "
            "random"
        )


def distil(
    pool: Pool,
    teacher: Path,
    config: DistilConfig,
    out: Path,
    note: Callable[[str], None],
    device: str | None = None,
) -> None:
    """Distil a finished pre-training run.

    OUT is taken up where it stands; nothing is done when it is finished.

    Args:
        pool: the clips; labels are not looked at.
        teacher: folder of the pre-training run.
        config: how to train.
        out: the run's folder.
        note: told when the run is finished.
        device: cpu or cuda; None takes CUDA where there is one.

    Raises:
        ValueError: the teacher is not finished, not one that the student can start as, or of another split; too few
            clips; OUT belongs to another configuration; or another training is at work on it.
    """
    group = join(device)
    branches, held = load_branches(teacher)
    require_start(branches, config)
    require_split_of_teacher(teacher, held["data"], pool)
    pool.require(config.batch)
    config = settle_precision(config, group.device, held_precision(out), note if group.main else None)
    E = branches.head[1] * len(branches.names)
    extra = {"head": [E, E], "teacher": teacher.name, "teacher_config": held["config"]}
    with kept_alone(out, group):
        if group.main:
            open_run(out, "distil", config, pool.record, extra)
        if finished(out):
            note(f"{out} is finished")
            return
        if group.main and held["data"] != pool.record:
            note(
                f"WARNING: {teacher} was trained on other clips; for a comparison, give its --data, --split and --also"
            )
        seed_start(config.seed)
        trainer = Distiller(branches, config, len(pool)).to(group.device)
        optimizer = make_optimizer(config, list(trainer.student.parameters()))
        first = 0
        if (out / CHECKPOINT).exists():
            first = restore(trainer, optimizer, read_state(out / CHECKPOINT), out / CHECKPOINT, group, note)
        prepare_encoders((trainer.student, trainer.teacher), config, group)
        if first == 0:
            trainer.fill(pool, group)
        if group.main:
            cut_log(out, first)
        fit(trainer, optimizer, pool, first, out, group, {}, note)
