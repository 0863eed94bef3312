"""CPU time and memory of the page's server and CPU time of the browser's processes, from Linux's /proc.

On a machine that others use too, CPU time per answered frame stays comparable; a rate does not.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from pathlib import Path

_TICK_MS = 1000 // os.sysconf("SC_CLK_TCK")  # 10


def cpu_ms(server: int) -> Counter[str]:
    """Return the CPU time so far of the server and of the Chromium that this process started, in ms by kind of process.

    Args:
        server: process id of the server, whose own processes count with it.

    Returns:
        "server", "browser", "renderer", "gpu-process", "utility" and further kinds of Chromium.
    """
    spent: dict[int, int] = {}
    kinds: dict[int, str] = {}
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").split(" ")
        except OSError:  # it has ended
            continue
        process = int(folder.name)
        parents[process] = int(fields[1])
        spent[process] = (int(fields[11]) + int(fields[12])) * _TICK_MS
        kinds[process] = _kind(words)
    found = Counter({"server": sum(ms for process, ms in spent.items() if _descends(process, server, parents))})
    for process, kind in kinds.items():
        if kind and _descends(process, os.getpid(), parents):
            found[kind] += spent[process]
    return found


def memory_mb(server: int) -> float:
    """Return the resident memory of a process and of those that it started, in MB."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):  # it has ended
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    page_mb, mb = os.sysconf("SC_PAGE_SIZE") / 1e6, 0.0
    for process in parents:
        if _descends(process, server, parents):
            with suppress(OSError):
                mb += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * page_mb
    return mb


def _kind(words: list[str]) -> str:
    """Return the kind of a Chromium process from its command line, or "" for another program."""
    if "chrom" not in Path(words[0]).name:
        return ""
    return next((word.removeprefix("--type=") for word in words if word.startswith("--type=")), "browser")


def _descends(process: int, ancestor: int, parents: dict[int, int]) -> bool:
    while process in parents and process != ancestor:
        process = parents[process]
    return process == ancestor
