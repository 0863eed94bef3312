"""Packs: written whole, read with suspicion, changed by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from app.teach.pack import FORMAT, Pack, PackError, checked_name, read_pack, write_pack
from app.teach.ridge import Ridge
from models.system.atomic import OutputError

W, D, K = 5, 12, 70


def made(*named: tuple[str, int], clips: bool = True) -> Pack:
    rng = np.random.default_rng(0)
    pack = Pack("m")
    for name, count in named:
        one = rng.normal(size=(count, K, 25, 3)).astype(np.float16).astype(np.float32)
        embedding = rng.normal(size=(count, W, D)).astype(np.float16).astype(np.float32)
        pack = pack.with_clips(name.removeprefix("not "), one, embedding, counter=name.startswith("not "))
    head = Ridge(rng.normal(size=(50, D)), 3).head(pack.embedding_EWD, pack.action_E, pack.counter_E)
    return replace(pack if clips else pack.without_skeletons(), head=head)


@pytest.mark.parametrize("clips", [True, False])
def test_what_is_written_is_read(tmp_path: Path, clips: bool) -> None:
    pack = made(("salute", 3), ("air guitar", 2), ("not salute", 1), clips=clips)
    write_pack(pack, tmp_path / "a.pack")
    held = read_pack(tmp_path / "a.pack")
    assert held.actions == ("salute", "air guitar") and held.embedding == "m"
    assert held.examples("salute").tolist() == [0, 1, 2] and held.examples("salute", counter=True).tolist() == [5]
    np.testing.assert_array_equal(held.embedding_EWD, pack.embedding_EWD)
    if clips:
        np.testing.assert_array_equal(held.clips_EKV3, pack.clips_EKV3)
    else:
        assert held.clips_EKV3 is None
    for name, array in pack.head.arrays().items():
        np.testing.assert_allclose(held.head.arrays()[name], array, rtol=1e-5)
    assert [path.name for path in tmp_path.iterdir()] == ["a.pack"]


def test_forgetting() -> None:
    pack = made(("salute", 2), ("bow low", 2), ("not salute", 1), ("not bow low", 1))
    less = pack.without_clips([0, 1])
    assert less.actions == ("bow low",) and less.head is None
    assert less.action_E.tolist() == [0, 0, 0] and less.counter_E.tolist() == [False, False, True]
    np.testing.assert_array_equal(less.embedding_EWD, pack.embedding_EWD[[2, 3, 5]])
    assert pack.without_clips(list(range(6))).actions == ()


@pytest.mark.parametrize("name", ["", "   ", "x" * 41])
def test_names_that_are_no_line(name: str) -> None:
    with pytest.raises(PackError, match="needs a name of 1 to 40 letters; got"):
        checked_name(name)
    assert checked_name("  two   words ") == "two words"
    assert checked_name("cafe\u0301") == "caf\u00e9"  # as Macs write the names of folders


@pytest.mark.parametrize("name", ["a\x00b", "\u202eevaw", "wa\u200dve", "\u200d", "\U0001f44b\u200d", "\u2060"])
def test_names_with_what_cannot_be_shown(name: str) -> None:
    with pytest.raises(PackError, match="cannot hold characters that are not shown"):
        checked_name(name)


@pytest.mark.parametrize(
    "name", ["\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u2764\ufe0f\u200d\U0001f525 dance", "\u0645\u0648\u062c"]
)
def test_signs_of_several_parts_are_names(name: str) -> None:
    assert checked_name(name) == name


def test_a_name_that_a_spreadsheet_would_run() -> None:
    for name in ("=1+1", "+a", "-a", " @a"):
        with pytest.raises(PackError, match="cannot begin with"):
            checked_name(name)


def damaged(path: Path, change) -> None:
    from safetensors import safe_open

    with safe_open(path, framework="np") as file:
        said = dict(file.metadata())
    tensors = load_file(path)
    change(said, tensors)
    save_file(tensors, path, metadata=said)


@pytest.mark.parametrize(
    "change",
    [
        lambda said, tensors: said.pop("actions"),
        lambda said, tensors: said.update(actions='["salute"]'),
        lambda said, tensors: said.update(actions='["salute", "salute"]'),
        lambda said, tensors: said.update(actions="[1, 2]"),
        lambda said, tensors: said.update(actions='{"a'),
        lambda said, tensors: tensors.pop("embedding"),
        lambda said, tensors: tensors.pop("head.mean_D"),
        lambda said, tensors: tensors.update(action=tensors["action"] + 1),
        lambda said, tensors: tensors.update(counter=tensors["counter"][:2]),
        lambda said, tensors: tensors.update(clips=tensors["clips"][:, :, :20]),
        lambda said, tensors: tensors.update({"head.weight_AD": tensors["head.weight_AD"][:, :5]}),
        lambda said, tensors: tensors.update({"head.bias_A": tensors["head.bias_A"] * np.float32(np.nan)}),
        lambda said, tensors: tensors.update({"head.usual_A": tensors["head.threshold_A"] - 1}),
        lambda said, tensors: tensors.update({"head.more": tensors["head.bias_A"]}),
        lambda said, tensors: tensors.update({"head.weight_AD": tensors["head.weight_AD"] * 0 + 3e38}),
        lambda said, tensors: tensors.update(action=tensors["action"] * np.nan),
        lambda said, tensors: tensors.update(clips=tensors["clips"][:, :0]),
        lambda said, tensors: tensors.update(clips=np.zeros((4, 1001, 25, 3), np.float16)),
        lambda said, tensors: tensors.update(clips=tensors["clips"].astype(np.float64) * 1e300),
        lambda said, tensors: tensors.update(embedding=tensors["embedding"][:, :0]),
        lambda said, tensors: said.update(actions="[" * 300_000),
    ],
)
def test_a_pack_that_makes_no_sense(tmp_path: Path, change) -> None:
    path = tmp_path / "a.pack"
    write_pack(made(("salute", 2), ("bow low", 2)), path)
    damaged(path, change)
    with pytest.raises(PackError, match="a.pack: a damaged pack.*teach it again"):
        read_pack(path)


@pytest.mark.parametrize("content", [b"\x80\x04\x95pickle", b"{}" * 200, bytes(range(256)) * 20])
def test_foreign_files(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pack").write_bytes(content)
    with pytest.raises(PackError, match="a.pack: not a pack, or a damaged one"):
        read_pack(tmp_path / "a.pack")


def test_a_long_lie_about_the_format_is_not_repeated(tmp_path: Path) -> None:
    save_file({"x": np.zeros(3)}, tmp_path / "a.pack", metadata={"format": "x" * 100_000})
    with pytest.raises(PackError) as error:
        read_pack(tmp_path / "a.pack")
    assert len(str(error.value)) < 400


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    write_pack(made(("salute", 2)), tmp_path / "a.pack")
    whole = (tmp_path / "a.pack").read_bytes()
    for length in range(0, len(whole), len(whole) // 23):
        (tmp_path / "a.pack").write_bytes(whole[:length])
        with pytest.raises(PackError):
            read_pack(tmp_path / "a.pack")


def test_missing_and_foreign_formats(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="there is no such pack; .python -m app teach"):
        read_pack(tmp_path / "none.pack")
    with pytest.raises(PackError, match="is a folder"):
        read_pack(tmp_path)
    (tmp_path / "none.pack").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(PackError, match="git lfs pull"):
        read_pack(tmp_path / "none.pack")
    save_file({"x": np.zeros(3)}, tmp_path / "weights.safetensors", metadata={"format": "pt"})
    with pytest.raises(PackError, match=f"not {FORMAT!r}"):
        read_pack(tmp_path / "weights.safetensors")


def test_a_pack_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.pack"
    write_pack(made(("salute", 2)), path)
    before = path.read_bytes()

    def full(self: Path, data: bytes) -> None:
        with open(self, "wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left on device; nothing was changed"):
        write_pack(made(("bow low", 2)), path)
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["a.pack"]


def test_a_pack_has_an_end() -> None:
    pack, one = Pack("m"), np.zeros((1000, 1, D), np.float32)
    pack = pack.with_clips("a", np.zeros((1000, 2, 25, 3), np.float32), one)
    pack = pack.with_clips("a", np.zeros((1000, 2, 25, 3), np.float32), one)
    with pytest.raises(PackError, match="up to 50 actions and 2000 examples"):
        pack.with_clips("a", np.zeros((1, 2, 25, 3), np.float32), one[:1])
