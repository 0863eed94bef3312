"""The folder of a run: gone at its end, and after a crash at the next start."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

import pytest

from app.page.folder import PREFIX, run_folder, sweep
from models.system.places import ROOT

CRASH = (
    "import os\nfrom app.page.folder import run_folder\nwith run_folder() as f:\n (f / 'a.mp4').touch()\n os._exit(9)"
)


@pytest.fixture
def temp(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_run_leaves_nothing_and_is_left_alone(temp):
    with run_folder() as first:
        (first / "clip.mp4").touch()
        with run_folder() as second:
            assert first.is_dir() and second.is_dir() and first != second and not list(second.iterdir())
        assert (first / "clip.mp4").exists(), "another run's start and end touch nothing of it"
    assert not list(temp.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="the temporary folder is chosen by TMPDIR here")
def test_a_crashed_run_is_swept_at_the_next_start(temp):
    subprocess.run([sys.executable, "-c", CRASH], cwd=ROOT, env={**os.environ, "TMPDIR": str(temp)}, check=False)
    assert list(temp.glob(f"{PREFIX}*/files/a.mp4"))
    with run_folder() as folder:
        assert list(temp.iterdir()) == [folder.parent]


def test_what_is_not_ours_stays(temp):
    fresh, old, other = (temp / name for name in (f"{PREFIX}fresh", f"{PREFIX}old", "another"))
    for path in (fresh, old, other):
        path.mkdir()
    (temp / f"{PREFIX}file").touch()
    os.utime(old, (time.time() - 90_000,) * 2)
    assert sweep(temp) == 1
    assert fresh.exists() and other.exists() and not old.exists() and (temp / f"{PREFIX}file").exists()
