"""The gate on the embedding: what it multiplies, what it leaves alone, and that it is safe at the edges."""

import math
from pathlib import Path

import pytest
import torch

from models.gate import Gate, said_labels
from models.weights import StudentConfig, embedding_id, load, save

LABELS = ("wave", "idle", "clap", "other")
SMALL = (4, 4, 4, 4, 6, 6, 6, 8, 8, 12)


def gate_of(weight: float, direction: list[float], bias: float) -> Gate:
    gate = Gate(said_labels(LABELS), len(direction))
    gate.weight.fill_(weight)
    gate.direction_D.copy_(torch.tensor(direction))
    gate.bias.fill_(bias)
    return gate


def test_a_new_gate_changes_nothing() -> None:
    logits = torch.randn(50, 4) * 3
    gated = Gate(said_labels(LABELS), 6)(logits, torch.randn(50, 6))
    torch.testing.assert_close(gated, torch.softmax(logits, 1))


def test_against_the_formula() -> None:
    torch.manual_seed(0)
    logits, embedding = torch.randn(20, 4), torch.randn(20, 3)
    gated = gate_of(0.7, [0.5, -1.0, 0.2], -0.4)(logits, embedding)
    s = torch.softmax(logits, 1)
    for n in range(20):
        a = float(s[n, 0] + s[n, 2])
        v_e = float(0.5 * embedding[n, 0] - embedding[n, 1] + 0.2 * embedding[n, 2])
        k = 1 / (1 + math.exp(-(0.7 * math.log(a / (1 - a)) + v_e - 0.4)))
        share = torch.tensor([k / a, (1 - k) / (1 - a), k / a, (1 - k) / (1 - a)])
        torch.testing.assert_close(gated[n], s[n] * share)


@pytest.mark.parametrize("kind", [torch.float32, torch.float16])
@pytest.mark.parametrize("size", [0.0, 30.0, 20000.0])
def test_rows_sum_to_one_at_the_edges(kind: torch.dtype, size: float) -> None:
    logits = (torch.tensor([[1.0, -1, 0, 0], [-1, 1, 0, 0], [0, -1, 1, -1], [-1, 0, -1, 1]]) * size).to(kind)
    gate = gate_of(1.5, [1.0, 0.0], 0.0).to(kind)
    for far in (-60.0, 0.0, 60.0):
        gated = gate(logits, torch.full((4, 2), far, dtype=kind))
        assert torch.isfinite(gated).all() and (gated >= 0).all()
        torch.testing.assert_close(gated.sum(1), torch.ones(4, dtype=kind), atol=2e-3, rtol=0)


def test_the_embedding_opens_and_shuts() -> None:
    logits = torch.tensor([[2.0, 0.0, 1.0, 0.0]]).repeat(2, 1)
    opened, shut = gate_of(1.0, [4.0], 0.0)(logits, torch.tensor([[1.0], [-1.0]]))
    assert opened[[0, 2]].sum() > 0.98 and shut[[0, 2]].sum() < 0.15
    torch.testing.assert_close(opened[0] / opened[2], shut[0] / shut[2])  # among the actions the order stays


@pytest.mark.parametrize("labels", [("wave", "clap"), ("idle", "other")])
def test_a_gate_needs_both_kinds_of_labels(labels: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="labels that are said"):
        Gate(said_labels(labels), 3)
    with pytest.raises(ValueError, match="gate cannot be True"):
        StudentConfig(labels=labels, channels=SMALL, gate=True)


def test_a_student_keeps_its_gate_in_the_files(tmp_path: Path) -> None:
    config = StudentConfig(labels=LABELS, channels=SMALL, gate=True)
    student = config.build().eval()
    assert student.gate is not None
    name = embedding_id(student, config)
    student.gate.direction_D.normal_()
    student.gate.bias.fill_(0.3)
    save(student, config, tmp_path)
    loaded, said = load(tmp_path)
    assert said.gate and loaded.gate is not None and embedding_id(loaded, said) == name
    joints, frames = torch.randn(2, 50, 25, 3), torch.full((2,), 75.0)
    logits, embedding = loaded(joints, frames)
    assert torch.equal(loaded.scores(logits, embedding)[0], student.scores(*student(joints, frames))[0])
    ungated = torch.softmax(logits.mean(1), 1)
    assert not torch.allclose(loaded.scores(logits, embedding)[0], ungated)
    assert torch.equal(loaded.scores(logits, embedding)[1], torch.softmax(logits, 2))  # a branch's own stay as they are
    with pytest.raises(ValueError, match="give its scores the embedding"):
        loaded.scores(logits)


def test_weights_without_the_gate_that_the_configuration_names(tmp_path: Path) -> None:
    plain = StudentConfig(labels=LABELS, channels=SMALL)
    save(plain.build(), plain, tmp_path)
    path = tmp_path / "config.json"
    path.write_text(path.read_text().replace('"gate": false', '"gate": true'))
    with pytest.raises(ValueError, match="gate.bias is None"):
        load(tmp_path)
    path.write_text(path.read_text().replace('"gate": true', '"gate": 2'))
    with pytest.raises(ValueError, match="gate cannot be 2"):
        load(tmp_path)


def test_configurations_of_before_have_no_gate(tmp_path: Path) -> None:
    plain = StudentConfig(labels=LABELS, channels=SMALL)
    save(plain.build(), plain, tmp_path)
    path = tmp_path / "config.json"
    text = path.read_text()
    assert '"gate": false' in text
    path.write_text("\n".join(line for line in text.splitlines() if '"gate"' not in line))
    student, config = load(tmp_path)
    assert student.gate is None and not config.gate
