"""Videos to skeleton clips: who is who from frame to frame, even frames in time, classes and splits from folders."""

import numpy as np
import pytest

from app.types import Pose, PosedFrame
from models.skeleton import bridge
from tests.training.data.written import person
from training.data.readers import make_reader
from training.data.readers.base import Columns, ReadError
from training.data.readers.videos import even_frames, follow, look


def pose(time_s, x=0.5, size=0.3, visible=1.0):
    """Somebody with an arm that swings in time; x: middle of the body, size: its width, of the picture."""
    rng = np.random.default_rng(0)
    world = rng.normal(0, 0.3, (33, 3)).astype(np.float32)
    world[15, 0] = np.sin(2 * time_s)
    image = rng.uniform(-0.5, 0.5, (33, 3)).astype(np.float32) * size
    image[:, 0] += x
    return Pose(time_s, world, image, np.full(33, visible, np.float32))


def columns(names, labels):
    nothing = np.zeros(len(names), np.int64)
    return Columns(np.array(names), np.array(labels), nothing, nothing, nothing)


def test_two_people_are_followed_whatever_their_order():
    frames = []
    for i in range(20):
        here, there = pose(i / 10, 0.2 + i / 200), pose(i / 10, 0.8 - i / 200)
        frames.append(PosedFrame(i / 10, [here, there][:: -1 if i % 2 else 1] if i != 7 else [there]))
    people = follow(frames)
    assert [len(poses) for poses in people] == [19, 20]
    middles = [[p.image_V3[:, 0].mean() for p in poses] for poses in people]
    assert max(middles[0]) < 0.5 < min(middles[1])


def test_somebody_elsewhere_is_somebody_else():
    people = follow(PosedFrame(i / 30, [pose(i / 30, 0.2 if i < 2 else 0.9, 0.1)]) for i in range(4))
    assert [len(poses) for poses in people] == [2, 2]


def test_whoever_comes_back_is_the_same_however_long_it_took():
    (person,) = follow(PosedFrame(t / 10, [pose(t / 10)] if not 10 <= t < 90 else []) for t in range(100))
    assert len(person) == 20


def test_a_body_found_twice_is_one_person():
    (person,) = follow(PosedFrame(t / 10, [pose(t / 10), pose(t / 10, 0.501)]) for t in range(20))
    assert len(person) == 20


@pytest.mark.parametrize("fps", [5.0, 12.5, 30.0, 60.0])
def test_frames_are_even_at_any_rate(fps):
    times = np.arange(0, 2.0, 1 / fps)
    joints_TVC = even_frames([pose(t) for t in times], times[-1])
    assert len(joints_TVC) == round(times[-1] * 30) + 1
    assert joints_TVC[: int(times[-1] * 30)].any((1, 2)).all()
    k = np.flatnonzero(np.isclose(np.arange(len(joints_TVC)) / 30 % (1 / fps), 0, atol=1e-6))[2]
    now = pose(k / 30)
    np.testing.assert_allclose(joints_TVC[k], bridge(now.world_V3, now.visibility_V)[0], atol=1e-2)


def test_a_picture_that_starts_late_begins_with_its_first_frame():
    times = np.arange(0, 2.0, 1 / 12.5)
    from_zero, late = (even_frames([pose(t + d) for t in times], times[-1], d) for d in (0.0, 3.0))
    assert late.shape == from_zero.shape and late[: int(times[-1] * 30)].any((1, 2)).all()


def test_films_of_a_folder_by_name_and_content(tmp_path):
    for name in ("wave/a.mp4", "wave/b.mxf", "wave/._a.mp4", "wave/a.annotated.mp4", "__MACOSX/wave/a.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "wave" / "c").write_bytes(b"\x1a\x45\xdf\xa3")
    (tmp_path / "wave" / "notes.txt").write_text("nothing")
    found = make_reader("videos").files(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["wave/a.mp4", "wave/b.mxf", "wave/c"]


def test_out_of_sight_is_not_valid():
    times = [t for t in np.arange(0, 4.0, 0.1) if not 1.05 < t < 2.95]
    unseen = [pose(t, visible=0.1) for t in np.arange(4.0, 5.0, 0.1)]
    valid_T = even_frames([pose(t) for t in times] + unseen, 6.0).any((1, 2))
    at = {second: valid_T[int(second * 30)] for second in (0.5, 2.0, 3.5, 4.5, 5.5)}
    assert at == {0.5: True, 2.0: False, 3.5: True, 4.5: False, 5.5: False}
    assert not even_frames([pose(0.0)], 1.0).any()


def video_tree(tmp_path, names):
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path


def test_classes_and_splits_are_the_folders(tmp_path, monkeypatch):
    names = ["test/wave/a.mp4", "train/clap/deep/b.avi", "train/wave/c.MOV"]
    source = video_tree(tmp_path, [*names, "train/wave/notes.txt"])
    monkeypatch.setattr("training.data.readers.videos.look", lambda path, model: person(4)[None])
    monkeypatch.setattr("app.pose.model_file.ensure_pose_model", lambda kind: tmp_path)
    reader = make_reader("videos")
    clips = [clip for path in reader.files(source) for clip in reader.read(path, source)]
    assert [(clip.name, clip.label) for clip in clips] == list(zip(names, ["wave", "clap", "wave"]))
    splits = reader.splits(columns([clip.name for clip in clips], [clip.label for clip in clips]), source)
    assert {name: part.tolist() for name, part in splits.items()} == {"folders": [0, 1, 1]}


def test_without_such_folders_a_fifth_of_each_class_tests(tmp_path):
    labels = ["clap"] * 10 + ["wave"] * 5 + ["hop"] * 2 + ["bow"]
    given, reader = columns([f"{i}" for i in range(len(labels))], labels), make_reader("videos")
    (part,) = reader.splits(given, tmp_path).values()
    assert {label: int((part[given.label == label] == 0).sum()) for label in set(labels)} == {
        "clap": 2,
        "wave": 1,
        "hop": 1,
        "bow": 0,
    }
    np.testing.assert_array_equal(part, reader.splits(given, tmp_path)["random"])


@pytest.mark.slow
def test_the_example_video(example_video, pose_model_path):
    joints_PTVC = look(example_video, pose_model_path)
    assert joints_PTVC.shape[0] == 1 and joints_PTVC.any((2, 3)).mean() > 0.9
    assert 0.3 < np.linalg.norm(joints_PTVC[0, 60, 20] - joints_PTVC[0, 60, 0]) < 0.7  # a trunk, in metres


@pytest.mark.slow
def test_two_real_people_and_nobody(shared_data, pose_model_path):
    assert look(shared_data / "videos" / "multi_boxing_01.mp4", pose_model_path).shape[0] == 2
    with pytest.raises(ReadError, match="nobody"):
        look(shared_data / "videos" / "no_person_cars.mp4", pose_model_path)
