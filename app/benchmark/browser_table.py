"""The table of the page in the browser, with the goals beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from app.benchmark.browser_turns import BARE, GOAL_PICTURES, GOAL_RATIO, GOAL_SERVER_MS, WHOLE, WORKER
from app.benchmark.many_visitors import GOAL_SHARE, GOAL_VISITORS
from app.benchmark.visit_bytes import GOAL_FIRST, GOAL_SECOND
from models.system.tables import table as markdown

_NAMES = {"wheel": "full"}  # of pose models
Row = tuple[str, ...]


def table(result: dict[str, Any]) -> str:
    """Format the numbers of `browser_path.run` as tables in Markdown."""
    said = "{video} at {camera_fps} frames/s in headless Chromium; {cores} cores for browser and server ({processor})"
    parts = [said.format(**result)]
    if "rates" in result:
        names = ["turns of {seconds:g} s, medians of {turns}".format(**result)]
        names += [f"{_NAMES.get(kind, kind)} pose model" for kind in result["rates"]]
        parts.append(markdown([*names, "goal"], _rates(list(result["rates"].values()))))
    others = len(result["other_hosts"])
    rows = [*_bytes(result), *_visitors(result)]
    rows.append((f"other hosts asked, in {result['requests']} requests", str(others), "0"))
    parts.append(markdown(["measure", "found", "goal"], rows))
    if others:
        parts.append("other hosts: " + ", ".join(result["other_hosts"]))
    return "\n\n".join(parts)


def _rates(found: list[dict[str, Any]]) -> Iterator[Row]:
    def row(name: str, form: str, of: Callable[[dict[str, Any]], list[float]], goal: str = "") -> Row:
        return (name, *(form.format(*of(one)) for one in found), goal)

    def of_way(name: str, form: str, way: str, *keys: str) -> Row:
        return row(name, form, lambda one: [one[way][key] for key in keys])

    for way, name in ((BARE, "bare loop"), (WORKER, "the page's pose worker alone"), (WHOLE, "the whole path")):
        yield of_way(f"{name}, pictures a second", "{:.1f}", way, "fps")
        yield of_way(f"{name}, ms of the landmarker", "{:.1f}", way, "pose_ms")
        yield of_way(f"{name}, CPU of all of Chromium a picture, ms", "{:.0f}", way, "browser_ms")
    yield row("the whole path / bare loop", "{:.2f}", lambda one: [one["ratio"]], f">= {GOAL_RATIO:g}")
    yield row("the page's pose worker alone / bare loop", "{:.2f}", lambda one: [one["ratio_worker"]])
    for way, name in ((BARE, "bare loop, picture to poses"), (WHOLE, "picture to overlay")):
        yield of_way(f"{name}, p50 and p95, ms", "{:.0f}, {:.0f}", way, "age_p50_ms", "age_p95_ms")
    goal = f"<= {GOAL_PICTURES:g}"
    yield row("that p95, in pictures of the bare loop", "{:.2f}", lambda one: [one["p95_pictures"]], goal)
    yield row("student, p50 and p95, ms", "{:.1f}, {:.1f}", lambda one: [one[f"student_p{p}_ms"] for p in (50, 95)])
    yield row(
        "server CPU a picture, more than with nobody, ms",
        "{:.2f}",
        lambda one: [one["server_ms_per_frame"]],
        f"{GOAL_SERVER_MS:g}",
    )
    shares = ("server_share", "server_share_idle")
    name = "server, % of a core, with the visitor and with nobody"
    yield row(name, "{:.2f}, {:.2f}", lambda one: [100 * one[share] for share in shares])


def _bytes(result: dict[str, Any]) -> Iterator[Row]:
    for part, name in (("page", "from a server"), ("site", "as a folder")):
        if part in result:
            for visit, goal in (("first", f"<= {GOAL_FIRST / 1e6:g} MB"), ("second", f"<= {GOAL_SECOND / 1e3:g} kB")):
                one = result[part][visit]
                yield f"the page {name}, {visit} visit until the skeleton shows", _size(one["bytes"]), goal
                if one["kept"]:
                    yield f"of it by the service worker, to be kept, {visit} visit", _size(one["kept"]), ""
                if "sent" in one:
                    yield f"all that the web server sent, until a little later, {visit} visit", _size(one["sent"]), ""
                yield f"seconds until the skeleton, {visit} visit", f"{one['seconds']:.1f}", ""


def _visitors(result: dict[str, Any]) -> Iterator[Row]:
    for visit, one in result.get("visitors", {}).items():
        name = f"{one['visitors']} visitors in a minute, {visit} visits"
        yield f"{name}: server, share of a core", f"{one['share']:.2f}", f"< {GOAL_SHARE:g}, at {GOAL_VISITORS} or more"
        yield f"{name}: errors in {one['requests']} requests", str(one["errors"]), "0"


def _size(count: int) -> str:
    return f"{count / 1e6:.2f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
