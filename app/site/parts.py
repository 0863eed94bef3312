"""What npm brings for the browser: MediaPipe's pose tasks and ONNX Runtime, both as WebAssembly, of pinned versions.

npm checks every package against the lock file's hashes. Only the few files that the page needs are kept, in a folder of
the cache whose name changes with the lock file. It appears whole or not at all, and nothing of it is committed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from app.site.making import making
from models.system.places import ASSETS, cache_folder

NPM = ASSETS / "npm"
WHAT_NPM_READS = ("package.json", "package-lock.json")
# The name under which the page asks for a file -> where its package has it.
PARTS = {
    "vision.mjs": "@mediapipe/tasks-vision/vision_bundle.mjs",
    "vision_wasm.js": "@mediapipe/tasks-vision/wasm/vision_wasm_module_internal.js",
    "vision_wasm.wasm": "@mediapipe/tasks-vision/wasm/vision_wasm_module_internal.wasm",
    "ort.mjs": "onnxruntime-web/dist/ort.wasm.min.mjs",
    "ort_wasm.mjs": "onnxruntime-web/dist/ort-wasm-simd-threaded.mjs",
    "ort_wasm.wasm": "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm",
}
_PATIENCE_S = 900  # about 60 MB come, and a line may be slow


class PartsError(ValueError):
    """The reason why there are no parts for the browser, as a message that says what to do."""


def parts_folder() -> Path:
    """Return where the parts are, or would be once fetched: of these versions and no others."""
    digest = hashlib.sha256((NPM / "package-lock.json").read_bytes()).hexdigest()
    return cache_folder() / f"web-{digest[:12]}"


def has_parts() -> bool:
    """Whether the parts were fetched."""
    return all((parts_folder() / name).is_file() for name in PARTS)


def versions() -> dict[str, str]:
    """Return each package's pinned version by its name."""
    return json.loads((NPM / "package.json").read_text(encoding="utf-8"))["dependencies"]


def ensure_parts(progress: bool = True) -> Path:
    """Return the folder with the PARTS, which npm fetches on first use.

    Args:
        progress: whether to say on standard error that something is being fetched.

    Raises:
        PartsError: npm is missing or fails; the message says why and what to do.
    """
    folder = parts_folder()
    if has_parts():
        return folder
    npm = shutil.which("npm")  # by its path: on Windows it is npm.cmd
    if npm is None:
        raise PartsError(f"npm is not on this machine; install Node.js (Debian: apt-get install npm), or {_by_hand()}")
    if progress:
        print(f"Fetching what a browser needs to do the work itself into {folder} ...", file=sys.stderr)
    with making(folder, PartsError) as work:
        _install(npm, work)
        _keep(work, folder)
    return folder


def _install(npm: str, work: Path) -> None:
    """Let npm put the packages into work/node_modules, from wherever its user has told it to take packages."""
    for name in WHAT_NPM_READS:
        shutil.copy(NPM / name, work)
    # No script of a package runs. Without a network each try takes as long as ten seconds, and npm would make three.
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1"]
    try:
        run = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        raise PartsError(
            f"npm has not come to an end in {_PATIENCE_S // 60} minutes; try again, or {_by_hand()}"
        ) from None
    if run.returncode:
        reason = (run.stderr.strip().splitlines() or ["no output"])[0].removeprefix("npm error ")
        raise PartsError(f"npm could not fetch the browser's parts ({reason}); check the network, or {_by_hand()}")


def _keep(work: Path, folder: Path) -> None:
    """Move the files that are needed into place, as one folder."""
    new = work / "new"
    new.mkdir()
    for name, path in PARTS.items():
        source = work / "node_modules" / path
        if not source.is_file():
            raise PartsError(f"the package has no {path} any more; app/site/parts.py names another version's files")
        source.replace(new / name)
    shutil.rmtree(folder, ignore_errors=True)  # what is left of an older one that lost a file
    new.replace(folder)


def _by_hand() -> str:
    return f"run `make web` on another machine and copy its {parts_folder().name} into {cache_folder()}"
