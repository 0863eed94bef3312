"""The report of `python -m app doctor`: one line for each finding, with what to do about it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from app.doctor.finding import COLOURS, FAIL, PLAIN, Check, DoctorOptions, Finding

HEALTHY, SICK = 0, 1


def examine(setup: DoctorOptions, checks: dict[str, Check]) -> Iterator[Finding]:
    """Run the checks one by one; a check that fails with an error is a finding and does not end the others."""
    for name, check in checks.items():
        try:
            yield from check(setup)
        except Exception as error:  # one check's error must not stop the others
            reason = (str(error).strip().splitlines() or ["no reason given"])[0]
            remedy = "set the program up again (`make setup` in a checkout)"
            yield Finding(name, FAIL, f"cannot be checked ({type(error).__name__}: {reason})", remedy)


def line(finding: Finding, colour: bool) -> str:
    """Format a finding as one line."""
    state = f"{finding.state:<9}"
    state = f"{COLOURS[finding.state]}{state}{PLAIN}" if colour else state
    text = " ".join(finding.text.split())
    return f"{state} {finding.name:<13} {text}" + (f" -> {finding.remedy}" if finding.remedy else "")


def wants_colour(stream: TextIO) -> bool:
    """Return whether a stream is a terminal whose user has not turned off colour (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def run(setup: DoctorOptions, out: Path | None = None, checks: dict[str, Check] | None = None) -> int:
    """Run the checks, print the findings, and return the exit code: 1 if something failed.

    The findings are also written to the file `out`, if one is given.

    Raises:
        ValueError, OSError: the file cannot be written.
    """
    if checks is None:
        from app.doctor.checks import CHECKS

        checks = CHECKS
    findings, colour = [], wants_colour(sys.stdout)
    for finding in examine(setup, checks):
        findings.append(finding)
        print(line(finding, colour), flush=True)
    failed = sum(finding.state == FAIL for finding in findings)
    print(f"{failed} of {len(findings)} findings need something done" if failed else "everything that is needed works")
    if out is not None:
        _write(out, findings)
    return SICK if failed else HEALTHY


def _write(path: Path, findings: list[Finding]) -> None:
    from models.system.atomic import write_json

    content = {
        "ok": all(finding.state != FAIL for finding in findings),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "findings": [asdict(finding) for finding in findings],
    }
    write_json(path, content)
