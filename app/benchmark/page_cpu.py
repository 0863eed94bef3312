"""CPU time of the page's server and of the browser's processes, from Linux's /proc.

Unlike a rate, CPU time for each answered frame means the same on a machine that others use as well.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

_TICK_MS = 1000 // os.sysconf("SC_CLK_TCK")  # 10


def cpu_ms(server: int) -> Counter[str]:
    """CPU time so far, ms, of the server and of the Chromium that this process started, by kind of process.

    Args:
        server: process id of the server.

    Returns:
        "server", "browser", "renderer", "gpu-process", "utility" and what else Chromium has.
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
    """Of a Chromium process by its command line, "" for another program's."""
    if "chrom" not in Path(words[0]).name:
        return ""
    return next((word.removeprefix("--type=") for word in words if word.startswith("--type=")), "browser")


def _descends(process: int, ancestor: int, parents: dict[int, int]) -> bool:
    while process in parents and process != ancestor:
        process = parents[process]
    return process == ancestor
