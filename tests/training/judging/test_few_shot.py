"""Few-shot episodes: who asks never taught, every way answers what is plain, warping is a distance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from app.teach.background import FILE
from models.clips import Clip
from tests.app.teach.helpers import MotionModel
from training.data.splits import Sample
from training.data.tracks import RATE_MARK, Track
from training.drawing.jobs import DrawJob
from training.drawing.motions import make_motion
from training.judging import few_shot as teaching
from training.judging import few_shot_answerers as answerers
from training.judging.episodes import ASKED, Shown, counts, episodes, gather, shown_of
from training.judging.few_shot import accuracy

ACTIONS = ("wave", "squat", "walk")


def shown(clips: int = 12, actors: int = 4) -> Shown:
    action = np.repeat(ACTIONS, clips)
    who = np.array([f"a {i % actors}" for _ in ACTIONS for i in range(clips)])
    return Shown(np.zeros((len(action), 14, 25, 3), np.float32), action, who, np.full(len(action), "a"))


@pytest.mark.parametrize("shots", [1, 3, 5])
def test_who_asks_has_not_taught(shots: int) -> None:
    clips = shown()
    for episode in episodes(clips, 2, shots, 40, seed=1):
        assert episode.teach_AK.shape == (2, shots)
        for teach, ask in zip(episode.teach_AK, episode.ask):
            assert len(set(clips.action_N[[*teach, *ask]])) == 1 and 0 < len(ask) <= ASKED
            assert not set(clips.actor_N[teach]) & set(clips.actor_N[ask])


def test_episodes_are_seeded() -> None:
    first, again, other = (episodes(shown(), 3, 2, 5, seed)[4].teach_AK for seed in (0, 0, 1))
    assert (first == again).all() and (first != other).any()


def test_drawn_clips_are_found_by_the_clip_that_was_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    joints = make_motion("wave", 2.0, 15.0, 0).astype(np.float32)
    clips = [Clip(joints, 15.0, label=f"wave {i}", subject=i, index=i) for i in range(2)]
    made = [Sample("kard", part, "wave", clip) for part, clip in zip(("val", "test"), clips, strict=True)]
    jobs = [DrawJob("wave", sample.part, 7 + i, sample, rate=15.0) for i, sample in enumerate(made)]
    tracks = [
        Track(*sample.clip.shown, "wave", sample.part, "kard", "camera", job.key.partition(RATE_MARK)[0])
        for sample, job in zip(made, jobs)
    ]
    monkeypatch.setattr("training.data.splits.samples", lambda *_: iter(made))
    monkeypatch.setattr("training.data.tracks.camera_tracks", lambda _: tracks)
    seen, actors = gather(tmp_path, [tmp_path], "test", ["wave"], "camera")
    assert seen == tracks[1:] and actors == ["kard 1"]
    within, _ = gather(tmp_path, [tmp_path], "test", ["wave"], "camera", within=True)
    assert [track.action for track in within] == ["kard: wave 1"]
    assert not gather(tmp_path, [tmp_path], "test", ["kick"], "camera")[0]


def test_an_episode_within_a_set() -> None:
    one, rng = shown(), np.random.default_rng(0)
    names = [f"{name}: {action}" for name in ("a", "b", "c") for action in one.action_N]
    actors = [f"{name} {actor}" for name in ("a", "b", "c") for actor in one.actor_N]
    clips = Shown(
        np.tile(one.clips_NLV3, (3, 1, 1, 1)), np.array(names), np.array(actors), np.repeat(["a", "b", "c"], 36)
    )
    kept = rng.permutation(np.flatnonzero(clips.action_N != "c: walk"))
    clips = Shown(clips.clips_NLV3[kept], clips.action_N[kept], clips.actor_N[kept], clips.set_N[kept])
    drawn = [set(clips.set_N[episode.teach_AK].ravel()) for episode in episodes(clips, 3, 2, 40, 0, within=True)]
    assert all(len(sets) == 1 for sets in drawn) and set.union(*drawn) == {"a", "b"}
    with pytest.raises(ValueError, match="4 actions of one set with clips"):
        episodes(clips, 4, 2, 1, 0, within=True)


def test_too_few_actions() -> None:
    with pytest.raises(ValueError, match="4 actions with clips of two actors and 3 clips are needed"):
        episodes(shown(), 4, 1, 1, 0)
    with pytest.raises(ValueError, match="are needed; got ..$"):
        episodes(shown(actors=1), 2, 1, 1, 0)


@pytest.mark.parametrize("make", [answerers.by_head, answerers.by_prototypes, answerers.by_neighbours])
def test_what_lies_apart_is_told_apart_and_noise_is_not(make) -> None:
    rng, clips = np.random.default_rng(0), shown()
    centre = {action: rng.normal(size=24) for action in ACTIONS}
    noise = rng.normal(size=(36, 5, 24))
    plain = np.stack([centre[action] for action in clips.action_N])[:, None] + 0.2 * noise
    background = rng.normal(size=(60, 24))
    some = episodes(clips, 3, 3, 30, 0)
    assert accuracy(make(plain, background, 3), some)["top1"] > 99
    nothing = accuracy(make(noise, background, 3), some)
    assert 20 < nothing["top1"] < 47 and nothing["interval"] > 1


def motion_tracks(count: int, actions: Sequence[str] = ACTIONS) -> list[Track]:
    tracks = []
    for action in actions:
        for seed in range(count):
            joints = make_motion(action, 2.0, 20.0, seed).astype(np.float32)
            named = (action, "val", "motion", "raw")
            tracks.append(Track(np.arange(len(joints)) / 20, joints, np.ones(joints.shape[:2], bool), *named))
    return tracks


def drawn(count: int) -> Shown:
    tracks = motion_tracks(count)
    return shown_of(tracks, [f"a {i % 2}" for i in range(len(tracks))], 2.5, 50)


def test_clips_of_tracks() -> None:
    clips = drawn(2)
    assert clips.clips_NLV3.shape == (6, 70, 25, 3) and clips.action_N.tolist()[:3] == ["wave", "wave", "squat"]
    assert counts(clips) == "6 clips (of actors): squat 2 of 2, walk 2 of 2, wave 2 of 2"


def test_warping() -> None:
    clips = drawn(4)
    distance = answerers.warped(clips.clips_NLV3)
    assert distance.shape == (12, 12) and np.allclose(np.diag(distance), 0, atol=2e-3)
    np.testing.assert_allclose(distance, distance.T, rtol=1e-3, atol=2e-3)
    late = np.roll(clips.clips_NLV3[:1], 2, axis=1)
    later = answerers.warped(np.concatenate([clips.clips_NLV3, late]))
    assert later[0, -1] < 0.5 * later[0, 1:-1].min()  # a little later is the same
    assert accuracy(answerers.by_warping(distance), episodes(clips, 3, 1, 20, 0))["top1"] > 45


@pytest.mark.slow
def test_what_the_app_says_of_taught_actions_and_of_everything_else(tmp_path: Path) -> None:
    model, still = MotionModel(), drawn(4)
    everyday = [make_motion(a, 2.5, 20.0, s)[:50] for a in ("drink", "clap", "sit_down", "bow") for s in range(20)]
    windows = np.stack(everyday).astype(np.float32)
    background = model(windows, np.full(len(windows), 75, np.float32)).embedding_ND
    save_file({"embedding": background}, tmp_path / FILE, metadata={"embedding": model.embedding})
    tracks = motion_tracks(4)
    strange = motion_tracks(2, ("drink", "idle"))
    said = teaching.live(model, tmp_path / "student.onnx", still, tracks, strange, episodes(still, 3, 1, 2, 0))
    assert said["packs"] == 2 and said["clips"] == 12 and said["minutes"] == pytest.approx(8 * 2 / 60, abs=0.06)
    assert 3 < said["pack_kb"] < 500 and said["teach_s"] > 0
    assert said["said"] > 30 and said["false_a_minute"] < 20
    unlike = teaching.live(
        model, tmp_path / "student.onnx", still, tracks, [*tracks, *strange], episodes(still, 3, 1, 2, 0)
    )
    assert unlike["false_a_minute"] > said["false_a_minute"]  # the taught actions themselves, as strangers
