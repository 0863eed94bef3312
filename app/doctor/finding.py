"""The finding of a check, and the options of the doctor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

OK, OPTIONAL, FAIL = "ok", "optional", "fail"
COLOURS = {OK: "\033[32m", OPTIONAL: "\033[33m", FAIL: "\033[31m"}
PLAIN = "\033[0m"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        name: what was looked at.
        state: OK; OPTIONAL if the rest works without it; or FAIL.
        text: what was found.
        remedy: what to do; every FAIL has one.
    """

    name: str
    state: str
    text: str
    remedy: str = ""

    def __post_init__(self) -> None:
        if self.state not in COLOURS or (self.state == FAIL and not self.remedy):
            raise ValueError(f"a finding is ok, optional, or fail with a remedy; got {self.state!r} for {self.name}")


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """The model, device, pose model and address that the doctor checks.

    Attributes:
        model: the action model's file; device and threads are those of export.runtime.ActionModel.
        pose: kind of pose model.
        camera: number or address of a camera that must work; None checks whether there is one.
        host: address on which the page is to listen, with `port`.
        example: a video of a person; requirements: the packages and their versions.
    """

    model: Path
    device: str
    threads: int | None
    pose: str
    camera: int | str | None
    host: str
    port: int
    example: Path
    requirements: Path


Check = Callable[[DoctorOptions], Iterable[Finding]]
