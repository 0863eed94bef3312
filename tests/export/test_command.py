"""`python -m export`."""

from pathlib import Path

import pytest

from export.__main__ import main
from export.runtime import ActionModel
from models.student import Student
from models.weights import StudentConfig, save


@pytest.mark.usefixtures("traced")
def test_from_weights_to_a_model_file(
    student: Student, config: StudentConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(student, config, tmp_path)
    assert main(["onnx", "--weights", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'student.onnx'}: 3 labels")
    assert ActionModel(tmp_path / "student.onnx").labels == config.labels
    assert len(list(tmp_path.iterdir())) == 3  # no part of a file left behind


def test_no_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["onnx", "--weights", str(tmp_path)]) == 1
    assert "config.json is missing" in capsys.readouterr().err


COMMANDS = {
    "onnx": {"--weights", "--precision", "--clips", "--force", "--out"},
    "web": {"--weights", "--precision", "--out"},
    "check": {"--weights", "--clips", "--json"},
    "bench": {"--weights", "--threads", "--batches", "--web", "--modules", "--json"},
}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert f"  python -m export {command} " in capsys.readouterr().out.partition("examples:")[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_options_are_these(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    text = capsys.readouterr().out.partition("options:")[2].partition("examples:")[0]
    options = {line.split()[0].strip(",") for line in text.splitlines() if line.strip().startswith("--")}
    assert options == COMMANDS[command]


def test_the_precision_is_one_of_three(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["onnx", "--precision", "fp8"])
    assert caught.value.code == 2
    assert "invalid choice: 'fp8'" in capsys.readouterr().err
