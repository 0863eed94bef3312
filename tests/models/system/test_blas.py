"""One thread multiplies the app's small matrices, unless the user chose, and numpy hears of it in time."""

from __future__ import annotations

import os
import subprocess
import sys

from models.system.blas import THREADS, one_blas_thread
from models.system.places import ROOT


def test_the_users_choice_stays(monkeypatch):
    for name in THREADS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    one_blas_thread()
    assert [os.environ[name] for name in THREADS] == ["1", "3", "1", "1"]


def test_the_app_chooses_before_numpy_is_imported():
    """By its program and by the installed one, for every command that they carry out, and not for training."""
    program = (
        "import sys, app.__main__, app.commands.console as console, training.__main__\n"
        "app.__main__.one_blas_thread = lambda: print('numpy' in sys.modules)\n"
        "for main in (app.__main__.main, console.main): main(['convert', 'no.ikem', 'no.csv'])\n"
        "training.__main__.parser = lambda *_: sys.exit('training')\n"
        "console.main(['train', 'own'])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "False\nTrue\n", done.stderr  # the second time a command has imported it
    assert done.stderr.endswith("training\n")
