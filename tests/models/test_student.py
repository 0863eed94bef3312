"""The student, and the teacher, which is the same class."""

import pytest
import torch

from models.modality_names import MODALITIES
from models.student import Student, mean_people

SMALL = (4, 4, 4, 4, 6, 6, 6, 8, 8, 12)


@pytest.mark.parametrize("names", [("motion",), MODALITIES])
@pytest.mark.parametrize(("batch", "people"), [(1, 0), (3, 0), (3, 2)])
def test_shapes(names: tuple[str, ...], batch: int, people: int) -> None:
    student = Student(5, names, SMALL).eval()
    joints = torch.randn(batch, *[people] * bool(people), 50, 25, 3)
    logits, embedding = student(joints, torch.full((batch,), 60.0))
    assert logits.shape == (batch, len(names), 5)
    assert embedding.shape == (batch, 4 * 12 * len(names))
    fused, single = student.scores(logits)
    torch.testing.assert_close(fused.sum(-1), torch.ones(batch))
    torch.testing.assert_close(single.sum(-1), torch.ones(batch, len(names)))


def test_fusion_and_temperature() -> None:
    student = Student(3, channels=SMALL)
    student.temperature = 2.0
    logits = torch.tensor([[[2.0, 0.0, 0.0], [0.0, 4.0, 0.0], [1.0, 0.0, 3.0]]])
    fused, single = student.scores(logits)
    torch.testing.assert_close(fused[0], torch.softmax(torch.tensor([1.0, 4 / 3, 1.0]) / 2, 0))
    torch.testing.assert_close(single[0, 1], torch.softmax(torch.tensor([0.0, 2.0, 0.0]), 0))


def test_weighed_fusion() -> None:
    student = Student(2, channels=SMALL)
    student.fusion = (0.6, 0.4, 0.0)
    logits = torch.tensor([[[2.0, 0.0], [0.0, 4.0], [9.0, 0.0]]])
    fused, single = student.scores(logits)
    torch.testing.assert_close(fused[0], torch.softmax(torch.tensor([1.2, 1.6]), 0))
    torch.testing.assert_close(single[0, 2], torch.softmax(torch.tensor([9.0, 0.0]), 0))


def test_every_parameter_learns() -> None:
    student = Student(4, channels=SMALL)
    logits, _ = student(torch.randn(3, 50, 25, 3), torch.full((3,), 60.0))
    torch.nn.functional.cross_entropy(logits.mean(1), torch.tensor([0, 1, 2])).backward()
    assert [name for name, p in student.named_parameters() if p.grad is None] == []


def test_time_scale_reaches_motion_only() -> None:
    torch.manual_seed(0)
    joints = torch.randn(2, 50, 25, 3)
    student = Student(4, channels=SMALL)
    for module in student.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            module.momentum = 1.0
    student(joints, torch.full((2,), 60.0))  # batch-norm statistics that let signals through
    student.eval()
    slow, fast = (student(joints, torch.full((2,), frames))[1].unflatten(1, (3, -1)) for frames in (120.0, 30.0))
    torch.testing.assert_close(slow[:, :2], fast[:, :2], rtol=1e-4, atol=0)
    assert not torch.allclose(slow[:, 2], fast[:, 2], rtol=1e-3)


def test_mean_people() -> None:
    h = torch.tensor([[[2.0], [4.0]], [[6.0], [100.0]], [[1.0], [1.0]]])
    assert mean_people(h).flatten().tolist() == [3.0, 53.0, 1.0]
    present = torch.tensor([[True, True], [True, False], [False, False]])
    assert mean_people(h, present).flatten().tolist() == [3.0, 6.0, 0.0]


def test_an_empty_slot_does_not_count_when_masked() -> None:
    torch.manual_seed(0)
    student = Student(4, channels=SMALL).eval()
    one, frames = torch.randn(2, 1, 50, 25, 3), torch.full((2,), 60.0)
    two = torch.cat([one, torch.zeros_like(one)], 1)
    present = torch.tensor([[True, False]] * 2)
    torch.testing.assert_close(student(two, frames, present)[1], student(one, frames)[1])


@pytest.mark.parametrize("people", [0, 2])
def test_the_logits_alone_are_the_same(people: int) -> None:
    torch.manual_seed(0)
    student = Student(4, channels=SMALL).eval()
    joints, frames = torch.randn(2, *[people] * bool(people), 50, 25, 3), torch.full((2,), 60.0)
    alone, beside = student.logits(joints, frames), student(joints, frames)[0]
    torch.testing.assert_close(alone, beside, rtol=1e-4, atol=1e-4 * float(beside.detach().abs().max()))


def test_no_labels() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Student(0)
