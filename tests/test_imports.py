"""Dependencies point one way: an edge device installs no torch, nothing leans on the trainer, and rooms have an order.

A room is a folder of a package, or a file that lies in app/ or training/ itself; the rest of models/ is one, and of
export/. A room imports those below it in ROOMS and itself, and training any of the other packages.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.system.places import ROOT

PACKAGES = ("app", "models", "training", "export")
# What may import which of our own packages; a package may always import itself.
ALLOWED = {
    "app": {
        "export.runtime",
        "models.system",
        "models.labels",
        "models.skeleton",
        "models.body",
        "models.lost_joints",
        "models.clips",
        "models.resample",
        "models.taught_clip",
        "models.thresholds",
    },
    "export.runtime": {"export.runtime", "models.system", "models.thresholds"},
    "models": {"models"},
    "export": {"export", "models"},
    "training": {"training", "models", "export", "app"},
}
TORCH = {"torch", "safetensors", "tensorrt_llm", "onnxscript"}
# What of safetensors brings no torch: packs of taught actions are read by it.
NO_TORCH = ("safetensors.numpy", "safetensors.safe_open", "safetensors.SafetensorError")
# From the ground up. What a room imports stands before it in its own line, or in that of a package that it may import.
ROOMS = {
    "ground": ["models/system", "models", "export/runtime", "export", "export/web", "export/commands"],
    "app": [
        "app/types.py", "app/pose", "app/landmarks", "app/sources", "app/counting", "app/stream",
        "app/classify", "app/teach", "app/corrections", "app/broadcast", "app/batch", "app/page", "app/site",
        "app/doctor", "app/benchmark",
        "app/page_bench.py", "app/bench_batch.py", "app/camera_bench.py",
        "app/commands", "app/__main__.py", "app/__init__.py",
    ],
    "training": [
        "training/parallel", "training/data", "training/drawing", "training/config", "training/runs", "training/method",
        "training/supervised", "training/evaluation", "training/judging", "training/default", "training/own",
        "training/comparison", "training/benchmark", "training/commands", "training/__main__.py",
        "training/__init__.py",
    ],
}  # fmt: skip
MOST_LINES_OF_AN_ENTRY = 100
NUMPY_ONLY = tuple(
    f"models/{name}.py"
    for name in (
        "labels",
        "skeleton",
        "body",
        "lost_joints",
        "layouts",
        "clips",
        "resample",
        "taught_clip",
        "thresholds",
    )
)


def files(folder: str) -> list[Path]:
    return [path for path in sorted((ROOT / folder).rglob("*.py")) if "pretrained" not in path.parts]


def imports(path: Path, annotations: bool = False) -> Iterator[str]:
    """Dotted names that a file imports, anywhere in it; those under TYPE_CHECKING for annotations alone."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not annotations and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            skipped.update(child for statement in node.body for child in ast.walk(statement))
        elif node in skipped:
            continue
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def owner(path: Path) -> str:
    name = path.relative_to(ROOT).parts[0]
    return "export.runtime" if path.is_relative_to(ROOT / "export" / "runtime") else name


@pytest.mark.parametrize("package", PACKAGES)
def test_arrows(package: str) -> None:
    assert files(package)
    for path in files(package):
        allowed = ALLOWED[owner(path)] | {owner(path)}
        for name in imports(path):
            if name.split(".")[0] in (*PACKAGES, "tests"):
                fits = any(name == prefix or name.startswith(prefix + ".") for prefix in allowed)
                assert fits, f"{path.relative_to(ROOT)} must not import {name}"


@pytest.mark.parametrize("folder", ["app", "export/runtime"])
def test_no_torch_in_the_files(folder: str) -> None:
    paths = files(folder) + [ROOT / name for name in NUMPY_ONLY]
    for path in paths:
        heavy = {name.split(".")[0] for name in imports(path) if not name.startswith(NO_TORCH)} & TORCH
        assert not heavy, f"{path.relative_to(ROOT)} imports {heavy}"


def test_skeleton_and_clips_need_numpy_alone() -> None:
    for name in NUMPY_ONLY:
        third_party = {i.split(".")[0] for i in imports(ROOT / name)} - set(sys.stdlib_module_names) - {"models"}
        assert third_party <= {"numpy"}, f"{name} imports {third_party}"


def test_the_machine_needs_the_standard_library_and_filelock_alone() -> None:
    """It stands below every room, so it leans on none of them."""
    allowed = set(sys.stdlib_module_names) | {"filelock"}
    for path in files("models/system"):
        for name in imports(path):
            fits = name.startswith("models.system.") or name.split(".")[0] in allowed
            assert fits, f"{path.relative_to(ROOT)} must not import {name}"


def test_no_torch_at_run_time() -> None:
    """Every module of app and of the runtime, imported in a fresh Python."""
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files("app") + files("export/runtime")]
    names = [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]
    names += [name.removesuffix(".py").replace("/", ".") for name in NUMPY_ONLY]
    program = (
        f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\n"
        "print([name for name in ('torch', 'training', 'tensorrt') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]", done.stdout


def module_of(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def room_of(name: str) -> str:
    """The room of a file, by its path from the root."""
    parts = name.split("/")
    if len(parts) > 2:
        return "/".join(parts[:2])
    return name if parts[0] in ("app", "training") else parts[0]


@pytest.fixture(scope="module")
def arrows() -> dict[str, set[str]]:
    """File -> files of ours that it imports, anywhere in it and under TYPE_CHECKING too."""
    names = [path.relative_to(ROOT).as_posix() for package in PACKAGES for path in files(package)]
    at = {module_of(name): name for name in names}
    found: dict[str, set[str]] = {}
    for name in names:
        wanted = list(imports(ROOT / name, annotations=True))
        # `from a.b import c` names the module a.b.c, or something in a.b
        hits = (at.get(one) or at.get(one.rpartition(".")[0]) for one in wanted)
        found[name] = {hit for hit in hits if hit is not None} - {name}
    return found


def test_every_room_has_a_place(arrows: dict[str, set[str]]) -> None:
    """No flat module in app/ or training/ but those that ROOMS names, and no folder that it does not."""
    known = {room for line in ROOMS.values() for room in line}
    assert {room_of(name) for name in arrows} <= known


def test_no_import_up_the_order_of_rooms(arrows: dict[str, set[str]]) -> None:
    rank = {room: (line, k) for line, rooms in ROOMS.items() for k, room in enumerate(rooms)}
    pairs = [(name, target) for name, targets in arrows.items() for target in sorted(targets)]
    places = [(name, target, rank[room_of(name)], rank[room_of(target)]) for name, target in pairs]
    upward = [f"{name} -> {target}" for name, target, a, b in places if a[0] == b[0] and a[1] < b[1]]
    assert upward == []


def test_no_circle_of_files(arrows: dict[str, set[str]]) -> None:
    """What is left after taking away, again and again, whatever imports nothing that is left."""
    left = dict(arrows)
    while free := [name for name, targets in left.items() if not targets & left.keys()]:
        for name in free:
            del left[name]
    assert sorted(left) == [], "these import each other, or lead to such files"


@pytest.mark.parametrize("package", ["app", "training", "export"])
def test_an_entry_point_only_names_commands(package: str) -> None:
    text = (ROOT / package / "__main__.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) < MOST_LINES_OF_AN_ENTRY
