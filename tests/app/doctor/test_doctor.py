"""The doctor: each check on a healthy and on a sick machine, one line a finding, a remedy for each failure."""

from __future__ import annotations

import io
import json
import re
import socket
import subprocess
import sys
from importlib import metadata
from types import SimpleNamespace

import numpy as np
import pytest

from app.doctor import checks_install
from app.doctor.checks import CHECKS
from app.doctor.checks_install import check_disk, check_libraries, check_packages
from app.doctor.checks_model import check_accelerators, check_model, check_pose_model, self_test
from app.doctor.checks_use import check_camera, check_page
from app.doctor.finding import FAIL, OK, OPTIONAL, DoctorOptions, Finding
from app.doctor.report import examine, line, run, wants_colour
from app.sources.frames import CameraError
from models.system.places import ROOT
from tests.app.helpers import HandModel


def setup(**changes):
    usual = {
        "model": ROOT / "models/pretrained/student.onnx", "device": "auto", "threads": 1, "pose": "wheel",
        "camera": None, "host": "127.0.0.1", "port": 7860, "example": ROOT / "assets/example.mp4",
        "requirements": ROOT / "requirements.txt",
    }  # fmt: skip
    return DoctorOptions(**usual | changes)


def states(findings):
    return [finding.state for finding in findings]


def one(check, **changes):
    (finding,) = check(setup(**changes))
    return finding


def give(*findings):
    return lambda _: iter(findings)


def test_a_finding_that_failed_names_a_remedy():
    assert Finding("a", OPTIONAL, "b").remedy == ""
    for state, remedy in ((FAIL, ""), ("bad", "do this")):
        with pytest.raises(ValueError, match="remedy"):
            Finding("a", state, "b", remedy)


@pytest.mark.parametrize(
    ("findings", "code", "last"),
    [
        ([Finding("a", OK, "fine"), Finding("b", OPTIONAL, "meh")], 0, "everything that is needed works"),
        ([Finding("a", OK, "fine"), Finding("b", FAIL, "bad", "do this")], 1, "1 of 2 findings need something done"),
    ],
)
def test_exit_code_lines_and_file(findings, code, last, tmp_path, capsys):
    assert run(setup(), tmp_path / "out.json", {"all": give(*findings)}) == code
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(findings) + 1 and lines[-1] == last
    assert [text.split()[:2] for text in lines[:-1]] == [[f.state, f.name] for f in findings]
    written = json.loads((tmp_path / "out.json").read_text())
    assert written["ok"] is (code == 0) and [f["name"] for f in written["findings"]] == ["a", "b"]
    assert {"python", "platform", "ok", "findings"} == set(written)


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "a file").write_text("")
    with pytest.raises(ValueError, match="cannot write .*; choose another place"):
        run(setup(), tmp_path / "a file" / "out.json", {"a": give(Finding("a", OK, "fine"))})


def test_a_check_that_breaks_does_not_end_the_others():
    def breaks(_):
        yield Finding("a", OK, "half of it")
        raise ImportError("no module named x\nsecond line")

    found = list(examine(setup(), {"a": breaks, "b": give(Finding("b", OK, "fine"))}))
    assert states(found) == [OK, FAIL, OK] and "ImportError: no module named x" in found[1].text
    assert "second" not in found[1].text and found[1].name == "a"


