"""Contrastive pre-training of the modalities' encoders: InfoNCE first, then with an exchange between modalities.

Source: arXiv 2309.12009, sections 3.1 to 3.3 and 4.1. Shape suffixes: N clips, P people, T frames, V joints,
C coordinates, M modalities, H width of h, D width of z, E = M x D, K queue columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from training import losses
from training.branches import Branches, follow, key_copy, projection
from training.config import PretrainConfig, Schedule
from training.parallel import Group, average, average_gradients, gather_keys, join, share_statistics
from training.queues import Queue
from training.runs import CHECKPOINT, STAGE1, Log, cut_log, finished, open_run, read_state, save_model, write_whole
from training.store import Batch, Store
from training.views import augment

WIDTH = 128  # D


class Pretrainer(nn.Module):
    """Query branches, their momentum copies, the queue and IKEM's predictors."""

    def __init__(self, config: PretrainConfig, clips: int) -> None:
        super().__init__()
        self.config = config
        H, E = config.shape.channels[-1], WIDTH * len(config.modalities)
        self.query = Branches(config.modalities, config.shape, (H, WIDTH), config.recompute)
        self.key = key_copy(self.query)
        self.queue = Queue(config.modalities, queue_length(config, clips), WIDTH)
        self.predictors = nn.ModuleDict({name: projection((H, E, E)) for name in config.modalities})

    def forward(self, query: Batch, key: Batch, stage: int) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """Loss of one step.

        Args:
            query: One view of the clips.
            key: Another view of the same clips.
            stage: 1 InfoNCE alone, 2 the exchange.

        Returns:
            The loss, its unweighted parts and the diagnostics, and the keys k_MND for the queue.
        """
        how = self.config
        with _autocast(query.joints_NPTVC.device, how.precision):
            h_MNH = self.query.encode(query.joints_NPTVC, query.frames_N, query.present_NP)
            with torch.no_grad():
                k_MNH = self.key.encode(key.joints_NPTVC, key.frames_N, key.present_NP)
        z_MND = self.query.project(h_MNH)
        with torch.no_grad():
            k_MND = self.key.project(k_MNH)
        mask_NK = self.queue.own_columns(query.ids_N) if how.mask_own else None
        weights = how.loss_weights if stage == 2 else {"info_nce": 1.0}
        parts = {name: self._part(name, h_MNH, z_MND, k_MND, mask_NK) for name in weights}
        loss = sum(weights[name] * part for name, part in parts.items())
        return loss, parts | {"loss": loss}, k_MND

    def _part(self, name: str, h_MNH: Tensor, z_MND: Tensor, k_MND: Tensor, mask_NK: Tensor | None) -> Tensor:
        how, queue_MKD = self.config, self.queue.keys_MKD
        if name == "info_nce":
            pairs = zip(z_MND, k_MND, queue_MKD, strict=True)
            return sum(losses.info_nce(z, k, q, how.temperature, mask_NK) for z, k, q in pairs)
        if name == "ekem":
            return losses.ekem(z_MND, k_MND, queue_MKD, how.temperature, how.topk, how.context_gradient, mask_NK)
        if name == "cmd":
            return losses.cmd(z_MND, k_MND, queue_MKD, min(how.cmd_topk, len(self.queue) // 2 or 1), mask_NK=mask_NK)
        y_MNE = torch.stack([net(h_NH) for net, h_NH in zip(self.predictors.values(), h_MNH, strict=True)])
        return losses.ikem(F.normalize(y_MNE.float(), dim=-1), k_MND, queue_MKD, how.temperature, mask_NK)


def _autocast(device: torch.device, precision: str) -> torch.autocast:
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def queue_length(config: Schedule, clips: int) -> int:
    """K: as asked, but at most half the clips where the own clip's columns are masked (small data sets)."""
    return max(min(config.queue, clips // 2), 1) if config.mask_own else config.queue


@torch.no_grad()
def diagnose(z_MND: Tensor, queue: Queue, ids_N: Tensor, names: tuple[str, ...]) -> dict[str, float]:
    """Signs of collapse and of self-mining, modality by modality.

    std: mean over dimensions of the keys' standard deviation times sqrt(D), 1 for evenly spread directions, 0 when
    collapsed. rank: effective rank, exp of the entropy of the normalised singular values (Roy and Vetterli 2007).
    self_hit: share of the clips whose nearest column is an earlier key of the clip itself, before any mask.
    """
    out = {}
    own_NK = queue.own_columns(ids_N)
    for name, z_ND, queue_KD in zip(names, z_MND, queue.keys_MKD, strict=True):
        out[f"{name}/std"] = float(z_ND.std(0).mean() * z_ND.shape[1] ** 0.5)
        p = torch.linalg.svdvals(z_ND - z_ND.mean(0))
        p = p / p.sum().clamp(min=1e-12)
        out[f"{name}/rank"] = float(torch.exp(-(p * p.clamp(min=1e-12).log()).sum()))
        out[f"{name}/self_hit"] = float(own_NK.gather(1, losses.mine(z_ND, queue_KD, 1)).float().mean())
    return out


class Pool:
    """The clips to train on: some of a store, and all of further stores without their labels; ids count through."""

    def __init__(self, store: Store, ids: np.ndarray, also: tuple[Store, ...] = ()) -> None:
        self.parts = [(store, ids)] + [(other, np.arange(len(other))) for other in also]
        self.starts = np.concatenate([[0], np.cumsum([len(ids) for _, ids in self.parts])])

    def __len__(self) -> int:
        return int(self.starts[-1])

    def batch(self, numbers: np.ndarray, device: torch.device) -> Batch:
        """Clips by their number in the pool; ids_N are these numbers, label_N is -1."""
        which = np.searchsorted(self.starts, numbers, side="right") - 1
        people = max(int(s.people_N[ids].max(initial=1)) for s, ids in self.parts)
        order, batches = [], []
        for p in np.unique(which):
            store, ids = self.parts[p]
            at = np.flatnonzero(which == p)
            order.append(at)
            batches.append(store.batch(ids[numbers[at] - self.starts[p]], people=people))
        back = torch.from_numpy(np.argsort(np.concatenate(order), kind="stable"))
        columns = [
            torch.cat([getattr(b, f) for b in batches])[back] for f in ("joints_NPTVC", "frames_N", "present_NP")
        ]
        numbers_N = torch.from_numpy(numbers)
        return Batch(*(c.to(device) for c in (*columns, torch.full_like(numbers_N, -1), numbers_N)))


def part_of(batch: Batch, part: slice) -> Batch:
    """A slice of a batch."""
    return Batch(*(getattr(batch, f)[part] for f in ("joints_NPTVC", "frames_N", "present_NP", "label_N", "ids_N")))


def two_views(pool: Pool, config: Schedule, epoch: int, group: Group) -> Iterator[tuple[Batch, Batch]]:
    """This process's shares of one epoch's batches, in two views; anew by seed and epoch, whole batches only."""
    order = np.random.default_rng([config.seed, epoch]).permutation(len(pool))
    share = group.share(config.batch)
    for step in range(len(pool) // config.batch):
        batch = pool.batch(order[step * config.batch : (step + 1) * config.batch], group.device)
        rng = torch.Generator().manual_seed(
            int(np.random.SeedSequence([config.seed, epoch, step]).generate_state(1)[0])
        )
        views = [augment(batch.joints_NPTVC, rng, config.views) for _ in range(2)]
        fields = (batch.frames_N, batch.present_NP, batch.label_N, batch.ids_N)
        # All processes draw the numbers of the whole batch, so that their number changes nothing.
        first, second = (part_of(Batch(view, *fields), share) for view in views)
        yield first, second


def make_optimizer(config: Schedule, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    """SGD or AdamW over the parameters (AdamW decays matrices only)."""
    if config.optimizer == "sgd":
        return torch.optim.SGD(
            parameters, config.lr, momentum=config.momentum, weight_decay=config.weight_decay, foreach=True
        )
    matrices, others = [p for p in parameters if p.dim() > 1], [p for p in parameters if p.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.lr)


def optimizer_state(optimizer: torch.optim.Optimizer, module: nn.Module) -> dict[str, dict[str, Tensor]]:
    """What the optimizer remembers, by parameter name (a run with fewer modalities takes what is its own)."""
    names = {parameter: name for name, parameter in module.named_parameters()}
    return {names[p]: dict(state) for p, state in optimizer.state.items()}


def restore_optimizer(optimizer: torch.optim.Optimizer, module: nn.Module, held: dict[str, Any]) -> None:
    """Take up `optimizer_state` for the parameters that the module has."""
    for name, parameter in module.named_parameters():
        if name in held:
            optimizer.state[parameter] = {
                k: v.to(parameter.device) if k != "step" and torch.is_tensor(v) else v for k, v in held[name].items()
            }


def _state(trainer: Pretrainer, optimizer: torch.optim.Optimizer, epoch: int) -> dict[str, Any]:
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {
        "epoch": epoch, "modalities": list(trainer.config.modalities), "model": trainer.state_dict(),
        "optimizer": optimizer_state(optimizer, trainer), "random": torch.get_rng_state(), "cuda": cuda,
    }  # fmt: skip


def _restore(trainer: Pretrainer, optimizer: torch.optim.Optimizer, state: dict[str, Any], path: Path) -> int:
    """Take a checkpoint up, or of a stage-1 checkpoint of more modalities the branches and columns that are wanted."""
    held, names = state["modalities"], trainer.config.modalities
    missing = set(names) - set(held)
    if missing:
        raise ValueError(f"{path} holds {', '.join(held)}, not {', '.join(sorted(missing))}")
    model = dict(state["model"])
    if tuple(held) != tuple(names):
        model["queue.keys_MKD"] = model["queue.keys_MKD"][[held.index(name) for name in names]]
        # The predictors' widths follow the number of modalities, and stage 1 has not trained them.
        model = {k: v for k, v in model.items() if not k.startswith("predictors.")}
        own = trainer.state_dict()
        model = {k: model.get(k, own[k]) for k in own}
    try:
        trainer.load_state_dict(model)
    except RuntimeError as error:
        raise ValueError(f"{path} does not fit this configuration: {error}") from error
    known = {n for n, p in trainer.named_parameters()}
    restore_optimizer(optimizer, trainer, {k: v for k, v in state["optimizer"].items() if k in known})
    torch.set_rng_state(state["random"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
    return int(state["epoch"])


def _epoch(
    trainer: Pretrainer, optimizer: torch.optim.Optimizer, pool: Pool, epoch: int, group: Group
) -> dict[str, float]:
    config = trainer.config
    stage, steps = 1 if epoch < config.stage1 else 2, len(pool) // config.batch
    frozen = config.freeze_keys if stage == 2 else ()
    sums: dict[str, float] = {}
    trainer.train()
    for step, (query, key) in enumerate(two_views(pool, config, epoch, group)):
        for entry in optimizer.param_groups:
            entry["lr"] = config.rate(epoch + step / steps)
        follow(trainer.key, trainer.query, config.keep, frozen)
        loss, parts, k_MND = trainer(query, key, stage)
        if not torch.isfinite(loss.detach()):
            raise ValueError(f"the loss is not finite in epoch {epoch + 1}; take a lower --lr, or --precision fp32")
        optimizer.zero_grad()
        loss.backward()
        average_gradients(trainer.parameters(), group)
        optimizer.step()
        k_MND, ids_N = gather_keys(k_MND, group), gather_keys(query.ids_N[None, :, None], group)[0, :, 0]
        last = diagnose(k_MND, trainer.queue, ids_N, config.modalities) if step == steps - 1 else {}
        trainer.queue.push(k_MND, ids_N)
        for name, part in parts.items():
            sums[name] = sums.get(name, 0.0) + float(average(part.detach().clone(), group))
    return {name: value / steps for name, value in sums.items()} | {"lr": config.rate(epoch)} | last


def pretrain(
    store: Store,
    config: PretrainConfig,
    out: Path,
    note: Callable[[str], None],
    split: str | None = None,
    also: tuple[Store, ...] = (),
    stage1: Path | None = None,
    device: str | None = None,
) -> None:
    """Pre-train; OUT is taken up where it stands, and nothing is done when it is finished.

    Args:
        store: the clips; labels are not looked at.
        config: how.
        out: the run's folder.
        note: told a line an epoch.
        split: train on this split's training clips; None takes all clips.
        also: further stores, all clips of which are used without labels.
        stage1: a run whose end of stage 1 is where this one begins (same shape; it may have more modalities).
        device: cpu or cuda; None takes CUDA where there is one.

    Raises:
        ValueError: too few clips, or OUT or stage1 belong to another configuration; or the loss is not finite.
    """
    group = join(device)
    pool = Pool(store, np.arange(len(store)) if split is None else store.split(split)[0], also)
    if len(pool) < config.batch:
        raise ValueError(f"{len(pool)} clips are fewer than a batch of {config.batch}; take a smaller --batch")
    extra = {"split": split, "also": [other.hash for other in also], "clips": len(pool),
             "head": [config.shape.channels[-1], WIDTH], "stage1": None if stage1 is None else stage1.name}  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    if group.main:
        open_run(out, "pretrain", config, store, extra)
    if finished(out):
        note(f"{out} is finished")
        return
    trainer, optimizer, first = _begin(config, len(pool), out, stage1, group)
    log = Log(out, group.main)
    bar = tqdm(range(first, config.epochs), initial=first, total=config.epochs, unit="epoch", disable=not group.main)
    for epoch in bar:
        values = _epoch(trainer, optimizer, pool, epoch, group)
        if group.main:
            log.write(epoch + 1, values)
            bar.set_postfix(loss=f"{values['loss']:.2f}")
            _keep(trainer, optimizer, out, epoch + 1)
    if group.main:
        save_model(trainer.query, out)
        note(f"{out}: {config.epochs} epochs, loss {read_loss(out):.3f}")


def read_loss(out: Path) -> float:
    """The last epoch's loss."""
    from training.runs import read_log

    return read_log(out)[-1]["loss"]


def _begin(
    config: PretrainConfig, clips: int, out: Path, stage1: Path | None, group: Group
) -> tuple[Pretrainer, torch.optim.Optimizer, int]:
    """The trainer at the checkpoint, at the end of another run's stage 1, or at the start."""
    torch.manual_seed(config.seed)
    trainer = Pretrainer(config, clips).to(group.device)
    optimizer = make_optimizer(config, [p for p in trainer.parameters() if p.requires_grad])
    first = 0
    if (out / CHECKPOINT).exists():
        first = _restore(trainer, optimizer, read_state(out / CHECKPOINT), out / CHECKPOINT)
    elif stage1 is not None:
        first = _restore(trainer, optimizer, read_state(stage1 / STAGE1), stage1 / STAGE1)
        if first != config.stage1:
            raise ValueError(f"{stage1 / STAGE1} has {first} epochs; this run asks for {config.stage1} in stage 1")
    if group.main:
        cut_log(out, first)
    for branches in (trainer.query, trainer.key):
        share_statistics(branches, group)
        if config.compile:
            for encoder in branches.encoders.values():
                encoder.compile()
    return trainer, optimizer, first


def _keep(trainer: Pretrainer, optimizer: torch.optim.Optimizer, out: Path, epoch: int) -> None:
    config = trainer.config
    due = [CHECKPOINT] * (epoch % config.save_every == 0 or epoch == config.epochs) + [STAGE1] * (
        epoch == config.stage1
    )
    for name in due:
        state = _state(trainer, optimizer, epoch)
        write_whole(out / name, lambda part, state=state: torch.save(state, part))
