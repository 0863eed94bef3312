"""Presets, YAML and options: what overrides what, and what is refused."""

import argparse
from pathlib import Path

import pytest

from models.modality_names import MODALITIES
from training.config.options import add_options, from_args
from training.config.schema import DistilConfig, PretrainConfig, parse_modalities
from training.config.sources import from_sources


def test_the_paper_preset_is_the_papers() -> None:
    config = from_sources(PretrainConfig, "paper")
    assert (config.epochs, config.stage1, config.batch, config.lr, config.drop_at) == (300, 150, 128, 0.1, (250,))
    assert (config.optimizer, config.momentum, config.weight_decay) == ("sgd", 0.9, 1e-4)
    assert (config.queue, config.temperature, config.keep, config.topk) == (32768, 0.07, 0.999, 1)
    assert config.loss_weights == {"ekem": 1.0, "ikem": 1.0}
    assert config.freeze_keys == ("joint", "bone", "rotation")
    assert (config.views.crop, config.views.shear, config.views.turn) == (1 / 6, 0.5, 0.0)
    assert config.shape.channels == (16,) * 4 + (32,) * 3 + (64,) * 2 + (256,) and config.shape.dropout == 0.5
    assert not config.shape.mask_people and not config.shape.published_partition and config.shape.time_scaled
    student = from_sources(DistilConfig, "paper")
    assert (student.epochs, student.drop_at, student.method) == (150, (125,), "rckd")
    assert student.modalities == ("joint", "bone", "motion")


def test_rates() -> None:
    paper = from_sources(PretrainConfig, "paper")
    assert [paper.rate(e) for e in (0, 249.9, 250, 299)] == pytest.approx([0.1, 0.1, 0.01, 0.01])
    cosine = from_sources(PretrainConfig, "paper", None, {"schedule": "cosine", "warmup": 10})
    assert cosine.rate(5) == pytest.approx(0.05, rel=1e-3)
    assert cosine.rate(150) == pytest.approx(0.05) and cosine.rate(300) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("j,m,b,a,r,o", MODALITIES), ("jmb", ("joint", "motion", "bone")), ("angular", ("angular",)),
     ("bone, j", ("bone", "joint"))],
)  # fmt: skip
def test_modalities_by_letter_and_name(text: str, expected: tuple[str, ...]) -> None:
    assert parse_modalities(text) == expected


