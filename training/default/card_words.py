"""Sentences of the model card that depend on the recipe: what trained, how it was drawn, trained and calibrated."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from models.labels import IDLE, OTHER
from models.system.words import count
from training.data.materials import Materials
from training.data.stillness import LASTS_S, RECORDED_MPS, SEEN_MPS
from training.default.build import PRETRAINED, SCRATCH

if TYPE_CHECKING:
    from models.weights import StudentConfig
    from training.default.measured import DataCounts
    from training.default.recipe import DefaultRecipe
    from training.supervised.augmentation import Augmentation

WIDTH = 125
FILES = {  # of people at webcams -> what they show
    "mediapipe_webcam": "gestures and everyday movement at a desk",
    "self_filmed": "walks, sitting down and getting up, kickboxing seen from the side, yoga and push-ups (no action)",
    "sign_verbs_webcam": "words of sign language (no action)",
}


def wrapped(sentences: Sequence[str], first: str = "", then: str = "") -> str:
    """Join sentences to a paragraph of the card's width; empty ones are left out."""
    text = " ".join(one for one in sentences if one)
    return textwrap.fill(
        text, WIDTH, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
    )  # fmt: skip


def origin(begun: str) -> str:
    """Say in a sentence how the model began."""
    if begun == PRETRAINED:
        return "Pre-trained without labels by IKEM in six modalities, distilled into three, then trained with labels."
    if begun == SCRATCH:
        return "Trained with labels alone, from random weights."
    return f"Trained with labels, beginning {begun}; nothing was pre-trained anew."


def models(recipe: DefaultRecipe) -> str:
    """Say what the recipe's models are trained on."""
    told = []
    for name, given in recipe.sets.items():
        some = Materials.of(given)
        more = [count(len(some.poses), "file") + " of people at webcams"] if some.poses else []
        more += ["pairs of two sensors"] if some.pairs else []
        told.append(f"`{name}` of {' and '.join([count(len(some.sets), 'recorded set'), *more])}")
    terms = "The open one (`--sets open`) needs attribution for KARD and precog2016, share-alike for HDM05, and no "
    terms += "resale of CMU's data; UI-PRMD is in the public domain."
    return wrapped([
        f"The recipe makes {count(len(told), 'model')}: {'; '.join(told)}.", terms if "open" in recipe.sets else "",
        "All are judged on the same held-out clips of all sets:",
    ])  # fmt: skip


def people(data: DataCounts, materials: Materials) -> str:
    """Say what is known of the people at webcams and of the pairs that trained the model."""
    if not data.people and not materials.poses:
        nobody = (
            "**People at webcams.** Nobody at a webcam trained this model: it knows recorded and drawn people alone."
        )
        return "\n\n".join([nobody, *_pairs(data, materials)])
    told = []
    for name, (windows, persons) in data.people.items():
        told.append(f"{FILES.get(name, name)}: {windows:,} of {count(persons, 'person', 'people')}")
    who = [
        f"**People at webcams.** Windows of real people train this model. {'; '.join(told)}.",
        "Most of them filmed themselves at webcams and phones, one in the picture, often with the hips below it.",
        "They were split by person (who is who among the kickboxers is a guess): those who choose and those who report",
        "never trained. Nothing is known of their names, ages, sexes, origins and health, nor of how they were asked.",
        "They are not everybody, and their recordings are for research only.",
        "No picture was kept, only BlazePose's 33 landmarks. Their metres are estimates from image landmarks, and",
        "their frame rate is mostly assumed. Where the source stored no visibility, joints inside the picture count as",
        "seen. What a window shows is the source's own word, as far as it means one of the actions here; kickboxers",
        "are seen from the side, and some point or punch in ways of their own. Windows without a known action train",
        "without labels alone.",
    ]
    return "\n\n".join([wrapped(who), *_pairs(data, materials)])


def _pairs(data: DataCounts, materials: Materials) -> list[str]:
    if not materials.pairs:
        return []
    return [
        wrapped([
            f"**Pairs.** In {count(data.pairs, 'recording')} of TotalCapture, BlazePose and motion capture saw the",
            "same movement at the same time (two people, research terms, not confirmed). They are two views of one",
            "motion in the pre-training without labels; so are drawn clips and the joints that were drawn.",
        ])
    ]  # fmt: skip


def drawn(recipe: DefaultRecipe, written: int) -> str:
    """Say what was drawn from near and by written ways; "" where nothing was.

    Args:
        recipe: of the model.
        written: ways that train undrawn.
    """
    near = any(how.near or how.kind == "ways" for how in recipe.drawings.values())
    ways = written > 0 or any(how.kind == "ways" for how in recipe.drawings.values())
    return wrapped([
        "People at a desk were drawn as well: cameras 0.45-1.0 m away, 65-85 degrees wide, from the chest's height to"
        " above the eyes, the lower body out of the picture." if near else "",
        "*Ways* of doing an action were written by hand"
        " ([training/drawing/ways.py](../../training/drawing/ways.py)): waves beside the face, at the shoulder, below"
        " and overhead, from wrist, elbow or shoulder, small and large; claps, a hand raised, pointing, drinking,"
        " phoning, punches, steps on the spot, squats, sitting down and getting up; signs, thumbs, folded arms and"
        " other movement that is no action; and stillness at a desk: typing, nodding, chin on hand, scratching."
        if ways else "",
        f"{written:,} ways train undrawn too, as exact as a recording." if written else "",
    ])  # fmt: skip


