"""The wheel of the tool: what is in it, what it asks for, and that it works with no checkout in sight."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from models.system.places import ROOT
from tests.app.make_scene_clip import SCENE
from tests.wheels import PACKAGES, STRAY, build_wheel, copy_project, unpack

EXTRAS = {
    "train": ["requirements-train.txt"],
    "mqtt": ["requirements-mqtt.txt"],
    "ray": ["requirements-ray.txt"],
    "tensorrt": ["requirements-tensorrt.txt"],
    "dev": ["requirements-train.txt", "requirements-mqtt.txt", "requirements-dev.txt"],
}
WEIGHTS = (
    "student.onnx",
    "recogniser.onnx",
    "recogniser.json",
    "student.safetensors",
    "background.safetensors",
    "config.json",
    "README.md",
)
ABOUT = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "top_level.txt", "licenses/LICENSE", "licenses/NOTICE"}
PLACES = """
import app
from models.system import places
for path in (app.__file__, places.ASSETS / "page", places.EXAMPLE, places.DEFAULT_MODEL, places.PRETRAINED):
    print(path)
print(places.cache_folder())
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def wheel(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(project, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def listed(names: list[str]) -> list[Requirement]:
    """The requirements of files, in order."""
    lines = [line.partition("#")[0].strip() for name in names for line in (ROOT / name).read_text().splitlines()]
    return [Requirement(line) for line in lines if line]


def test_what_is_in_it(project: Path, wheel: Path) -> None:
    """Every module, the page, the example, both models and the recipes; no test, no document, nothing stray."""
    modules = {path for name in PACKAGES for path in (project / name).rglob("*.py")}
    data = {
        path
        for name in ("assets/npm", "assets/page", "assets/site", "assets/web", "training/recipes", "training/configs")
        for path in (project / name).glob("[!.]*")
    }
    expected = {path.relative_to(project).as_posix() for path in modules | data}
    expected |= {f"models/{folder}/{name}" for folder in ("pretrained", "pretrained_open") for name in WEIGHTS}
    expected |= {f"{name}/py.typed" for name in PACKAGES}
    expected |= {"assets/example.mp4", "export/web/bench.mjs"}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    about = {name for name in names if ".dist-info/" in name}
    assert names - about == expected and not names & set(STRAY)
    assert {name.partition(".dist-info/")[2] for name in about} == ABOUT
    assert "assets/page/motions.json" in names and "training/recipes/default.yaml" in names


def test_what_it_asks_for(metadata: Message) -> None:
    """The pins of the requirements files, and no PyTorch without the extra."""
    asked = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    base = [one for one in asked if "extra ==" not in str(one.marker)]
    assert {str(one) for one in base} == {str(one) for one in listed(["requirements.txt"])}
    assert not {one.name for one in base} & {one.name for one in listed(["requirements-train.txt"])}
    assert metadata.get_all("Provides-Extra") == list(EXTRAS)
    for extra, names in EXTRAS.items():
        added = {f"{one.name}{one.specifier}" for one in asked if f'extra == "{extra}"' in str(one.marker)}
        assert added == {f"{one.name}{one.specifier}" for one in listed(names)}


def test_what_it_says_of_itself(metadata: Message, wheel: Path) -> None:
    assert metadata["Name"] == "ikem-live" and metadata["License-Expression"] == "Apache-2.0"
    assert metadata.get_all("License-File") == ["LICENSE", "NOTICE"] and metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt"))
        assert archive.read(name).decode().split("\n")[:2] == [
            "[console_scripts]",
            "ikem-live = app.commands.console:main",
        ]


def run(*command: str | Path, site: Path, cwd: Path, **more: str) -> str:
    """A command's output, with the unpacked wheel and this environment's packages, and without this checkout."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "IKEM_", "XDG_"))}
    home = cwd / "home"
    home.mkdir(exist_ok=True)
    env = kept | {"PYTHONPATH": str(site), "HOME": str(home), **more}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_places(wheel: Path, tmp_path: Path) -> None:
    """The assets and the model lie beside the packages; the cache does not."""
    site = unpack(wheel, tmp_path / "site")
    *paths, cache = map(Path, run(sys.executable, "-c", PLACES, site=site, cwd=tmp_path, XDG_CACHE_HOME="/x").split())
    assert len(paths) == 5 and all(path.exists() and path.is_relative_to(site) for path in paths)
    assert sys.platform != "linux" or cache == Path("/x/ikem-live")


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, installed by pip into a folder of its own."""
    folder = tmp_path_factory.mktemp("installed") / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(folder)]
    subprocess.run([*pip, str(wheel)], check=True, timeout=300)
    return folder


def test_it_works_with_no_checkout_in_sight(site: Path, pose_model_path: Path, tmp_path: Path) -> None:
    """Installed, with an empty HOME: the doctor is content, and a recorded skeleton gets its events."""
    command = next(site.glob("bin/ikem-live*"))
    said = run(command, "doctor", site=site, cwd=tmp_path, IKEM_LIVE_CACHE=str(pose_model_path.parent))
    assert "everything that is needed works" in said and "finds the person in example.mp4" in said
    named = said.replace(sys.executable, "").replace(str(pose_model_path), "")
    assert " as ikem-live asks for" in said and str(ROOT) not in named
    shutil.copy(SCENE, tmp_path)
    run(command, "classify", "scene.npz", "--out", "out", site=site, cwd=tmp_path)
    events = [json.loads(line) for line in (tmp_path / "out" / "scene#0.jsonl").read_text().splitlines()]
    assert events and events[0]["label"] == "wave"


@pytest.mark.slow
def test_a_video_with_no_checkout_in_sight(site: Path, pose_model_path: Path, tmp_path: Path) -> None:
    """`classify` of a video writes what it writes in the checkout, and fetches nothing."""
    command = next(site.glob("bin/ikem-live*"))
    cache = {"IKEM_LIVE_CACHE": str(pose_model_path.parent)}
    run(command, "classify", site / "assets" / "example.mp4", "--out", "there", site=site, cwd=tmp_path, **cache)
    example, out = str(ROOT / "assets" / "example.mp4"), str(tmp_path / "here")
    here = [sys.executable, "-m", "app", "classify", example, "--out", out]
    subprocess.run(here, cwd=ROOT, check=True, capture_output=True, timeout=300)
    there, here_too = ((tmp_path / name / "example.jsonl").read_bytes() for name in ("there", "here"))
    assert there == here_too and there.startswith(b'{"input": "example.mp4"') and b'"label": "wave"' in there
    with (tmp_path / "there" / "summary.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 1
    assert not list((tmp_path / "home").rglob("*.task"))
