"""The pose model: what is refused, and that a failure leaves nothing behind."""

import io
import zipfile

import pytest

from app.pose import model_file as pose_model
from app.pose import packages
from app.pose.model_file import NETWORKS, PoseModelError, check_task, ensure_pose_model


def _zip(*names):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, b"network")
    return content.getvalue()


@pytest.fixture()
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IKEM_LIVE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_zip_with_both_networks_passes():
    check_task(_zip(*NETWORKS), "full")


@pytest.mark.parametrize(
    "content, message",
    [
        (b"<Error>NoSuchKey</Error>", "is no .task file"),
        (b"", "is no .task file"),
        (_zip(*NETWORKS)[:-30], "is no .task file"),
        (_zip(NETWORKS[0]), "lacks"),
        (_zip("other.txt"), "lacks"),
    ],
)
def test_anything_else_is_refused_and_not_kept(cache, monkeypatch, content, message):
    monkeypatch.setattr(pose_model, "_from_tarball", lambda kind: content)
    with pytest.raises(PoseModelError, match=message):
        ensure_pose_model("full", progress=False)
    assert not cache.exists() or not list(cache.iterdir())


def test_a_download_is_kept_whole_and_used_again(cache, monkeypatch):
    calls = []
    monkeypatch.setattr(pose_model, "_from_tarball", lambda kind: calls.append(kind) or _zip(*NETWORKS))
    first, second = ensure_pose_model("lite", progress=False), ensure_pose_model("lite", progress=False)
    assert first == second and calls == ["lite"] and [p.name for p in cache.iterdir()] == ["pose_lite.task"]


def test_another_wheel_under_the_pinned_name_is_refused(cache, monkeypatch, tmp_path):
    def fetch(command, **_):
        folder = command[command.index("--dest") + 1]
        with open(f"{folder}/mediapipe-0.10.21-cp311-x.whl", "wb") as file:
            file.write(_zip("mediapipe/evil.tflite"))
        return type("Run", (), {"returncode": 0, "stderr": ""})

    monkeypatch.setattr(packages.subprocess, "run", fetch)
    with pytest.raises(PoseModelError, match="another content"):
        ensure_pose_model("wheel", progress=False)
    assert not cache.exists()


def test_unknown_kind_and_unwritable_folder(cache, monkeypatch):
    with pytest.raises(PoseModelError, match="choose one of"):
        ensure_pose_model("huge")
    cache.write_text("a file where the folder should be")
    monkeypatch.setattr(pose_model, "_from_tarball", lambda kind: _zip(*NETWORKS))
    with pytest.raises(PoseModelError, match="IKEM_LIVE_CACHE"):
        ensure_pose_model("full", progress=False)
