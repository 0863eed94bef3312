"""The service worker in Node.js, with caches and a network of the test's own."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("gradio")

from app.site.build import PAGE, site_files
from tests.app.helpers import HandModel
from tests.app.node_scripts import run_script
from tests.app.site.made_up import recognition

# A browser's part: `begin` makes the worker of a build, `served` is what the server has, `asked` what it was asked for.
BROWSER = """
const SCOPE = "http://127.0.0.1:8000/demo/";
const stores = new Map(), asked = [];
let served = {};
class Store {
  constructor() { this.kept = new Map(); }
  async put(key, response) { this.kept.set(key, response); }
  async match(key) { return this.kept.get(key)?.clone(); }
}
const caches = {
  open: async (name) => { if (!stores.has(name)) stores.set(name, new Store()); return stores.get(name); },
  keys: async () => [...stores.keys()],
  delete: async (name) => stores.delete(name),
  match: async (key) => [...stores.values()].map((store) => store.kept.get(key)).find(Boolean)?.clone(),
};
const network = async (request) => {
  const path = String(request.url ?? request).replace(SCOPE, "") || "index.html";
  asked.push(path);
  if (!served) throw new TypeError("no network");
  return path in served ? new Response(Buffer.from(served[path], "base64")) : new Response("no", { status: 404 });
};
function begin(text) {
  const heard = {};
  const self = {
    registration: { scope: SCOPE }, location: new URL(`${SCOPE}service_worker.js`), clients: { claim: async () => {} },
    addEventListener: (name, deed) => { heard[name] = deed; }, skipWaiting: () => { self.skipped = true; },
  };
  new Function("self", "caches", "fetch", text)(self, caches, network);
  const wait = (name) => new Promise((done) => {
    heard[name]({ waitUntil: (promise) => promise.then(() => done("done"), (error) => done(error.message)) });
  });
  const get = (address, method = "GET") => {
    let given = null;
    heard.fetch({ request: { url: address, method }, respondWith: (answer) => { given = answer; } });
    const told = async (answer) => [answer.type, answer.headers.get("content-type"), await answer.text()];
    return given && Promise.resolve(given).then(told);
  };
  return { self, heard, wait, get };
}
const textOf = (files, path) => Buffer.from(files[path], "base64").toString();
const [one, two] = facts;
"""


def _coded(files: dict[str, bytes]) -> dict[str, str]:
    import base64

    return {path: base64.b64encode(content).decode() for path, content in files.items()}


@pytest.fixture(scope="module")
def builds() -> list[dict[str, str]]:
    """Two builds, of which the second has another graph."""
    return [_coded(site_files(HandModel(), recognition(graph=content))) for content in (b"one", b"two")]


def test_a_build_is_kept_whole_and_answers_without_a_network(tmp_path, builds):
    told = run_script(
        tmp_path,
        BROWSER
        + """
        served = one;
        const worker = begin(textOf(one, "service_worker.js"));
        const installed = await worker.wait("install"), activated = await worker.wait("activate");
        served = null;
        asked.length = 0;
        const page = await worker.get(SCOPE), queried = await worker.get(`${SCOPE}?from=home#/teach`);
        const graph = await worker.get(`${SCOPE}recogniser/recogniser.onnx`), foreign = await worker.get("http://example.org/x");
        tell({ installed, activated, page, same: page[2] === queried[2], graph, asked, foreign: foreign[0],
          unknown: worker.get(`${SCOPE}nothing.txt`), posted: worker.get(SCOPE, "POST"), beside: worker.get("http://127.0.0.1:8000/other/"),
          blob: worker.get("blob:http://127.0.0.1:8000/1") });
        """,
        builds,
    )
    assert told["installed"] == told["activated"] == "done" and told["asked"] == [] and told["same"]
    assert told["page"][1] == "text/html; charset=utf-8" and "<!-- build" in told["page"][2]
    assert told["graph"][1:] == ["application/octet-stream", "one"]
    assert told["foreign"] == "error", "nothing is asked of another host"
    assert told["unknown"] is told["posted"] is told["beside"] is told["blob"] is None, "left to the browser"


@pytest.mark.parametrize("path", [PAGE, "page/live.js", "recogniser/recogniser.onnx"])
@pytest.mark.parametrize("fault", ["cut", "missing", "of the build before"])
def test_a_build_that_does_not_come_whole_leaves_the_one_before(tmp_path, builds, path, fault):
    changed = {**builds[1]}
    if fault == "of the build before":
        if path == "page/live.js":
            pytest.skip("the same in both builds")
        changed[path] = builds[0][path]
    elif fault == "cut":
        changed[path] = changed[path][: len(changed[path]) // 8 * 4]
    else:
        del changed[path]
    told = run_script(
        tmp_path,
        BROWSER
        + """
        served = one;
        const before = begin(textOf(one, "service_worker.js"));
        await before.wait("install"), await before.wait("activate");
        served = two.files;
        const { kept } = [...stores.values()][0];
        for (const key of kept.keys()) if (two.forget && key.includes("page/live.js")) kept.delete(key);
        const after = begin(textOf(two.whole, "service_worker.js")), installed = await after.wait("install");
        tell({ installed, left: stores.size, graph: await before.get(`${SCOPE}recogniser/recogniser.onnx`) });
        """,
        [builds[0], {"files": changed, "whole": builds[1], "forget": path == "page/live.js"}],
    )
    assert re.search(f"{re.escape(path)} did not arrive whole", told["installed"])
    assert told["left"] == 1 and told["graph"][2] == "one"


def test_a_newer_build_fetches_what_changed_and_waits_for_its_turn(tmp_path, builds):
    told = run_script(
        tmp_path,
        BROWSER
        + """
        served = one;
        const before = begin(textOf(one, "service_worker.js"));
        await before.wait("install"), await before.wait("activate");
        await caches.open("ikem-live http://127.0.0.1:8000/ 1"), await caches.open("another program's");
        served = two;
        asked.length = 0;
        const after = begin(textOf(two, "service_worker.js"));
        await after.wait("install");
        const graph = `${SCOPE}recogniser/recogniser.onnx`;
        const skipped = after.self.skipped ?? false;
        const while_waiting = { skipped, stores: stores.size, graph: (await before.get(graph))[2] };
        after.heard.message({ data: "something" });
        const after_a_word = after.self.skipped ?? false;
        after.heard.message({ data: "take over" });
        await after.wait("activate");
        tell({ asked, while_waiting, after_a_word, skipped: after.self.skipped, left: [...stores.keys()],
          graph: (await after.get(graph))[2] });
        """,
        builds,
    )
    assert sorted(told["asked"]) == [PAGE, "recogniser/recogniser.onnx"]
    assert told["while_waiting"] == {"skipped": False, "stores": 4, "graph": "one"}
    assert told["after_a_word"] is False and told["skipped"] is True and told["graph"] == "two"
    assert len(told["left"]) == 3 and {"ikem-live http://127.0.0.1:8000/ 1", "another program's"} < set(told["left"])
