"""The names under which the page is served, and the origins that may use it."""

from __future__ import annotations

import socket

import pytest

from app.page.hosts import Hosts, Root, read_root, split_host


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("", Root()),
        ("/", Root()),
        ("/ikem", Root(path="/ikem")),
        ("/a/b/", Root(path="/a/b")),
        ("https://Example.org/ikem/", Root("https://example.org", "/ikem")),
        ("http://example.org:8080", Root("http://example.org:8080")),
    ],
)
def test_the_place_behind_a_proxy(text, root):
    assert read_root(text) == root


@pytest.mark.parametrize(
    "text",
    [
        "ikem",
        "//example.org/x",
        "ftp://example.org",
        "/a/../b",
        "/a?b=c",
        "https:///x",
        "/a//b",
        "http://[::1",
        "http://a:b",
    ],
)
def test_what_is_no_place(text):
    with pytest.raises(ValueError, match="--root-path takes"):
        read_root(text)


@pytest.mark.parametrize("text", ["", "a b", "a/b", "a@b", "[::1", "a:b", "a:99999", "caf\u00e9", ":80"])
def test_what_is_no_host(text):
    assert split_host(text) is None and not Hosts.of("0.0.0.0").allows(text)


@pytest.mark.parametrize("host", ["localhost:7860", "LOCALHOST", "127.0.0.1:7860", "[::1]:7860", "localhost."])
def test_this_machine_is_always_allowed(host):
    assert Hosts.of("127.0.0.1").allows(host) and Hosts.of("0.0.0.0").allows(host)


@pytest.mark.parametrize(
    "host", ["evil.example", "192.168.1.5:7860", "localhost.evil.example", "127.0.0.1.evil.example"]
)
def test_a_page_of_this_machine_has_no_other_name(host):
    assert not Hosts.of("127.0.0.1").allows(host)


def test_the_bound_address():
    assert Hosts.of("192.168.1.5").allows("192.168.1.5:7860") and not Hosts.of("192.168.1.5").allows("192.168.1.6")
    everywhere = Hosts.of("0.0.0.0")
    assert (
        everywhere.allows("192.168.1.5:7860")
        and everywhere.allows("[fd00::5]")
        and everywhere.allows(socket.gethostname())
    )
    assert not everywhere.allows("evil.example"), "a name may be pointed at this machine by anybody"


def test_names_by_option_and_of_the_root():
    hosts = Hosts.of("127.0.0.1", read_root("https://example.org/ikem"), ["ikem.lan", "box.lan:8443"])
    assert all(map(hosts.allows, ["example.org", "ikem.lan:7860", "box.lan"])) and not hosts.allows("sub.example.org")
    with pytest.raises(ValueError, match="--allow-host takes"):
        Hosts.of("127.0.0.1", more=["http://ikem.lan"])


@pytest.mark.parametrize(
    ("origin", "host", "scheme", "own"),
    [
        ("http://localhost:7860", "localhost:7860", "http", True),
        ("http://localhost:1234", "localhost:7860", "http", False),  # another program of this machine
        ("http://127.0.0.1:7860", "localhost:7860", "http", False),
        ("http://evil.example", "localhost:7860", "http", False),
        ("null", "localhost:7860", "http", False),
        ("", "localhost:7860", "http", False),
        ("http://[::1", "localhost:7860", "http", False),
        ("http://localhost:99999", "localhost:7860", "http", False),
        ("http://localhost:7860@evil.example", "localhost:7860", "http", False),
        ("chrome-extension://abc", "localhost:7860", "http", False),
        ("http://192.168.1.5", "192.168.1.5:80", "http", True),
        ("https://pc.lan", "pc.lan", "http", True),  # the proxy takes https
        ("http://pc.lan:443", "pc.lan:443", "https", False),
        ("https://[::1]:7860", "[::1]:7860", "https", True),
    ],
)
def test_origins(origin, host, scheme, own):
    assert Hosts.of("0.0.0.0").is_own(origin, host, scheme) == own


def test_a_proxy_that_changes_the_name_needs_the_option():
    asked = ("https://example.org", "127.0.0.1:7860", "http")
    assert not Hosts.of("127.0.0.1").is_own(*asked)
    assert Hosts.of("127.0.0.1", read_root("https://example.org/ikem")).is_own(*asked)
    assert Hosts.of("127.0.0.1", more=["example.org"]).is_own(*asked)
    assert not Hosts.of("127.0.0.1", more=["example.org"]).is_own("https://example.org:8443", *asked[1:])
