"""The folder for any web server: what is in it, what it may ask for, and that it is written whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

pytest.importorskip("gradio")

from app.__main__ import main
from app.site.build import KINDS, PAGE, WORKER, SiteError, listed, site_files, write_site
from app.site.page import policy
from app.site.parts import PartsError
from models.system.places import ASSETS
from tests.app.helpers import HandModel
from tests.app.site.made_up import recognition

OTHERS = ("recogniser/", "licences/", "icon.svg")  # not written by us, or a text, or the name of a kind of XML


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return site_files(HandModel(display={"wave": "waving {title} </script>"}), recognition())


class _Page(HTMLParser):
    """Addresses, inline scripts and styles, and ids of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses, self.ids, self.inline, self.styled = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        self.addresses += [facts[name] for name in ("src", "href") if name in facts]
        self.ids += [facts["id"]] if "id" in facts else []
        self.styled += [tag] if "style" in facts or any(name.startswith("on") for name in facts) else []
        self.inline += [facts.get("type", "")] if tag == "script" and "src" not in facts else []


def test_no_file_of_ours_names_another_host(files):
    for path, content in files.items():
        if not path.startswith(OTHERS) and not path.endswith(".png"):
            found = re.findall(rb"(?:https?|wss?):/?/?[\w.:-]+", content)
            assert set(found) <= {b"http://127.0.0.1"}, path  # in words to the visitor


def test_all_addresses_are_relative_and_lead_to_a_file(files):
    page = _Page(files[PAGE].decode())
    addresses = [address for address in page.addresses if not address.startswith("#/")]
    assert len(addresses) > 40 and set(addresses) <= files.keys()
    assert len(page.ids) == len(set(page.ids))
    facts = json.loads(re.search(r'id="ikem-settings">(.*?)</script>', files[PAGE].decode())[1])
    assert facts["server"] is False and {at.removeprefix("./") for at in facts["here"].values()} <= files.keys()
    assert set(facts["here"]) >= {
        "vision",
        "visionLoader",
        "visionWasm",
        "ort",
        "ortLoader",
        "ortWasm",
        "pose",
        "graph",
    }
    assert facts["words"]["wave"] == "waving {title} </script>"
    icons = json.loads(files["manifest.json"])["icons"]
    assert {icon["src"] for icon in icons} <= files.keys()


def test_the_modules_are_those_that_the_page_needs(files):
    assert {"page/site_main.js", "page/pose_worker.js", "page/session_worker.js", "web/tracker.js"} <= files.keys()
    assert not {"page/main.js", "page/edit.js", "page/video.js"} & files.keys()
    for path in files:
        if path.startswith(("page/", "web/")) and path.endswith(".js"):
            assert files[path] == (ASSETS / path).read_bytes()


def test_the_policy_allows_nothing_but_the_pages_own_files(files):
    text, rules = files[PAGE].decode(), dict(rule.split(" ", 1) for rule in policy().split("; "))
    assert f'http-equiv="Content-Security-Policy" content="{policy()}"' in text
    assert rules["default-src"] == "'none'" and rules["connect-src"] == rules["worker-src"] == "'self'"
    assert rules["script-src"] == "'self' 'wasm-unsafe-eval'" and "unsafe-inline" not in policy()
    page = _Page(text)
    assert page.inline == ["application/json"], "no script stands in the page itself"
    assert page.styled == [], "a style or a script in an element would be refused"
    styles = re.findall(r"<style>(.*?)</style>", text, re.S)
    digests = [base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in styles]
    assert rules["style-src"] == f"'self' 'sha256-{digests[0]}'" and len(digests) == 1
    for path, content in files.items():
        if path.startswith(("page/", "web/")):
            assert not re.search(rb"style=|new Function|[^.\w]eval\(", content), path


