"""The page's modules that one of them needs, followed from import to import."""

from __future__ import annotations

import posixpath
import re

from models.system.places import ASSETS

START = "page/site_main.js"
FOLDERS = ("page/", "web/")
# Also of workers, which are made by new URL("./worker.js", import.meta.url).
_NAMED = re.compile(r"""["'](\.{1,2}/[\w./-]+\.js)["']""")
_IMPORTS = re.compile(r"import [\"\w*{]|export .* from |} from ")


def scripts(start: str = START) -> dict[str, bytes]:
    """Return the content of a module and of all that it names, by their paths below assets, in order of discovery.

    Args:
        start: the first module's path.

    Raises:
        FileNotFoundError: a module names one that is not there.
    """
    found: dict[str, bytes] = {}
    waiting = [start]
    for path in waiting:  # which grows meanwhile
        found[path] = (ASSETS / path).read_bytes()
        waiting += [name for name in _named(path, found[path].decode()) if name not in waiting]
    return found


def imported(start: str = START) -> list[str]:
    """Return a module and those that are imported at once, without those that come when they are needed (workers)."""
    found = [start]
    for path in found:  # which grows meanwhile
        text = (ASSETS / path).read_text(encoding="utf-8")
        lines = "\n".join(line for line in text.splitlines() if _IMPORTS.match(line))
        found += [name for name in _named(path, lines) if name not in found]
    return found


def _named(path: str, text: str) -> list[str]:
    """Return the paths of the modules that a text names, which stands in the module `path`, each once."""
    folder = posixpath.dirname(path)
    paths = [posixpath.normpath(f"{folder}/{name}") for name in _NAMED.findall(text)]
    return [name for name in dict.fromkeys(paths) if name.startswith(FOLDERS)]
