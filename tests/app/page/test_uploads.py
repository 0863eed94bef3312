"""Uploaded recordings: how much they may take, and when they go."""

from __future__ import annotations

import asyncio

import pytest

from app.page import upload_route
from app.page import uploads as page_uploads
from app.page.uploads import KEPT, LEFT_FREE, MEGABYTE, Uploads, safe_name
from app.page.visits import Owner, RefusedError

ANN, BOB, CID = (Owner(address, browser=address) for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3"))


@pytest.fixture
def uploads(tmp_path):
    return Uploads(tmp_path, free=lambda path: LEFT_FREE + 900 * MEGABYTE)


def add(uploads: Uploads, owner: Owner, name: str = "a.mp4", size: int = 10):
    upload = uploads.begin(name, size, owner)
    uploads.done(upload, size)
    return upload


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("clip.mp4", "clip.mp4"),
        ("../../../etc/passwd", "passwd"),
        ("C:\\films\\My clip.MOV", "My_clip.MOV"),
        ("<img src=x>.mp4", "_img_src_x_.mp4"),
        ("\u202egnp.mp4\n", "_gnp.mp4_"),
        ("Gr\u00fc\u00dfe.webm", "Gr\u00fc\u00dfe.webm"),
        ("", "recording"),
        ("...", "recording"),
        (".mp4", "mp4"),
        ("a" * 500 + ".mp4", "a" * 120 + ".mp4"),
        ("\u4e2d" * 500 + ".mp4", "\u4e2d" * 40 + ".mp4"),  # a name of a file system has 255 bytes
        ("a." + "\u4e2d" * 500, "a." + "\u4e2d" * 5),
    ],
)
def test_names(name, safe):
    assert safe_name(name) == safe


def test_a_recording_is_its_owner_s_alone(uploads):
    upload = uploads.begin("a.mp4", 10, ANN)
    assert uploads.find(upload.id, ANN) is None, "not before all of it is here"
    uploads.done(upload, 10)
    assert uploads.find(upload.id, ANN, "session") is upload and upload.path.exists()
    assert uploads.find(upload.id, BOB) is None and uploads.find(upload.id, Owner("10.0.0.1")) is None
    assert uploads.find(str(upload.path), ANN) is None and str(uploads.folder.parent) not in upload.id


def test_an_older_one_of_a_visitor_makes_way(uploads):
    mine = [add(uploads, ANN) for _ in range(KEPT + 2)]
    assert [upload.path.exists() for upload in mine] == [False, False, True, True] and len(uploads) == KEPT


def test_an_address_and_the_whole_have_a_limit(uploads, monkeypatch):
    monkeypatch.setattr(page_uploads, "MOST_OF_ADDRESS", 25)
    monkeypatch.setattr(page_uploads, "MOST_OF_ALL", 40)
    same = [Owner("10.0.0.1", browser=str(k)) for k in range(3)]
    for owner in same[:2]:
        add(uploads, owner)
    with pytest.raises(RefusedError, match="no room"):
        uploads.begin("a.mp4", 10, same[2])
    add(uploads, BOB, size=20)
    with pytest.raises(RefusedError):
        uploads.begin("a.mp4", 1, CID)


def test_a_disk_that_is_nearly_full(tmp_path):
    with pytest.raises(RefusedError):
        Uploads(tmp_path, free=lambda path: LEFT_FREE + 5).begin("a.mp4", 10, ANN)


def test_they_go_with_the_session(uploads):
    shown, other = add(uploads, ANN), add(uploads, ANN)
    theirs = add(uploads, BOB)
    uploads.find(shown.id, ANN, "1")
    uploads.leave("1", ANN, last=False)
    assert not shown.path.exists() and other.path.exists()
    uploads.leave("2", ANN, last=True)
    assert not other.path.exists() and theirs.path.exists() and len(uploads) == 1


