"""What the page without a server says: nothing of a server, and nothing of a Video tab."""

from tests.app.node_scripts import run_script


def test_neither_a_server_nor_its_tab_is_named(tmp_path):
    kinds = ["NotAllowedError", "NotFoundError", "NotReadableError", "Gone", "Held", "Insecure", "Other"]
    states = ["off", "starting", "asking", "first", "resting", "live", "muted", "paused", "still", "loading", "broken"]
    told = run_script(
        tmp_path,
        """
        import { curtain, noteOf, wordsOf } from "./words.js";
        const [kinds, states] = facts, has = (server) => [kinds.map((kind) => curtain(kind, server)),
          states.map((state) => [...wordsOf(state, "", server), noteOf(state, server)])];
        tell([has(false), has(true)]);
        """,
        [kinds, [*states, "slow camera", "slow browser"]],
    )
    without, with_one = (" ".join(" ".join(texts) for group in told_of for texts in group) for told_of in told)
    assert "Video" not in without and "erver" not in without
    assert "The Video tab works without a camera." in with_one and 'The server can: see "Runs on"' in with_one