@pytest.mark.parametrize(
    ("terminal", "environment", "expected"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colour_is_for_terminals_whose_users_like_it(terminal, environment, expected, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    stream.isatty = lambda: terminal
    assert wants_colour(stream) is expected


def test_a_line_is_one_line():
    finding = Finding("a", FAIL, "bad\nin two   lines", "do this")
    assert line(finding, colour=False) == "fail      a             bad in two lines -> do this"
    assert line(finding, colour=True).startswith("\033[31mfail") and "\033[0m" in line(finding, colour=True)


@pytest.fixture
def packages(monkeypatch):
    def put(**versions):
        monkeypatch.setattr(checks_install, "_installed", lambda name: versions.get(name.replace("-", "_")))

    return put


@pytest.mark.parametrize(
    ("versions", "expected", "says"),
    [
        ({"gradio": "6.0", "torch": "2.0", "onnxruntime": "1.0"}, [OK], "2 of 2 as in requirements.txt"),
        ({"gradio": "6.0", "onnxruntime": "1.0"}, [OPTIONAL, OK], "needed by training and export only: torch$"),
        ({"torch": "2.0", "onnxruntime": "1.0"}, [FAIL, OK], "gradio 6.0 is missing .needed by the app"),
        (
            {"gradio": "6.0", "torch": "1.9", "onnxruntime": "1.0"},
            [OPTIONAL, OK],
            "torch is 1.9; 2.0 is what was tested",
        ),
        (
            {"gradio": "5.9", "torch": "2.0", "onnxruntime": "1.0"},
            [OPTIONAL, OK],
            "gradio is 5.9; 6.0 is what was tested",
        ),
        (
            {"gradio": "6.0", "torch": "2.0", "onnxruntime": "1.0", "onnxruntime_gpu": "1.0"},
            [OPTIONAL, OK],
            "onnxruntime-gpu and onnxruntime overwrite",
        ),
        (
            {"gradio": "6.0", "torch": "2.0", "onnxruntime": "1.0", "opencv_python": "5", "opencv_contrib_python": "5"},
            [OPTIONAL, OK],
            "opencv-contrib-python and opencv-python overwrite",
        ),
    ],
)
def test_packages(versions, expected, says, packages, tmp_path):
    text = "# tried\ngradio==6.0  # pinned\n\nonnxruntime==1.0\nwinonly==1; sys_platform == 'nowhere'\n"
    (tmp_path / "requirements.txt").write_text(text)
    (tmp_path / "requirements-train.txt").write_text("torch==2.0\n")
    packages(**versions)
    found = list(check_packages(setup(requirements=tmp_path / "requirements.txt")))
    assert states(found) == expected
    assert any(re.search(says, finding.text) for finding in found)


def test_packages_of_an_installed_copy(packages, tmp_path, monkeypatch):
    """Without requirements.txt, what the copy asks for is what counts; the extras other than `train` do not."""
    asked = [
        "gradio==6.0",
        "winonly==1; sys_platform == 'nowhere'",
        "torch==2.0; extra == 'train'",
        "ray==1; extra == 'ray'",
    ]
    monkeypatch.setattr(metadata, "requires", {"ikem-live": asked}.get)
    packages(gradio="6.0")
    missing, fits = check_packages(setup(requirements=tmp_path / "requirements.txt"))
    assert missing.state == OPTIONAL and missing.text.endswith(": torch") and "extra `train`" in missing.remedy
    assert fits.state == OK and fits.text == "1 of 1 as ikem-live asks for"
    packages(torch="2.0")
    assert states(check_packages(setup(requirements=tmp_path / "requirements.txt"))) == [FAIL, OK]


def test_no_list_of_packages(tmp_path, monkeypatch):
    monkeypatch.setattr(metadata, "requires", {}.get)
    assert one(check_packages, requirements=tmp_path / "no.txt").state == OPTIONAL


def test_the_real_list_of_packages_can_be_read():
    found = list(check_packages(setup()))
    assert found[-1].state == OK and " of 11 as in requirements.txt" in found[-1].text


def test_a_missing_system_library(monkeypatch):
    monkeypatch.setattr(checks_install, "_LIBRARIES", ("libEGL.so.1", "libNoSuchThing.so.9"))
    monkeypatch.setattr(sys, "platform", "linux")
    found = list(check_libraries(setup()))
    assert "libNoSuchThing.so.9 is missing" in found[-1].text and "apt-get install" in found[-1].remedy
    monkeypatch.setattr(sys, "platform", "darwin")
    assert one(check_libraries).state == OK


@pytest.mark.parametrize(("free_gb", "state"), [(50, OK), (0.5, OPTIONAL), (0.1, FAIL)])
def test_disk(free_gb, state, monkeypatch):
    usage = SimpleNamespace(free=free_gb * 2**30)
    monkeypatch.setattr(checks_install.shutil, "disk_usage", lambda folder: usage)
    assert one(check_disk).state == state


def test_no_folder_for_passing_files(monkeypatch):
    def full(folder, *_):
        raise OSError(28, "No space left on device", folder)

    monkeypatch.setattr(checks_install.tempfile, "mkdtemp", full)
    finding = one(check_disk)
    assert finding.state == FAIL and "(No space left on device)" in finding.text and "TMPDIR" in finding.remedy


def test_the_real_pose_model_finds_the_person(pose_model_path, example_video):
    finding = one(check_pose_model)
    assert finding.state == OK and "finds the person in example.mp4" in finding.text


def test_a_pose_model_with_nothing_to_try_it_on(pose_model_path, tmp_path):
    assert one(check_pose_model, example=tmp_path / "no.mp4").state == OPTIONAL


def test_a_pose_model_that_finds_nobody(pose_model_path, tmp_path):
    from tests.app.helpers import write_video

    finding = one(check_pose_model, example=write_video(tmp_path / "wall.mp4", [0, 0.1], size=(320, 240)))
    assert finding.state == FAIL and "finds nobody in wall.mp4" in finding.text and "app pose" in finding.remedy


def test_a_pose_model_that_is_missing_or_broken(tmp_path, monkeypatch):
    monkeypatch.setenv("IKEM_LIVE_CACHE", str(tmp_path))
    finding = one(check_pose_model, pose="lite")
    assert finding.state == OPTIONAL and "is not there yet; the first run" in finding.text
    assert "--pose lite" in finding.remedy
    assert list(tmp_path.iterdir()) == []  # it only looks
    (tmp_path / "pose_lite.task").write_bytes(b"no model")
    finding = one(check_pose_model, pose="lite")
    assert finding.state == FAIL and "no pose model" in finding.text


def test_the_action_model(action_model):
    finding = one(check_model, model=action_model)
    assert finding.state == OK and "self-test passed" in finding.text and " labels, " in finding.text


def test_an_action_model_that_is_missing_or_broken(tmp_path):
    assert "is missing" in one(check_model, model=tmp_path / "no.onnx").text
    assert list(check_accelerators(setup(model=tmp_path / "no.onnx"))) == []  # said already
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    finding = one(check_model, model=tmp_path / "bad.onnx")
    assert finding.state == FAIL and "no ONNX file" in finding.text and "--model" in finding.remedy


class SickModel(HandModel):
    """Answers as a test's model does, but for what `spoil` does to its answers."""

    def __init__(self, spoil, **kwargs):
        super().__init__(**kwargs)
        self.spoil = spoil

    def __call__(self, joints_NTV3, frames_N):
        scores = super().__call__(joints_NTV3, frames_N)
        self.spoil(scores, self.calls)
        return scores


def _add(name, amount):
    def spoil(scores, calls):
        getattr(scores, name)[..., 0] += amount(calls)

    return spoil


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda scores, calls: None, ""),
        (_add("fused_NC", lambda calls: 0.01), "fused_NC does not sum to 1"),
        (_add("modality_NMC", lambda calls: -0.5), "modality_NMC does not sum to 1"),
        (_add("embedding_ND", lambda calls: np.nan), "embedding_ND holds numbers that are not finite"),
        (_add("fused_NC", lambda calls: np.inf), "fused_NC holds numbers that are not finite"),
        (_add("embedding_ND", lambda calls: calls), "embedding_ND differs from one run to the next"),
    ],
)
def test_self_test_of_a_model(spoil, says):
    assert self_test(SickModel(spoil))[0] == says


