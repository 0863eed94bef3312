"""Packs that the browser writes open in Python, and the other way round; damaged ones are refused by both."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from safetensors.numpy import load, save

from app.site.constants import constants
from app.teach.head import Head
from app.teach.pack import Pack, PackError, checked_name, pack_bytes, parse_pack
from models.system.contents import is_pack
from tests.app.node_scripts import run_script
from tests.web.streams import START

SCRIPT = """
import { checkedName, examplesOf, packAdvice, withClips, withoutClips } from "./pack.js";
import { packBytes, parsePack } from "./pack_file.js";
import { fromHalf, toHalf } from "./safetensors.js";
const bytesOf = (text) => Uint8Array.from(Buffer.from(text, "base64"));
const back = (pack) => Buffer.from(packBytes(pack)).toString("base64");
function tried(what) {
  try {
    return [true, what()];
  } catch (error) {
    return [false, error.constructor.name, error.message];
  }
}
const pack = parsePack(bytesOf(facts.packs[0]), "pack");
const more = withClips(pack, " third ", [{ clip: pack.clips[0], embedding: pack.embeddings[0] }]);
tell({
  again: facts.packs.map((text) => back(parsePack(bytesOf(text), "pack"))),
  fewer: facts.places.map((places) => {
    const { actions, action, counter, corrects } = withoutClips(pack, places);
    return [actions, action, counter, corrects];
  }),
  more: [more.actions, more.action, more.counter, more.clips.length, more.head],
  examples: [examplesOf(pack, "bow"), examplesOf(pack, "bow", true), packAdvice(pack, "bow"), packAdvice(pack, "wink")],
  broken: facts.broken.map((text) => tried(() => parsePack(bytesOf(text), "pack") && null)),
  names: facts.names.map((name) => tried(() => checkedName(name))),
  halves: [...Array(65536).keys()].map(fromHalf).map((value) => (Number.isFinite(value) ? value : String(value))),
  toHalves: facts.numbers.map((text) => toHalf(Number(text))),
});
"""
NAMES = [
    "bow", "  my   bow ", "", "   ", "a" * 40, "a" * 41, "=1+1", "+a", "-a", "@a", "Caf\u00e9", "Cafe\u0301", "a\nb",
    "a\u200bb", "a\u200db", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "a\u00a0b", "a\u2028b", "\ufeffa", "a\x00b",
    "\u4e2d\u6587", "a\x1cb", "a\x85b", "\U0001f600" * 40, "a\ue000", "\u00ad", "1 2", "\u0915\u094d\u200d\u0937",
]  # fmt: skip


def a_pack(skeletons: bool = True, corrects: tuple[str, ...] = ("bow",)) -> Pack:
    rng, actions = np.random.default_rng(1), ("bow", "wink")
    usual_A = np.array([0.5, 0.051])
    head = Head(rng.normal(size=12), rng.normal(size=(2, 12)), rng.normal(size=2), np.array([0.2, 0.0]), usual_A)
    return Pack(
        "x", actions, np.array([0, 1, 0, 0, -1, 1, 0, 1]), np.array([0, 0, 0, 1, 1, 0, 0, 0], bool),
        rng.normal(size=(8, 5, 12)).astype(np.float32),
        rng.normal(size=(8, 7, 25, 3)).astype(np.float32) if skeletons else None, head, corrects,
    )  # fmt: skip


def broken() -> list[bytes]:
    """Files that are no pack, or a damaged one."""
    whole = pack_bytes(a_pack())
    said = json.loads(whole[8 : 8 + int.from_bytes(whole[:8], "little")])["__metadata__"]

    def changed(metadata: dict | None = None, **tensors: np.ndarray | None) -> bytes:
        new = {name: array for name, array in (load(whole) | tensors).items() if array is not None}
        return save(new, metadata=said | (metadata or {}))

    names = [["bow"], ["bow", "bow"], ["bow", "=wink"], "bow", ["bow", 1], ["bow", "wink", "nod"]]
    arrays = [
        {"action": np.array([0, 1, 0, 0, -1, 1, 0, 2], np.int16)}, {"action": np.zeros(8, np.int16)},
        {"counter": np.ones(8, np.uint8)}, {"counter": np.zeros(7, np.uint8)}, {"counter": None},
        {"embedding": np.zeros((8, 60), np.float16)}, {"embedding": np.full((8, 5, 12), np.nan, np.float16)},
        {"clips": np.zeros((8, 7, 24, 3), np.float16)}, {"clips": np.zeros((7, 7, 25, 3), np.float16)},
        {"head.usual_A": np.array([0.1, -1.0], np.float32)}, {"head.weight_AD": np.zeros((2, 11), np.float32)},
        {"head.bias_A": np.full(2, 1e10, np.float32)}, {"head.mean_D": None},
    ]  # fmt: skip
    files = [b"", b"hello", whole[:7], whole[:40], whole[: len(whole) // 2], whole[:-1], b"\xff" * 64, b"\x00" * 64]
    files += [changed({"actions": json.dumps(some)}) for some in names]
    files += [changed({"format": "ikem-live-pack/9"}), changed({"corrects": '["nod"]'}), changed({"actions": "{"})]
    return files + [changed(**some) for some in arrays]


@pytest.fixture(scope="module")
def packs() -> list[Pack]:
    return [a_pack(), a_pack(skeletons=False, corrects=())]


EDGES = [
    0.0,
    65504.0,
    65519.9,
    65520.0,
    2.0**-24,
    2.0**-25,
    1.5 * 2.0**-24,
    2.0**-14,
    1023.5 * 2.0**-24,
    2049.0,
    2051.0,
]
RANDOM = np.random.default_rng(2).normal(size=400) * 10.0 ** np.random.default_rng(3).integers(-9, 6, 400)
NUMBERS = np.concatenate([RANDOM, EDGES, [np.inf]]).astype(np.float32)
PLACES = [[0], [1, 5, 7], [0, 2, 6], [0, 1, 2, 5, 6, 7], [3, 4], []]


@pytest.fixture(scope="module")
def ours(packs, tmp_path_factory):
    as_text = lambda content: base64.b64encode(content).decode("ascii")  # noqa: E731
    facts = {
        "constants": constants(), "packs": [as_text(pack_bytes(pack)) for pack in packs], "places": PLACES,
        "broken": [as_text(content) for content in broken()], "names": NAMES,
        "numbers": [str(float(n)).replace("inf", "Infinity") for n in NUMBERS],
    }  # fmt: skip
    return run_script(tmp_path_factory.mktemp("node"), START + SCRIPT, facts, "web")


def test_a_pack_comes_back_whole(packs, ours, tmp_path):
    for text, pack in zip(ours["again"], packs, strict=True):
        content = base64.b64decode(text)
        (tmp_path / "pack").write_bytes(content)
        assert is_pack(tmp_path / "pack")
        ours_, python = parse_pack(content, "ours"), parse_pack(pack_bytes(pack), "python")
        assert (ours_.embedding, ours_.actions, ours_.corrects) == (pack.embedding, pack.actions, pack.corrects)
        for name in ("action_E", "counter_E", "embedding_EWD"):
            np.testing.assert_array_equal(getattr(ours_, name), getattr(python, name), err_msg=name)
        assert (ours_.clips_EKV3 is None) == (python.clips_EKV3 is None)
        if python.clips_EKV3 is not None:
            np.testing.assert_array_equal(ours_.clips_EKV3, python.clips_EKV3)
        for name, array in python.head.arrays().items():
            np.testing.assert_array_equal(ours_.head.arrays()[name], array, err_msg=name)


def test_examples_are_added_and_taken_away_alike(packs, ours):
    for (actions, action, counter, corrects), places in zip(ours["fewer"], PLACES, strict=True):
        fewer = packs[0].without_clips(places)
        assert (tuple(actions), tuple(corrects)) == (fewer.actions, fewer.corrects)
        assert action == fewer.action_E.tolist() and counter == fewer.counter_E.tolist()
    more = packs[0].with_clips("third", packs[0].clips_EKV3[:1], packs[0].embedding_EWD[:1])
    assert ours["more"] == [list(more.actions), more.action_E.tolist(), more.counter_E.tolist(), 9, None]
    shown = packs[0].examples("bow").tolist(), packs[0].examples("bow", counter=True).tolist()
    assert ours["examples"] == [*shown, packs[0].advice("bow"), packs[0].advice("wink")]
    assert "everyday movement" in packs[0].advice("wink")


def test_damaged_packs_are_refused_by_both(ours):
    for content, (whole, kind, said) in zip(broken(), ours["broken"], strict=True):
        with pytest.raises(PackError) as error:
            parse_pack(content, "pack")
        assert not whole and kind == "PackError", (content[:80], said)
        assert said.split("(")[0] == str(error.value).split("(")[0]


@pytest.mark.parametrize(("place", "name"), list(enumerate(NAMES)))
def test_names_are_checked_alike(place, name, ours):
    try:
        python = [True, checked_name(name)]
    except PackError:
        python = [False, "PackError"]
    assert ours["names"][place][:2] == python


def test_half_precision_is_numpy_s(ours):
    halves = np.arange(65536, dtype=np.uint16).view(np.float16).astype(float)
    np.testing.assert_array_equal(np.array([float(value) for value in ours["halves"]]), halves)
    with np.errstate(over="ignore"):
        assert ours["toHalves"] == NUMBERS.astype(np.float16).view(np.uint16).tolist()