@pytest.mark.parametrize("text", ["j,x", "jj", "", "joint,joint"])
def test_wrong_modalities_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="different names"):
        parse_modalities(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("epoch: 3", "mine.yaml: there is no epoch; there are epochs, batch, "),
        ("views: {sheer: 1}", "mine.yaml: there is no views.sheer; there are views.crop, views.shear, "),
        ("views.sheer: 1", "there is no views.sheer"), ("hide: {shares: 1}", "there is no hide.shares"),
        ("views: 3", "views must hold `key: value` pairs; got 3"),
        ("epochs: three", "mine.yaml: epochs must be a whole number; got 'three'"),
        ("epochs: 2.5", "epochs must be a whole number; got 2.5"),
        ("lr: true", "lr must be a number; got True"),
        ("lr: 1e-5", "lr must be a number; got '1e-5', which YAML takes for text; write 1.0e-05"),
        ("epochs: 1e2", "got '1e2', which YAML takes for text; write 100"), ("lr: nan", "got 'nan'"),
        ("drop_at: 250", "drop_at must be a list, each a whole number; got 250"),
        ("drop_at: [1e2]", "each a whole number; got ['1e2'], which YAML takes for text; write 100"),
        ("beside: {soft: a}", "beside must be `key: value` pairs, each a number; got {'soft': 'a'}"),
        ("beside: [predict]", "beside must be `key: value` pairs"), ("mask_own: maybe", "must be true or false"),
        ("shape: {channels: 16}", "shape.channels must be a list"), ("modalities: 3", "modalities must be a list"),
        ("modalities: jx", "mine.yaml: "), ("1: 2", "there is no 1; there are"), ("views:", "views must hold"),
        ("lr: {a: 1}", "lr must be a number; got {'a': 1}"), ("epochs.x: 3", "epochs must be a whole number"),
        ("shape: {dropout: much}", "shape.dropout must be a number; got 'much'"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_named(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(ValueError) as caught:
        from_sources(PretrainConfig, "compact", file)
    said = str(caught.value)
    assert says in said and said.startswith(f"{file}: ") and said.count(str(file)) == 1


def test_a_file_and_options_are_judged_together(tmp_path: Path) -> None:
    """A wrong option is not blamed on the file, and the file may need an option."""
    file = tmp_path / "mine.yaml"
    file.write_text("stage1: 250")
    assert from_sources(PretrainConfig, "compact", file, {"epochs": 500}).stage1 == 250
    with pytest.raises(ValueError, match=r"^stage1 must be from 0 to the 200 epochs; got 5000$"):
        from_sources(PretrainConfig, "compact", file, {"stage1": 5000})


@pytest.mark.parametrize("text", ["0.00001", "1.0e-05", "100"])
def test_what_is_advised_is_a_number_to_yaml(text: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(f"lr: {text}")
    assert from_sources(PretrainConfig, "compact", file).lr == float(text)


def test_a_missing_file_is_no_matter_of_yaml(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.yaml cannot be read: No such file"):
        from_sources(PretrainConfig, "compact", tmp_path / "none.yaml")


def test_preset_then_file_then_options(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("lr: 0.02\nepochs: 7\nstage1: 3\nshape: {dropout: 0.25}\nmodalities: j,b\n")
    parser = argparse.ArgumentParser()
    add_options(parser, PretrainConfig)
    line = ["--preset", "compact", "--config", str(file), "--epochs", "9", "--views.turn", "1.5", "--no-mask-own"]
    config = from_args(PretrainConfig, parser.parse_args(line + ["--weights", "ekem=1,ikem=0.5"]))
    assert (config.lr, config.epochs, config.stage1, config.shape.dropout) == (0.02, 9, 3, 0.25)
    assert config.shape.channels == from_sources(PretrainConfig, "compact").shape.channels
    assert (config.views.turn, config.mask_own) == (1.5, False)
    assert config.loss_weights == {"ekem": 1.0, "ikem": 0.5}
    assert config.modalities == ("joint", "bone")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [({"lr": -1}, "lr"), ({"exchange": "all"}, "exchange"), ({"stage1": 900}, "stage1"), ({"colour": 1}, "colour"),
     ({"shape.depth": 1}, "depth"), ({"modalities": ("joint",)}, "two modalities"), ({"weights": {"x": 1}}, "weights"),
     ({"freeze_keys": ("elbow",)}, "freeze_keys"), ({"precision": "fp8"}, "precision"),
     ({"weights": {"info_nce": 0.0}}, "weights"), ({"weights": {"ekem": 1.0, "ikem": -0.5}}, "weights")],
)  # fmt: skip
def test_wrong_values_are_named(wrong: dict, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        from_sources(PretrainConfig, "paper", None, wrong)


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("- 1\n")
    for name in ("list.yaml", "missing.yaml"):
        with pytest.raises(ValueError, match=name):
            from_sources(PretrainConfig, "paper", tmp_path / name)


def test_every_option_is_explained() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser, PretrainConfig)
    add_options(argparse.ArgumentParser(), DistilConfig)
    assert [a.option_strings[0] for a in parser._actions if not a.help and a.dest != "preset"] == []


@pytest.mark.parametrize(
    ("preset", "over", "wanted"),
    [
        ("paper", {"epochs": 30}, {"stage1": 15, "drop_at": (25,), "warmup": 0}),
        ("compact", {"epochs": 10}, {"stage1": 5, "drop_at": (250,), "warmup": 1}),
        ("compact", {"epochs": 1}, {"stage1": 0, "warmup": 0}),
        ("compact", {"epochs": 9, "stage1": 9}, {"stage1": 9, "warmup": 1}),
        ("paper", {"epochs": 30, "drop_at": [20]}, {"stage1": 15, "drop_at": (20,)}),
        ("compact", {"lr": 0.1}, {"epochs": 200, "stage1": 100}),
    ],
)
def test_stages_follow_the_epochs(preset: str, over: dict, wanted: dict) -> None:
    config = from_sources(PretrainConfig, preset, None, over)
    assert {name: getattr(config, name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ({"exchange": "ikm"}, "exchange must be one of none, ekem, ikem, ekem.ikem, cmd; got 'ikm'"),
        ({"optimizer": "adma"}, "optimizer must be one of sgd, adamw"),
        ({"precision": "fp17"}, "precision must be one of auto, fp32, tf32, bf16"),
        ({"queue": 0}, "queue must be at least 1; got 0"),
        ({"epochs": 4, "warmup": 4}, "warmup must be from 0 to below the 4 epochs; got 4"),
        ({"epochs": 4, "stage1": 5}, "stage1 must be from 0 to the 4 epochs; got 5"),
        ({"epochs": 0}, "epochs must be at least 1; got 0"),
    ],
)
def test_what_is_wrong_says_what_is_right(over: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_sources(PretrainConfig, "compact", None, over)
