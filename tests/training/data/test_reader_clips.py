"""The clip format of this project."""

import numpy as np

from models.clips import Clip, write_clips
from tests.training.data.written import clip, columns, person
from training.data.readers import make_reader
from training.data.readers.base import ReadError


def test_clips_lost_frames_and_other_rates(tmp_path):
    track = person(30)
    track[10:16] = 0
    write_clips(tmp_path / "a.npz", [Clip(track, 15.0, "wave"), Clip(np.zeros((5, 25, 3), np.float32), 15.0, "wave")])
    got, empty = make_reader("clips").read(tmp_path / "a.npz", tmp_path / "a.npz")
    assert got.frames == 30 / 15 * 30 and got.valid_PT.sum() == 24
    assert isinstance(empty, ReadError) and "nobody" in str(empty)


def test_clips_of_several_sets_are_told_apart(tmp_path):
    write_clips(tmp_path / "a.npz", [clip("wave", 1, 1), clip("wave", 1, 2), clip("", 2, 3), clip("wave", 2, 4)])
    write_clips(tmp_path / "b.npz", [clip("wave", 1, 1), clip("wave", 1, 2)])
    reader = make_reader("clips")
    clips = [c for path in reader.files(tmp_path) for c in reader.read(path, tmp_path)]
    names = ("name", "label", "subject", "view")
    given = columns(**{name: [getattr(c, name) for c in clips] for name in names})
    assert reader.labels(given) == ("a/wave", "b/wave") and given.name.tolist()[3:5] == ["a#3", "b#0"]
    splits = {name: part.tolist() for name, part in reader.splits(given, tmp_path).items()}
    # b has neither three cameras nor two actors; a camera 4 is in no half
    assert splits == {"xview": [1, 1, 0, -1, -1, -1], "xsub": [1, 1, 0, 0, -1, -1]}


def test_clips_of_actors_who_have_names(tmp_path):
    frames = np.concatenate([person(20)] * 4)
    np.savez(
        tmp_path / "a.npz", frames=frames, fps=[30.0] * 4, start=[0, 20, 40, 60], length=[20] * 4,
        subject=["P01", "S7", "anna", "a1b2"], view=[1.0, np.nan, 3.0, np.inf],
    )  # fmt: skip
    clips = list(make_reader("clips").read(tmp_path / "a.npz", tmp_path / "a.npz"))
    assert [c.subject for c in clips] == [1, 7, 0, 0] and [c.view for c in clips] == [1, 0, 3, 0]