@pytest.mark.parametrize(
    "thresholds", [{"enter": 0.3, "leave": 0.5}, {"enter": 1.5, "leave": 0.5}, {"enter": 0.5, "leave": 0}]
)
def test_thresholds_that_make_no_sense(thresholds):
    assert "thresholds" in self_test(HandModel(thresholds=thresholds))[0]


@pytest.mark.parametrize(("device", "expected"), [("auto", [OPTIONAL, OPTIONAL]), ("cuda", [FAIL, OPTIONAL])])
def test_accelerators_that_cannot_be_had(device, expected, monkeypatch, action_model):
    import export.runtime

    def missing(path, device, threads):
        raise ValueError(f"{device} cannot be had here")

    monkeypatch.setattr(export.runtime, "ActionModel", missing)
    found = list(check_accelerators(setup(device=device, model=action_model)))
    assert states(found) == expected and "cuda cannot be had here" in found[0].text


def test_accelerators_that_can_be_had(monkeypatch, action_model):
    import export.runtime

    monkeypatch.setattr(
        export.runtime, "ActionModel", lambda path, device, threads: SimpleNamespace(provider=device.upper())
    )
    found = list(check_accelerators(setup(model=action_model)))
    assert states(found) == [OK, OK] and "(CUDA)" in found[0].text and "(TENSORRT)" in found[1].text


