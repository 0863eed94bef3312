"""Runs: taken up bit for bit, atomic, refused where they do not fit; and shared among processes."""

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.shape import Shape
from training.config.schema import DistilConfig, PretrainConfig
from training.data.pool import Pool
from training.data.store import Store, write_store
from training.data.views import Hiding, Views
from training.method.distil import Distiller, distil
from training.method.pretrain import Pretrainer, pretrain
from training.runs.run_folder import CHECKPOINT, MODEL, STAGE1, Log, load_branches, open_run, read_log

SMALL = Shape(channels=(4, 8), strides=(4, 4), dropout=0.5)
CONFIG = PretrainConfig(
    modalities=("joint", "bone"), epochs=4, stage1=2, batch=4, lr=0.01, queue=8, shape=SMALL, views=Views(turn=0.3),
    drop_at=(3,), exchange="ekem+ikem", mask_own=True,
)  # fmt: skip
# Everything that may stand beside, which draws random numbers of its own.
FULL = replace(
    CONFIG, hide=Hiding(share=0.5), beside={"predict": 1.0, "soft": 0.5}, mix=0.5, product="key",
    views=Views(turn=0.3, layout=0.5),
)  # fmt: skip
DISTIL = DistilConfig(epochs=2, batch=4, lr=0.01, queue=8, shape=SMALL, modalities=("joint", "bone"), mask_own=True)


