"""The revision of the running source, which results and model files record as their origin."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git_revision() -> str:
    """Return the revision of the working tree, with "+" after it if files were changed, or "" if git knows none."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--abbrev=12", "--dirty=+"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
