"""The page's scripts: modules that import each other without a circle, one entry, and the route that serves them."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shutil
from graphlib import TopologicalSorter

import pytest

from tests.app.helpers import HandModel
from tests.app.page_visit import is_drawn

pytest.importorskip("gradio")

from starlette.applications import Starlette

from app.page import scripts as page_scripts
from app.page.scripts import PATH, WEB_ASSETS, head, hook, modules, preloads, route, version
from app.page.theme import PAGE_ASSETS

ENTRY, SITE_ENTRY = "main.js", "site_main.js"  # of the page, and of the page without a server
IMPORT = re.compile(
    r'^(?:import|export) (?:\{ (?P<names>[\w, ]+) \} from )?"(?P<place>\./|\.\./web/)(?P<module>\w+\.js)";$', re.M
)
WORKER = re.compile(r'new Worker\(new URL\("\./(\w+\.js)", import\.meta\.url\), \{ type: "module" \}\)')
EXPORT = re.compile(r"^export (?:async )?(?:const|let|class|function) (\w+)", re.M)
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in PAGE_ASSETS.glob("*.js")}
WEB_SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in WEB_ASSETS.glob("*.js")}
FROM_ADDRESS = re.compile(r"await import\(addresses\.\w+\)")  # what others made, which lies elsewhere
# Workers that run where the visitor's own browser recognises.
HERE_WORKERS = {"pose_worker.js", "student_worker.js", "session_worker.js"}
TABS = ("Live", "Teach", "Video", "About")


def imports(text: str) -> dict[str, set[str]]:
    """Names that a script takes from each module; what runs as a worker is imported for no name."""
    return imports_of("./", text) | {name: set() for name in WORKER.findall(text)}


def imports_of(place: str, text: str) -> dict[str, set[str]]:
    lines = [it for it in IMPORT.finditer(text) if it["place"] == place]
    return {it["module"]: set((it["names"] or "").split(", ")) - {""} for it in lines}


def reached_from(entries: set[str], graph: dict[str, set[str]]) -> set[str]:
    """All scripts that some scripts need, and these."""
    reached: set[str] = set()
    new = entries
    while new:
        reached |= new
        new = set().union(*(graph[name] for name in new)) - reached
    return reached


def exports(text: str) -> set[str]:
    return set(EXPORT.findall(text))


def handed_on(text: str) -> set[str]:
    """Names that a script exports from others."""
    return {name for it in IMPORT.finditer(text) if it[0].startswith("export") for name in it["names"].split(", ")}


def test_no_circle_and_no_unused_file():
    graph = {name: set(imports(text)) for name, text in SCRIPTS.items()}
    assert set().union(*graph.values()) <= SCRIPTS.keys()
    TopologicalSorter(graph).prepare()  # raises CycleError
    assert reached_from({ENTRY, SITE_ENTRY}, graph) == SCRIPTS.keys()


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_imports(name):
    """All on lines that the other tests read; every name is there, and is used."""
    text = SCRIPTS[name]
    found, others = imports(text), imports_of("../web/", text)
    begun = re.findall(r"^\s*(?:import\b|export [{*]).*", text, re.M)
    assert len(begun) == len(IMPORT.findall(text)) and "export default" not in text
    assert "import(" not in (FROM_ADDRESS.sub("", text) if name in HERE_WORKERS else text)
    for module, names in found.items():
        assert names <= exports(SCRIPTS[module]), module
    for module, names in others.items():
        assert names <= exports(WEB_SCRIPTS[module]), module
    body = IMPORT.sub("", text)
    for unused in set().union(*found.values(), *others.values()) - handed_on(text):
        assert re.search(rf"\b{unused}\b", body), f"{unused} is imported for nothing"


def test_every_export_is_imported_somewhere():
    wanted: dict[str, set[str]] = {name: set() for name in SCRIPTS}
    for text in SCRIPTS.values():
        for module, names in imports(text).items():
            wanted[module] |= names
    assert {name: exports(text) for name, text in SCRIPTS.items()} == wanted


def test_gradio_calls_what_the_entry_exports():
    app = [path.read_text(encoding="utf-8") for path in PAGE_ASSETS.parents[1].glob("app/**/*.py")]
    called = {name for text in app for name in re.findall(r'js=hook\("(\w+)"\)', text)}
    assert called == handed_on(SCRIPTS[ENTRY]) and not exports(SCRIPTS[ENTRY])
    assert not [text for text in app if re.search(r"js=(?!hook)", text)], "Gradio calls nothing past the entry"
    assert hook("told") == "async (...given) => (await window.ikem).told(...given)"


def test_scripts_fetch_nothing_from_elsewhere_and_leave_no_global():
    for name, text in SCRIPTS.items():
        text = text.replace("http://127.0.0.1", "")
        for sign in ("http://", "https://", "window.ikem ", "window.ikem.", "globalThis"):
            assert sign not in text.replace("window.ikem, a promise", ""), name


def test_a_label_cannot_end_the_script():
    text = head({"words": {"x": "</script><script>alert(1)"}})
    assert "</script><script>alert" not in text
    facts = re.search(r'<script type="application/json" id="ikem-settings">(.*?)</script>', text)[1]
    assert json.loads(facts) == {"words": {"x": "</script><script>alert(1)"}}


def test_the_address_is_relative_and_changes_with_the_scripts(tmp_path, monkeypatch):
    assert f'import(".{PATH}/{version()}/page/{ENTRY}")' in head({})
    shutil.copytree(PAGE_ASSETS, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(page_scripts, "PAGE_ASSETS", tmp_path)
    assert version() == (old := route().path.rpartition("/")[2])
    (tmp_path / "wire.js").write_text("// another", encoding="utf-8")
    assert version() != old


def get(path: str, method: str = "GET", root_path: str = "") -> tuple[int, dict[bytes, bytes], bytes]:
    """Status, headers and body of what the route answers, without a network and so with the path as it is."""
    said: list[dict] = []

    async def receive():
        await asyncio.Event().wait()  # who asks sends nothing, and does not leave

    async def send(message):
        said.append(message)

    scope = {"type": "http", "method": method, "path": root_path + path, "root_path": root_path}
    scope |= {"query_string": b"", "headers": [], "http_version": "1.1", "extensions": {}}
    asyncio.run(Starlette(routes=[route()])(scope, receive, send))
    return said[0]["status"], dict(said[0]["headers"]), b"".join(it.get("body", b"") for it in said)


@pytest.mark.parametrize("root_path", ["", "/behind/a/proxy"])
def test_scripts_are_served(root_path):
    for name, text in SCRIPTS.items():
        status, headers, body = get(f"{PATH}/{version()}/page/{name}", root_path=root_path)
        assert status == 200 and body.decode() == text
        assert headers[b"cache-control"].endswith(b"immutable"), "its address is the version's"
        assert headers[b"content-type"].split(b";")[0] in (b"text/javascript", b"application/javascript")


def test_the_recognisers_modules_are_served_beside_them():
    for name, text in WEB_SCRIPTS.items():
        status, _, body = get(f"{PATH}/{version()}/web/{name}")
        assert status == 200 and body.decode() == text


def test_all_modules_of_the_page_are_fetched_at_once():
    graph = {name: set(imports(text)) - set(WORKER.findall(text)) for name, text in SCRIPTS.items()}
    found = modules()
    assert found[0] == ENTRY and len(found) == len(set(found)) and set(found) == reached_from({ENTRY}, graph)
    assert preloads().count(f'<link rel="modulepreload" href=".{PATH}/{version()}/page/') == len(found)


def test_motions_are_served_one_by_one():
    status, headers, body = get(f"{PATH}/{version()}/page/motions/wave.json")
    clip = json.loads(body)
    assert status == 200 and clip["frames"] * 25 * 3 * 2 == len(base64.b64decode(clip["joints"])) and len(body) < 8_000
    assert all(get(f"{PATH}/{version()}/page/motions/{it}")[0] == 404 for it in ("none.json", "wave"))


@pytest.mark.parametrize(
    "path", ["", "/", "/none.js", "/../example.mp4", "/%2e%2e/example.mp4", "/..\\example.mp4", "//etc/passwd", "/\0"]
)
def test_nothing_else_is_served(path):
    assert all(get(f"{PATH}/{version()}{it}{path}")[0] in (307, 404) for it in ("", "/page", "/web"))
    assert get(f"{PATH}/{ENTRY}")[0] == get(f"{PATH}/{24 * '0'}/{ENTRY}")[0] == 404
    assert get(f"{PATH}/{version()}/page/{ENTRY}", "POST")[0] == 405


@pytest.mark.browser
def test_the_page_loads_without_a_complaint_and_with_one_global(serve_page, browser):
    """Every module is parsed and run by that; the worker is when the camera starts."""
    complaints, asked = [], set()
    with serve_page(HandModel()) as (_, address, _):
        tab = browser.new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        tab.on("request", lambda request: asked.add(request.url))
        tab.goto(address)
        tab.wait_for_selector("#start:enabled")
        for name in TABS:
            tab.get_by_role("tab", name=name).click()
        tab.get_by_role("tab", name="Live").click()
        tab.click("#start")
        is_drawn(tab, "overlay")
        assert tab.evaluate("window.ikem.then((it) => Object.keys(it).sort())") == sorted(handed_on(SCRIPTS[ENTRY]))
        assert tab.evaluate("Object.keys(window).filter((name) => /ikem/i.test(name))") == ["ikem"]
        tab.close()
    scripts = {url.rpartition("/")[2] for url in asked if f"{PATH}/{version()}/page/" in url and url.endswith(".js")}
    graph = {name: set(imports(text)) - HERE_WORKERS for name, text in SCRIPTS.items()}
    assert scripts == reached_from({ENTRY}, graph) and not complaints


@pytest.mark.browser
@pytest.mark.slow
def test_a_page_of_an_older_server_needs_no_worker(serve_page, visit):
    """It has its modules, but its worker is asked for at an address that is no more: the page sends pictures itself."""
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        tab.context.route("**/picture_worker.js", lambda asked: asked.fulfill(status=404))
        tab.click("#start")
        is_drawn(tab, "overlay")
