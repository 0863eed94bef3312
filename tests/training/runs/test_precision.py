"""Precision: chosen by the processor, kept by a run, and TF32 only where it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from training.config.schema import DistilConfig, PretrainConfig
from training.config.sources import from_sources
from training.runs import precision as precision_module
from training.runs.precision import chosen_precision, encoders_in, use_precision
from training.runs.run_folder import made_with, open_run
from training.runs.starts import held_precision

CPU = torch.device("cpu")


@pytest.mark.parametrize(("quick", "expected"), [(True, "bf16"), (False, "fp32")])
def test_auto_is_bf16_only_where_the_processor_is_quick_with_it(
    quick: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision_module, "bf16_is_quick", lambda: quick)
    assert chosen_precision("auto", CPU) == expected
    assert chosen_precision("auto", CPU, "bf16") == "bf16"  # a run keeps what it began with
    assert [chosen_precision(asked, CPU, "bf16") for asked in ("fp32", "tf32", "bf16")] == ["fp32", "tf32", "bf16"]


def test_the_compact_preset_lets_the_processor_choose_and_the_papers_is_exact() -> None:
    for kind in (PretrainConfig, DistilConfig):
        assert from_sources(kind, "compact").precision == "auto" and from_sources(kind, "paper").precision == "fp32"


def test_a_run_says_what_auto_became(tmp_path: Path) -> None:
    assert held_precision(tmp_path / "run", None) is None
    open_run(tmp_path / "run", "pretrain", PretrainConfig(precision="bf16"), [], {})
    assert held_precision(None, tmp_path / "none", tmp_path / "run") == "bf16"


def test_products_are_rounded_to_tf32_only_where_that_is_asked_for() -> None:
    backends = (torch.backends.cuda.matmul, torch.backends.cudnn)
    for asked in ("tf32", "fp32", "tf32", "bf16"):
        use_precision(asked)
        assert [backend.allow_tf32 for backend in backends] == [asked == "tf32"] * 2
        assert made_with()["tf32"] == ("yes" if asked == "tf32" else "no")
    with encoders_in("bf16", CPU):
        assert torch.ones(2, 2).matmul(torch.ones(2, 2)).dtype == torch.bfloat16
    with encoders_in("fp32", CPU):
        assert torch.ones(2, 2).matmul(torch.ones(2, 2)).dtype == torch.float32
