"""What Gradio's page loads for nothing: an empty script of the same names stands in its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("gradio")

import gradio

from app.page.unused import empty_script, unused_routes

ASSETS = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"


def test_the_same_names_are_exported():
    script = empty_script("var a=1,b=2;export{a as n,b as $t, c};\n")
    assert script == "const none=()=>null;export{none as n,none as $t,none as c};"
    assert empty_script("export default 1") is None


def test_the_player_of_streams_is_replaced_in_this_version_of_gradio():
    (route,) = unused_routes()
    path = ASSETS / Path(route.path).name
    served = route.endpoint(None).body.decode()
    assert path.stat().st_size > 100_000 > 1_000 > len(served)
    names = lambda text: set(re.findall(r" as ([\w$]+)", text[text.rindex("export{") :]))  # noqa: E731
    assert names(served) == names(path.read_text(encoding="utf-8"))


def test_nothing_is_made_of_it_while_scripts_load():
    """Whoever imports it uses it in functions alone, for streams."""
    (route,) = unused_routes()
    users = [path for path in ASSETS.glob("*.js") if f'from"./{Path(route.path).name}"' in path.read_text("utf-8")]
    for path in users:
        taken = re.search(r"import\{([^}]*)\}from\"\./" + re.escape(Path(route.path).name), path.read_text("utf-8"))[1]
        for name in (part.split(" as ")[-1] for part in taken.split(",")):
            assert f"extends {name}" not in path.read_text("utf-8"), path.name
    assert users