def silent(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    rng = np.random.default_rng(0)
    people = [[rng.normal(0, 0.3, (50, 25, 3)).astype(np.float32) for _ in range(1 + i % 3 // 2)] for i in range(18)]
    folder = tmp_path_factory.mktemp("store")
    fields = {"label": np.arange(18) % 3, "frames": rng.uniform(20, 90, 18)}
    write_store(folder, people, fields, ("a", "b", "c"), {"half": np.array([1] * 16 + [0, -1])}, "test")
    return Store(folder)


@pytest.fixture(scope="module")
def pairs(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Pool:
    """Clips of one person, some of which another sensor saw too."""
    people, folder = [[row] for row in store.rows[:16]], tmp_path_factory.mktemp("pairs")
    write_store(folder, people, {}, (), {}, "test", [row[0] * 0.9 if i % 4 else None for i, row in enumerate(people)])
    return Pool.open([str(folder)])


def half(store: Store) -> Pool:
    return Pool.open([f"{store.folder}:half"])


class Killed(Exception):
    pass


def killed_after(monkeypatch: pytest.MonkeyPatch, epochs: int) -> None:
    """The process dies as the epoch after these begins."""
    from training.runs import loop

    whole, seen = loop._epoch, []

    def dying(*args: object) -> dict[str, float]:
        if len(seen) == epochs:
            raise Killed
        seen.append(1)
        return whole(*args)

    monkeypatch.setattr(loop, "_epoch", dying)


@pytest.mark.parametrize(
    ("config", "epochs"), [pytest.param(CONFIG, 1, marks=pytest.mark.slow), (CONFIG, 3), (FULL, 1)]
)
def test_a_killed_run_goes_on_bit_for_bit(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: PretrainConfig, epochs: int
) -> None:
    pretrain(half(store), config, tmp_path / "whole", silent, device="cpu")
    with monkeypatch.context() as patch:
        killed_after(patch, epochs)
        with pytest.raises(Killed):
            pretrain(half(store), config, tmp_path / "killed", silent, device="cpu")
    torch.rand(3)  # the random state that the next process happens to have
    pretrain(half(store), config, tmp_path / "killed", silent, device="cpu")
    assert read_log(tmp_path / "killed") == read_log(tmp_path / "whole")
    assert (tmp_path / "killed" / MODEL).read_bytes() == (tmp_path / "whole" / MODEL).read_bytes()


def test_a_killed_run_with_counterparts_goes_on_bit_for_bit(
    pairs: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretrain(pairs, CONFIG, tmp_path / "whole", silent, device="cpu")
    pretrain(pairs, replace(CONFIG, pair=0.0), tmp_path / "alone", silent, device="cpu")
    with monkeypatch.context() as patch:
        killed_after(patch, 1)
        with pytest.raises(Killed):
            pretrain(pairs, CONFIG, tmp_path / "killed", silent, device="cpu")
    pretrain(pairs, CONFIG, tmp_path / "killed", silent, device="cpu")
    whole, killed, alone = ((tmp_path / name / MODEL).read_bytes() for name in ("whole", "killed", "alone"))
    assert killed == whole != alone


def test_a_killed_distillation_goes_on_bit_for_bit(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretrain(half(store), CONFIG, tmp_path / "teacher", silent, device="cpu")
    distil(half(store), tmp_path / "teacher", DISTIL, tmp_path / "whole", silent, device="cpu")
    with monkeypatch.context() as patch:
        killed_after(patch, 1)
        with pytest.raises(Killed):
            distil(half(store), tmp_path / "teacher", DISTIL, tmp_path / "killed", silent, device="cpu")
    distil(half(store), tmp_path / "teacher", DISTIL, tmp_path / "killed", silent, device="cpu")
    assert (tmp_path / "killed" / MODEL).read_bytes() == (tmp_path / "whole" / MODEL).read_bytes()


def test_stage_1_is_shared_by_every_exchange_and_subset(store: Store, tmp_path: Path) -> None:
    """Without dropout a branch alone goes the way it goes among others, so stage 1 may be shared."""
    calm = replace(CONFIG, shape=replace(SMALL, dropout=0.0), exchange="none")
    pretrain(half(store), calm, tmp_path / "none", silent, device="cpu")
    alone = replace(calm, modalities=("bone",))
    pretrain(half(store), alone, tmp_path / "bone", silent, stage1=tmp_path / "none", device="cpu")
    both, one = load_branches(tmp_path / "none")[0], load_branches(tmp_path / "bone")[0]
    for a, b in zip(both.encoders["bone"].parameters(), one.encoders["bone"].parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)
    mixed = replace(calm, exchange="ekem+ikem")
    pretrain(half(store), mixed, tmp_path / "mixed", silent, stage1=tmp_path / "none", device="cpu")
    assert [line["epoch"] for line in read_log(tmp_path / "mixed")] == [3, 4]
    with pytest.raises(ValueError, match="motion"):
        wider = replace(calm, modalities=("bone", "motion"))
        pretrain(half(store), wider, tmp_path / "wider", silent, stage1=tmp_path / "none", device="cpu")


def test_a_run_of_an_earlier_version_may_be_taken_up(store: Store, tmp_path: Path) -> None:
    """Its configuration lacks what came later, of which it had nothing."""
    config = replace(CONFIG, epochs=2)
    pretrain(half(store), config, tmp_path / "run", silent, device="cpu")
    held = json.loads((tmp_path / "run" / "config.json").read_text())
    for name in ("pair", "hide", "beside", "mix", "product"):
        del held["config"][name]
    del held["config"]["views"]["layout"]
    (tmp_path / "run" / "config.json").write_text(json.dumps(held))
    pretrain(half(store), config, tmp_path / "run", silent, device="cpu")
    other = replace(config, exchange="none")
    pretrain(half(store), other, tmp_path / "other", silent, stage1=tmp_path / "run", device="cpu")
    with pytest.raises(ValueError, match="another views"):
        pretrain(half(store), replace(config, views=Views(turn=0.4)), tmp_path / "run", silent, device="cpu")


def test_a_folder_keeps_to_its_configuration(store: Store, tmp_path: Path) -> None:
    pretrain(half(store), replace(CONFIG, epochs=2), tmp_path / "run", silent, device="cpu")
    with pytest.raises(ValueError, match="lr"):
        pretrain(half(store), replace(CONFIG, epochs=2, lr=0.02), tmp_path / "run", silent, device="cpu")
    with pytest.raises(ValueError, match="smaller --batch"):
        pretrain(half(store), replace(CONFIG, batch=64), tmp_path / "other", silent, device="cpu")


def test_a_damaged_checkpoint_is_named(store: Store, tmp_path: Path) -> None:
    pretrain(half(store), replace(CONFIG, epochs=2), tmp_path / "run", silent, device="cpu")
    (tmp_path / "run" / MODEL).unlink()
    (tmp_path / "run" / CHECKPOINT).write_bytes(b"garbage")
    with pytest.raises(ValueError, match=r"checkpoint\.pt is damaged"):
        pretrain(half(store), replace(CONFIG, epochs=2), tmp_path / "run", silent, device="cpu")
    assert (tmp_path / "run" / STAGE1).exists()


def test_the_log_watches_for_collapse_and_self_mining(store: Store, tmp_path: Path) -> None:
    pretrain(half(store), replace(CONFIG, mask_own=False), tmp_path / "run", silent, device="cpu")
    line = read_log(tmp_path / "run")[-1]
    assert {f"{name}/{sign}" for name in CONFIG.modalities for sign in ("std", "rank", "self_hit")} <= set(line)
    assert {"loss", "ekem", "ikem", "lr"} <= set(line)
    assert list((tmp_path / "run" / "tb").glob("events*"))


def test_frozen_keys_stand_still_in_stage_2_alone(store: Store) -> None:
    trainer = Pretrainer(replace(CONFIG, freeze_keys=("bone",)), 16)
    with torch.no_grad():
        for parameter in trainer.query.parameters():
            parameter.add_(1.0)
    before = {n: p.clone() for n, p in trainer.key.named_parameters()}
    trainer.before(2)
    moved = {n for n, p in trainer.key.named_parameters() if not torch.equal(p, before[n])}
    assert moved == {n for n in before if ".joint." in n}
    trainer.before(1)
    assert all(not torch.equal(p, before[n]) for n, p in trainer.key.named_parameters())


@pytest.mark.parametrize(
    ("exchange", "weights", "frozen"),
    [
        ("none", {}, False), ("cmd", {}, False), ("ekem", {}, True), ("ikem", {}, True), ("ekem+ikem", {}, True),
        ("ekem+ikem", {"info_nce": 1.0, "ekem": 0.0}, False), ("none", {"ikem": 0.5}, True),
    ],
)  # fmt: skip
def test_keys_freeze_only_where_something_is_exchanged(exchange: str, weights: dict, frozen: bool) -> None:
    """A baseline whose keys stood still would chase a stale target for half of its training."""
    config = replace(CONFIG, exchange=exchange, weights=weights, freeze_keys=("joint",))
    trainer = Pretrainer(config, 16)
    with torch.no_grad():
        for parameter in trainer.query.parameters():
            parameter.add_(1.0)
    before = [p.clone() for p in trainer.key.encoders["joint"].parameters()]
    trainer.before(2)
    same = [torch.equal(a, b) for a, b in zip(before, trainer.key.encoders["joint"].parameters(), strict=True)]
    assert all(same) if frozen else not any(same)


def test_the_teacher_does_not_move(store: Store, tmp_path: Path) -> None:
    """Its statistics and weights are the same after training, and its dropout is off."""
    pretrain(half(store), CONFIG, tmp_path / "teacher", silent, device="cpu")
    trainer = Distiller(load_branches(tmp_path / "teacher")[0], DISTIL, 16)
    before = {k: v.clone() for k, v in trainer.teacher.state_dict().items()}
    trainer.train()
    batch = store.batch(np.arange(4))
    trainer.losses(batch, batch, 0)["loss"].backward()
    torch.testing.assert_close(trainer.teach(batch), trainer.teach(batch))  # dropout would move it by far more
    assert not any(module.training for module in trainer.teacher.modules())
    assert trainer.student.encoders["joint"].training
    for name, value in trainer.teacher.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert all(p.grad is None for p in trainer.teacher.parameters())


def test_the_queue_is_full_before_anything_is_mined(store: Store, tmp_path: Path, monkeypatch) -> None:
    pretrain(half(store), CONFIG, tmp_path / "teacher", silent, device="cpu")
    seen, whole = [], Distiller.losses

    def watched(self: Distiller, *args: object) -> dict[str, torch.Tensor]:
        seen.append((int(self.queue.filled), int(self.queue.ids_K.min())))
        return whole(self, *args)

    monkeypatch.setattr(Distiller, "losses", watched)
    distil(half(store), tmp_path / "teacher", DISTIL, tmp_path / "student", silent, device="cpu")
    assert seen[0] == (8, min(s[1] for s in seen)) and seen[0][1] >= 0


BRIEF = replace(CONFIG, epochs=2, stage1=1)  # with dropout
CALM = [replace(CONFIG, shape=replace(SMALL, dropout=0.0), exchange=exchange) for exchange in ("ekem+ikem", "cmd")]
PARALLEL = """
import sys
from pathlib import Path
import pytest
import torch
torch.set_num_threads(1)
sys.path.insert(0, {tests!r})
from test_resume import BRIEF, CALM, Killed, Pool, killed_after, pretrain
from training.parallel.torchrun import join, leave
pool, out, said = Pool.open([{store!r} + ":half"]), Path({out!r}), []
for config in CALM:
    pretrain(pool, config, out / config.exchange, said.append, device="cpu")
pretrain(pool, BRIEF, out / "whole", said.append, device="cpu")
rank = join("cpu").rank
(out / f"seed{{rank}}").write_text(str(torch.initial_seed()))
with pytest.MonkeyPatch.context() as patch:
    killed_after(patch, 1)
    try:
        pretrain(pool, BRIEF, out / "killed", said.append, device="cpu")
    except Killed:
        torch.distributed.barrier()  # the first one has written its checkpoint, as before any new start
if {again}:
    pretrain(pool, BRIEF, out / "killed", said.append, device="cpu")
leave()
assert not torch.distributed.is_initialized()
"""


def in_processes(world: int, store: Store, out: Path, again: bool) -> Path:
    """Run PARALLEL in so many processes and return its folder of runs."""
    code = PARALLEL.format(tests=str(Path(__file__).parent), store=str(store.folder), out=str(out), again=again)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base = os.environ | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(world)}
    many = [
        subprocess.Popen([sys.executable, "-c", code], env=base | {"RANK": str(r)}, stderr=subprocess.PIPE)
        for r in range(world)
    ]
    for process in many:
        assert process.wait(600) == 0, process.stderr.read().decode()
    return out


@pytest.fixture(scope="module")
def by_two(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return in_processes(2, store, tmp_path_factory.mktemp("two"), again=True)


@pytest.fixture(scope="module")
def by_four(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return in_processes(4, store, tmp_path_factory.mktemp("four"), again=False)


@pytest.fixture(scope="module")
def by_one(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("one")
    for config in CALM:
        pretrain(half(store), config, out / config.exchange, silent, device="cpu")
    return out


@pytest.mark.parametrize("config", CALM, ids=lambda config: config.exchange)
@pytest.mark.parametrize("many", ["by_two", pytest.param("by_four", marks=pytest.mark.slow)])
def test_many_processes_lose_what_one_loses(
    many: str, by_one: Path, config: PretrainConfig, request: pytest.FixtureRequest
) -> None:
    """The same global batch on one process and on several gives the same losses, epoch by epoch."""
    run = request.getfixturevalue(many) / config.exchange
    one, several = read_log(by_one / config.exchange), read_log(run)
    assert len(one) == len(several) == config.epochs
    for a, b in zip(one, several, strict=True):
        for name in ("loss", "joint/std", "bone/self_hit"):
            assert a[name] == pytest.approx(b[name], rel=1e-3), (a["epoch"], name)
    assert json.loads((run / "config.json").read_text())["config"]["batch"] == config.batch
    state = [load_branches(folder)[0].state_dict() for folder in (by_one / config.exchange, run)]
    for name, value in state[0].items():
        torch.testing.assert_close(state[1][name], value, rtol=1e-2, atol=1e-3, msg=name)


def test_every_process_drops_out_something_else(by_two: Path) -> None:
    assert (by_two / "seed0").read_text() != (by_two / "seed1").read_text()


def test_a_killed_run_of_two_processes_goes_on_bit_for_bit(by_two: Path) -> None:
    assert read_log(by_two / "killed") == read_log(by_two / "whole")
    assert (by_two / "killed" / MODEL).read_bytes() == (by_two / "whole" / MODEL).read_bytes()


@pytest.mark.parametrize("many", ["by_two", pytest.param("by_four", marks=pytest.mark.slow)])
def test_a_run_of_several_processes_goes_on_in_one(
    many: str, store: Store, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """And says so: dropout is that of one process from there on."""
    run, said = tmp_path / "run", []
    shutil.copytree(request.getfixturevalue(many) / "killed", run)
    (run / MODEL).unlink(missing_ok=True)
    state = torch.load(run / CHECKPOINT, weights_only=True)
    torch.save(state | {"epoch": 1}, run / CHECKPOINT)  # by two it went on to the end
    pretrain(half(store), BRIEF, run, said.append, device="cpu")
    assert f"was written by {state['world']} processes and goes on in 1" in said[0] and state["world"] > 1
    assert [line["epoch"] for line in read_log(run)] == [1, 2]


def test_a_checkpoint_of_an_earlier_version_and_more_gpus_is_taken_up(store: Store, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        killed_after(patch, 2)
        with pytest.raises(Killed):
            pretrain(half(store), CONFIG, tmp_path, silent, device="cpu")
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    state |= {"random": torch.get_rng_state(), "cuda": [torch.get_rng_state()] * 2}
    del state["world"]
    torch.save(state, tmp_path / CHECKPOINT)
    pretrain(half(store), CONFIG, tmp_path, silent, device="cpu")
    assert len(read_log(tmp_path)) == 4


def test_how_often_to_save_may_change_in_a_run_that_goes_on(tmp_path: Path) -> None:
    for every in (2, 1):
        open_run(tmp_path / "run", "pretrain", replace(CONFIG, save_every=every), [], {})
    with pytest.raises(ValueError, match="another lr"):
        open_run(tmp_path / "run", "pretrain", replace(CONFIG, lr=0.02), [], {})


def test_a_run_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    """Its config.json says nothing of counterparts, which its data did not have."""
    open_run(tmp_path / "run", "pretrain", CONFIG, [], {})
    path = tmp_path / "run" / "config.json"
    held = json.loads(path.read_text())
    del held["config"]["pair"]
    path.write_text(json.dumps(held))
    open_run(tmp_path / "run", "pretrain", CONFIG, [], {})
    path.write_text(json.dumps(held | {"config": held["config"] | {"pair": 0.25}}))
    with pytest.raises(ValueError, match="another pair"):
        open_run(tmp_path / "run", "pretrain", CONFIG, [], {})


def test_curves_do_not_double_back(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    first = Log(tmp_path)
    for epoch in (1, 2, 3):
        first.write(epoch, {"loss": float(epoch)})
    again = Log(tmp_path, first=1)
    again.write(2, {"loss": 7.0})
    for log in (first, again):
        log.writer.close()
    events = EventAccumulator(str(tmp_path / "tb")).Reload().Scalars("loss")
    assert [(event.step, event.value) for event in events] == [(1, 1.0), (2, 7.0)]
