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


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["onnx", "--help"])
    assert caught.value.code == 0
    assert "python -m export onnx --weights" in capsys.readouterr().out


def test_options_are_these(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["onnx", "--help"])
    options = {word.strip("[],") for word in capsys.readouterr().out.split() if word.strip("[],").startswith("--")}
    assert options == {"--help", "--weights", "--out"}