def test_what_nobody_shows_goes_after_a_while(uploads, monkeypatch):
    lost, shown = add(uploads, ANN), add(uploads, ANN)
    uploads.find(shown.id, ANN, "1")
    monkeypatch.setattr(page_uploads, "MOST_AGE_S", -1)
    uploads.sweep()
    assert not lost.path.exists() and shown.path.exists()


def form(content: bytes, name: str = "a.mp4", files: int = 1, end: bytes = b"--") -> bytes:
    part = b'--edge\r\nContent-Disposition: form-data; name="files"; filename="' + name.encode() + b'"\r\n\r\n'
    return (part + content + b"\r\n") * files + b"--edge" + end + b"\r\n"


def post(uploads: Uploads, body: bytes, pieces: int = 7, **headers: str) -> tuple[int, bytes]:
    """(status, body) of a form that arrives in pieces."""
    from starlette.requests import Request

    headers = {"content_type": "multipart/form-data; boundary=edge", "content_length": str(len(body)), **headers}
    sent = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": sent}
    parts = [body[k : k + pieces] for k in range(0, len(body), pieces)]

    async def receive():
        await asyncio.sleep(0)
        if not parts:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    answer = asyncio.run(upload_route.take_upload(Request(scope, receive), uploads, ANN))
    return answer.status_code, answer.body


@pytest.mark.parametrize("pieces", [1, 7, 10_000])
def test_a_form_with_a_file(uploads, pieces):
    content = bytes(range(256)) * 9
    status, body = post(uploads, form(content), pieces)
    (upload,) = uploads._uploads.values()
    assert status == 200 and body.decode() == f'["{upload.id}"]' and upload.whole and upload.size == len(content)
    assert upload.path.read_bytes() == content and upload.path.name == "a.mp4"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (form(b"x", files=2), {}, 429),
        (form(b"x", end=b""), {}, 400),
        (b"--edge--\r\n", {}, 400),
        (b"hello", {}, 400),
        (form(b"x"), {"content_type": "application/json"}, 400),
        (form(b"x"), {"content_type": "multipart/form-data"}, 400),
        (form(b"x"), {"content_length": str(10**12)}, 413),
        (b"--edge\r\nContent-Disposition: form-data\r\n\r\nx\r\n--edge--\r\n", {}, 400),  # nothing has a name
    ],
)
def test_forms_that_leave_nothing(uploads, body, headers, status):
    assert post(uploads, body, **headers)[0] == status
    assert len(uploads) == 0 and not [path for path in uploads.folder.parent.rglob("*") if path.is_file()]


def test_a_file_that_is_larger_than_was_announced(uploads, monkeypatch):
    monkeypatch.setattr(upload_route, "MOST_BYTES", 100)
    status, said = post(uploads, form(b"x" * 101), content_length="150")
    assert status == 413 and b"MB" in said and len(uploads) == 0


def test_a_form_that_is_nothing_but_headers(uploads):
    endless = b"--edge\r\nContent-Disposition: form-data; name=" + b"a" * 200_000
    status, said = post(uploads, endless, pieces=5000, content_length="", transfer_encoding="chunked")
    assert status == 400 and b"no form" in said and len(uploads) == 0


def test_a_form_that_has_no_end_and_no_file(uploads, monkeypatch):
    monkeypatch.setattr(upload_route, "MOST_BYTES", 100)
    part = b"--edge\r\nContent-Disposition: form-data\r\n\r\nx\r\n"
    body = part * (upload_route._FRAME_BYTES // len(part) + 10)
    status, said = post(uploads, body, pieces=5000, content_length="", transfer_encoding="chunked")
    assert status in (400, 413) and len(uploads) == 0


def test_an_upload_that_stands_still(uploads, monkeypatch):
    monkeypatch.setattr(upload_route, "SILENCE_S", 0.05)
    assert post(uploads, form(b"x")[:-20])[0] in (400, 408) and len(uploads) == 0
