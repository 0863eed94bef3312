"""The page's one camera stream, with a browser that is played: never two, whoever comes first and however late."""

from __future__ import annotations

from tests.app.node_scripts import run_script

PLAYED = """
import { openStream, releaseStream } from "./stream.js";

let log = [], questions = []; // what happened; questions that wait for the visitor
let live = 0, most = 0, open = 0, mostOpen = 0;
const media = {
  getUserMedia({ device }) {
    log.push(`ask ${device}`);
    mostOpen = Math.max(mostOpen, ++open);
    return new Promise((yes, no) => questions.push({
      allow() {
        open -= 1;
        most = Math.max(most, ++live);
        const stop = () => {
          live -= 1;
          log.push(`end ${device}`);
        };
        yes({ device, getTracks: () => [{ stop }] });
      },
      deny() {
        open -= 1;
        no(new DOMException("no", "NotAllowedError"));
      },
    }));
  },
};
const settle = () => new Promise((wake) => setTimeout(wake, 5));
const want = (device) => openStream(media, device, { device }).then((it) => it && it.device, (error) => error.name);
const scenes = [];
async function scene(deeds) {
  releaseStream();
  [log, questions, live, most, open, mostOpen] = [[], [], 0, 0, 0, 0];
  const got = await Promise.all(await deeds());
  await settle();
  scenes.push({ got, log: [...log], live, most, mostOpen });
}
"""
SCENES = [  # what is done, what each request gets, what happened, and how many streams are live in the end
    ("const a = want('1'); questions[0].allow(); return [a];", ["1"], ["ask 1"], 1),
    ("const a = want('1'); questions[0].deny(); return [a];", ["NotAllowedError"], ["ask 1"], 0),
    ("const a = want(''); questions[0].allow(); await a; releaseStream(); return [a];", [""], ["ask ", "end "], 0),
    # the visitor gives up before the browser's question is answered
    ("const a = want('1'); releaseStream(); questions[0].allow(); return [a];", [None], ["ask 1", "end 1"], 0),
    ("const a = want('1'); releaseStream(); questions[0].deny(); return [a];", [None], ["ask 1"], 0),
    # Record, Cancel and Record again, or two clicks, while one question is open
    (
        "const a = want('1'); releaseStream(); const b = want('1'); questions[0].allow(); return [a, b];",
        [None, "1"],
        ["ask 1"],
        1,
    ),
    ("const a = want('1'), b = want('1'); questions[0].allow(); return [a, b];", [None, "1"], ["ask 1"], 1),
    # another camera is chosen meanwhile: it is asked for when the first question is answered
    (
        "const it = [want('1'), want('2')]; questions[0].allow(); await settle(); questions[1].allow(); return it;",
        [None, "2"],
        ["ask 1", "end 1", "ask 2"],
        1,
    ),
    (
        "const it = [want('1'), want('2')]; questions[0].deny(); await settle(); questions[1].allow(); return it;",
        [None, "2"],
        ["ask 1", "ask 2"],
        1,
    ),
    # one after the other
    (
        "const a = want('1'); questions[0].allow(); await a; const b = want('2'); questions[1].allow(); return [a, b];",
        ["1", "2"],
        ["ask 1", "end 1", "ask 2"],
        1,
    ),
    (
        "const a = want('1'); questions[0].allow(); await a; const b = want('2'); questions[1].deny(); return [a, b];",
        ["1", "NotAllowedError"],
        ["ask 1", "end 1", "ask 2"],
        0,
    ),
]


def test_never_two_streams_and_never_two_questions(tmp_path):
    script = "".join(f"await scene(async () => {{ {deeds} }});\n" for deeds, *_ in SCENES)
    found = run_script(tmp_path, f"{PLAYED}\n{script}\ntell(scenes);")
    for scene, (deeds, got, log, live) in zip(found, SCENES, strict=True):
        assert (scene["got"], scene["log"], scene["live"]) == (got, log, live), deeds
        assert scene["most"] <= 1 and scene["mostOpen"] <= 1, deeds
