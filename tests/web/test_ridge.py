"""The browser's heads against Python's: weights, thresholds, what is alike, what examples say of others, and scores.

Shapes: E clips, W windows of a clip, B windows of the background, D width of the embedding, A actions, M modalities.
"""

from __future__ import annotations

import base64

import numpy as np
import pytest

from app.site.constants import constants
from app.teach.pack import Pack
from app.teach.ridge import Ridge
from app.teach.taught_model import TaughtModel
from app.teach.verdict import judge_examples
from export.runtime import ModelScores
from models.labels import DISPLAY
from tests.app.node_scripts import run_script
from tests.web.streams import START

M, D, W = 3, 24, 5
KINDS = ("wave", "squat", "walk")
SCRIPT = """
import { Ridge } from "./ridge.js";
import { logits } from "./head.js";
import { judgeExamples } from "./verdict.js";
import { ownModel, taughtModel } from "./taught_model.js";
const { mean, basis, back, kind } = facts.teaching;
const teaching = { mean: floats64(mean), basis: floats64(basis), back: floats64(back), kind };
function floats64(text) {
  return new Float64Array(Uint8Array.from(Buffer.from(text, "base64")).buffer);
}
const ridge = new Ridge(teaching, 3);
tell(facts.cases.map(({ clips, action, counter, own, raw, only }) => {
  const embeddings = clips.map(floats), known = new Map(own);
  const head = ridge.head(embeddings, action, counter, known);
  const judged = head.weight.map((_, a) => ridge.judge(embeddings, action, counter, a, known.get(a)));
  const verdicts = judged.map((one, a) =>
    judgeExamples(String(a), one, [...one.placeOfKind].map(([k, place]) => [facts.kinds[k], place])));
  const actions = head.weight.map((_, a) => (known.has(a) ? facts.kinds[known.get(a)[0]] : `taught ${a}`));
  const pack = { embedding: "x", actions, corrects: actions.filter((_, a) => known.has(a)), head };
  const model = taughtModel(ownModel(facts.model), pack, only);
  const labels = model.labels;
  const rows = raw.map(([fused, modality, embedding]) => model.scoresOf({
    fused: floats(fused), modality: floats(modality), embedding: floats(embedding),
  }));
  return {
    weight: head.weight.map((row) => [...row]), bias: head.bias, threshold: head.threshold, usual: head.usual,
    judged: judged.map((one) => [one.unseen, one.known, one.threshold, [...one.placeOfKind]]),
    verdicts: verdicts.map(({ why, near, odd, found, said, advice }) => [why, near, odd, found, said, advice]),
    labels, fused: rows.map(({ fused }) => [...fused]), modality: rows.map(({ modality }) => [...modality]),
  };
}));
"""


class Own:
    """A model with scores of its own for whatever embedding it is asked about."""

    labels, modalities = ("wave", "squat", "walk", "idle", "other"), ("joint", "bone", "motion")
    window_s, frames = 2.5, 50
    display, thresholds = {label: DISPLAY[label] for label in labels}, {"enter": 0.6, "leave": 0.4}
    provider = version = terms = ""
    embedding = "x"

    def __init__(self, embedding_ND: np.ndarray) -> None:
        rng, n = np.random.default_rng(9), len(embedding_ND)
        fused_NC, modality_NMC = rng.dirichlet(np.ones(5), n), rng.dirichlet(np.ones(5), (n, M))
        self.scores = ModelScores(fused_NC.astype(np.float32), modality_NMC.astype(np.float32), embedding_ND)

    def __call__(self, joints_NTV3, frames_N) -> ModelScores:
        return self.scores


def cloud(centre, clips: int, rng, spread: float = 0.3) -> np.ndarray:
    """(E, W, D) windows about a centre; clips differ more than windows do."""
    around = centre + spread * rng.normal(size=(clips, 1, D))
    return (around + 0.2 * spread * rng.normal(size=(clips, W, D))).astype(np.float32)


def coded(array, kind: str = "<f4") -> str:
    return base64.b64encode(np.ascontiguousarray(array, kind).tobytes()).decode("ascii")


