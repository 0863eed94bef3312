"""The page keeps Gradio's player from fetching ffmpeg, and nothing else."""

from tests.app.node_scripts import run_script


def test_ffmpeg_is_never_fetched(tmp_path):
    got = run_script(
        tmp_path,
        """
        const asked = [];
        globalThis.window = globalThis;
        globalThis.fetch = async (what, ...rest) => { asked.push(String(what.url ?? what)); return rest; };
        await import("./no_trimming.js");
        let ended = false;
        for (const what of ["http://a/ikem/static/ffmpeg/core.wasm", { url: "./static/ffmpeg/core.js" }]) {
            fetch(what).finally(() => { ended = true; });
        }
        const rest = await fetch(new URL("http://a/ikem/frame"), { method: "POST" });
        tell({ asked, ended, rest });
        """,
    )
    assert got == {"asked": ["http://a/ikem/frame"], "ended": False, "rest": [{"method": "POST"}]}
