"""Contrastive pre-training of the modalities' encoders: InfoNCE first, then with an exchange between modalities.

Source: arXiv 2309.12009, sections 3.1 to 3.3 and 4.1. Shape suffixes: N clips, M modalities, H width of h, D width
of z, E = M x D, K queue columns.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.branches import Branches, projection
from training.config.schema import PretrainConfig, Schedule
from training.data.hiding import hidden_tubes, hide
from training.data.pool import Pool
from training.data.store import Batch
from training.method import losses
from training.method.collapse import diagnostics
from training.method.key_queue import Queue
from training.method.masked import hidden_places, prediction_loss, rows_at, standardised
from training.method.mixing import Mixed, mixed
from training.method.momentum import follow, key_copy
from training.parallel.shared_norms import share_statistics
from training.parallel.torchrun import Group, gather_keys, join
from training.runs.checkpoint import restore
from training.runs.loop import fit, make_optimizer, seed_start
from training.runs.precision import encoders_in, settle_precision
from training.runs.run_folder import CHECKPOINT, STAGE1, cut_log, finished, open_run, read_state
from training.runs.starts import held_precision, kept_alone, require_same_start

WIDTH = 128  # D


class Pretrainer(nn.Module):
    """Query branches, their momentum copies, the queue and IKEM's predictors.

    Args:
        config: How to train.
        clips: Number of training clips (the compact preset's queue depends on it).
    """

    def __init__(self, config: PretrainConfig, clips: int) -> None:
        super().__init__()
        self.config = config
        H, E = config.shape.channels[-1], WIDTH * len(config.modalities)
        self.query = Branches(config.modalities, config.shape, (H, WIDTH), config.recompute)
        self.key = key_copy(self.query)
        self.queue = Queue(config.modalities, queue_length(config, clips), WIDTH)
        self.predictors = nn.ModuleDict({name: projection((H, E, E)) for name in config.modalities})
        hidden = config.modalities if "predict" in config.beside else ()
        self.guessers = nn.ModuleDict({name: projection((H, H, H)) for name in hidden})
        self._newest: tuple[Tensor, Tensor] | None = None

    def product(self) -> Branches:
        """Return the branches that the configuration wants."""
        return self.key if self.config.product == "key" else self.query

    def before(self, epoch: int) -> None:
        """Let the keys follow the queries."""
        follow(self.key, self.query, self.config.keep, self.config.frozen_keys(epoch))

    def losses(self, first: Batch, second: Batch, epoch: int) -> dict[str, Tensor]:
        """Compute the loss of one step: InfoNCE alone in stage 1, the exchange's losses in stage 2.

        Args:
            first: One view of the clips, for the queries.
            second: Another view of the same clips, for the keys.
            epoch: Counted from 0.
        """
        how = self.config
        mix = mixed(first.joints_NPTVC, how.mix) if how.mix and epoch < how.stage1 else None
        with encoders_in(how.precision, first.joints_NPTVC.device):
            h_MNH, predicted = self._queries(first, first.joints_NPTVC if mix is None else mix.joints_NPTVC)
            with torch.no_grad():
                k_MNH = self.key.encode(second.joints_NPTVC, second.frames_N, second.present_NP)
        z_MND = self.query.project(h_MNH)
        with torch.no_grad():
            k_MND = self.key.project(k_MNH)
        self._newest = k_MND, second.ids_N
        mask_NK = self.queue.own_columns(first.ids_N) if how.mask_own else None
        weights = (how.loss_weights if epoch >= how.stage1 else {"info_nce": 1.0}) | how.beside
        parts = {name: self._part(name, h_MNH, z_MND, k_MND, mask_NK) for name in weights if name != "predict"}
        if mix is not None:
            parts["info_nce"] = self._mixed(mix, z_MND, k_MND, mask_NK)
        if predicted is not None:
            parts["predict"] = predicted
        return parts | {"loss": sum((weights[name] * part for name, part in parts.items()), z_MND.new_zeros(()))}

    def _queries(self, view: Batch, joints_NPTVC: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the queries' h, (M, N, H), and the loss of masked prediction where it is wanted.

        Args:
            view: of the clips.
            joints_NPTVC: its joints, perhaps mixed.
        """
        how, query = self.config, self.query
        if not how.hide.share:
            return query.encode(joints_NPTVC, view.frames_N, view.present_NP), None
        kept_NP = query.kept(joints_NPTVC, view.present_NP)
        x_MBTVC = query.rows(joints_NPTVC, view.frames_N, kept_NP)
        people, frames = x_MBTVC[0].shape[:2]
        hidden_BTV = hidden_tubes(people, frames, how.hide).to(joints_NPTVC.device)
        maps_MBHtV = query.maps([hide(x_BTVC, hidden_BTV) for x_BTVC in x_MBTVC])
        h_MNH = query.pooled([maps_BHtV.mean((2, 3)) for maps_BHtV in maps_MBHtV], len(joints_NPTVC), kept_NP)
        if not self.guessers:
            return h_MNH, None
        with torch.no_grad():
            targets = [standardised(maps_BHtV.float()) for maps_BHtV in self.key.maps(x_MBTVC)]
        places_BtV = hidden_places(hidden_BTV, how.shape.strides)
        each = zip(self.guessers.values(), maps_MBHtV, targets, strict=True)
        terms = [
            prediction_loss(guess(rows_at(maps_BHtV, places_BtV)), rows_at(target_BHtV, places_BtV))
            for guess, maps_BHtV, target_BHtV in each
        ]
        return h_MNH, torch.stack(terms).sum()

    def _mixed(self, mix: Mixed, z_MND: Tensor, k_MND: Tensor, mask_NK: Tensor | None) -> Tensor:
        """Return InfoNCE of mixed queries, the sum over the modalities."""
        mask_NK = mask_NK if mask_NK is None else mask_NK | mask_NK[mix.other_N]
        triples = zip(z_MND, k_MND, self.queue.keys_MKD, strict=True)
        each = (
            losses.mixed_info_nce(z, k, k[mix.other_N], mix.own_N, q, self.config.temperature, mask_NK)
            for z, k, q in triples
        )
        return sum(each, z_MND.new_zeros(()))

    def _part(self, name: str, h_MNH: Tensor, z_MND: Tensor, k_MND: Tensor, mask_NK: Tensor | None) -> Tensor:
        how, queue_MKD = self.config, self.queue.keys_MKD
        if name == "info_nce":
            pairs = zip(z_MND, k_MND, queue_MKD, strict=True)
            each = (losses.info_nce(z, k, q, how.temperature, mask_NK) for z, k, q in pairs)
            return sum(each, z_MND.new_zeros(()))
        if name == "ekem":
            return losses.ekem(z_MND, k_MND, queue_MKD, how.temperature, how.topk, how.context_gradient, mask_NK)
        if name == "cmd":
            return losses.cmd(z_MND, k_MND, queue_MKD, cmd_neighbours(how, len(self.queue)), mask_NK=mask_NK)
        if name == "soft":
            return losses.soft_neighbours(z_MND, k_MND, queue_MKD, cmd_neighbours(how, len(self.queue)), mask_NK)
        y_MNE = torch.stack([net(h_NH) for net, h_NH in zip(self.predictors.values(), h_MNH, strict=True)])
        return losses.ikem(F.normalize(y_MNE.float(), dim=-1), k_MND, queue_MKD, how.temperature, mask_NK)

    def after(self, group: Group, diagnose: bool) -> dict[str, float]:
        """Push the newest keys of all processes."""
        assert self._newest is not None
        k_MND, ids_N = self._newest
        k_MND, ids_N = gather_keys(k_MND, group), gather_keys(ids_N[None, :, None], group)[0, :, 0]
        health = diagnostics(k_MND, self.queue, ids_N) if diagnose else {}
        self.queue.push(k_MND, ids_N)
        return health


def queue_length(config: Schedule, clips: int) -> int:
    """Return the queue's length K.

    It is as asked, but at most half the clips where the own clip's columns are masked (small data sets).
    """
    return max(min(config.queue, clips // 2), 1) if config.mask_own else config.queue


def cmd_neighbours(config: Schedule, columns: int) -> int:
    """Return how many neighbours CMD compares: as many as asked, but at most half the queue."""
    return max(min(config.cmd_topk, columns // 2), 1)


def _subset(state: dict[str, Any], trainer: Pretrainer, path: Path) -> dict[str, Any]:
    """Take the branches and queue rows of the trainer's modalities from a stage-1 checkpoint."""
    held, names = state["modalities"], trainer.config.modalities
    missing = set(names) - set(held)
    if missing:
        raise ValueError(f"{path} holds {', '.join(held)}, not {', '.join(sorted(missing))}")
    if tuple(held) == tuple(names):
        return state
    model, own = dict(state["model"]), trainer.state_dict()
    model["queue.keys_MKD"] = model["queue.keys_MKD"][[held.index(name) for name in names]]
    # The predictors' widths follow the number of modalities, and stage 1 has not trained them.
    model |= {k: v for k, v in own.items() if k.startswith("predictors.")}
    kept = {name for name, _ in trainer.named_parameters()}
    memory = {k: v for k, v in state["optimizer"].items() if k in kept and not k.startswith("predictors.")}
    return state | {"model": {k: model[k] for k in own}, "optimizer": memory}


def pretrain(
    pool: Pool,
    config: PretrainConfig,
    out: Path,
    note: Callable[[str], None],
    stage1: Path | None = None,
    device: str | None = None,
) -> None:
    """Pre-train the modalities' encoders.

    OUT is taken up where it stands; nothing is done when it is finished.

    Args:
        pool: the clips; labels are not looked at.
        config: how to train.
        out: the run's folder.
        note: told when the run is finished.
        stage1: a run whose end of stage 1 is where this one begins (of the same shape, perhaps with more modalities).
        device: cpu or cuda; None takes CUDA where there is one.

    Raises:
        ValueError: too few clips, or OUT or stage1 belong to another configuration; another training is at work on
            OUT; or the loss is not finite.
    """
    group = join(device)
    pool.require(config.batch)
    config = settle_precision(config, group.device, held_precision(out, stage1), note if group.main else None)
    if stage1 is not None and not (out / CHECKPOINT).exists() and not finished(out):
        require_same_start(stage1, config, pool.record)
    extra = {"head": [config.shape.channels[-1], WIDTH], "stage1": None if stage1 is None else stage1.name}
    with kept_alone(out, group):
        if group.main:
            open_run(out, "pretrain", config, pool.record, extra)
        if finished(out):
            note(f"{out} is finished")
            return
        seed_start(config.seed)
        trainer = Pretrainer(config, len(pool)).to(group.device)
        optimizer = make_optimizer(config, [p for p in trainer.parameters() if p.requires_grad])
        first = _take_up(trainer, optimizer, out, stage1, group, note)
        if group.main:
            cut_log(out, first)
        prepare_encoders((trainer.query, trainer.key), config, group)
        fit(trainer, optimizer, pool, first, out, group, {config.stage1: STAGE1}, note)


def _take_up(
    trainer: Pretrainer,
    optimizer: torch.optim.Optimizer,
    out: Path,
    stage1: Path | None,
    group: Group,
    note: Callable[[str], None],
) -> int:
    """Restore the checkpoint or another run's stage 1, and return the epochs that it has done."""
    if (out / CHECKPOINT).exists():
        return restore(trainer, optimizer, read_state(out / CHECKPOINT), out / CHECKPOINT, group, note)
    if stage1 is None:
        return 0
    path = stage1 / STAGE1
    held = read_state(path, f"train {stage1} again, or begin with another run")
    done = restore(trainer, optimizer, _subset(held, trainer, path), path)
    if done != trainer.config.stage1:
        raise ValueError(f"{path} has {done} epochs, but this run asks for {trainer.config.stage1} in stage 1")
    return done


def prepare_encoders(many: tuple[Branches, ...], config: Schedule, group: Group) -> None:
    """Share batch statistics in a parallel run, and compile the encoders where asked.

    Names of tensors stay as they are.
    """
    for branches in many:
        share_statistics(branches, group, in_step=not (config.compile or config.recompute))
        if config.compile:
            for encoder in branches.encoders.values():
                encoder.compile()
