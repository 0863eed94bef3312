"""A list of missing skeletons that comes after the store: its clips leave it, and nothing is read again."""

import json
from pathlib import Path

import numpy as np
import pytest

import training.data.prepare
from tests.training.data.test_prepare import ntu_source
from training.data.prepare import prepare
from training.data.store import Store

GONE = ("S001C002P002R001A002", "S001C001P004R001A004")


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "missing.txt"
    path.write_text("".join(f"{name}\n" for name in (*GONE, "S017C003P020R002A060")))  # the last is of another set
    return path


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, reading a source fails."""
    monkeypatch.setattr(training.data.prepare, "make_part", lambda job: 1 / 0)


def test_a_list_that_comes_later_gives_the_store_of_one_that_was_there(
    tmp_path: Path, listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, said = ntu_source(tmp_path / "source"), []
    (source / "S001C003P003R001A009.skeleton").write_text("")  # cannot be used, before and after
    expected = prepare(source, tmp_path / "first", missing=listed, workers=1)
    whole = prepare(source, tmp_path / "later", workers=1)
    with monkeypatch.context() as patch:
        patch.setattr(training.data.prepare, "make_part", lambda job: 1 / 0)
        counts = prepare(source, tmp_path / "later", missing=listed, workers=1, note=said.append)
        assert prepare(source, tmp_path / "later", missing=listed, workers=1) == counts  # finished already
    assert counts == expected and counts.clips == whole.clips - 2 and counts.skipped == 1
    assert said[0] == "2 files left out, as the list of missing skeletons says"
    assert said[1].startswith("2 clips of the list left out of the store") and any("split xview" in s for s in said)
    one, other = Store(tmp_path / "first"), Store(tmp_path / "later")
    assert one.hash == other.hash and one.labels == other.labels and not set(GONE) & set(other.index["name"])
    np.testing.assert_array_equal(one.rows, other.rows)


def test_a_longer_list_takes_more_and_a_shorter_one_is_refused(tmp_path: Path, listed: Path, unread: None) -> None:
    source, store, longer = ntu_source(tmp_path / "source"), tmp_path / "store", tmp_path / "longer.txt"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.data.prepare, "make_part", training.data.store_parts.make_part)
        prepare(source, store, missing=listed, workers=1)
    longer.write_text(listed.read_text() + "S001C003P003R001A003\n")
    assert prepare(source, store, missing=longer, workers=1).clips == len(Store(store)) == 9
    with pytest.raises(ValueError, match="another source"):
        prepare(source, store, missing=listed, workers=1)
    (source / "S001C003P001R001A001.skeleton").write_text((source / "S001C003P003R001A003.skeleton").read_text())
    longer.write_text(longer.read_text() + "S001C001P001R001A005\n")
    with pytest.raises(ValueError, match="another source"):
        prepare(source, store, missing=longer, workers=1)
    assert len(Store(store)) == 9


def test_a_list_of_every_clip_is_refused_and_the_store_stays(tmp_path: Path) -> None:
    source, names = ntu_source(tmp_path / "source", 3), tmp_path / "names.txt"
    prepare(source, tmp_path / "store", workers=1)
    names.write_text("\n".join([*(path.stem for path in source.iterdir())]))
    with pytest.raises(ValueError, match="names every file"):
        prepare(source, tmp_path / "store", missing=names, workers=1)
    assert len(Store(tmp_path / "store")) == 3


def test_a_store_of_an_earlier_version_takes_the_list(tmp_path: Path, listed: Path) -> None:
    source, store = ntu_source(tmp_path / "source"), tmp_path / "store"
    prepare(source, store, workers=1)
    held = json.loads((store / "prepare.json").read_text())
    del held["missing"]
    (store / "prepare.json").write_text(json.dumps(held))
    assert prepare(source, store, missing=listed, workers=1).clips == 10
