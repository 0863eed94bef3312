"""A thousand hostile requests and files, beside a visitor who notices nothing of them."""

from __future__ import annotations

import importlib
import inspect
from collections import Counter

import pytest

pytest.importorskip("gradio")
from tests.app.page.hostile.campaign import FAULT, KINDS, Report, campaign
from tests.app.page.hostile.served import served

OWN_ERROR = """Traceback (most recent call last):
  File "/x/site-packages/gradio/routes.py", line 1, in a
    f()
  File "/x/app/page/session.py", line 2, in b
    raise ValueError("x")
    ^^^^^^^^^^^^^^^^^^^^^
ValueError: x
"""


def report(**facts) -> Report:
    """A report of a campaign in which nothing went wrong, but for these facts."""
    good = {"calm_s": 0.1, "slowest_s": 0.5, "megabytes": [500.0, 520.0], "alive": True, "said": "IKEM Live is open"}
    made = Report(**good | facts)
    made.statuses.setdefault("pictures", Counter({200: 3, 415: 9}))
    made.uneasy = {"pictures": {502}}
    return made


def test_nothing_wrong():
    assert not report().faults() and not report(statuses={"pictures": Counter({502: 1})}).faults()
    assert not report(slowest_s=3.9, calm_s=1.0).faults(), "a machine that is slow by itself"


@pytest.mark.parametrize(
    "facts",
    [
        {"alive": False},
        {"statuses": {"pictures": Counter({200: 3, 500: 1})}},
        {"statuses": {"pictures": Counter({FAULT: 1})}},
        {"refused": 1},
        {"slowest_s": 2.5},
        {"megabytes": [500.0, 560.0]},
        {"said": OWN_ERROR},
        {"said": "Fatal Python error: Aborted"},
    ],
)
def test_each_fault_is_told(facts):
    assert len(report(**facts).faults()) == 1 and "WRONG: " in report(**facts).text()


def test_others_errors_are_not_ours():
    assert not report(said=OWN_ERROR.replace("/x/app/page/session.py", "/x/site-packages/h11/a.py")).faults()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_can_be_tried(kind):
    module = importlib.import_module(f"tests.app.page.hostile.kinds.{kind}")
    assert [*inspect.signature(module.try_one).parameters] == ["target", "random"] and module.__doc__


@pytest.mark.slow
def test_a_thousand_hostile_requests(pretrained, pose_model_path, free_port, tmp_path):
    with served(free_port, tmp_path / "log") as server:
        found = campaign(server, tries=1000, seconds=1800, seed=1, kinds=[*KINDS])
    print(found.text())
    assert not found.faults()
    assert sum(sum(statuses.values()) for statuses in found.statuses.values()) == 1000
