"""Cores are counted by what this process may use, not by what the machine has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.system import cores
from models.system.cores import bf16_is_quick, processor, usable_cores


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with 8 cores, whose process is in the control group a/b."""
    (tmp_path / "sys" / "a" / "b").mkdir(parents=True)
    (tmp_path / "own").write_text("1:cpuset:/elsewhere\n0::/a/b\n")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(cores, "_GROUP", tmp_path / "own")
    monkeypatch.setattr(cores, "_GROUPS", tmp_path / "sys")
    return tmp_path / "sys"


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, 8),
        ({"a/b": "max 100000"}, 8),
        ({"a/b": "200000 100000"}, 2),
        ({"a/b": "150000 100000"}, 2),  # half a core more is one more at work
        ({"a/b": "1000 100000"}, 1),
        ({"a": "300000 100000", "a/b": "max 100000"}, 3),  # of a group around it
        ({"": "400000 100000", "a/b": "5000000 100000"}, 4),
        ({"a/b": "nonsense"}, 8),
    ],
)
def test_a_container_limits_the_cores(limits: dict[str, str], expected: int, groups: Path) -> None:
    for group, text in limits.items():
        (groups / group / "cpu.max").write_text(f"{text}\n")
    assert usable_cores() == expected


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, 8),
        ({"docker/7f": (-1, 100000)}, 8),
        ({"docker/7f": (200000, 100000)}, 2),
        ({"docker": (250000, 100000), "docker/7f": (-1, 100000)}, 3),
        ({"": (100000, 50000)}, 2),  # in a container, which sees its group as the root
        ({"docker/7f": (100000, 0)}, 8),
    ],
)
@pytest.mark.parametrize("kinds", ["cpu", "cpu,cpuacct"])
def test_the_older_kind_of_container_too(limits, expected, kinds, groups: Path) -> None:
    (groups.parent / "own").write_text(f"9:cpuset:/docker/7f\n4:{kinds}:/docker/7f\n1:name=systemd:/docker/7f\n0::/\n")
    (groups / kinds / "docker" / "7f").mkdir(parents=True)
    for group, texts in limits.items():
        for name, text in zip(("quota", "period"), texts):
            (groups / kinds / group / f"cpu.cfs_{name}_us").write_text(f"{text}\n")
    assert usable_cores() == expected


def test_cores_that_this_process_is_bound_to(groups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    assert usable_cores() == 2


@pytest.mark.parametrize(("count", "expected"), [(6, 6), (None, 1)])
def test_systems_without_either(count: int | None, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    monkeypatch.setattr(cores, "_GROUP", Path("/none"))
    assert usable_cores() == expected


def test_the_processor_has_a_name() -> None:
    assert processor()


@pytest.mark.parametrize(
    ("vendor", "flags", "quick"),
    [
        ("GenuineIntel", "avx2 avx512f", False),
        ("GenuineIntel", "avx512f avx512_bf16", False),
        ("GenuineIntel", "avx512_bf16 amx_bf16", True),
        ("AuthenticAMD", "avx2", False),
        ("AuthenticAMD", "avx512_bf16", True),
    ],
)
def test_bf16_is_for_processors_that_are_quicker_with_it(
    vendor: str, flags: str, quick: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text(f"vendor_id\t: {vendor}\nflags\t\t: fpu {flags} sse\n")
    monkeypatch.setattr(cores, "_CPUINFO", tmp_path / "cpuinfo")
    assert bf16_is_quick() == quick
    monkeypatch.setattr(cores, "_CPUINFO", tmp_path / "absent")
    assert not bf16_is_quick()
