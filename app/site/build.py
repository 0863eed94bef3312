"""The page as a folder of files that any web server can serve, and that needs nothing else."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from app.page.motions import motions
from app.page.theme import PAGE_ASSETS
from app.site.licences import licences
from app.site.page import ICONS, SITE, index_html, manifest, piece, policy, style
from app.site.scripts import scripts
from app.site.served import NAMES
from models.system.atomic import hand_over

if TYPE_CHECKING:
    from export.runtime import Recogniser

PAGE, WORKER = "index.html", "service_worker.js"
_MARK = "// Keeps this page on the visitor's machine"  # how the worker of every site of ours begins
# Web servers take the kind of a file from its name. Many do not know .mjs, so there is none.
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
}
_OTHER_KIND = "application/octet-stream"


class SiteError(ValueError):
    """The reason why the site cannot be written, as a message that says what to do."""


def site_files(model: Recogniser, recognition: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the site: the content of each file by its path.

    Args:
        model: the action model, for labels, facts and terms.
        recognition: what recognises in the browser, by its names in app.site.served.NAMES; what is missing is left out.
    """
    paths = {key: f"recogniser/{name.replace('.mjs', '.js')}" for key, name in NAMES.items() if name in recognition}
    files = {path: recognition[NAMES[key]] for key, path in paths.items()} | scripts() | licences(model)
    moving = {label: motion for label, motion in motions().items() if label in model.labels}
    files |= {f"page/motions/{label}.json": json.dumps(motion).encode() for label, motion in moving.items()}
    files |= {"site.css": style(), "manifest.json": manifest(), "icon.svg": (PAGE_ASSETS / "favicon.svg").read_bytes()}
    files |= {name: (SITE / name).read_bytes() for name in ICONS}
    addresses = {key: f"./{path}" for key, path in paths.items()}
    # The page and its service worker name the build, so its name is made of both without it, and of all the rest.
    drafts = {PAGE: index_html(model, addresses, ""), WORKER: _worker({}, "")}
    build = hashlib.sha256(_digests(files | drafts).encode()).hexdigest()[:16]
    files[PAGE] = index_html(model, addresses, build)
    return files | {WORKER: _worker(files, build)}


def _digests(files: Mapping[str, bytes]) -> str:
    return "\n".join(f"{path} {hashlib.sha256(files[path]).hexdigest()}" for path in sorted(files))


def _worker(files: Mapping[str, bytes], build: str) -> bytes:
    kinds = {path: KINDS.get(Path(path).suffix, _OTHER_KIND) for path in files}
    digests = {path: "" if path == PAGE else hashlib.sha256(content).hexdigest() for path, content in files.items()}
    facts = {path: [digests[path], kinds[path]] for path in sorted(files)}
    return piece(WORKER, build=build, policy=policy(), files=json.dumps(facts, indent=0)).encode()


def check_place(out: Path) -> None:
    """Refuse a folder that holds anything but a site that was written here.

    Raises:
        SiteError: it does, or it is no folder.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise SiteError(f"{out} is a file: name a folder with --out")
    held = {path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir() or path.is_symlink()}
    foreign = sorted(held - _written(out))
    if foreign:
        raise SiteError(f"{out} holds {foreign[0]}, which no site written here has: name an empty folder with --out")


def listed(worker: str) -> dict[str, list[str]]:
    """Return what a service worker's text lists: [SHA-256, kind] of each file by its path."""
    return json.JSONDecoder().raw_decode(worker.partition("const FILES = ")[2])[0]


def _written(out: Path) -> set[str]:
    """Return the paths of a site that was written to a folder, none where there is no such site."""
    try:
        text = (out / WORKER).read_text(encoding="utf-8")
        return {*listed(text), WORKER} if text.startswith(_MARK) else set()
    except (OSError, ValueError):
        return set()


def write_site(files: Mapping[str, bytes], out: Path) -> None:
    """Write a site whole: it takes the place of an earlier one at once, or nothing changes.

    Args:
        files: content by path; see site_files.
        out: the folder, which is made; its parent too.

    Raises:
        SiteError: the folder holds something else, or cannot be written.
    """
    check_place(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-", ignore_cleanup_errors=True) as work:
            new, old = Path(work) / "new", Path(work) / "old"
            for name, content in files.items():
                path = new / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                hand_over(path)
            _swap(new, old, out)
    except OSError as error:
        reason = error.strerror or error
        raise SiteError(f"cannot write {out} ({reason}): make room, or name another place with --out") from None


def _swap(new: Path, old: Path, out: Path) -> None:
    if out.exists():
        out.replace(old)
    try:
        new.replace(out)
    except OSError:
        if old.exists():
            old.replace(out)
        raise
