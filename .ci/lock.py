"""Print a constraints file: each package of this environment that the requirements lead to, with its version.

`make lock` writes requirements.lock with it. A package that somebody installed beside them is left out.
"""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
INSTALLED = ("requirements.txt", "requirements-train.txt", "requirements-mqtt.txt", "requirements-dev.txt")
# Not installed here, but its versions are kept as well. TensorRT's are not: its package asks the vendor's own index.
OPTIONAL = "requirements-ray.txt"
# Libraries of CUDA that PyTorch's wheel for NVIDIA GPUs pins itself; its wheel for CPUs needs none.
PYTORCHS_OWN = ("nvidia-", "cuda-", "triton")


def where() -> str:
    """This Python and platform in words, as the file's head names them."""
    return f"Python {sys.version_info.major}.{sys.version_info.minor}, {sys.platform}, {platform.machine()}"


def pinned(path: Path) -> list[Requirement]:
    """Give the requirements of a file that hold on this platform."""
    lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    found = [Requirement(line) for line in lines if line]
    return [r for r in found if r.marker is None or r.marker.evaluate()]


def needed(requirements: Iterable[Requirement]) -> dict[str, str]:
    """Give the installed version of each package that the requirements lead to, by its canonical name.

    Raises:
        PackageNotFoundError: one of them is not installed.
    """
    versions: dict[str, str] = {}
    seen, waiting = set(), [(canonicalize_name(r.name), extra) for r in requirements for extra in ("", *r.extras)]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen or name.startswith(PYTORCHS_OWN):
            continue
        seen.add((name, extra))
        package = distribution(name)
        versions[name] = package.version.partition("+")[0]  # without PyTorch's +cpu, which other machines lack
        for text in package.requires or ():
            other = Requirement(text)
            if other.marker is None or other.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(other.name), more) for more in ("", *other.extras)]
    return versions


def resolved(path: Path, beside: dict[str, str]) -> dict[str, str]:
    """Ask pip which packages a file leads to, and in which versions, where those of `beside` are installed.

    Raises:
        CalledProcessError: pip cannot resolve them.
    """
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    with TemporaryDirectory() as folder:
        constraints = Path(folder, "constraints.txt")
        constraints.write_text("\n".join(lines(beside)), encoding="utf-8")
        command += ["-r", str(path), "-c", str(constraints)]
        report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return {canonicalize_name(p["metadata"]["name"]): p["metadata"]["version"] for p in report["install"]}


def lines(versions: dict[str, str]) -> Iterable[str]:
    """Give the file's lines: two of comment, then a package a line, sorted."""
    yield "# Versions that the tests ran with, for pip's -c; a package that is not asked for is not installed by it."
    yield f"# Made for {where()}. `make lock` writes it anew; run `make test` before you commit it."
    yield from (f"{name}=={versions[name]}" for name in sorted(versions))


def read(path: Path) -> dict[str, str]:
    """Give the versions that a constraints file holds."""
    return dict(re.findall(r"^([^#\s=]+)==(\S+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE))


def main() -> None:
    """Print the file."""
    versions = needed(r for name in INSTALLED for r in pinned(ROOT / name))
    print(*lines(versions | resolved(ROOT / OPTIONAL, versions)), sep="\n")


if __name__ == "__main__":
    main()
