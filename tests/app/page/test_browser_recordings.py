"""Twenty recordings of people at webcams, played through the page's own session, worker and graph in a real Chromium.

Of each, the events are those that Python says of the same .ikem file: each with the same label, its start and end
within a hop, and its scores within 1e-3.
"""

from __future__ import annotations

import numpy as np
import pytest

from app.landmarks.reader import LandmarkReader
from tests.app.bare_page import HERE, bare_page
from tests.app.browser_files import browser_files
from tests.app.page_visit import CHROMIUM, FLAGS
from tests.web.recordings import FOLDER, recordings, side_by_side, write_recording
from tests.web.same import SCORE, same_told
from tests.web.streams import said_by_python

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE_MS = 600_000
MANY, TOGETHER_S = 20, 40.0
# The page's session here and not in its worker, so that it can be waited for; the graph is in the page's own worker.
PLAY = """
import { AskedWorker } from "../page/asked_worker.js";
import { HereSession } from "../page/here_session.js";
import { settings } from "../page/settings.js";
import { use } from "../web/constants.js";
import { cardOf } from "../web/recogniser_file.js";
import { readLandmarks } from "./landmark_reader.mjs";
import { played } from "./played.mjs";
const absolute = ([name, at]) => [name, new URL(at, document.baseURI).href];
const addresses = Object.fromEntries(Object.entries(settings.here).map(absolute));
const card = cardOf(await (await fetch(addresses.card)).text());
use(card);
const { port1, port2 } = new MessageChannel(), waiting = new Map();
const student = new AskedWorker(new Worker("./page/student_worker.js", { type: "module" }));
await student.ask("load", { addresses, card, port: port1 }, [port1]);
port2.onmessage = ({ data: { number, value, failed } }) => waiting.get(number)(failed ? Promise.reject(failed) : value);
let number = 0;
const windows = ({ inputs: { landmarks, visibility, times, end }, kind }) => new Promise((done) => {
  waiting.set(++number, done);
  port2.postMessage({ number, kind, inputs: { landmarks, visibility, times, end } });
});
export async function play(name) {
  const bytes = new Uint8Array(await (await fetch(new URL(name, import.meta.url))).arrayBuffer());
  const { frames } = await readLandmarks(bytes, card.constants["app.landmarks.codec"]);
  return played((windows) => new HereSession(card, windows, name), windows, frames);
}
"""


@pytest.fixture(scope="module")
def files(shared_data, tmp_path_factory):
    """The recordings by name; the last one is of two people."""
    folder, found = tmp_path_factory.mktemp("recordings"), recordings(shared_data, MANY)
    found.append(side_by_side(found[0], found[1], TOGETHER_S))
    return {f"{k}.ikem": write_recording(folder / f"{k}.ikem", frames) for k, frames in enumerate(found)}


@pytest.fixture(scope="module")
def tab(files, pretrained, pose_model_path):
    """A page that has the scripts, the recogniser and the recordings."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    parts = browser_files(pretrained, pose_model_path)
    scripts = {name: FOLDER / name for name in ("landmark_reader.mjs", "played.mjs")}
    with bare_page() as (server, address), api.sync_playwright() as play:
        server.files = parts | scripts | files | {"play.mjs": PLAY.encode()}
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = browser.new_page()
        tab.set_default_timeout(PATIENCE_MS)
        tab.goto(address)
        yield tab
        browser.close()


@pytest.mark.parametrize("name", [f"{k}.ikem" for k in range(MANY + 1)])
def test_the_events_are_the_same(name, tab, files, shipped_model):
    ours = tab.evaluate(f"async (name) => (await import('.{HERE}play.mjs')).play(name)", name)
    with LandmarkReader(files[name]) as reader:
        python = said_by_python(shipped_model, list(reader.poses()))
    same_told(ours["events"], python["events"])
    rows = [row for rows in python["windows"].values() for row in rows]
    assert len(rows) == len(ours["scores"]) > 0
    for k in (0, 1):
        off = np.abs(np.array([row[k] for row in ours["scores"]]) - np.array([row[k] for row in rows]))
        assert off.max() < SCORE
    labels = [[[who, label] for who, _, label, _ in persons] for *_, persons in python["said"]]
    late = [person in other for one, other in zip(ours["said"][1:], labels) for person in one]  # before its own windows
    assert np.mean(late) > 0.97
    if name == f"{MANY}.ikem":
        assert {event.person for event in python["events"]} == {0, 1}
