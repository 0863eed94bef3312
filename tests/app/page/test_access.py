"""Who may open the page: passwords, certificates, warnings; and no password ever in a message."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys

import pytest

from app.page.access import address_elsewhere, check_certificate, is_local, read_auth, warnings
from models.system.places import ROOT

SECRET = "correct horse: battery"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of our own making and its key."""
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "cert.pem", folder / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-subj", "/CN=localhost", "-out", str(paths[0]), "-keyout", str(paths[1])]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no openssl program here to make a certificate")
    return paths


def test_a_name_and_a_password(tmp_path):
    assert read_auth(f"ann:{SECRET}") == [("ann", SECRET)]
    path = tmp_path / "visitors"
    path.write_text(f"# who may see it\n\nann:{SECRET}\n bob:b\n")
    assert read_auth(str(path)) == [("ann", SECRET), ("bob", "b")]


@pytest.mark.parametrize("text", ["ann", "ann:", f":{SECRET}", f" :{SECRET}", ":", "", " ", "no/such/file"])
def test_what_is_no_pair(text):
    with pytest.raises(ValueError, match="--auth takes USER:PASSWORD") as error:
        read_auth(text)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\n# nobody\n", "no name in it"),
        (f"ann:{SECRET}\n{SECRET[:7]}\n".encode(), "line 2"),
        (b"\xff:\xfe", "as text"),
    ]
    + [(f"ann:{SECRET}\nann:b\n".encode(), "twice")],
)
def test_files_that_do_not_do(tmp_path, content, said):
    (tmp_path / "visitors").write_bytes(content)
    with pytest.raises(ValueError, match=said) as error:
        read_auth(str(tmp_path / "visitors"))
    assert SECRET not in str(error.value) and SECRET[:7] not in str(error.value)


def test_a_certificate_and_its_key(certificate, tmp_path):
    cert, key = certificate
    check_certificate(None, None)
    check_certificate(cert, key)
    with pytest.raises(ValueError, match="needs both"):
        check_certificate(cert, None)
    with pytest.raises(ValueError, match="no such file"):
        check_certificate(cert, tmp_path / "no.pem")
    with pytest.raises(ValueError, match="the key that belongs to it"):
        check_certificate(key, cert)


def test_a_key_with_a_passphrase(certificate, tmp_path):
    cert, key = certificate
    locked = tmp_path / "locked.pem"
    command = ["openssl", "pkey", "-aes128", "-passout", "pass:x", "-in", str(key), "-out", str(locked)]
    subprocess.run(command, check=True, capture_output=True)
    with pytest.raises(ValueError, match="passphrase"):
        check_certificate(cert, locked)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1", "[::1]"])
def test_local(host):
    assert is_local(host) and warnings(host, auth=False, https=False) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.20", "example.org", ""])
def test_open_to_a_network(host):
    assert not is_local(host)
    assert len(warnings(host, auth=False, https=False)) == 2
    assert "--auth" in warnings(host, auth=False, https=True)[0]
    assert "passwords" in warnings(host, auth=True, https=False)[0]
    assert warnings(host, auth=True, https=True) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "192.168.1.20", "example.org"])
def test_one_address_is_enough(host):
    assert address_elsewhere(f"http://{host}:7860/", host) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "[::]", ""])
def test_the_address_for_others(host, monkeypatch):
    found = address_elsewhere("https://localhost:7875/", host)
    assert re.fullmatch(r"https://[\w.-]+:7875/", found) and "0.0.0.0" not in found and "localhost" not in found

    def unreachable(self, address) -> None:
        raise OSError("Network is unreachable")

    offline = type("Offline", (socket.socket,), {"connect": unreachable})
    monkeypatch.setattr("app.page.access.socket.socket", offline)
    assert address_elsewhere("http://localhost:7875/", host) == f"http://{socket.gethostname()}:7875/"


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_what_the_terminal_says(pretrained, pose_model_path, free_port):
    """A line at once, the addresses when it is open, and nothing of an orderly end."""
    pytest.importorskip("gradio")
    command = [sys.executable, "-m", "app", "demo", "--host", "0.0.0.0", "--port", str(free_port), "--device", "cpu"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    heed = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731  # these tests may run with Ctrl-C ignored
    with subprocess.Popen(command, cwd=ROOT, text=True, preexec_fn=heed, **pipes) as process:
        try:
            assert process.stderr.readline().startswith("IKEM Live is starting")
            line = process.stdout.readline()
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert re.match(rf"IKEM Live is open at http://localhost:{free_port}/, and for other machines at http://", line)
    assert process.returncode == 0 and rest == ""


def test_launch_refuses_before_it_loads_anything(tmp_path):
    pytest.importorskip("gradio")
    from app.page.launch import launch

    model = tmp_path / "no.onnx"
    with pytest.raises(ValueError, match="--auth"):
        launch(model, auth="ann")
    with pytest.raises(ValueError, match="needs both"):
        launch(model, keyfile=tmp_path / "key.pem")
    with pytest.raises(ValueError, match="is named"):
        launch(model, record=tmp_path / "film.mp4")


def test_https_is_served(certificate, pose_model_path, free_port):
    """On an address other than 127.0.0.1, where the process's proxy for https would be in the way."""
    pytest.importorskip("gradio")
    import ssl
    import urllib.request

    from app.page.server import Place, serve
    from tests.app.helpers import HandModel

    place = Place(host="127.0.0.2", port=free_port, certfile=certificate[0], keyfile=certificate[1])
    context = ssl.create_default_context(cafile=str(certificate[0]))
    context.check_hostname = False
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    with serve(HandModel(), pose_model_path, place) as (page, address, _):
        assert page._queue.sleep_when_free >= 0.05  # a server with nobody there rests
        assert address.startswith("https://127.0.0.2")
        assert b"IKEM Live" in opener.open(address, timeout=30).read()
