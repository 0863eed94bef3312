"""A thousand hostile requests and files, beside a visitor who notices nothing of them."""

from __future__ import annotations

import pytest

pytest.importorskip("gradio")
from tests.app.page.hostile.campaign import KINDS, campaign
from tests.app.page.hostile.served import served


@pytest.mark.slow
def test_a_thousand_hostile_requests(pretrained, pose_model_path, free_port, tmp_path):
    with served(free_port, tmp_path / "log") as server:
        report = campaign(server, tries=1000, seconds=1800, seed=1, kinds=[*KINDS])
    print(report.text())
    assert not report.faults()
    assert sum(sum(statuses.values()) for statuses in report.statuses.values()) == 1000
