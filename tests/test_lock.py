"""The constraints file holds what is pinned, and what the tests run with."""

from __future__ import annotations

import re
import runpy
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from models.system.places import ROOT

LOCK = ROOT / "requirements.lock"
lock = runpy.run_path(str(ROOT / ".ci" / "lock.py"))
LOCKED = lock["read"](LOCK)


def test_its_form() -> None:
    text = LOCK.read_text(encoding="utf-8")
    head, body = text.splitlines()[:2], text.splitlines()[2:]
    assert all(line.startswith("# ") and len(line) <= 120 for line in head) and "`make lock`" in head[1]
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*==[0-9][0-9a-z.]*", line) for line in body)  # and no +cpu
    assert [line.partition("==")[0] for line in body] == sorted(LOCKED) and len(body) == len(LOCKED) > 90
    assert "://" not in text and "/" not in "".join(body)


@pytest.mark.parametrize("name", [*lock["INSTALLED"], "requirements-ray.txt"])
def test_it_holds_every_pin(name: str) -> None:
    """Those of this platform; the others stand in no environment that a lock could be written from."""
    pins = lock["pinned"](ROOT / name)
    assert pins
    for pin in pins:
        version = LOCKED.get(canonicalize_name(pin.name))
        assert version and str(pin.specifier) == f"=={version}", f"{pin}, but {version} in the lock: run `make lock`"


def test_it_holds_every_package_of_this_environment() -> None:
    made_for = re.search(r"^# Made for (.+?)\. `", LOCK.read_text(encoding="utf-8"), re.M)
    assert made_for
    if made_for[1] != lock["where"]():
        pytest.skip(f"the lock was made for {made_for[1]}; this is {lock['where']()}")
    here = lock["needed"](pin for name in lock["INSTALLED"] for pin in lock["pinned"](ROOT / name))
    assert len(here) > 80
    assert {name: LOCKED.get(name) for name in here} == here, "run `make setup-dev`, or `make lock` to keep these"


def installed(folder: Path, name: str, version: str, *requires: str) -> None:
    (folder / f"{name}-{version}.dist-info").mkdir()
    about = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {text}" for text in requires)]
    (folder / f"{name}-{version}.dist-info" / "METADATA").write_text("\n".join(about))


def test_what_the_requirements_lead_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Extras are followed, what belongs to another platform is not, and no build of a version is named."""
    installed(tmp_path, "Our_Net", "2.1+cpu", "base", "elsewhere; sys_platform == 'beos'", "nvidia-none; extra == ''")
    installed(tmp_path, "base", "1", "our-net", 'drawing[fine]; extra == "draw"')
    installed(tmp_path, "drawing", "3.0.post1", 'pens; extra == "fine"', 'clay; extra == "coarse"')
    installed(tmp_path, "pens", "4")
    installed(tmp_path, "stray", "5")
    monkeypatch.syspath_prepend(tmp_path)
    needed = lock["needed"]
    assert needed([Requirement("our.net")]) == {"our-net": "2.1", "base": "1"}
    assert needed([Requirement("base[draw]")]) == {"our-net": "2.1", "base": "1", "drawing": "3.0.post1", "pens": "4"}
    with pytest.raises(PackageNotFoundError, match="clay"):
        needed([Requirement("drawing[coarse]")])


def test_the_makefile_installs_with_it() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    installs = re.findall(r"^\t@\$\(PIP\) install .*", makefile, flags=re.M)
    assert len([line for line in installs if " -c requirements.lock ||" in line]) == 2
    assert [line for line in installs if "-c" not in line] == [
        "\t@$(PIP) install -r requirements.txt $(addprefix -r ,$(DEV))"
    ]
    assert "\nDEV := requirements-train.txt requirements-mqtt.txt requirements-dev.txt\n" in makefile
    kinds = ("", "-train", "-mqtt", "-dev")
    assert lock["INSTALLED"] == tuple(f"requirements{kind}.txt" for kind in kinds)
    stamps = re.findall(r"^\w+_STAMP := .*", makefile, flags=re.M)
    assert len(stamps) == 2 and all("$(call hash,requirements.txt" in line for line in stamps)
    assert "hash = $(shell cat $(1) requirements.lock " in makefile