def stillness() -> str:
    """Say what is left of recorded stillness."""
    return wrapped(
        [
            f"Stillness is still: clips in which a limb is faster than {RECORDED_MPS:g} m/s, or {SEEN_MPS:g} m/s as a",
            "camera saw it, are left out, and short pieces of about one pose are joined to"
            f" {LASTS_S[0]:g}-{LASTS_S[1]:g} seconds.",
        ]
    )


def steps(recipe: DefaultRecipe, config: StudentConfig, begun: str) -> str:
    """Number the steps of the recipe."""
    lines = [*_beginning(recipe, config, begun), _training(recipe), _calibration(recipe, config)]
    return "\n".join(wrapped([line], f"{k}. ", "   ") for k, line in enumerate(lines, 1))


def _beginning(recipe: DefaultRecipe, config: StudentConfig, begun: str) -> list[str]:
    pretrain, distil = recipe.pretrain, recipe.distil
    if begun != PRETRAINED:
        return [origin(begun)]
    return [
        f"Pre-training without labels on {config.window_s:g} s windows of all training clips, recorded, drawn and at "
        f"webcams, as far as there are any: six modalities, {pretrain.epochs} epochs, of which {pretrain.stage1} "
        "InfoNCE alone, then with explicit and implicit exchange (EKEM and IKEM, arXiv 2309.12009). Where another "
        f"sensor saw the same motion, it is the second view of a clip in {100 * pretrain.pair:g} % of the cases.",
        f"Relational distillation into {', '.join(config.modalities)}: {count(distil.epochs, 'epoch')}.",
    ]


def _training(recipe: DefaultRecipe) -> str:
    how = recipe.train
    shares = ", ".join(f"{name} {100 * share:g} %" for name, share in how.shares.items())
    text = [
        f"Training with labels: {how.epochs} epochs of {how.windows:,} windows, drawn anew each time through the app's "
        "own resampling, varied in position over the action, speed, camera rate (8-30 fps), lost legs and limbs, view, "
        "tilt, depth compression, body size, jitter and mirror "
        "([training/supervised/window_augmentation.py](../../training/supervised/window_augmentation.py)).",
        f"Domains have shares of the windows, as far as a model has them ({shares}); actions, and people within an "
        "action, are evened out.",
        *_life(how.augmentation),
        f"{100 * how.mixed:g} % of the windows mix the joints of two different actions, as movement of no action."
        if how.mixed else "",
        "The last epoch is kept.",
    ]  # fmt: skip
    return " ".join(one for one in text if one)


def _life(how: Augmentation) -> list[str]:
    """Say what windows from the middle of life are, as far as the recipe has them."""
    told = [
        (how.life, "% of the actions stand in the middle of life: before them is stillness or another movement, the "
         "window may hold as little as a quarter of them, and what ended 0.6 s ago is stillness."),
        (how.hover, "% of the windows see and lose lower body and hands as a real track does."),
        (how.desk, "% of the actions of the arms never show the lower body."),
    ]  # fmt: skip
    lines = [f"{100 * share:g} {text}" for share, text in told if share > 0]
    if how.seen_depth > 0:
        lines.append(f"The depth that a camera guessed is scaled by {1 - how.seen_depth:g} to 1.2 and drifts slowly.")
    return lines


def _calibration(recipe: DefaultRecipe, config: StudentConfig) -> str:
    shares = {label: f"{100 * recipe.false_alarms[label]:g} %" for label in (IDLE, OTHER)}
    text = [
        "Fusion weights, temperature" + (", gate" if config.gate else "") + " and thresholds are fitted on val, of "
        "the domains that users meet (camera, webcam) wherever these have enough clips.",
        "The gate is a logistic regression on embedding and scores that tells an action from the unknown; its "
        "direction is fitted on windows that trained, what it adds up on val." if config.gate else "",
    ]  # fmt: skip
    enter, leave, own = config.thresholds["enter"], config.thresholds["leave"], config.thresholds.get("by_label", {})
    text.append(f"An action is entered at {enter:g} and left at {leave:g}{_own(own)}:")
    if recipe.false_events is None:
        text.append(
            f"of single val windows seen by the camera path, at most {shares[IDLE]} of those of stillness and "
            f"{shares[OTHER]} of those of an action that is not on the list would pass."
        )
    else:
        text.append(
            "the lowest scores by which the stream says at most "
            f"{recipe.false_events:g} false events a minute of val's stillness and other movement, in at most "
            f"{shares[IDLE]} of the clips of stillness and {shares[OTHER]} of the others; where that cannot be met, "
            "the highest."
        )
    return " ".join(one for one in text if one)


def _own(by_label: Mapping[str, float]) -> str:
    own = ", ".join(f"{label} {enter:g}" for label, enter in by_label.items())
    return f" ({own} by thresholds of their own)" if own else ""