@pytest.fixture(scope="module")
def material():
    """A background with three kinds, and examples: (clips, action, counter, own kinds by action, only)."""
    rng = np.random.default_rng(3)
    centre_KD = 1 + 1.2 * rng.normal(size=(3, D))
    kind_B = rng.integers(-1, 3, 240)
    background_BD = 1 + 0.5 * rng.normal(size=(240, D))
    background_BD[kind_B >= 0] = centre_KD[kind_B[kind_B >= 0]] + 0.3 * rng.normal(size=(np.sum(kind_B >= 0), D))
    fresh_AD = 1 + 1.5 * rng.normal(size=(3, D))
    some = [cloud(centre, 4, rng) for centre in fresh_AD]
    near, aside = cloud(centre_KD[1], 4, rng), cloud((fresh_AD[0] + centre_KD[0]) / 2, 2, rng)
    unlike = np.concatenate([cloud(centre, 1, rng) for centre in 1 + 1.5 * rng.normal(size=(4, D))])
    cases = [
        (some[0][:1], [0], [False], {}, False),
        (np.concatenate(some), [0] * 4 + [1] * 4 + [2] * 4, [False] * 12, {}, True),
        (np.concatenate([some[0], aside]), [0] * 4 + [0, -1], [False] * 4 + [True] * 2, {}, False),
        (near, [0] * 4, [False] * 4, {}, False),
        (np.concatenate([near, some[1]]), [0] * 4 + [1] * 4, [False] * 8, {0: (1,)}, False),
        (unlike, [0] * 4, [False] * 4, {}, False),
        (cloud(background_BD[kind_B < 0].mean(0), 4, rng, 1.0), [0] * 4, [False] * 4, {}, False),
        (np.concatenate([some[0], unlike[:1], some[0][::-1]]), [0] * 9, [False] * 9, {}, False),  # one went wrong
        (unlike[:2], [0] * 2, [False] * 2, {}, False),
    ]
    return background_BD.astype(np.float32), kind_B, cases, cloud(fresh_AD[0], 3, rng).reshape(-1, D)


def test_the_heads_are_the_same(material, tmp_path):
    background_BD, kind_B, cases, asked_ND = material
    ridge, own = Ridge(background_BD, M, kind_B), Own(asked_ND)
    raw = [[coded(row) for row in rows] for rows in zip(own.scores.fused_NC, own.scores.modality_NMC, asked_ND)]
    facts = {"constants": constants(), "kinds": KINDS}
    arrays = {"mean": ridge.mean_D, "basis": ridge.basis_DR, "back": ridge.back_BR}
    facts["teaching"] = {name: coded(array, "<f8") for name, array in arrays.items()} | {"kind": kind_B.tolist()}
    facts["model"] = {
        name: getattr(Own, name) for name in ("labels", "display", "modalities", "thresholds", "embedding")
    }
    facts["cases"] = [
        {"clips": [coded(clip) for clip in clips], "action": action, "counter": counter, "own": list(kinds.items()),
         "raw": raw, "only": only}
        for clips, action, counter, kinds, only in cases
    ]  # fmt: skip
    whys, told = set(), ""
    for ours, (clips, action, counter, kinds, only) in zip(run_script(tmp_path, START + SCRIPT, facts, "web"), cases):
        action_E, counter_E = np.array(action), np.array(counter)
        head = ridge.head(clips, action_E, counter_E, kinds)
        for name, value in (("weight", head.weight_AD), ("bias", head.bias_A), ("threshold", head.threshold_A)):
            np.testing.assert_allclose(ours[name], value, atol=1e-8, err_msg=name)
        np.testing.assert_allclose(ours["usual"], head.usual_A, atol=1e-8)
        for a, (unseen, known, threshold, places) in enumerate(ours["judged"]):
            judged = ridge.judge(clips, action_E, counter_E, a, kinds.get(a))
            np.testing.assert_allclose(unseen, judged.unseen_E, atol=1e-8)
            np.testing.assert_allclose([*known, threshold], [*judged.known_E, judged.threshold], atol=1e-8)
            assert dict(places) == pytest.approx(judged.place_of_kind)
            verdict = judge_examples(str(a), judged, {KINDS[k]: place for k, place in judged.place_of_kind.items()})
            said = [verdict.why, verdict.near, list(verdict.odd), verdict.found, verdict.said, verdict.advice]
            assert ours["verdicts"][a] == said
            whys.add(verdict.why)
            told += f"{verdict.advice}\n"
            assert verdict.why != "few" or not ours["verdicts"][a][2]
        same_scores(ours, own, head, kinds, only)
    assert whys >= {"", "few", "own"} and whys & {"unlike", "everyday"}
    assert "number 5 unlike the others" in told and "most of all)" in told and "may get this name" in told, told


def same_scores(ours, own, head, kinds, only) -> None:
    actions = tuple(KINDS[kinds[a][0]] if a in kinds else f"taught {a}" for a in range(len(head.bias_A)))
    corrects = tuple(name for a, name in enumerate(actions) if a in kinds)
    model = TaughtModel(own, Pack("x", actions, head=head, corrects=corrects), only)
    scores = model(None, None)
    assert tuple(ours["labels"]) == model.labels
    np.testing.assert_allclose(ours["fused"], scores.fused_NC, atol=1e-6)
    np.testing.assert_allclose(ours["modality"], scores.modality_NMC.reshape(len(scores.fused_NC), -1), atol=1e-6)
