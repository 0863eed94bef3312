"""The results file: means over seeds, provenance, transfer, and whole or not at all; the command that writes it."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from models.branches import Branches
from models.shape import Shape
from training.commands import evaluate as command
from training.config.schema import PretrainConfig
from training.data.pool import Pool
from training.data.store import Store, write_store
from training.evaluation.evaluate import describe, evaluate
from training.evaluation.knn import NearestConfig
from training.evaluation.linear import LinearConfig, Predictions
from training.evaluation.protocols import make_config
from training.evaluation.results import BEST, FORMAT, confusion, mean_std, result_of, write_result
from training.runs.run_folder import open_run, save_model

SHAPE = Shape(channels=(4, 8), strides=(2, 2))
JMB = ("joint", "motion", "bone")
QUICK = {"epochs": 2, "warmup": 0, "batch": 16}


def _store(folder: Path, seed: int) -> Store:
    rng = np.random.default_rng(seed)
    label = np.arange(40) % 2
    people = [[rng.normal(0, 0.3, (50, 25, 3)) + 0.5 * c * (np.arange(25) > 20)[:, None]] for c in label]
    write_store(folder, people, {"label": label}, ("sit_down", "stand_up"), {"half": np.arange(40) // 20}, "test")
    return Store(folder)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Store]:
    return _store(tmp_path_factory.mktemp("one"), 0), _store(tmp_path_factory.mktemp("other"), 1)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, stores: tuple[Store, Store]) -> Path:
    """A finished run, pre-trained on the first store by name alone."""
    folder = tmp_path_factory.mktemp("runs") / "teacher"
    config = PretrainConfig(modalities=JMB, shape=SHAPE, epochs=1, stage1=1, freeze_keys=())
    open_run(folder, "pretrain", config, Pool([(stores[0], np.arange(20))]).record, {"head": [8, 4]})
    torch.manual_seed(0)
    save_model(Branches(JMB, SHAPE, (8, 4)), folder)
    return folder


# Rows


def test_a_row_is_the_mean_of_the_last_epochs_over_the_seeds() -> None:
    truth = np.array([0, 0, 0, 1])
    answers = {3: Predictions(np.array([0, 0, 0, 1]), 100.0, 2), 5: Predictions(np.array([1, 1, 0, 1]), 75.0, 1)}
    told = result_of(("joint",), answers, truth, ("a", "b", "c"))
    assert told.accuracy == 75 and told.std == pytest.approx(np.std([100, 50], ddof=1))
    assert told.seeds == {3: 100, 5: 50} and told.per_class == {"a": pytest.approx(200 / 3), "b": 100}
    assert told.mean_per_class == pytest.approx((200 / 3 + 100) / 2)
    assert told.to_dict()[BEST] == {3: {"accuracy": 100, "epoch": 2}, 5: {"accuracy": 75, "epoch": 1}}
    assert confusion(answers, truth, 3).tolist() == [[4, 2, 0], [0, 2, 0], [0, 0, 0]]


def test_one_seed_has_no_spread_and_nothing_watched_no_best() -> None:
    assert mean_std([50.0]) == (50.0, None)
    assert BEST not in result_of(("joint",), {0: Predictions(np.array([0]))}, np.array([0]), ("a",)).to_dict()


def test_a_result_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.json"
    write_result(path, {"accuracy": 1.0})
    with pytest.raises(ValueError):
        write_result(path, {"accuracy": float("nan")})
    assert json.loads(path.read_text()) == {"format": FORMAT, "accuracy": 1.0} and len(list(path.parent.iterdir())) == 1


# Evaluations


def test_linear_says_what_it_was_asked_and_where_it_comes_from(
    stores: tuple[Store, Store], run: Path, tmp_path: Path
) -> None:
    out, config = tmp_path / "r.json", LinearConfig(epochs=3)
    evaluate(stores[0], "half", config, run, "linear", subsets=[("bone", "joint")], seeds=[0, 1], out=out)
    held = json.loads(out.read_text())
    assert held["config"] == json.loads(json.dumps(asdict(config))) and held["data_hash"] == stores[0].hash
    assert held["split"] == "half" and held["protocol"] == "linear" and held["torch"] == torch.__version__
    assert "git" in held and held["run"]["folder"] == "teacher" and not held["transfer"]
    assert held["run"]["data"][0]["data_hash"] == stores[0].hash
    assert [line["modalities"] for line in held["rows"]] == [["joint"], ["motion"], ["bone"], ["joint", "bone"], [*JMB]]
    last = held["rows"][-1]
    assert held["accuracy"] == last["accuracy"] == np.mean(list(last["seeds"].values())) and set(last["seeds"]) == {
        "0",
        "1",
    }
    assert last["parameters"] == 3 * held["rows"][0]["parameters"] == held["parameters"]
    assert last["flops"] == 3 * held["rows"][0]["flops"] and held["latency_ms"] > 0
    assert np.sum(held["confusion"]) == 2 * held["test_clips"] and held["labels"] == ["sit_down", "stand_up"]
    assert np.trace(held["confusion"]) == pytest.approx(held["accuracy"] / 100 * 2 * held["test_clips"])
    assert out.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_another_store_is_transfer(stores: tuple[Store, Store], run: Path) -> None:
    told = evaluate(stores[1], "half", NearestConfig(), run, "knn")
    assert told["transfer"] and told["data_hash"] == stores[1].hash
    train, test = stores[1].split("half")
    said = describe(told).splitlines()[-1]
    assert said.startswith(f"Trained on {len(train)} clips with labels, tested on {len(test)}; ")
    assert said.endswith("the encoders were pre-trained on another store.") and told["untested"] == []
    assert describe(told | {"untested": ["wave"]}).endswith("another store. No test clip shows wave.")
    assert told["run"]["data"][0]["data_hash"] == stores[0].hash


def test_nearest_neighbours_answer_once_however_many_seeds(stores: tuple[Store, Store], run: Path) -> None:
    told = evaluate(stores[0], "half", NearestConfig(), run, "knn", seeds=[4, 5])
    assert all(set(line["seeds"]) == {4} and line["std"] is None for line in told["rows"])


@pytest.mark.parametrize("frozen", [False, True])
def test_semi_repeats_every_share_over_its_seeds(frozen: bool, stores: tuple[Store, Store], run: Path) -> None:
    config = make_config("semi", frozen, values={"epochs": 2} if frozen else QUICK)
    told = evaluate(stores[0], "half", config, run, "semi", ["bone"], seeds=[0, 1], fractions=[0.5, 0.1])
    assert [(line["fraction"], line["labels"]) for line in told["rows"]] == [(0.1, 2), (0.5, 10)]
    assert all(set(line["seeds"]) == {0, 1} and line["std"] is not None for line in told["rows"])
    assert told["fraction"] == 0.5 and told["accuracy"] == told["rows"][1]["accuracy"]


def test_semi_repeats_five_times_at_four_shares_by_default(stores: tuple[Store, Store], run: Path) -> None:
    config = make_config("semi", True, values={"epochs": 1})
    told = evaluate(stores[0], "half", config, run, "semi", ["bone"])
    assert [line["fraction"] for line in told["rows"]] == [0.01, 0.05, 0.1, 0.2]
    assert all(list(line["seeds"]) == [0, 1, 2, 3, 4] for line in told["rows"])


def test_scratch_needs_no_run(stores: tuple[Store, Store]) -> None:
    config = make_config("scratch", values=QUICK | {"shape": {"channels": (4, 8), "strides": (2, 2)}})
    told = evaluate(stores[0], "half", config, None, "scratch", ["joint", "bone"])
    assert told["run"] is None and not told["transfer"] and told["modalities"] == ["joint", "bone"]


@pytest.mark.gpu
@pytest.mark.parametrize("protocol", ["linear", "knn", "semi", "finetune", "scratch"])
def test_every_protocol_runs_on_a_gpu(protocol: str, stores: tuple[Store, Store], run: Path) -> None:
    shape = {"shape": {"channels": (4, 8), "strides": (2, 2)}} if protocol == "scratch" else {}
    values = {} if protocol in ("linear", "knn") else QUICK | {"precision": "bf16"} | shape
    config = make_config(protocol, values=values)
    source = None if protocol == "scratch" else run
    told = evaluate(stores[0], "half", config, source, protocol, JMB, seeds=[0], device="cuda")
    assert 0 <= told["accuracy"] <= 100 and all(line["device"].startswith("cuda") for line in told["rows"])


@pytest.mark.parametrize(
    ("protocol", "with_run", "extra", "message"),
    [
        ("linear", False, {}, "needs --run"),
        ("scratch", True, {}, "takes no --run"),
        ("scratch", False, {}, "needs --modalities"),
        ("linear", True, {"fractions": [0.1]}, "goes with semi"),
        ("linear", True, {"modalities": ["angular"]}, "no branch of angular"),
        ("linear", True, {"subsets": [("joint", "angular")]}, "wants angular"),
        ("linear", True, {"split": "xsub"}, "has no split 'xsub'"),
    ],
)
def test_what_cannot_be_judged_is_named(
    protocol: str, with_run: bool, extra: dict, message: str, stores: tuple[Store, Store], run: Path
) -> None:
    asked = {"split": "half", "config": make_config(protocol), "run": run if with_run else None, **extra}
    with pytest.raises(ValueError, match=message):
        evaluate(stores[0], protocol=protocol, **asked)


# The command


def _args(*words: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args([str(word) for word in (*words, "--device", "cpu")])


def test_the_command_writes_and_prints(
    stores: tuple[Store, Store],
    run: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "linear.json"
    monkeypatch.setattr(command, "use_threads", lambda count: None)  # this process is the other tests' too
    assert not command.run(
        _args("--data", stores[0].folder, "--split", "half", "--run", run, "--out", out, "--seed", 3,
              "--subsets", "jm,jb", "--lr", 0.5, "--drop-at", "1,2", "--epochs", 2, "--standardise")
    )  # fmt: skip
    held = json.loads(out.read_text())
    assert held["config"]["lr"] == 0.5 and held["config"]["drop_at"] == [1, 2] and held["config"]["standardise"]
    assert [line["modalities"] for line in held["rows"]][3:5] == [["joint", "motion"], ["joint", "bone"]]
    assert set(held["rows"][0]["seeds"]) == {"3"}
    assert "| joint+motion+bone |" in capsys.readouterr().out


def test_a_yaml_file_stands_under_the_command_line(stores: tuple[Store, Store], tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("epochs: 7\nlr: 0.2\nshape: {dropout: 0.2}\nviews: {turn: 0.1}\n")
    args = _args("--data", ".", "--split", "half", "--protocol", "scratch", "--config", path, "--lr", 0.3,
                 "--channels", "4,8", "--strides", "1,2")  # fmt: skip
    config = make_config("scratch", values=command.given(args))
    assert (config.epochs, config.lr, config.views.turn) == (7, 0.3, 0.1)
    assert config.shape == Shape(channels=(4, 8), strides=(1, 2), dropout=0.2)
