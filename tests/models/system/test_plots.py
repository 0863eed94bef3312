"""No backend of plots that others asked for keeps anything from starting."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from models.system.places import ROOT


@pytest.mark.parametrize("backend", ["nonsense", "module://matplotlib_inline.no_such_backend"])
def test_a_backend_that_is_not_here_is_not_asked_for(backend: str) -> None:
    code = "from models.system.plots import plots_into_memory as f; f(); from matplotlib import pyplot; pyplot.figure()"
    asked = {**os.environ, "MPLBACKEND": backend}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=asked, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("program", ["app", "training", "export"])
def test_every_program_says_so_before_it_does_anything(program: str) -> None:
    code = f"import os, {program}.__main__ as p\ntry: p.main(['--version'])\nexcept SystemExit: pass\n"
    code += "assert os.environ['MPLBACKEND'] == 'agg'"
    asked = {**os.environ, "MPLBACKEND": "nonsense"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=asked, capture_output=True, text=True)
    assert "AssertionError" not in done.stderr and "KeyError" not in done.stderr
