"""Dependencies point one way: an edge device installs no torch, and nothing leans on the trainer."""

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
    "app": {"export.runtime", "models.system", "models.labels", "models.skeleton", "models.clips", "models.resample"},
    "export.runtime": {"export.runtime", "models.system"},
    "models": {"models"},
    "export": {"export", "models"},
    "training": {"training", "models", "export", "app"},
}
TORCH = {"torch", "safetensors", "tensorrt_llm", "onnxscript"}
# What of safetensors brings no torch: packs of taught actions are read by it.
NO_TORCH = ("safetensors.numpy", "safetensors.safe_open", "safetensors.SafetensorError")
NUMPY_ONLY = ("models/labels.py", "models/skeleton.py", "models/clips.py", "models/resample.py")


def files(folder: str) -> list[Path]:
    return [path for path in sorted((ROOT / folder).rglob("*.py")) if "pretrained" not in path.parts]


def imports(path: Path) -> Iterator[str]:
    """Dotted names that a file imports, anywhere in it, but for those under TYPE_CHECKING."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
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
