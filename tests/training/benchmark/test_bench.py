"""The benchmark compares like with like, says what it needs, and its table adds up."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from models.modalities import modalities, time_scale
from models.shape import Shape
from models.system.atomic import write_json
from training.benchmark import steps as bench_steps
from training.benchmark import turns as bench_turns
from training.benchmark.bench import _ratios, _summary, bench, check_memory, choose, free_mb, together
from training.benchmark.published import PublishedStep
from training.benchmark.settings import VARIANTS, Setting
from training.benchmark.steps import Turn
from training.benchmark.table import table
from training.config.schema import PretrainConfig
from training.data.store import Batch
from training.method.pretrain import Pretrainer
from training.parallel.torchrun import Group, Traffic

CHANNELS = (4, 4, 4, 4, 6, 6, 6, 8, 8, 16)
NAMES = ("joint", "motion", "bone")
TINY = Setting(batch=3, people=2, queue=24, modalities=3, steps=1, rounds=1, threads=1, channels=CHANNELS)


def pair(exchange: str) -> tuple[PublishedStep, Pretrainer]:
    """Both with the same weights and queue, and no dropout."""
    torch.manual_seed(0)
    shape = Shape(channels=CHANNELS, dropout=0.0, mask_people=False, published_partition=True)
    config = PretrainConfig(modalities=NAMES, shape=shape, queue=24, epochs=1, stage1=0, exchange=exchange)
    ours, published = Pretrainer(config, 100).train(), PublishedStep(3, 24, CHANNELS, exchange).train()
    for which in ("query", "key"):
        mine = getattr(ours, which)
        for name, net in zip(NAMES, getattr(published, which)):
            state = dict(mine.encoders[name].state_dict())
            state |= {f"head.{k}": v for k, v in mine.heads[name].state_dict().items()}
            missing, unknown = net.load_state_dict(state, strict=False)
            assert not unknown and set(missing) <= {"A"}
    for name, net in zip(NAMES, published.implicit):
        net.load_state_dict(ours.predictors[name].state_dict())
    published.queues.copy_(ours.queue.keys_MKD.transpose(1, 2))
    for module in published.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return published, ours


@pytest.mark.parametrize("exchange", ["ekem", "ekem+ikem"])
def test_the_published_step_is_ours_taken_differently(exchange):
    """Same loss and keys from the same weights: what is timed is how, not what."""
    published, ours = pair(exchange)
    views = bench_steps._views(VARIANTS["published"], TINY)
    loss = float(ours.losses(*views, 0)["loss"].detach())
    inputs = [modalities(view.joints_NPTVC, time_scale(view.frames_N), NAMES) for view in views]
    published.optimizer.step = lambda: None
    assert published.step(*inputs) == pytest.approx(loss, rel=1e-5)
    ours.after(Group(), False)
    torch.testing.assert_close(published.queues.transpose(1, 2), ours.queue.keys_MKD, rtol=1e-4, atol=1e-5)


def test_the_published_encoder_is_ours_taken_differently():
    """In float64, the gradients too."""
    published, ours = pair("ekem")
    net, mine = published.query[0].double(), ours.query.encoders["joint"].double()
    x_NTVC = torch.randn(4, 50, 25, 3, dtype=torch.float64)
    h_NH, weights = mine(x_NTVC), torch.randn(4, 16, dtype=torch.float64)
    theirs_NH, _ = net(x_NTVC[:, None])
    torch.testing.assert_close(h_NH, theirs_NH)
    (h_NH * weights).sum().backward()
    (theirs_NH * weights).sum().backward()
    gradients = dict(mine.named_parameters())
    for name, parameter in net.named_parameters():
        if not name.startswith("head."):
            torch.testing.assert_close(gradients[name].grad, parameter.grad, rtol=1e-6, atol=1e-9, msg=name)


def test_the_published_keys_follow():
    published, _ = pair("ekem+ikem")
    with torch.no_grad():
        for parameter in published.query.parameters():
            parameter.add_(1.0)
    before = [p.clone() for p in published.key.parameters()]
    published._follow()
    for old, new in zip(before, published.key.parameters()):
        torch.testing.assert_close(new, old + 0.001, rtol=0, atol=1e-5)


def test_the_published_queue_wraps_with_aligned_columns():
    published, _ = pair("ekem")
    for first in range(0, 60, 7):
        ids = torch.arange(first, first + 7, dtype=torch.float32)
        published._push([(ids + 100 * m)[:, None].expand(7, 128) for m in range(3)])
    held = published.queues[:, 0]
    assert sorted(held[0].tolist()) == list(range(39, 63))
    assert torch.equal(held[1], held[0] + 100) and torch.equal(held[2], held[0] + 200)


@pytest.mark.parametrize("name", [name for name in VARIANTS if not VARIANTS[name].compile])
def test_every_variant_takes_its_steps(name, monkeypatch):
    monkeypatch.setattr("models.system.memory.keep_freed_memory", lambda: True)
    threads = torch.get_num_threads()
    sent, asked = [], iter(["step", "step", "end"])
    pipe = SimpleNamespace(send=sent.append, recv=lambda: next(asked))
    bench_steps.serve(VARIANTS[name], TINY, pipe)
    torch.set_num_threads(threads)
    *ready, turn = sent
    assert ready == [None] * 3 and len(turn.seconds) == 2 and min(turn.seconds) > 0
    assert 50e6 < turn.peak_bytes < 100e9
    assert turn.machine["device_name"] and turn.machine["torch"] == torch.__version__


def test_what_goes_wrong_is_sent(monkeypatch):
    monkeypatch.setattr(bench_steps, "prepare", lambda *_: 1 / 0)
    sent = []
    bench_steps.serve(VARIANTS["fp32"], TINY, SimpleNamespace(send=sent.append))
    assert len(sent) == 1 and isinstance(sent[0], ZeroDivisionError)


def test_empty_second_bodies():
    setting = Setting(batch=60, people=2)
    assert setting.two_people(VARIANTS["bf16"]) == 60 and setting.two_people(VARIANTS["bf16-skip"]) == 11
    assert Setting(batch=60).two_people(VARIANTS["bf16"]) == 0
    first, second = bench_steps._views(VARIANTS["bf16-skip"], setting)
    assert isinstance(first, Batch) and first.present_NP.sum().item() == 71
    assert not first.present_NP[11:, 1].any() and first.joints_NPTVC[:11, 1].any()
    assert not torch.equal(first.joints_NPTVC, second.joints_NPTVC)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch": 0}, "batch must be at least 1"),
        ({"people": 3}, "people must be 1 or 2"),
        ({"modalities": 1}, "something to exchange"),
        ({"rounds": 0}, "rounds must be"),
    ],
)
def test_wrong_settings(change, message):
    with pytest.raises(ValueError, match=message):
        Setting(**change)


def test_which_variants():
    assert choose(None, Setting()) == ["published", "fp32", "bf16", "fp32-recompute", "bf16-recompute"]
    assert {"fp32-skip", "bf16-skip"} <= set(choose(None, Setting(people=2)))
    assert "bf16-compile" in choose(None, Setting(device="cuda"))
    assert choose(["bf16", "published"], Setting()) == ["published", "bf16"]
    with pytest.raises(ValueError, match="no variant 'fp16'; choose among published, fp32"):
        choose(["fp16"], Setting())
    with pytest.raises(ValueError, match="--people 2"):
        choose(["bf16-skip"], Setting())


def test_too_little_memory_is_refused_before_anything_runs(monkeypatch):
    check_memory("published", Setting(), 6000.0)
    with pytest.raises(
        ValueError, match=r"published needs about [\d.]+ GB at batch 128 with 2 people.*10.0 GB are free"
    ):
        check_memory("published", Setting(batch=128, people=2), 10_000.0)
    check_memory("published", Setting(batch=128, people=2), None)
    monkeypatch.setattr("training.benchmark.bench.free_mb", lambda: 100.0)
    monkeypatch.setattr("training.benchmark.bench.take_turns", lambda *_: pytest.fail("it ran"))
    with pytest.raises(ValueError, match="smaller --batch"):
        bench(TINY)


def test_a_step_of_several_processes_sends_few_messages():
    """Of ten blocks: 21 layers of norms forward, 20 backward (the first wants no gradient), 21 of the keys."""
    sent = bench_steps.rehearse(replace(TINY, modalities=6, channels=(4, 4, 4, 4, 8, 8, 8, 16, 16, 32)))
    assert sent == Traffic(all_reduce=21 + 20 + 21 + 2, gather=2)


def test_free_memory_is_read():
    free = free_mb()
    assert free is None or 50 < free < 1e8


def fake_turn(seconds, peak):
    return Turn(seconds=seconds, peak_bytes=peak, machine={"device_name": "a core", "torch": "2"})


TURNS = {"published": ([4.0, 8.0, 4.0], 4e9), "bf16": ([1.0, 2.0, 16.0], 1e9), "bf16-recompute": ([4.0] * 3, 5e8)}


def faked(monkeypatch, free):
    """The groups that ran, in order, without running any."""
    asked = []
    monkeypatch.setattr("training.benchmark.bench.check_memory", lambda *_: None)
    monkeypatch.setattr("training.benchmark.bench.free_mb", lambda: free)
    monkeypatch.setattr("training.benchmark.bench.messages", lambda _: Traffic(64, 2))

    def run(names, _):
        asked.append(list(names))
        return {name: fake_turn(*TURNS[name]) for name in names}

    monkeypatch.setattr("training.benchmark.bench.take_turns", run)
    return asked


def test_result_and_table(monkeypatch, tmp_path):
    asked = faked(monkeypatch, 1e6)
    result = bench(Setting(rounds=2), list(TURNS))
    assert asked == [list(TURNS)] * 2
    found = result["variants"]["bf16"]
    assert (found["clips_per_s"], found["slowest"], found["fastest"]) == (16.0, 2.0, 32.0)
    # Ratios of the same turns: 4, 4 and 0.25, twice.
    assert found["speed"] == pytest.approx(4.0) and found["memory"] == pytest.approx(0.25)
    assert found["within"] == pytest.approx([1.1875, 4.0])
    text = table(result)
    assert "ours, bf16                            16.00     2.00    32.00     1.00   4.00x    1.19-4.00   0.25x" in text
    assert "0.12x the published memory" in text and "2.00x slower than without" in text
    assert "a step sends 66 messages: 64 sums, 2 gathers" in text and "the published step of the same step" in text
    write_json(tmp_path / "bench.json", result)
    assert json.loads((tmp_path / "bench.json").read_text())["variants"]["bf16"]["two_people"] == 0


def test_the_goals_are_told(monkeypatch):
    faked(monkeypatch, 1e6)
    monkeypatch.setitem(TURNS, "fp32", ([2.0, 3.2, 1.6], 3e9))
    text = table(bench(Setting(rounds=1), ["published", "fp32", "bf16"]))
    assert "ours, fp32: 2.50x the published speed (goal 2.0x)" in text
    assert "the quicker precision is ours, bf16: 4.00x (goal 3.0x)" in text


def test_without_memory_for_all_they_take_turns_round_by_round(monkeypatch):
    asked = faked(monkeypatch, 6000.0)
    result = bench(Setting(rounds=2), list(TURNS))
    assert asked == [["published"], ["bf16"], ["bf16-recompute"], ["bf16"], ["bf16-recompute"], ["published"]]
    assert "the published step of the same round" in table(result)


def test_which_run_side_by_side():
    names = ["published", "fp32"]
    assert together(names, Setting(), None) == together(names, Setting(), 1e6) == [names]
    assert (
        together(names, Setting(), 6000.0) == together(names, Setting(device="cuda"), 1e6) == [["published"], ["fp32"]]
    )


def test_a_busy_moment_meets_both():
    """A machine that is four times slower for two of five turns changes the median of the ratios by nothing."""
    slow = [1, 1, 4, 4, 1]
    theirs, own = ({"seconds": [s * each for s in slow], "peak_gb": 2.0} for each in (3.0, 1.5))
    assert _ratios(own, theirs) == {"speed": 2.0, "within": [2.0, 2.0], "memory": 1.0}


def test_turns_alternate_step_by_step(monkeypatch):
    taken = []

    class Fake:
        def __init__(self, name, _):
            self.name = name

        def __enter__(self):
            return self

        def __exit__(self, *_):
            taken.append(f"closed {self.name}")

        def step(self):
            taken.append(self.name)

        def end(self):
            return self.name

    monkeypatch.setattr(bench_turns, "Runner", Fake)
    assert bench_turns.take_turns(["a", "b"], Setting(steps=3)) == {"a": "a", "b": "b"}
    assert taken == ["a", "b", "b", "a", "a", "b", "closed b", "closed a"]


def test_medians_are_over_all_rounds():
    turns = [fake_turn([1.0, 9.0, 9.0], 5), fake_turn([1.0, 1.0, 9.0], 7)]
    entry = _summary("fp32", Setting(batch=10), turns)
    assert entry["clips_per_s"] == 2.0 and entry["peak_gb"] == 7e-9 and len(entry["seconds"]) == 6


@pytest.mark.slow
def test_end_to_end_in_processes_of_their_own():
    lines = []
    result = bench(replace(TINY, rounds=1), ["published", "bf16-recompute"], lines.append)
    assert len(lines) == 2 and "round 1/1" in lines[0]
    assert result["variants"]["published"]["speed"] == 1.0
    assert all(entry["peak_gb"] > 0.1 for entry in result["variants"].values())


@pytest.mark.slow
def test_a_process_that_dies_is_told():
    with bench_turns.Runner("fp32", TINY) as runner:
        runner._process.kill()
        runner._process.join()
        with pytest.raises(ValueError, match="died, most likely for want of memory"):
            runner.step()