class FakeCamera:
    """Stands for app.sources.camera.Camera: gives one picture, or an error."""

    opened: list = []
    error: str | None = None

    def __init__(self, source):
        self.opened.append(source)
        self.name = f"camera {source}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.opened.append("closed")

    def frames(self):
        if self.error:
            raise CameraError(self.error)
        yield 0.0, np.zeros((48, 64, 3), np.uint8)


@pytest.mark.parametrize(
    ("camera", "error", "state"),
    [(None, None, OK), (3, None, OK), (None, "camera 0: no such camera", OPTIONAL), (0, "camera 0: busy", FAIL)],
)
def test_camera(camera, error, state, monkeypatch):
    monkeypatch.setattr("app.sources.camera.Camera", FakeCamera)
    monkeypatch.setattr(FakeCamera, "opened", [])
    monkeypatch.setattr(FakeCamera, "error", error)
    finding = one(check_camera, camera=camera)
    assert finding.state == state and FakeCamera.opened == [camera or 0, "closed"]
    assert error in finding.text if error else "64x48" in finding.text


def test_a_port_that_is_free_or_taken(free_port):
    page, browser = check_page(setup(port=free_port))
    assert (page.state, browser.state) == (OK, OK)
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port))
        other.listen()
        page, _ = check_page(setup(port=free_port))
    assert page.state == FAIL and "is taken" in page.text and "--port" in page.remedy


def test_a_page_for_other_machines(free_port):
    page, browser = check_page(setup(port=free_port, host="0.0.0.0"))
    assert (page.state, browser.state) == (OK, OPTIONAL) and f"ssh -L {free_port}:" in browser.remedy
    page, _ = check_page(setup(port=free_port, host="192.0.2.1"))  # an address of no machine
    assert page.state == FAIL and "no address of this machine" in page.text and page.remedy == "give another --host"


def test_libraries_of_the_page_that_do_not_load(monkeypatch):
    monkeypatch.setitem(sys.modules, "app.page.web_server", None)
    page = one(check_page)
    assert page.state == FAIL and "its libraries do not load (ModuleNotFoundError: " in page.text and page.remedy


def test_the_command(action_model, pose_model_path, example_video, free_port, tmp_path):
    command = [sys.executable, "-m", "app", "doctor", "--model", action_model, "--json", tmp_path / "out.json"]
    command += ["--port", str(free_port), "--camera", f"http://me:s3cret@127.0.0.1:{free_port}/"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert done.returncode == 1 and lines[-1].startswith("1 of ") and done.stderr == ""
    assert {text.split()[0] for text in lines[:-1]} <= {OK, OPTIONAL, FAIL} and "\033" not in done.stdout
    failed = [
        finding for finding in json.loads((tmp_path / "out.json").read_text())["findings"] if finding["state"] == FAIL
    ]
    assert [finding["name"] for finding in failed] == ["camera"] and "s3cret" not in done.stdout + str(failed)
    assert set(CHECKS) >= {"pose model", "action model", "page"}