def test_the_worker_knows_every_file_and_the_build(files):
    text = files[WORKER].decode()
    facts = listed(text)
    assert facts.keys() == files.keys() - {WORKER}
    build = re.search(r'BUILD = "(\w{16})"', text)[1]
    assert files[PAGE].decode().rstrip().endswith(f"<!-- build {build} -->")
    for path, (digest, kind) in facts.items():
        assert digest == ("" if path == PAGE else hashlib.sha256(files[path]).hexdigest())
        assert kind == KINDS.get("." + path.rpartition(".")[2], "application/octet-stream")
    assert not any(path.endswith(".mjs") for path in files), "many web servers do not know that kind"
    again = site_files(HandModel(display={"wave": "waving {title} </script>"}), recognition())
    other = site_files(HandModel(display={"wave": "waving {title} </script>"}), recognition(graph=b"another"))
    assert again == files and build not in other[PAGE].decode() and build not in other[WORKER].decode()


def test_licences_lie_beside(files):
    notice = files["licences/NOTICE.txt"].decode()
    assert "For tests only." in notice and "1.30.0" in notice and "{" not in notice
    assert b"END OF TERMS AND CONDITIONS" in files["licences/Apache-2.0.txt"]
    assert b"Copyright (c) Microsoft Corporation" in files["licences/onnxruntime-web.txt"]
    assert 'href="licences/NOTICE.txt"' in files[PAGE].decode()


def test_the_page_says_what_it_needs_where_its_scripts_do_not_run(files):
    text = files[PAGE].decode()
    assert "<noscript>" in text and "cannot be opened as a file" in text and "https" in text and "WebAssembly" in text


def test_without_the_background_nothing_is_said_of_teaching_files():
    made = {name: content for name, content in recognition().items() if name != "teaching.safetensors"}
    facts = re.search(r'id="ikem-settings">(.*?)</script>', site_files(HandModel(), made)[PAGE].decode())[1]
    assert "teaching" not in json.loads(facts)["here"]


def test_a_site_takes_the_place_of_an_earlier_one_alone(files, tmp_path):
    out = tmp_path / "deep" / "site"
    write_site(files, out)
    assert {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} == files.keys()
    less = site_files(HandModel(labels=("wave", "idle")), recognition())
    write_site(less, out)
    assert {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} == less.keys()
    assert [path.name for path in out.parent.iterdir()] == ["site"], "nothing else is left"
    (out / "CNAME").write_text("mine")
    with pytest.raises(SiteError, match="CNAME, which no site written here has"):
        write_site(files, out)
    assert (out / "CNAME").exists() and (out / PAGE).read_bytes() == less[PAGE]


@pytest.mark.parametrize("name", ["notes.txt", WORKER])
def test_a_folder_of_something_else_is_left_alone(files, tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(SiteError, match=name):
        write_site(files, tmp_path)
    assert (tmp_path / name).read_text() == "mine" and len(list(tmp_path.iterdir())) == 1
    with pytest.raises(SiteError, match="is a file"):
        write_site(files, tmp_path / name)


def test_what_cannot_be_written_whole_changes_nothing(files, tmp_path, monkeypatch):
    out = tmp_path / "site"
    write_site(files, out)

    def full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.site.build.hand_over", full)
    with pytest.raises(SiteError, match=r"No space left on device.*--out"):
        write_site(site_files(HandModel(labels=("wave", "idle")), recognition()), out)
    assert (out / PAGE).read_bytes() == files[PAGE] and [path.name for path in tmp_path.iterdir()] == ["site"]


def test_the_command_refuses_before_it_works(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("app.site.parts.ensure_parts", lambda: tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    assert main(["web", "--out", str(tmp_path / "out")]) == 2
    assert "mine.txt" in capsys.readouterr().err

    def none():
        raise PartsError("npm is not on this machine")

    monkeypatch.setattr("app.site.parts.ensure_parts", none)
    assert main(["web", "--out", str(tmp_path / "new")]) == 2
    assert "npm is not on this machine" in capsys.readouterr().err and not (tmp_path / "new").exists()
