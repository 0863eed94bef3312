"""What TensorRT's and CUDA's real files offer of the names that our code uses, kept in tensorrt_names.json.

The libraries of TensorRT cannot be had everywhere, its binding (a compiled Python module) can. Where there is a C
compiler the binding is imported with empty libraries in place of TensorRT's: then it tells each class's own names, the
order of arguments and the numbers of enums. Without one, names are looked for among the strings of its file.

    .venv/bin/python -m tests.export.tensorrt_bindings    # write tensorrt_names.json anew
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from export.runtime.cuda import PROTOTYPES
from models.system.places import ROOT

NAMES_FILE = Path(__file__).with_name("tensorrt_names.json")
SOURCES = ("export/tensorrt.py", "export/runtime/engine.py")
PACKAGES = {  # the oldest that our code is for, JetPack 6's, and the newest of each major version
    "10.0.1": "tensorrt-cu12-bindings",
    "10.3.0": "tensorrt-cu12-bindings",
    "10.16.1.11": "tensorrt-cu12-bindings",
    "11.4.0.106": "tensorrt-cu13-bindings",
}
CUDART_PACKAGES = {"12.9.79": "nvidia-cuda-runtime-cu12", "13.5.37": "nvidia-cuda-runtime"}
CUDART_NAMES = sorted((*PROTOTYPES, "cudaGetErrorString"))
# Which class of the binding our code's variables hold.
VARIABLES = {
    "builder": "Builder",
    "network": "INetworkDefinition",
    "parser": "OnnxParser",
    "fault": "ParserError",
    "config": "IBuilderConfig",
    "profile": "IOptimizationProfile",
    "cache": "ITimingCache",
    "self._runtime": "Runtime",
    "self._engine": "ICudaEngine",
    "self._context": "IExecutionContext",
}
# The functions that the binding takes from TensorRT's libraries.
TAKEN = (
    "createInferBuilder_INTERNAL", "createInferRefitter_INTERNAL", "createInferRuntime_INTERNAL",
    "createNvOnnxParserRefitter_INTERNAL", "createNvOnnxParser_INTERNAL", "getBuilderPluginRegistry",
    "getNvOnnxParserVersion", "getPluginRegistry", "initLibNvInferPlugins",
)  # fmt: skip
PROGRAM = r"""
import json, re, sys
import tensorrt_bindings as trt

def arguments(callable_):
    "The names of the arguments, in brackets for each overload."
    lines = re.findall(r"^(?:\d+\. )?\w+\((self: .*)\) -> ", callable_.__doc__, re.MULTILINE)
    return " or ".join("(" + ", ".join(re.findall(r"(?:^|, )(\w+): ", line)[1:]) + ")" for line in lines)

def told(name):
    thing = trt
    for part in name.split("."):
        thing = getattr(thing, part)
    if isinstance(thing, str):
        return thing
    if hasattr(type(thing), "__members__"):
        return int(thing)
    if hasattr(thing, "__members__"):
        return "enum"
    if isinstance(thing, property):
        return "property"
    return arguments(thing.__init__ if isinstance(thing, type) else thing)

print(json.dumps({name: told(name) for name in json.loads(sys.argv[1])}))
"""


def used_names() -> dict[str, set[str]]:
    """The names of the tensorrt package that each of our files uses: what is reached from `trt` or a known variable."""
    return {source: set(_dotted((ROOT / source).read_text(encoding="utf-8"))) for source in SOURCES}


def _dotted(text: str) -> Iterator[str]:
    tree = ast.parse(text)
    named = {  # a class of the binding under a name of our own
        ast.unparse(node.target): ast.unparse(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and node.value is not None
    }
    for node in ast.walk(tree):
        base = ast.unparse(node.bases[0]) if isinstance(node, ast.ClassDef) and node.bases else ""
        base = named.get(base, base)
        if isinstance(node, ast.ClassDef) and base.startswith("trt."):
            own = [child.name for child in node.body if isinstance(child, ast.FunctionDef)]
            yield from (f"{base.removeprefix('trt.')}.{name}" for name in own)
        if not isinstance(node, ast.Attribute):
            continue
        chain = ast.unparse(node)
        owner, _, name = chain.rpartition(".")
        if owner in VARIABLES:
            yield f"{VARIABLES[owner]}.{name}"
        elif chain.startswith(("trt.", "self._trt.")) and not owner.endswith("__version__"):
            yield chain.removeprefix("self._").removeprefix("trt.")


def download(package: str, version: str, folder: Path) -> Path | None:
    """The wheel of a package for CPython 3.11 on 64-bit Linux, or None where it cannot be had."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--implementation", "cp", "--python-version", "3.11", "--dest", str(folder), f"{package}=={version}"]
    for platform in ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"):
        command += ["--platform", platform]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    except (OSError, subprocess.SubprocessError):
        return None
    return next(folder.glob(f"{package.replace('-', '_')}-{version}-*.whl"), None)


def sha256(wheel: Path) -> str:
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def among_strings(wheel: Path, names: list[str]) -> set[str]:
    """Those names of which every part ends a string in the compiled module or library of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        inside = [name for name in archive.namelist() if name.endswith("/tensorrt.so") or "/libcudart.so." in name]
        assert len(inside) == 1, inside
        data = archive.read(inside[0])
    return {name for name in names if all(part.encode() + b"\0" in data for part in name.split("."))}


def can_import() -> bool:
    """Whether the binding's wheel fits this Python, and there is a compiler for the empty libraries."""
    return (
        sys.platform == "linux"
        and os.uname().machine == "x86_64"
        and sys.version_info[:2] == (3, 11)
        and bool(shutil.which("cc"))
    )


def ask(wheel: Path, names: list[str]) -> dict[str, Any]:
    """What the imported binding tells of each name: arguments of each overload, an enum's number, or its kind."""
    major = wheel.name.split("-")[1].split(".")[0]
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
        source = Path(folder, "empty.c")
        source.write_text("".join(f"void *{name}(void) {{ return 0; }}\n" for name in TAKEN))
        for library in ("nvonnxparser", "nvinfer_plugin", "nvinfer"):
            file = f"lib{library}.so.{major}"
            built = Path(folder, "tensorrt_bindings", file)
            command = ["cc", "-shared", "-fPIC", f"-Wl,-soname,{file}", "-o", str(built), str(source)]
            subprocess.run(command, check=True, timeout=60)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, json.dumps(names)],
            cwd=folder, env=os.environ | {"PYTHONPATH": folder}, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def known() -> dict[str, Any]:
    """The content of tensorrt_names.json."""
    return json.loads(NAMES_FILE.read_text(encoding="utf-8"))


def main() -> None:
    """Write tensorrt_names.json."""
    names = sorted(set().union(*used_names().values()))
    found: dict[str, dict[str, Any]] = {"bindings": {}, "cudart": {}}
    with tempfile.TemporaryDirectory() as folder:
        for kind, packages in (("bindings", PACKAGES), ("cudart", CUDART_PACKAGES)):
            for version, package in packages.items():
                wheel = download(package, version, Path(folder))
                assert wheel is not None, f"{package} {version} cannot be had"
                told = ask(wheel, names) if kind == "bindings" else sorted(among_strings(wheel, CUDART_NAMES))
                found[kind][version] = {"wheel": wheel.name, "sha256": sha256(wheel), "names": told}
    NAMES_FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
