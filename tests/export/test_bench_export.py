"""`python -m export bench`: what is measured of whom, and the ratios."""

import json
from pathlib import Path

import numpy as np
import pytest

from export import bench as benching
from export.__main__ import main
from export.bench import EAGER, PUBLISHED, Contestant, bench, eager_student, fresh_peak_mb, made_up, opened_with
from models.student import Student
from models.weights import StudentConfig, save


@pytest.fixture(scope="module")
def weights(student: Student, config: StudentConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    save(student, config, folder)
    return folder


@pytest.mark.slow
def test_all_are_measured_by_threads_and_batch(
    model_file: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The memory is told, not measured: a fresh process each takes seconds."""
    told = {EAGER: 300.0, PUBLISHED: 400.0, str(model_file): 150.0}
    monkeypatch.setattr(benching, "fresh_peak_mb", lambda c, batch, threads: told[c.name] + batch)
    monkeypatch.setattr(benching, "_WINDOWS_A_TURN", 2)
    monkeypatch.setattr(benching, "ROUNDS", 2)
    out = tmp_path / "bench.json"
    options = ["--weights", str(weights), "--threads", "1", "2", "--batches", "1", "2", "--json", str(out)]
    assert main(["bench", str(model_file), *options]) == 0
    assert f"| {model_file} | fp32 | 2 | 1 |" in capsys.readouterr().out
    results = json.loads(out.read_text())["results"]
    names = [EAGER, PUBLISHED, str(model_file)]
    assert [(r["threads"], r["batch"], r["name"]) for r in results] == [
        (threads, batch, name) for threads in (1, 2) for batch in (1, 2) for name in names
    ]
    eager = {(r["threads"], r["batch"]): r for r in results if r["name"] == EAGER}
    for r in results:
        base = eager[r["threads"], r["batch"]]
        assert r["speed"] == pytest.approx(r["windows_per_s"] / base["windows_per_s"])
        assert r["windows_per_s"] == pytest.approx(1000 * r["batch"] / r["p50_ms"])
        assert r["memory"] == pytest.approx((told[r["name"]] + r["batch"]) / (300 + r["batch"]))
        assert 0 < r["p50_ms"] <= r["p95_ms"]
    assert all(r["speed"] == 1 and r["memory"] == 1 for r in eager.values())


def test_turns_begin_with_another_one_each_round(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(benching, "opened_with", lambda c, threads: lambda *feeds: order.append(c.name))
    monkeypatch.setattr(benching, "_WINDOWS_A_TURN", 8)
    monkeypatch.setattr(benching, "ROUNDS", 3)
    three = [Contestant(name, str(weights)) for name in "abc"]
    seconds = benching._all_seconds(three, [(1, 4)])
    assert "".join(order) == "abc" + "aabbcc" + "bbccaa" + "ccaabb"
    assert {name: len(values) for (name, _, _), values in seconds.items()} == dict.fromkeys("abc", 6)


def test_who_is_who(weights: Path, model_file: Path, config: StudentConfig) -> None:
    """The eager model and the file answer alike; the published one has 256 channels at its end."""
    feeds = made_up(2)
    eager = opened_with(Contestant(EAGER, str(weights)), 1)(*feeds)
    found = opened_with(Contestant(str(model_file), str(weights)), 1)(*feeds)
    np.testing.assert_allclose(eager[0].numpy(), found.fused_NC, atol=1e-4)
    published = eager_student(Contestant(PUBLISHED, str(weights)))
    assert published.channels[-1] == 256 != config.channels[-1] and not published.training
    assert published.modalities == ("joint", "bone", "motion")


@pytest.mark.slow
def test_memory_of_a_fresh_process(model_file: Path, weights: Path) -> None:
    """A larger batch needs more, and what this process holds does not count."""
    held = np.ones(400_000_000 // 8)
    contestant = Contestant(str(model_file), str(weights))
    small, large = (fresh_peak_mb(contestant, batch) for batch in (1, 128))
    if small is None or large is None:
        pytest.skip("the system does not tell a process's memory")
    assert held.nbytes == 400_000_000
    assert 20 < small < large
    assert small < 400
    assert large > small + 20


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--threads", "0"], "a number of threads is 1 to 256, not '0'"),
        (["--batches", "1", "-4"], "not '-4'"),
    ],
)
def test_wrong_options(
    model_file: Path, weights: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["bench", str(model_file), "--weights", str(weights), *options])
    assert stopped.value.code == 2 and message in capsys.readouterr().err


def test_missing_weights(model_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(model_file), "--weights", "absent"]) == 1
    assert "config.json is missing" in capsys.readouterr().err


@pytest.mark.parametrize(("threads", "batches"), [([0], [1]), ([1], [1, -4])])
def test_counts_below_one(model_file: Path, weights: Path, threads: list[int], batches: list[int]) -> None:
    with pytest.raises(ValueError, match="threads and batches must be at least 1"):
        bench([model_file], weights, threads, batches)


def test_a_broken_file_shows_first(model_file: Path, weights: Path, tmp_path: Path) -> None:
    path = tmp_path / "truncated.onnx"
    path.write_bytes(model_file.read_bytes()[:-1000])
    with pytest.raises(ValueError, match=r"truncated.onnx is cut short"):
        bench([model_file, path], weights, [1])
