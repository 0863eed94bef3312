"""Processes of a benchmark that take their steps in turn, so that a busy machine is busy for all of them alike.

Each variant has a process of its own (training.benchmark.steps), so that its peak of memory is its own. A process that
waits for its turn does nothing.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from tqdm import tqdm

from training.benchmark.settings import VARIANTS, Setting
from training.benchmark.steps import Turn, serve


def take_turns(names: Sequence[str], setting: Setting) -> dict[str, Turn]:
    """Let variants take a step each, again and again: `setting.steps` timed steps of each after one that warms up.

    Every turn begins with another variant, so that none always follows the same.

    Raises:
        ValueError: A process died.
    """
    with ExitStack() as stack:
        bar = stack.enter_context(tqdm(total=len(names) * (setting.steps + 1), desc="steps", unit="step", leave=False))
        runners: dict[str, Runner] = {}
        for name in names:
            runners[name] = stack.enter_context(Runner(name, setting))
            bar.update()
        for i in range(setting.steps):
            k = i % len(names)
            for name in [*names[k:], *names[:k]]:
                runners[name].step()
                bar.update()
        return {name: runner.end() for name, runner in runners.items()}


class Runner:
    """The process of one variant, which has warmed up when this is made."""

    def __init__(self, name: str, setting: Setting) -> None:
        self.name = name
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(VARIANTS[name], setting, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self._receive()

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.terminate()
        self._process.join()

    def step(self) -> None:
        """Let it take a step, and wait until it is done."""
        self._ask("step")

    def end(self) -> Turn:
        """Return what it measured."""
        turn = self._ask("end")
        assert isinstance(turn, Turn)
        return turn

    def _ask(self, what: str) -> Any:
        try:
            self._pipe.send(what)
        except OSError:  # its end is closed
            raise self._died() from None
        return self._receive()

    def _receive(self) -> Any:
        try:
            answer = self._pipe.recv()
        except (EOFError, OSError):
            raise self._died() from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _died(self) -> ValueError:
        return ValueError(
            f"the process of variant {self.name} died, most likely for want of memory; take a smaller --batch"
        )
