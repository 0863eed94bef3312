"""CPU time of the page's server and of the browser's processes, from Linux's /proc.

On a machine that others use too, CPU time per answered frame stays comparable; a rate does not.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

_TICK_MS = 1000 // os.sysconf("SC_CLK_TCK")  # 10


def cpu_ms(server: int) -> Counter[str]:
    """Return the CPU time so far of the server and of the Chromium that this process started, in ms by kind of process.

    Args:
        server: process id of the server.

    Returns:
        "server", "browser", "renderer", "gpu-process", "utility" and further kinds of Chromium.
    """
    parents: dict[int, int] = {}
    spent: dict[int, int] = {}
    kinds: dict[int, str] = {}
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
    found = Counter({"server": spent.get(server, 0)})
    for process, kind in kinds.items():
        if kind and _descends(process, os.getpid(), parents):
            found[kind] += spent[process]
    return found


def _kind(words: list[str]) -> str:
    """Return the kind of a Chromium process from its command line, or "" for another program."""
    if "chrom" not in Path(words[0]).name:
        return ""
    return next((word.removeprefix("--type=") for word in words if word.startswith("--type=")), "browser")


def _descends(process: int, ancestor: int, parents: dict[int, int]) -> bool:
    while process in parents and process != ancestor:
        process = parents[process]
    return process == ancestor
