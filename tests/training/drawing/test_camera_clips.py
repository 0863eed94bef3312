"""What is drawn, and from where: the same scene at every rate, the same job whichever parts are wanted."""

import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from models.clips import Clip
from training.data.splits import Sample
from training.data.tracks import camera_tracks, raw_track
from training.drawing import camera_clips, scenes
from training.drawing.camera_clips import see
from training.drawing.jobs import DrawJob, jobs
from training.drawing.motions import MOTIONS, make_motion
from training.drawing.scenes import RATES, scene_of


def sample(action="wave", part="train", index=0):
    return Sample("toy", part, action, Clip(make_motion(action, 2.0, 20.0, index), 20.0, action=action, index=index))


@pytest.fixture
def toy_set(monkeypatch):
    """Three clips of each of two actions in each part, in place of the recorded sets."""
    every = [(action, part) for action in ("wave", "squat") for part in ("train", "val", "test") for _ in range(3)]
    some = [sample(action, part, index) for index, (action, part) in enumerate(every)]
    monkeypatch.setattr("training.drawing.jobs.samples", lambda data, other=False: iter(some))


@pytest.fixture
def seen_by_nobody(monkeypatch):
    """What is given to the drawing; the picture is empty, and a person is found in every frame."""
    given = []

    class Nobody:
        def __init__(self, model, num_poses):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def detect(self, rgb, time_s):
            return [SimpleNamespace(world_V3=np.zeros((33, 3)), visibility_V=np.ones(33))]

    def draw(joints, camera, look, film):
        given.append((joints, camera, look, film))
        return [np.zeros((2, 2, 3), np.uint8)] * len(joints)

    monkeypatch.setitem(sys.modules, "app.pose.landmarker", SimpleNamespace(PoseSource=Nobody))
    monkeypatch.setattr(camera_clips, "draw_clip", draw)
    return given


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("drawn", [None, sample()], ids=["motion", "sample"])
def test_a_rate_changes_nothing_but_the_rate(seen_by_nobody, seed, drawn):
    job = DrawJob("wave", "test", seed, drawn, film=True)
    seen = [see(replace(job, rate=rate), "") for rate in (None, 15.0, 60.0)]
    (_, *random), (slow, *at_15), (fast, *at_60) = seen_by_nobody
    assert random == at_15 == at_60 and random[2] is not None
    assert len(fast) == pytest.approx(4 * len(slow), abs=4)
    few = min(len(slow), -(-len(fast) // 4))
    np.testing.assert_allclose(slow[:few], fast[::4][:few], atol=1e-5)  # the same poses at the same moments
    for got, fps in zip(seen, (scene_of(job).fps, 15.0, 60.0)):
        np.testing.assert_allclose(np.diff(got["times"]), 1 / fps, atol=1e-5)


def test_without_a_rate_all_rates_are_drawn_and_seeds_differ():
    scenes = [scene_of(DrawJob("wave", "train", seed)) for seed in range(60)]
    assert {scene.fps for scene in scenes} == set(RATES)
    assert len({scene.camera for scene in scenes}) == 60


def test_a_scene_is_the_one_that_folders_on_disk_were_drawn_with():
    """The generator is used as ever: rate, camera, then the motion's length or the mirror, then the film."""
    for drawn in (None, sample()):
        rng = np.random.default_rng([9, 7])
        fps, (camera, desk) = RATES[rng.integers(len(RATES))], scenes._camera(rng, "wave")
        last = rng.uniform(2.5, 4.0) if drawn is None else rng.random() < 0.5
        how = scene_of(DrawJob("wave", "train", 9, drawn, film=True))
        assert (how.fps, how.camera, how.look.desk) == (fps, camera, desk)
        assert (how.seconds if drawn is None else how.mirrored) == last
        assert how.film == scenes.random_film(rng)


def test_keys_tell_rates_apart_and_stay_as_they_were_without_one():
    job = DrawJob("wave", "train", 17, sample(index=3))
    assert job.key == "toy#3@17" and DrawJob("wave", "train", 17).key == "motion@17"
    assert [replace(job, rate=rate).key for rate in (60, 60.0, 12.5)] == ["toy#3@17:60", "toy#3@17:60", "toy#3@17:12.5"]
    with pytest.raises(ValueError, match="positive rate"):
        replace(job, rate=0.0)


def test_parts_and_rate_leave_the_jobs_as_they_are(toy_set):
    told = {"per_action": 3, "held_out": 2, "motions": 2, "seed": 4, "film": True}
    every = jobs("", **told)
    assert {job.part for job in every} == {"train", "val", "test"}
    assert [job.seed for job in every] == [400_000 + n for n in range(len(every))]
    held = jobs("", **told, parts=("val", "test"))
    assert held == [job for job in every if job.part != "train"] and 0 < len(held) < len(every)
    train = jobs("", **told, parts=("train",))
    assert sum(job.sample is None for job in train) == 2 * len(MOTIONS)
    at_60 = jobs("", **told, rate=60.0, parts=("test",))
    assert [replace(job, rate=None) for job in at_60] == [job for job in every if job.part == "test"]
    assert all(job.key.endswith(":60") for job in at_60)


def _write_part(folder, some):
    frames = 8
    fields = {
        "length": np.full(len(some), frames), "found": np.ones(len(some)), "action": [job.action for job in some],
        "part": [job.part for job in some], "source": ["toy"] * len(some), "key": [job.key for job in some],
        "times": np.tile(np.arange(frames) / 10, len(some)), "world": np.zeros((frames * len(some), 33, 3)),
        "visibility": np.ones((frames * len(some), 33)),
    }  # fmt: skip
    folder.mkdir()
    np.savez(folder / "part_0000.npz", **{name: np.array(column) for name, column in fields.items()})


def test_tracks_of_one_scene_have_one_key_at_every_rate(tmp_path):
    some = [DrawJob("wave", "test", 5, sample(index=3)), DrawJob("wave", "train", 6)]
    for name, rate in (("random", None), ("fast", 60.0), ("slow", 12.5)):
        _write_part(tmp_path / name, [replace(job, rate=rate) for job in some])
        assert [track.key for track in camera_tracks(tmp_path / name)] == ["toy#3@5", "motion@6"]
    assert raw_track(sample(index=3)).key == "toy#3"


def test_the_joints_that_were_drawn_are_the_counterpart_of_what_was_seen(tmp_path):
    _write_part(tmp_path / "drawn", [DrawJob("wave", "test", 5, sample()), DrawJob("wave", "train", 6)])
    path = tmp_path / "drawn" / "part_0000.npz"
    assert [track.truth_TV3 for track in camera_tracks(tmp_path / "drawn")] == [None, None]
    with np.load(path) as held:
        fields = dict(held)
    fields["visibility"][9] = 0  # the second clip's second frame shows nobody
    truth = np.arange(1.0, 17)[:, None, None] * np.ones((25, 3))
    np.savez(path, **fields, truth=truth.astype(np.float16))
    first, second = camera_tracks(tmp_path / "drawn")
    assert first.truth_TV3[:, 0, 0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert second.truth_TV3[:, 0, 0].tolist() == [9, 11, 12, 13, 14, 15, 16] and len(second.times_T) == 7


def test_near_jobs_draw_what_people_do_at_a_desk_and_leave_the_others_alone(toy_set):
    far, near = (jobs("", per_action=3, held_out=2, motions=2, seed=4, near=where) for where in (False, True))
    assert {job.action for job in near} == {"wave"} and {job.part for job in near} == {"train", "val", "test"}
    assert all(job.near and job.sample is not None and job.key.endswith("-near") for job in near)
    assert not any(job.near or job.film for job in far)
    assert {job.film for job in jobs("", per_action=3, held_out=3, seed=1, near=True)} == {True, False}


def test_clips_of_people_who_were_hard_to_find_are_kept(tmp_path):
    _write_part(tmp_path / "some", [DrawJob("wave", "train", seed) for seed in range(3)])
    path = tmp_path / "some" / "part_0000.npz"
    fields = dict(np.load(path))
    np.savez(path, **fields | {"found": np.array([0.39, 0.41, 0.9])})
    assert [track.key for track in camera_tracks(tmp_path / "some")] == ["motion@1", "motion@2"]
