"""The graphs for browsers that lie beside the shipped models: of these very weights, and as the code reads today."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from export.web.card import card
from export.web.graph import answers
from models.system.places import DEFAULT_MODEL, OPEN_MODEL
from models.weights import embedding_id, load

REMEDY = (
    "python -m export web --weights models/pretrained --out models/pretrained (and models/pretrained_open) makes it"
)


@pytest.mark.parametrize("folder", [DEFAULT_MODEL.parent, OPEN_MODEL.parent], ids=lambda folder: folder.name)
def test_it_is_of_these_weights_and_of_this_code(folder: Path) -> None:
    student, config = load(folder)
    content = (folder / "recogniser.onnx").read_bytes()
    found = json.loads((folder / "recogniser.json").read_text(encoding="utf-8"))
    now = json.loads(json.dumps(card(config, embedding_id(student, config), content, "fp16")))
    assert {**found, "revision": ""} == {**now, "revision": ""}, REMEDY
    for expected, answer in answers(content, student.eval(), config):
        np.testing.assert_allclose(answer[0], expected[0], atol=0.02, err_msg=REMEDY)  # half precision, made-up poses
