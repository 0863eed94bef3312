"""What a run begins with has to fit it, and its folder belongs to one training at a time."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.branches import Branches
from models.shape import Shape
from models.system.lock import alone
from training.config.schema import DistilConfig, PretrainConfig
from training.data.pool import Pool
from training.data.store import Store, write_store
from training.data.views import Views
from training.method.distil import distil, require_start
from training.method.pretrain import pretrain
from training.runs.run_folder import CHECKPOINT, CONFIG, LOG, MODEL, STAGE1, load_branches
from training.runs.starts import require_split_of_teacher

SHAPE = Shape(channels=(4, 8), strides=(4, 4), dropout=0.0)
BEGIN = PretrainConfig(
    modalities=("joint", "bone"), epochs=2, stage1=1, batch=8, lr=0.01, queue=8, shape=SHAPE, drop_at=()
)


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> list[Pool]:
    out = []
    for seed in range(2):
        folder, rng = tmp_path_factory.mktemp("store"), np.random.default_rng(seed)
        write_store(folder, [[rng.normal(0, 0.3, (50, 25, 3))] for _ in range(8)], {}, (), {}, "test")
        out.append(Pool.open([str(folder)]))
    return out


@pytest.fixture(scope="module")
def runs(pools: list[Pool], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    pretrain(pools[0], BEGIN, folder / "sgd", lambda line: None, device="cpu")
    pretrain(pools[0], replace(BEGIN, optimizer="adamw"), folder / "adamw", lambda line: None, device="cpu")
    return folder


def test_what_is_damaged_of_a_run_is_named(runs: Path, pools: list[Pool], tmp_path: Path) -> None:
    run = shutil.copytree(runs / "sgd", tmp_path / "run")
    (run / MODEL).write_bytes((run / MODEL).read_bytes()[:50])
    with pytest.raises(ValueError, match=rf"{MODEL} is damaged \(.*\); copy it again, or train it again"):
        load_branches(run)
    (run / STAGE1).write_bytes(b"garbage")  # of another run's there is nothing to delete
    with pytest.raises(ValueError, match=rf"{STAGE1} is damaged, and cannot be read; train .*run again"):
        pretrain(pools[0], BEGIN, tmp_path / "new", lambda line: None, stage1=run, device="cpu")


@pytest.mark.parametrize(
    ("source", "changes", "says"),
    [
        ("sgd", {"optimizer": "adamw"}, r"optimizer sgd \(here adamw\)"),
        ("adamw", {"optimizer": "sgd"}, r"optimizer adamw \(here sgd\)"),
        ("sgd", {"batch": 4}, r"batch 8 \(here 4\)"),
        ("sgd", {"precision": "bf16"}, r"precision fp32 \(here bf16\)"),
        ("sgd", {"views": Views(turn=0.5)}, r"with views\.turn 0\.0 \(here 0\.5\);"),
        ("sgd", {"shape": replace(SHAPE, channels=(4, 4))}, r"shape\.channels \[4, 8\] \(here \[4, 4\]\)"),
    ],
)
def test_a_stage_1_that_was_trained_otherwise_is_refused(
    source: str, changes: dict, says: str, runs: Path, pools: list[Pool], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=rf"stage 1 of \S+{source} cannot be taken up.*{says}.*give the same"):
        pretrain(pools[0], replace(BEGIN, **changes), tmp_path / "run", print, stage1=runs / source, device="cpu")
    assert not (tmp_path / "run" / CONFIG).exists()  # the next try begins afresh


def test_a_stage_1_of_other_clips_is_refused_and_auto_takes_its_precision(
    runs: Path, pools: list[Pool], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="trained with other clips"):
        pretrain(pools[1], BEGIN, tmp_path / "run", print, stage1=runs / "sgd", device="cpu")
    pretrain(pools[0], replace(BEGIN, precision="auto"), tmp_path / "run", print, stage1=runs / "sgd", device="cpu")
    assert '"precision": "fp32"' in (tmp_path / "run" / CONFIG).read_text()


def test_a_checkpoint_of_another_optimizer_is_refused(runs: Path, pools: list[Pool], tmp_path: Path) -> None:
    shutil.copytree(runs / "sgd", tmp_path / "run")
    (tmp_path / "run" / MODEL).unlink()
    shutil.copy(runs / "adamw" / CHECKPOINT, tmp_path / "run" / CHECKPOINT)
    with pytest.raises(ValueError, match=r"checkpoint\.pt does not fit this configuration: .* another optimizer"):
        pretrain(pools[0], BEGIN, tmp_path / "run", print, device="cpu")


@pytest.mark.parametrize("command", ["pretrain", "distil"])
def test_a_folder_has_one_training_at_a_time(command: str, runs: Path, pools: list[Pool], tmp_path: Path) -> None:
    student = DistilConfig(
        epochs=1, batch=8, queue=8, shape=SHAPE, modalities=("joint",), drop_at=(), lr=0.01, warmup=0
    )

    def begin() -> None:
        if command == "pretrain":
            pretrain(pools[0], BEGIN, tmp_path, print, device="cpu")
        else:
            distil(pools[0], runs / "sgd", student, tmp_path, print, device="cpu")

    with alone(tmp_path, "mine"), pytest.raises(ValueError, match="another training is at work on"):
        begin()
    assert not (tmp_path / CONFIG).exists()
    begin()
    assert len((tmp_path / LOG).read_text().splitlines()) == (2 if command == "pretrain" else 1)


def test_a_teacher_of_other_clips_is_told(runs: Path, pools: list[Pool], tmp_path: Path) -> None:
    student = DistilConfig(epochs=1, batch=8, queue=8, shape=SHAPE, modalities=("joint",), drop_at=(), lr=0.01)
    for i, pool in enumerate(pools):
        said: list[str] = []
        distil(pool, runs / "sgd", student, tmp_path / str(i), said.append, device="cpu")
        assert any("was trained on other clips" in line for line in said) == bool(i)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"modalities": ("joint", "motion")}, "has no motion but joint, bone; choose other --modalities"),
        ({"shape": replace(SHAPE, channels=(8, 8))}, "widths are 4,8 and not 8,8: is it of another --preset"),
    ],
)
def test_a_student_that_cannot_start_as_its_teacher_is_told_why(
    changes: dict, says: str, runs: Path, pools: list[Pool], tmp_path: Path
) -> None:
    student = DistilConfig(epochs=1, batch=8, queue=8, shape=SHAPE, modalities=("joint",), drop_at=(), start="teacher")
    with pytest.raises(ValueError, match=says):
        distil(pools[0], runs / "sgd", replace(student, **changes), tmp_path / "run", print, device="cpu")
    assert not (tmp_path / "run").exists()
    require_start(Branches(("joint", "bone"), SHAPE, (8, 4)), student)
    require_start(Branches(("bone",), SHAPE, (8, 4)), replace(student, start="random"))


def test_a_teacher_of_another_split_is_refused(pools: list[Pool], runs: Path) -> None:
    folder = pools[0].parts[0][0].folder
    store = Store(folder)
    parts = {"xsub": np.array([1] * 5 + [0] * 3), "xview": np.array([0] * 2 + [1] * 6)}
    store.index |= {f"split_{name}": part for name, part in parts.items()}

    def record(ids: np.ndarray) -> list:
        return Pool([(store, ids)]).record

    student = Pool([(store, store.split("xsub")[0])])
    for fits in (store.split("xsub")[0], np.arange(8)):  # its own split; all clips are a matter of judgement
        require_split_of_teacher(runs / "sgd", record(fits), student)
    with pytest.raises(ValueError, match=r"trained on split xview of .* what xsub tests on: give --split xview"):
        require_split_of_teacher(runs / "sgd", record(store.split("xview")[0]), student)
    require_split_of_teacher(runs / "sgd", record(store.split("xview")[0]), Pool([(store, np.arange(8))]))
    require_split_of_teacher(runs / "sgd", pools[1].record, student)  # another store
