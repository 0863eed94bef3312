"""What the page makes of whatever answers a picture, with a canvas and a network that are played."""

from __future__ import annotations

from tests.app.node_scripts import run_script

PLAYED = """
import { poster } from "./post_picture.js";

const wait = setTimeout;
globalThis.setTimeout = (deed, ms) => wait(deed, ms / 50);
async function posted({ answer = null, status = 200, wide = 640, high = 480, headers = {}, pen = true }) {
  let closed = 0;
  const drawn = [], sent = [], drawImage = (_, x, y, w, h) => drawn.push([w, h]);
  const canvas = {
    width: 1, height: 1,
    getContext: () => (pen ? { drawImage } : null),
    convertToBlob: async ({ quality }) => `jpeg ${quality}`,
  };
  globalThis.fetch = async (url, { body, headers: { "X-Ikem-Key": key }, signal }) => {
    sent.push([url, body, key]);
    if (answer === "refused") throw new TypeError("Failed to fetch");
    if (answer === "never") await new Promise((_, no) => signal.addEventListener("abort", () => no(new Error("over"))));
    return new Response(answer, { status, headers });
  };
  const picture = { displayWidth: wide, displayHeight: high, close: () => { closed += 1; } };
  const said = await poster(canvas)({ picture, url: "u", key: "k", size: { side: 320, quality: 0.6 } });
  return { ...said, closed, drawn, sent };
}
const found = [];
for (const it of facts) found.push(await posted(it));
tell(found);
"""
ANSWERS = [  # what the server answers, and the status that the page makes of it
    ({"answer": '{"s": 1, "persons": []}'}, 200),
    ({"answer": '{"full": 4}'}, 200),
    ({"answer": "<html>a proxy</html>"}, "foreign"),
    ({"answer": "{}"}, "foreign"),
    ({"answer": "null"}, "foreign"),
    ({"answer": '"a text"'}, "foreign"),
    ({"status": 204}, 204),
    ({"status": 401}, 401),
    ({"status": 403}, 403),
    ({"status": 413, "answer": "<html>nginx</html>"}, 413),
    ({"status": 415}, 415),
    ({"status": 502}, 502),
    ({"answer": "refused"}, 0),
    ({"answer": "never"}, "silent"),
]


def test_what_answers(tmp_path):
    found = run_script(tmp_path, PLAYED, [answer for answer, _ in ANSWERS])
    for it, (answer, status) in zip(found, ANSWERS, strict=True):
        assert it["status"] == status, answer
        assert (it["answer"] is not None) == (status == 200), answer
        assert it["sent"] == [["u", "jpeg 0.6", "k"]] and it["closed"] == 1, answer


def test_sizes_rests_and_a_browser_that_cannot_draw(tmp_path):
    shapes = {(640, 480): [320, 240], (480, 640): [240, 320], (160, 120): [160, 120], (4000, 1): [320, 1]}
    *sized, soon, odd, no_pen = run_script(
        tmp_path,
        PLAYED,
        [
            *({"wide": wide, "high": high, "status": 204} for wide, high in shapes),
            {"status": 429, "headers": {"Retry-After": "3"}},
            {"status": 429, "headers": {"Retry-After": "Mon, 1 Jan 2030"}},
            {"pen": False},
        ],
    )
    assert [it["drawn"] for it in sized] == [[size] for size in shapes.values()]
    assert (soon["retry"], odd["retry"]) == (3, 0)
    assert no_pen["status"] == "encode" and no_pen["closed"] == 1 and no_pen["sent"] == []
