"""Which landmarker looks at a frame: the cheapest that follows all in view, and now and then the one for everybody."""

from __future__ import annotations

import platform
from types import SimpleNamespace

import numpy as np
import pytest

from app.pose.landmarker import LOOK_EVERY_S, PoseSource
from app.pose.picture import LONGEST_SIDE
from models.system.memory import give_memory_back

FRAME = np.zeros((4, 4, 3), np.uint8)


class Scene:
    """Landmarkers that find all the people there are, up to as many as they may."""

    def __init__(self):
        self.people, self.asked, self.open = 1, [], 0
        self.sizes, self.fails = [], False
        self.seen_by_all = 99

    def create_from_options(self, options):
        most, self.open = options.num_poses, self.open + 1
        mark = SimpleNamespace(x=0.5, y=0.5, z=0.0, visibility=1.0)

        def detect_for_video(image, _ms):
            if self.fails:
                raise RuntimeError("the graph has errors")
            self.asked.append(most)
            self.sizes.append((image.width, image.height))
            found = [[mark] * 33] * min(self.people, most, self.seen_by_all if most == 4 else 99)
            return SimpleNamespace(pose_landmarks=found, pose_world_landmarks=found)

        def close():
            self.open -= 1
            if self.fails:
                raise RuntimeError("the graph has errors")

        return SimpleNamespace(detect_for_video=detect_for_video, close=close)


@pytest.fixture
def scene(monkeypatch, tmp_path):
    from mediapipe.tasks.python import vision

    made = Scene()
    monkeypatch.setattr(vision.PoseLandmarker, "create_from_options", made.create_from_options)
    return made


def watch(source, scene, seconds, start_s=0.0, fps=30):
    """What each frame of some seconds was looked at with, and how many people it gave."""
    before = len(scene.asked)
    given = [len(source.detect(FRAME, start_s + i / fps)) for i in range(round(seconds * fps))]
    return scene.asked[before:], given


@pytest.mark.parametrize("people", [1, 2, 3])
def test_who_is_in_view_is_followed_by_the_cheapest(scene, people):
    scene.people = people
    with PoseSource("any.task") as source:
        asked, given = watch(source, scene, 3.0)
    assert set(asked) == {people, 4} and set(given) == {people}
    assert asked.count(4) == pytest.approx(3.0 / LOOK_EVERY_S, abs=1)


def test_nobody_or_everybody_in_view_is_looked_at_by_the_one_for_everybody(scene):
    with PoseSource("any.task") as source:
        for people in (0, 4, 6):
            scene.people = people
            asked, given = watch(source, scene, 1.0, start_s=people)
            assert set(asked) == {4} and set(given) == {min(people, 4)}


def test_a_newcomer_is_found_soon_and_a_leaver_is_not_searched_for_long(scene):
    with PoseSource("any.task") as source:
        watch(source, scene, 1.0)
        scene.people = 3
        _, given = watch(source, scene, 1.0, start_s=1.0)
        assert given.index(3) / 30 <= LOOK_EVERY_S and given[-1] == 3
        scene.people = 1
        asked, given = watch(source, scene, 1.0, start_s=2.0)
        assert set(given) == {1} and set(asked[3:-1]) <= {1, 4} and asked.count(4) <= 4


def test_a_look_that_misses_somebody_loses_nobody(scene):
    scene.people = 2
    with PoseSource("any.task") as source:
        watch(source, scene, 1.0)
        scene.seen_by_all = 1  # the one for everybody sees one of the two from now on
        asked, given = watch(source, scene, 2.0, start_s=1.0)
    assert set(asked) == {2, 4} and asked.count(4) <= 5
    assert all(count == 2 for most, count in zip(asked, given) if most == 2)


def test_one_that_failed_is_made_anew(scene):
    """MediaPipe's graph fails for ever once it has failed, and says so once more when it is closed."""
    with PoseSource("any.task") as source:
        scene.fails = True
        with pytest.raises(RuntimeError, match="graph"):
            source.detect(FRAME, 0.0)
        scene.fails = False
        assert len(source.detect(FRAME, 1.0)) == 1
        scene.fails = True
    assert scene.open == 0


def test_all_are_closed(scene):
    with PoseSource("any.task") as source:
        for people in (1, 2, 3):
            scene.people = people
            watch(source, scene, 1.0, start_s=people)
        assert scene.open == 4
    assert scene.open == 0
    source.close()


@pytest.mark.parametrize("num_poses", [1, 2])
def test_no_more_than_asked_for(scene, num_poses):
    scene.people = 4
    with PoseSource("any.task", num_poses) as source:
        asked, given = watch(source, scene, 1.0)
    assert set(asked) == set(given) == {num_poses}


@pytest.mark.parametrize("size", [(32768, 8), (32767, 1), (1, 32768), (32768, 256), (640, 32768), (3840, 2160)])
def test_no_picture_is_longer_than_mediapipe_bears(scene, size):
    """From 32767 on, a side ends the process."""
    with PoseSource("any.task") as source:
        assert len(source.detect(np.zeros((size[1], size[0], 3), np.uint8), 0.0)) == 1
    assert max(scene.sizes[-1]) == LONGEST_SIDE and min(scene.sizes[-1]) > 0


def test_a_frame_must_be_a_picture(scene):
    with PoseSource("any.task") as source:
        for shape in ((4, 4), (0, 4, 3), (4, 0, 3)):  # of an empty one, MediaPipe's graph would never recover
            with pytest.raises(ValueError, match="uint8 RGB"):
                source.detect(np.zeros(shape, np.uint8), 0.0)
    assert not scene.sizes


def test_what_was_freed_is_given_back_once(scene, monkeypatch):
    given = []
    monkeypatch.setattr("app.pose.landmarker.give_memory_back", lambda: given.append(scene.open))
    monkeypatch.setattr("app.pose.landmarker.forget_old_warnings", lambda: given.append("old warnings"))
    with PoseSource("model") as source:
        source.detect(FRAME, 0.0)
    source.close()
    assert given == [0, "old warnings"]  # after the last landmarker was closed


def test_memory_can_be_given_back_where_the_c_library_can():
    assert give_memory_back() == (platform.libc_ver()[0] == "glibc")
