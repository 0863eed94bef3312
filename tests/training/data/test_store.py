"""The clip store: what is written is read, what is damaged is named; pre-processing against a slow twin."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

import training.data.store as store_module
from training.data.counterparts import COUNTERPARTS
from training.data.pool import Pool
from training.data.store import INDEX, META, SKELETONS, Store, preprocess, resample, write_store


def slow_preprocess(joints: np.ndarray, valid: np.ndarray) -> np.ndarray:
    seen = [t for t, good in enumerate(valid) if good]
    frames = []
    for t in range(seen[0], seen[-1] + 1):
        a, b = max(s for s in seen if s <= t), min(s for s in seen if s >= t)
        share = (t - a) / max(b - a, 1)
        frames.append((joints[a] - joints[a, 20]) * (1 - share) + (joints[b] - joints[b, 20]) * share)
    out = np.zeros((50, 25, 3))
    for k in range(50):
        at = min(max((k + 0.5) * len(frames) / 50 - 0.5, 0), len(frames) - 1)
        a = int(at)
        b = min(a + 1, len(frames) - 1)
        mixed = frames[a] * (1 - (at - a)) + frames[b] * (at - a)
        angle = math.atan2(mixed[8, 2] - mixed[4, 2], mixed[8, 0] - mixed[4, 0])
        for v in range(25):
            x, y, z = mixed[v]
            out[k, v] = [x * math.cos(angle) + z * math.sin(angle), y, z * math.cos(angle) - x * math.sin(angle)]
    return out


@pytest.mark.parametrize("frames", [1, 2, 7, 50, 131])
def test_preprocessing_equals_its_slow_twin(frames: int) -> None:
    rng = np.random.default_rng(frames)
    joints, valid = rng.normal(0, 1, (frames, 25, 3)), rng.random(frames) < 0.7
    valid[frames // 2] = True
    done = preprocess(joints, valid)
    np.testing.assert_allclose(done, slow_preprocess(joints, valid), atol=1e-5)
    across = done[:, 8] - done[:, 4]
    np.testing.assert_allclose(across[:, 2], 0, atol=1e-5)
    assert (across[:, 0] > 0).all() and (done[:, 20] == 0).all()


def test_resampling_is_that_of_cv2_resize() -> None:
    cv2 = pytest.importorskip("cv2")
    x = np.random.default_rng(0).normal(size=(83, 25, 3)).astype(np.float32)
    expected = cv2.resize(x.reshape(83, 75), (75, 50), interpolation=cv2.INTER_LINEAR).reshape(50, 25, 3)
    np.testing.assert_allclose(resample(x), expected, atol=1e-5)


def test_no_valid_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="valid frame"):
        preprocess(np.zeros((3, 25, 3)), np.zeros(3, bool))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    people = [[np.full((50, 25, 3), 10 * i + p, np.float32) for p in range(1 + i % 2)] for i in range(5)]
    fields = {"label": np.array([0, 1, 0, 1, -1]), "frames": np.arange(5) + 20.0, "subject": np.arange(5)}
    write_store(tmp_path, people, fields, ("a", "b"), {"half": np.array([1, 1, 0, 0, -1])}, "test")
    return tmp_path


def test_batches_hold_the_clips_that_were_written(folder: Path) -> None:
    store = Store(folder)
    batch = store.batch(np.array([3, 0]))
    assert batch.joints_NPTVC.shape == (2, 2, 50, 25, 3)
    assert batch.joints_NPTVC[:, :, 0, 0, 0].tolist() == [[30, 31], [0, 0]]
    assert batch.present_NP.tolist() == [[True, True], [True, False]]
    assert batch.frames_N.tolist() == [23, 20] and batch.label_N.tolist() == [1, 0]
    assert store.batch(np.array([0, 2])).joints_NPTVC.shape[1] == 1
    assert [ids.tolist() for ids in store.split("half")] == [[0, 1], [2, 3]]
    with pytest.raises(ValueError, match="it has half"):
        store.split("xview")


def test_choices_have_a_split_without_test_clips(tmp_path: Path) -> None:
    clips = [[np.zeros((50, 25, 3), np.float32)] for _ in range(8)]
    fields = {"view": np.array([1, 2, 3, 1, 2, 3, 1, 2]), "subject": np.array([1, 1, 1, 3, 3, 4, 4, 5])}
    splits = {"xview": np.isin(fields["view"], (1, 2)), "xsub": fields["subject"] % 2 == 1, "one": np.arange(8) < 1}
    write_store(tmp_path, clips, fields, (), splits, "test")
    store = Store(tmp_path)
    for name, train, test in (("xview", [0, 3, 6], [1, 4, 7]), ("xsub", [0, 1, 2, 7], [3, 4])):
        assert [ids.tolist() for ids in store.split(f"{name}-val")] == [train, test]
        assert Pool.open([f"{tmp_path}:{name}-val"]).parts[0][1].tolist() == train
    with pytest.raises(ValueError, match=r"cannot be cut again: .* actor alone"):
        store.split("one-val")
    with pytest.raises(ValueError, match="no split 'none'; it has"):
        store.split("none-val")
    with pytest.raises(ValueError, match=r"what xview tests on: leave out \+"):
        Pool.open([f"{tmp_path}:xview-val+"])


def test_a_pool_joins_stores_and_hides_labels(folder: Path) -> None:
    import torch

    store = Store(folder)
    pool = Pool([(store, np.array([1, 3])), (store, np.arange(5))])
    batch = pool.batch(np.array([5, 0, 1]), torch.device("cpu"))
    assert len(pool) == 7
    assert batch.joints_NPTVC[:, 0, 0, 0, 0].tolist() == [30, 10, 30]
    assert batch.ids_N.tolist() == [5, 0, 1] and batch.label_N.tolist() == [-1, -1, -1]


@pytest.mark.parametrize(("split", "clips"), [("", 5), (":half", 2), (":half+", 3)])
def test_a_pool_never_holds_test_clips_of_its_split(folder: Path, split: str, clips: int) -> None:
    pool = Pool.open([f"{folder}{split}"])
    assert len(pool) == clips
    if split:
        assert not set(pool.parts[0][1]) & set(Store(folder).split("half")[1])
    with pytest.raises(ValueError, match="named twice"):
        Pool.open([str(folder), f"{folder}:half"])


def test_the_hash_knows_content(folder: Path) -> None:
    first = Store(folder).hash
    people = [[np.full((50, 25, 3), 10 * i, np.float32)] for i in range(5)]
    write_store(folder, people, {}, ("a", "b"), {}, "test")
    assert Store(folder).hash != first


@pytest.mark.parametrize("broken", [META, INDEX, SKELETONS])
def test_a_store_that_is_not_whole_is_named(folder: Path, broken: str) -> None:
    whole = (folder / broken).read_bytes()
    (folder / broken).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="damaged"):
        Store(folder)
    (folder / broken).unlink()
    with pytest.raises(ValueError, match=f"{broken} is missing"):
        Store(folder)


def test_an_older_format_is_refused(folder: Path) -> None:
    meta = json.loads((folder / META).read_text())
    (folder / META).write_text(json.dumps(meta | {"format": "ikem-clips/0"}))
    with pytest.raises(ValueError, match="another version"):
        Store(folder)


def test_the_rows_are_on_the_disk_before_the_file_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handed = []
    monkeypatch.setattr(store_module, "hand_over", lambda path: handed.append((path.name, (tmp_path / META).exists())))
    write_store(tmp_path, [[np.zeros((50, 25, 3))]], {}, (), {}, "a test")
    assert handed == [(SKELETONS, False)] and (tmp_path / META).exists()


def paired(folder: Path) -> Store:
    """Five clips of one person; clips 1 and 4 have a counterpart, of 101 and 104."""
    people = [[np.full((50, 25, 3), i, np.float32)] for i in range(5)]
    some = [np.full((50, 25, 3), 100 + i) if i in (1, 4) else None for i in range(5)]
    write_store(folder, people, {}, (), {}, "test", some)
    return Store(folder)


def test_counterparts_stand_in_for_the_clips_that_have_one(tmp_path: Path, folder: Path) -> None:
    import torch

    store = paired(tmp_path / "pairs")
    assert store.counterpart_N.tolist() == [-1, 0, -1, -1, 1]
    pool = Pool([(Store(folder), np.arange(3)), (store, np.array([0, 1, 4]))])  # people have second ones in `folder`
    batch = pool.batch(np.array([5, 1, 4, 3]), torch.device("cpu"))
    wanted = np.array([True, True, False, True])
    assert pool.exchanged(batch, wanted)[:, :, 0, 0, 0].tolist() == [[104, 0], [10, 11], [1, 0], [0, 0]]
    assert batch.joints_NPTVC[:, 0, 0, 0, 0].tolist() == [4, 10, 1, 0]  # the batch itself stays
    assert pool.paired and not Pool([(Store(folder), np.arange(5)), (store, np.array([0, 2]))]).paired


def test_a_store_without_counterparts_leaves_none_behind(tmp_path: Path) -> None:
    first = paired(tmp_path).hash
    write_store(tmp_path, [[np.zeros((50, 25, 3))]], {}, (), {}, "test", [None])
    store = Store(tmp_path)
    assert not (tmp_path / COUNTERPARTS).exists() and store.counterpart_N.tolist() == [-1] and store.hash != first


def test_counterparts_that_are_not_whole_are_named(tmp_path: Path) -> None:
    paired(tmp_path)
    np.save(tmp_path / COUNTERPARTS, np.zeros((3, 50, 25, 3), np.float32))
    with pytest.raises(ValueError, match="damaged"):
        Store(tmp_path)
    (tmp_path / COUNTERPARTS).unlink()
    with pytest.raises(ValueError, match=f"{COUNTERPARTS} is missing"):
        Store(tmp_path)
