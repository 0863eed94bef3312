"""The page's workers where the visitor's own browser recognises: what they ask for, and what goes wrong with them."""

from __future__ import annotations

from models.system.places import ASSETS
from tests.app.node_scripts import run_with_web as run_here


def test_workers_ask_no_other_host(tmp_path):
    told = run_here(
        tmp_path,
        """
globalThis.location = { href: "http://127.0.0.1:1/page/pose_worker.js", origin: "http://127.0.0.1:1" };
const asked = [], opened = [];
globalThis.fetch = async (address) => asked.push(String(address?.url ?? address));
globalThis.XMLHttpRequest = class { open(method, address) { opened.push(address); } };
globalThis.WebSocket = class {};
await import("./own_origin.js");
const refused = [];
const log = "https://example.org/v1/log";
const others = [log, "//example.org/x", new URL("http://127.0.0.1:2/x"), { url: "https://a.b/c" }];
for (const address of others) {
    await fetch(address).catch((error) => refused.push(error.name));
}
await fetch("../here/pose"), await fetch("blob:http://127.0.0.1:1/x");
const request = new XMLHttpRequest();
try { request.open("POST", "https://example.org/v1/log"); } catch (error) { refused.push(error.name); }
request.open("GET", "x.wasm");
tell([refused, asked, opened, typeof WebSocket]);
""",
    )
    assert told == [4 * ["TypeError"] + ["SecurityError"], ["../here/pose", "blob:http://127.0.0.1:1/x"], ["x.wasm"],
                    "undefined"]  # fmt: skip


def test_a_worker_answers_fails_and_ends(tmp_path):
    told = run_here(
        tmp_path,
        """
import { AskedWorker } from "./asked_worker.js";
import { answerBy } from "./served.js";
const worker = {
    postMessage: (data) => setTimeout(() => self.onmessage({ data })),
    terminate() { this.ended = true; },
};
self.postMessage = (data) => worker.onmessage({ data });
const fail = () => { throw new RangeError("Array buffer allocation failed"); };
answerBy({ add: ({ a, b }) => a + b, fail, wait: () => new Promise(() => {}) });
const asked = new AskedWorker(worker), said = [await asked.ask("add", { a: 1, b: 2 })];
said.push(await asked.ask("fail").catch(({ message, kind }) => [message, kind]));
said.push(await asked.ask("wait", {}, [], 20).catch(({ message }) => message), worker.ended);
said.push(await asked.ask("add", { a: 1, b: 2 }).catch(({ message }) => message));
tell(said);
""",
    )
    assert told == [3, ["Array buffer allocation failed", "memory"], "the recogniser does not answer any more", True,
                    "the recogniser was ended"]  # fmt: skip


def test_what_webassembly_says_of_a_broken_file_is_told_in_words(tmp_path):
    """Of one that was cut off, or in whose place a stand-in of Git LFS came."""
    magic = "expected magic word 00 61 73 6d, found 76 65 72 73 @+0"
    said = [f"Aborted(CompileError: WebAssembly.instantiate(): {magic}). Build with -sASSERTIONS for more info.",
            "no available backend found. ERR: [wasm] RuntimeError: Aborted(CompileError: section extends past the end)",
            "no available backend found. ERR: [wasm] RangeError: WebAssembly.Memory(): could not allocate memory",
            "the server has no x.js (404)"]  # fmt: skip
    told = run_here(
        tmp_path,
        """
import { answerBy } from "./served.js";
const told = [];
self.postMessage = (data) => told.push(data.failed);
answerBy({ fail: ({ text }) => { throw new Error(text); } });
for (const text of facts) self.onmessage({ data: { number: 1, do: "fail", text } });
await new Promise((wake) => setTimeout(wake, 50));
tell(told);
""",
        said,
    )
    assert all(failed["text"].startswith("a part of the recogniser came damaged") for failed in told[:2])
    assert told[2]["kind"] == "memory" and told[3]["text"] == said[3]


def test_the_settings_name_every_file_that_a_worker_asks_for():
    from app.site.served import NAMES

    texts = [path.read_text(encoding="utf-8") for path in (ASSETS / "page").glob("*.js")]
    for key in NAMES:
        assert any(f"addresses.{key}" in text for text in texts), key
