"""The command line as a user meets it: exit codes, one sentence for each mistake, nothing heavy loaded in vain."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.__main__ import main, parser
from app.commands import options
from models.system.places import ROOT
from tests.app.helpers import body, write_video


def python(*args):
    return subprocess.run([sys.executable, *map(str, args)], capture_output=True, text=True, cwd=ROOT)


def rows(folder):
    with open(folder / "summary.csv", encoding="utf-8", newline="") as file:
        return {Path(row["input"]).name: row for row in csv.DictReader(file)}


@pytest.fixture
def clip(tmp_path):
    swing = np.sin(np.arange(120) / 5)[:, None, None]
    np.savez(tmp_path / "clip.npz", frames=(body() + 0.2 * swing * np.eye(25)[:, :3]).astype(np.float32), fps=30.0)
    return tmp_path / "clip.npz"


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["dance"],
        ["classify"],
        ["classify", "a.mp4"],
        ["demo", "--port", "0"],
        ["demo", "--port", "seven"],
        ["bench", "--threads", "0"],
        ["pose", "--pose", "wooden"],
        ["doctor", "--camera", "webcam"],
        ["classify", "a.mp4", "--out", "x", "--device", "tpu"],
        ["classify", "a.mp4", "--out", "x", "--workers", "0"],
        ["classify", "a.mp4", "--out", "x", "--every", "0"],
        ["classify", "a.mp4", "--out", "x", "--min-score", "nan"],
        ["classify", "a.mp4", "--out", "x", "--seconds", "inf"],
        ["classify", "a.mp4", "--out", "x", "--labels", ","],
        ["classify", "a.mp4", "--out", "x", "--top", "-1"],
        ["classify", "a.mp4", "--out", "x", "--json-lines", "events.jsonl"],
        ["classify", "a.mp4", "--out", "x", "--engine", "spark"],
    ],
)
def test_wrong_usage(argv, capsys):
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2 and "usage: python -m app" in capsys.readouterr().err


CLASSIFY = ["--out", "--recursive", "--seconds", "--csv", "--vtt", "--annotate", "--skeletons", "--json-lines", "--top"]
CLASSIFY += ["--every", "--min-score", "--labels", "--workers", "--resume", "--quiet", "--engine", "--ray-address"]
CLASSIFY += ["--pack", "--only", "--count"]
CLASSIFY += [
    "--serve",
    "--token",
    "--allow-host",
    "--mqtt",
    "--mqtt-password",
    "--mqtt-ca",
    "--mqtt-cert",
    "--mqtt-key",
    "--home-assistant",
]


def test_options_of_each_command():
    """The command line is a promise: this fails when an option comes or goes."""
    commands = next(a for a in parser()._actions if a.dest == "command").choices
    options = {
        name: sorted(o for a in command._actions for o in a.option_strings if o.startswith("--") and o != "--help")
        for name, command in commands.items()
    }
    shared = ["--device", "--model", "--pose", "--threads"]
    assert options == {
        "demo": sorted(
            [
                "--allow-host",
                "--auth",
                "--events",
                "--frame-ancestors",
                "--host",
                "--only",
                "--open",
                "--pack",
                "--port",
                "--record",
                "--ssl-certfile",
            ]
            + ["--per-address", "--root-path", "--ssl-keyfile", *shared]
        ),
        "classify": sorted([*CLASSIFY, *shared]),
        "teach": sorted(["--forget", "--list", "--no-clips", "--not", "--pack", "--rebuild", *shared]),
        "learn": sorted(["--insist", "--only", "--pack", "--videos", *shared]),
        "convert": ["--fps"],
        "bench": sorted(["--json", "--people", *shared]),
        "doctor": sorted(["--camera", "--host", "--json", "--port", *shared]),
        "pose": ["--pose"],
        "web": ["--check", "--model", "--out", "--pose"],
    }


def test_classify_loads_neither_torch_nor_gradio():
    code = (
        "import sys, app.__main__, app.batch.run, app.batch.annotate, app.benchmark.live_path, app.sources.video;"
        "import export.runtime;"
        "print(sorted({'torch', 'mediapipe', 'gradio', 'av', 'cv2', 'ray', 'tqdm'} & set(sys.modules)))"
    )
    done = python("-c", code)
    assert done.stdout.strip() == "[]", done.stderr


def test_recorded_skeletons_with_a_real_model(clip, action_model, tmp_path):
    from export.runtime import ActionModel

    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"no archive")
    done = python("-m", "app", "classify", clip, broken, "--model", action_model, "--out", tmp_path / "out")
    assert done.returncode == 1, done.stderr
    found = rows(tmp_path / "out")
    model = ActionModel(action_model, device="cpu")
    assert {found["clip.npz"][place] for place in ("label", "second", "third")} < set(model.labels)
    assert 0 < float(found["clip.npz"]["score"]) <= 1 and found["clip.npz"]["status"] == "ok"
    assert found["broken.npz"]["status"].startswith("error: ")
    assert len([line for line in done.stderr.splitlines() if "broken.npz: not a readable" in line]) == 1
    assert "1 recording, 1 input failed" in done.stdout
    assert sorted(p.name for p in (tmp_path / "out").glob("[!.]*")) == ["clip.jsonl", "summary.csv"]
    again = python("-m", "app", "classify", clip, "--model", action_model, "--out", tmp_path / "out")
    assert again.returncode == 0 and list(rows(tmp_path / "out")) == ["clip.npz"]


def test_a_video_with_nobody_in_it(action_model, pose_model_path, tmp_path):
    path = write_video(tmp_path / "wall.mp4", np.arange(20) / 10, size=(320, 240))
    done = python("-m", "app", "classify", path, "--model", action_model, "--out", tmp_path / "out")
    row = rows(tmp_path / "out")["wall.mp4"]
    assert done.returncode == 0 and "W0000" not in done.stderr
    assert (row["label"], row["people"], row["frames"], row["status"]) == ("", "0", "20", "no person")


def _foreign(path):
    path.write_bytes(b"no model")


@pytest.mark.parametrize("make", [_foreign, lambda path: None, lambda path: path.mkdir()])
def test_wrong_model_file(clip, tmp_path, make):
    make(tmp_path / "model.onnx")
    done = python("-m", "app", "classify", clip, "--out", tmp_path / "out", "--model", tmp_path / "model.onnx")
    assert done.returncode == 2 and not (tmp_path / "out").exists()
    assert done.stderr.startswith("python -m app classify: ") and done.stderr.count("\n") == 1


def test_results_folder_that_is_a_file(clip, action_model):
    done = python("-m", "app", "classify", clip, "--out", clip, "--model", action_model)
    assert done.returncode == 2 and "choose another --out" in done.stderr and done.stderr.count("\n") == 1


def test_bench_of_a_missing_video(action_model, pose_model_path, tmp_path):
    done = python("-m", "app", "bench", tmp_path / "no.mp4", "--model", action_model)
    assert done.returncode == 2 and "no.mp4: there is no such file" in done.stderr and done.stderr.count("\n") == 1


def test_the_words_that_options_take_are_those_of_the_rooms():
    """They stand in app.commands.options too, for reading them there brings nothing heavy."""
    from app.pose.model_file import KINDS
    from export.runtime import session

    assert options.DEVICES == session.DEVICES and options.POSES == KINDS
