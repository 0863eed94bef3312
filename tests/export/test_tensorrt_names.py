"""What our code takes from TensorRT and CUDA is in the real files, for all versions that it is for."""

from __future__ import annotations

import ctypes
import inspect
import zipfile
from pathlib import Path

import pytest

from export.runtime import cuda
from export.runtime.cuda import PROTOTYPES, AcceleratorMissingError, Cuda
from tests.export import tensorrt_bindings as bindings
from tests.export.fake_cuda import DECLARED
from tests.export.fake_tensorrt import CLASSES, VERSIONS, FakeCudart, fake_tensorrt

KNOWN = bindings.known()
USED = set().union(*bindings.used_names().values())


def test_the_names_are_found_in_our_code() -> None:
    by_file = bindings.used_names()
    assert {
        "Builder",
        "Builder.create_network",
        "NetworkDefinitionCreationFlag.STRONGLY_TYPED",
        "ParserError.desc",
    } <= (by_file["export/tensorrt.py"])
    assert {"Runtime", "ILogger.log", "IExecutionContext.execute_async_v3", "TensorIOMode.INPUT", "__version__"} <= (
        by_file["export/runtime/engine.py"]
    )


@pytest.mark.parametrize("version", list(KNOWN["bindings"]))
def test_every_name_that_we_use_is_in_the_wheel(version: str) -> None:
    assert set(KNOWN["bindings"][version]["names"]) == USED, "run python -m tests.export.tensorrt_bindings"


def test_both_major_versions_are_known() -> None:
    assert {version.split(".")[0] for version in KNOWN["bindings"]} == {"10", "11"}
    assert set(KNOWN["bindings"]) == set(bindings.PACKAGES) and set(VERSIONS) <= set(bindings.PACKAGES)
    pinned = (bindings.ROOT / "requirements-tensorrt.txt").read_text(encoding="utf-8")
    assert f"tensorrt=={VERSIONS[1]}" in pinned
    flags = {
        version: KNOWN["bindings"][version]["names"]["NetworkDefinitionCreationFlag.STRONGLY_TYPED"]
        for version in VERSIONS
    }
    assert set(flags.values()) == {0, 1}  # so the number must never be written down


@pytest.mark.parametrize("version", list(KNOWN["cudart"]))
def test_every_function_that_we_call_is_in_cudart(version: str) -> None:
    assert KNOWN["cudart"][version]["names"] == sorted((*PROTOTYPES, "cudaGetErrorString"))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_fake_offers_nothing_that_the_wheel_does_not(version: str) -> None:
    """With this, a test that passes on the fake uses real names, with arguments in the real order."""
    names = KNOWN["bindings"][version]["names"]
    trt = fake_tensorrt(version, FakeCudart())
    for kind in CLASSES:
        for name, member in vars(kind).items():
            real = names.get(f"{kind.__name__}.{name}")
            if name == "__init__" and kind.__name__ in names:
                real = names[kind.__name__]
            elif name.startswith("_"):
                continue
            assert real is not None, f"{kind.__name__}.{name} is not in TensorRT {version}"
            if real != "property":
                own = list(inspect.signature(member).parameters)[1:]
                overloads = [text.strip("()").split(", ") for text in real.split(" or ")]
                assert any(own == args[: len(own)] for args in overloads), (kind.__name__, name, real)
    assert trt.__version__ == names["__version__"]


def test_the_fake_declares_cuda_as_we_do() -> None:
    assert {name: len(types) for name, types in DECLARED.items()} == {n: len(t) for n, t in PROTOTYPES.items()}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The real files, downloaded."""
    folder, found = tmp_path_factory.mktemp("wheels"), {}
    for version, package in (bindings.PACKAGES | bindings.CUDART_PACKAGES).items():
        wheel = bindings.download(package, version, folder)
        if wheel is None:
            pytest.skip(f"{package} {version} cannot be downloaded here")
        found[version] = wheel
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bindings", "cudart"])
def test_the_wheels_are_the_known_ones_and_hold_the_names(wheels: dict[str, Path], kind: str) -> None:
    for version, entry in KNOWN[kind].items():
        assert wheels[version].name == entry["wheel"] and bindings.sha256(wheels[version]) == entry["sha256"]
        names = sorted(set(entry["names"]) - {"__version__"})  # that one is not in the compiled module
        assert bindings.among_strings(wheels[version], [*names, "Builder.no_such_name"]) == set(names)


@pytest.mark.slow
@pytest.mark.parametrize("version", list(KNOWN["bindings"]))
def test_the_imported_binding_tells_the_same(wheels: dict[str, Path], version: str) -> None:
    if not bindings.can_import():
        pytest.skip("needs CPython 3.11 on 64-bit Linux and a C compiler")
    assert bindings.ask(wheels[version], sorted(USED)) == KNOWN["bindings"][version]["names"]


@pytest.mark.slow
@pytest.mark.parametrize("version", list(KNOWN["cudart"]))
def test_the_real_cudart_is_called_and_answers(
    wheels: dict[str, Path], version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a driver the answer is an error, but the library's own."""
    with zipfile.ZipFile(wheels[version]) as archive:
        inside = next(name for name in archive.namelist() if "/libcudart.so." in name)
        archive.extract(inside, tmp_path)
    try:
        library = ctypes.CDLL(str(tmp_path / inside))
    except OSError as error:
        pytest.skip(f"made for another machine: {error}")
    monkeypatch.setattr(cuda, "cudart", lambda: library)
    try:
        gpu = Cuda()
    except AcceleratorMissingError as error:
        assert "no NVIDIA GPU can be used here (cudaGetDeviceCount: " in str(error)
    else:
        assert gpu.name and float(gpu.capability) >= 5
