"""Hidden body parts and poorer skeletons: as much as asked, whole parts, and nothing else moves."""

import pytest
import torch

from models.skeleton import CENTRE, JOINTS
from training.data.augmentation import augment
from training.data.conventions import LAYOUTS, LAYOUTS_LVU
from training.data.hiding import LIMB_V, LIMBS, hidden_tubes, hide
from training.data.views import Hiding, Views


@pytest.mark.parametrize(("share", "stretches"), [(0.0, 4), (0.5, 4), (0.6, 1), (0.8, 3)])
def test_every_clip_has_its_share_of_whole_tubes_hidden(share: float, stretches: int) -> None:
    hidden_NTV = hidden_tubes(6, 48, Hiding(share=share, stretches=stretches))
    tubes = hidden_NTV.reshape(6, stretches, 48 // stretches, 25)
    assert (tubes == tubes[:, :, :1]).all()  # for the whole stretch
    for limb in range(LIMBS):
        joints = tubes[:, :, 0, limb == LIMB_V]
        assert (joints == joints[..., :1]).all()  # the whole part
    firsts = [int((limb == LIMB_V).nonzero()[0]) for limb in range(LIMBS)]
    assert (tubes[:, :, 0, firsts].sum((1, 2)) == round(share * stretches * LIMBS)).all()


def test_body_parts_are_sides_of_arms_and_legs() -> None:
    named = {JOINTS[v]: int(LIMB_V[v]) for v in range(25)}
    assert [named[n] for n in ("head", "left_thumb", "right_shoulder", "left_hip", "right_foot")] == [0, 1, 2, 3, 4]


def test_clips_differ_in_what_is_hidden_and_a_seed_repeats_it() -> None:
    torch.manual_seed(3)
    first = hidden_tubes(8, 50, Hiding(share=0.5))
    torch.manual_seed(3)
    assert torch.equal(first, hidden_tubes(8, 50, Hiding(share=0.5)))
    assert not (first == first[:1]).all()


def test_what_is_hidden_stands_at_the_mean_of_what_is_seen() -> None:
    x = torch.arange(2 * 3 * 2 * 1.0).reshape(2, 3, 2, 1)
    hidden = torch.zeros(2, 3, 2, dtype=torch.bool)
    hidden[0, 1, 0] = hidden[1, :, 1] = True
    found = hide(x, hidden)
    assert torch.equal(found[~hidden], x[~hidden])
    assert found[0, 1, 0, 0] == torch.tensor([0.0, 4, 6, 8, 10]).mean()
    assert (found[1, :, 1, 0] == torch.tensor([1.0, 3, 5]).mean()).all()


@pytest.mark.parametrize("which", range(len(LAYOUTS)))
def test_a_poorer_skeleton_keeps_what_its_sensor_has(which: int) -> None:
    x = torch.randn(25, 3, generator=torch.Generator().manual_seed(0))
    poorer = LAYOUTS_LVU[which] @ x
    torch.testing.assert_close(LAYOUTS_LVU[which].sum(1), torch.ones(25))
    for name in ("left_wrist", "right_knee", "head"):
        assert torch.equal(poorer[JOINTS.index(name)], x[JOINTS.index(name)])
    for end, on in (("left_tip", "left_wrist"), ("right_foot", "right_ankle")):
        assert torch.equal(poorer[JOINTS.index(end)], x[JOINTS.index(on)])


def test_poorer_views_come_by_chance_and_are_centred() -> None:
    x = torch.randn(64, 1, 6, 25, 3, generator=torch.Generator().manual_seed(1))
    x = x - x[:, :, :, CENTRE : CENTRE + 1]
    views = {
        chance: augment(x, torch.Generator().manual_seed(2), Views(crop=0, shear=0, layout=chance))
        for chance in (0.0, 0.5, 1.0)
    }
    assert torch.equal(views[0.0], x)
    changed = [int((views[chance] != x).any((1, 2, 3, 4)).sum()) for chance in (0.5, 1.0)]
    assert 16 < changed[0] < 48 and changed[1] == 64
    for view in views.values():
        torch.testing.assert_close(view[:, :, :, CENTRE], torch.zeros(64, 1, 6, 3))
