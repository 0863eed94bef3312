"""The user's exceptions from a proxy stay, cameras nearby need none, and nothing reaches the makers of a library."""

from __future__ import annotations

import os

import pytest

from models.system.proxies import LOCAL, NOWHERE, only_this_machine, reach_directly, send_https_nowhere

HERE = ",".join(LOCAL)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name in ("https_proxy", "no_proxy"):  # so that they are taken away again
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, HERE),
        ({"no_proxy": "127.0.0.2, .example.org"}, f"127.0.0.2,.example.org,{HERE}"),
        ({"NO_PROXY": "10.0.0.0/8"}, f"10.0.0.0/8,{HERE}"),
        ({"no_proxy": "localhost", "NO_PROXY": "10.0.0.7"}, "localhost,127.0.0.1,::1"),
        ({"no_proxy": ".com,cam,*.googleapis.com play.googleapis.com,.GOOGLE.com"}, f"cam,{HERE}"),
        ({"no_proxy": "*", "http_proxy": "http://far:1", "ALL_PROXY": "http://far:1"}, HERE),
    ],
)
def test_the_users_exceptions_stay(before, after, monkeypatch):
    for name, text in before.items():
        monkeypatch.setenv(name, text)
    for _ in range(2):  # each landmarker does it
        send_https_nowhere()
        assert (os.environ["no_proxy"], os.environ["https_proxy"]) == (after, NOWHERE)
    stays = "http_proxy" in before and before["no_proxy"] != "*"
    assert ("http_proxy" in os.environ) == ("ALL_PROXY" in os.environ) == stays


@pytest.mark.parametrize(
    ("host", "exceptions", "is_direct"),
    [
        ("10.0.0.7", "", True),
        ("192.168.1.20", "cam", True),
        ("fe80::1", "", True),
        ("127.0.0.2", "localhost", True),
        ("front-door", "", True),
        ("front-door.local", "", True),
        ("8.8.8.8", "", False),
        ("8.8.8.8", "8.8.0.0/16", True),
        ("2001:4860::8", "[2001:4860::]/32,2001:4860::/32", True),
        ("cam.example.org", "", False),
        ("cam.example.org", ".example.org", True),
        ("cam.example.org", "example.com", False),
        ("cam.example.org", "*", True),
    ],
)
def test_cameras_nearby_need_no_proxy(host, exceptions, is_direct, monkeypatch):
    monkeypatch.setenv("NO_PROXY", exceptions)
    reach_directly(host)
    assert (host in os.environ.get("no_proxy", "").split(",")) == is_direct
    assert all(name in os.environ.get("no_proxy", exceptions) for name in exceptions.split(","))


def test_what_is_meant_for_others_is_out_of_the_way_for_a_while(monkeypatch):
    import httpx

    theirs = {"ALL_PROXY": "socks5://127.0.0.1:1", "NO_PROXY": "[::1],fe80::/10", "SSL_CERT_FILE": "/none"}
    for name, text in theirs.items():
        monkeypatch.setenv(name, text)
    with pytest.raises((ImportError, httpx.InvalidURL, OSError)):
        httpx.Client()
    with only_this_machine("::1", "127.0.0.2"):
        httpx.Client().close()
        assert os.environ["https_proxy"] == NOWHERE and not theirs.keys() & os.environ.keys()
    assert {name: os.environ.get(name) for name in (*theirs, "https_proxy", "no_proxy")} == {
        **theirs, "https_proxy": None, "no_proxy": None,
    }  # fmt: skip
