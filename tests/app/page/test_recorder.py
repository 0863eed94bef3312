"""Recording landmarks of visitors: one file each, and a full disk ends the recording, not the visit."""

from __future__ import annotations

import pytest

from app.landmarks.reader import LandmarkReader
from app.page.recorder import Recorder, Recordings
from models.system.atomic import OutputError
from tests.app.helpers import pose


def test_a_recording_is_read_back(tmp_path):
    recorder = Recorder(tmp_path / "a.ikem", {"pose": "wheel"})
    assert not (tmp_path / "a.ikem").exists(), "nobody came: no file"
    for i in range(90):
        recorder.add(i / 30, [(2, pose(i / 30))] if i % 2 else [])
    recorder.close()
    recorder.close()
    with LandmarkReader(tmp_path / "a.ikem") as reader:
        frames = list(reader)
        assert reader.settings == {"pose": "wheel"} and not reader.note
    assert len(frames) == 90 and frames[1][1][0][0] == 2 and frames[0][1] == ()


def test_a_full_disk(tmp_path, monkeypatch, capsys):
    recorder = Recorder(tmp_path / "a.ikem", {})
    recorder.add(0.0, [(0, pose(0.0))])
    monkeypatch.setattr(
        "app.landmarks.writer.LandmarkWriter.add", lambda *args: (_ for _ in ()).throw(OutputError("disk full"))
    )
    recorder.add(0.1, [(0, pose(0.1))])
    recorder.add(0.2, [(0, pose(0.2))])
    assert recorder.state == "failed" and capsys.readouterr().err.count("disk full") == 1
    recorder.close()


def test_each_visitor_a_file_and_none_is_overwritten(tmp_path):
    recordings = Recordings(tmp_path / "a.ikem", {})
    (tmp_path / "a-2.ikem").write_bytes(b"an older one")
    for time_s in (0.0, 0.1):
        recorder = recordings()
        recorder.add(time_s, [])
        recorder.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-2.ikem", "a-3.ikem", "a.ikem"]
    assert (tmp_path / "a-2.ikem").read_bytes() == b"an older one"


@pytest.mark.parametrize(
    ("name", "said"), [("film.mp4", "is named"), ("there.ikem", "already"), ("no/a.ikem", "folder")]
)
def test_names_that_do_not_do(tmp_path, name, said):
    (tmp_path / "there.ikem").write_bytes(b"x")
    with pytest.raises(ValueError, match=said):
        Recordings(tmp_path / name, {})
