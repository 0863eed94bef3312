"""What `from app import ...` offers: three lines to the events of a file, and nothing heavy before they are run."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import app
from app import ModelFileError, classify_clip, classify_video
from models.clips import Clip, ClipFileError, read_clips, write_clips
from models.system.places import DEFAULT_MODEL, ROOT
from tests.app.batch.helpers import joints, save
from tests.app.helpers import HandModel
from tests.bodies import standing


def test_import_app_is_light() -> None:
    program = "import sys, app\nprint(sorted({'numpy', 'mediapipe', 'onnxruntime', 'gradio'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def test_every_name_is_there() -> None:
    assert all(getattr(app, name).__doc__ for name in app.__all__)
    with pytest.raises(AttributeError, match="no attribute 'classify_film'"):
        app.classify_film  # noqa: B018


@pytest.mark.slow
def test_the_example_of_the_docstring(
    pretrained: Path, pose_model_path: Path, example_video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testmod(app)
    assert tried == 2 and not failed


@pytest.mark.slow
def test_the_three_lines_say_their_events_alone(pretrained: Path, pose_model_path: Path, example_video: Path) -> None:
    """Nothing of what MediaPipe and ONNX Runtime write, but all that Python does, also after it."""
    program = (
        "import sys\nfrom app import classify_video\n"
        f"for event in classify_video({str(example_video)!r}, pose_model={str(pose_model_path)!r}).events:\n"
        "    print(event.label)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["wave", "jumping_jack", "squat"], "")


def test_errors_are_value_errors() -> None:
    names = [name for name in app.__all__ if name.endswith("Error")]
    assert len(names) == 5 and all(issubclass(getattr(app, name), ValueError) for name in names)


@pytest.mark.parametrize("named", [DEFAULT_MODEL, str(DEFAULT_MODEL)])
def test_a_model_by_its_path(pretrained: Path, tmp_path: Path, named: str | Path) -> None:
    path = save(tmp_path / "day.npz", joints((3, "wave")))
    assert classify_clip(path, named) == classify_clip(path)


def test_what_is_no_model_is_said(tmp_path: Path) -> None:
    path = save(tmp_path / "day.npz", joints((3, "wave")))
    for classify in (classify_clip, classify_video):
        with pytest.raises(ModelFileError, match=r"absent.onnx"):
            classify(path, model=str(tmp_path / "absent.onnx"))
        with pytest.raises(TypeError, match="`model` is a Recogniser, the path of a model file or None; got int"):
            classify(path, model=7)  # type: ignore[arg-type]


def test_a_clip_or_the_file_of_one(tmp_path: Path) -> None:
    path = save(tmp_path / "day.npz", joints((3, "wave"), (3, "idle")))
    told: list = []
    result = classify_clip(path, HandModel(), told.append)
    assert result.summary.label == "wave" and list(result.events) == told and told[0].label == "wave"
    (clip,) = read_clips(path)
    assert classify_clip(clip, HandModel()) == result == classify_clip(str(path), HandModel())


@pytest.mark.parametrize(("count", "message"), [(0, "holds no clip"), (2, "more than one clip: classify each")])
def test_a_file_of_many_clips_is_refused(tmp_path: Path, count: int, message: str) -> None:
    write_clips(tmp_path / "set.npz", [Clip(standing(40), 30.0)] * count)
    with pytest.raises(ClipFileError, match=message):
        classify_clip(tmp_path / "set.npz", HandModel())
