"""Which revision of the source is running: what a result or a model file says of where it came from."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git_revision() -> str:
    """The revision of the working tree, with "+" after it where files were changed; "" where git does not know one."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--abbrev=12", "--dirty=+"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
