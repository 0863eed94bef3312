"""Inputs are found, told apart and given names that never meet; no password leaves an address."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.batch.jobs import CLIPS, LANDMARKS, LIVE, VIDEO, find, make_jobs, sources
from app.batch.remarks import remarks
from app.sources.frames import CameraError


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = (
        "b.mp4",
        "a.NPZ",
        "c.txt",
        ".hidden.mp4",
        "odd[1].mp4",
        "r.ikem",
        "sub/d.mp4",
        "sub/deep/e.mov",
        ".x/f.mp4",
    )
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def names(*inputs, **options):
    return [str(target) for target in find(inputs, **options)]


def test_folders_patterns_and_what_is_not_there(tree):
    assert names(".") == ["a.NPZ", "b.mp4", "odd[1].mp4", "r.ikem"]
    assert names("*.mp4", "b.mp4", "./b.mp4") == ["b.mp4", "odd[1].mp4"]
    assert names("**/*.mp4") == ["b.mp4", "odd[1].mp4", "sub/d.mp4"]
    assert names("odd[1].mp4", "c.txt") == ["odd[1].mp4", "c.txt"]
    assert names("nothing*.mp4", "gone") == ["nothing*.mp4", "gone"]


def test_folders_to_their_ends(tree):
    (tree / "sub" / "loop").symlink_to(tree)
    assert names(".", recursive=True) == ["a.NPZ", "b.mp4", "odd[1].mp4", "r.ikem", "sub/d.mp4", "sub/deep/e.mov"]
    assert names("sub") == ["sub/d.mp4"] and names("sub", recursive=True) == ["sub/d.mp4", "sub/deep/e.mov"]


def test_a_folder_of_links_to_folders(tree):
    (tree / "links").mkdir()
    (tree / "links" / "day1").symlink_to(tree / "sub")
    (tree / "sub" / "deep" / "loop").symlink_to(tree / "links")
    assert names("links", recursive=True) == ["links/day1/d.mp4", "links/day1/deep/e.mov"]
    assert remarks(["links"], recursive=False) == ["links: 1 folder in it left out (--recursive)"]
    (loop,) = remarks(["links"], recursive=True)
    assert loop.endswith("left out: links/day1/deep/loop")


def test_films_are_found_by_their_content_where_names_do_not_tell(tree):
    (tree / "films").mkdir()
    for name in ("a.dav", "b.MOD", "c.mxf", "d.y4m", "e.LRV", "misnamed.txt", "no suffix"):
        (tree / "films" / name).write_bytes(b"\0\0\x01\xba" + bytes(400))
    for name in ("joints.npy", "notes.txt", "song.m4a", "Thumbs.db", "._a.dav"):
        (tree / "films" / name).write_bytes(b"nothing")
    assert [Path(name).name for name in names("films")] == [
        "a.dav", "b.MOD", "c.mxf", "d.y4m", "e.LRV", "misnamed.txt", "no suffix",
    ]  # fmt: skip
    assert names("films/*.txt", "films/no*") == ["films/misnamed.txt", "films/no suffix"]
    (line,) = remarks(["films"], recursive=False)
    assert line == "films: 3 files left out, neither video nor .npz nor .ikem: joints.npy, notes.txt and song.m4a"
    results = {(tree / "films" / name).resolve() for name in ("joints.npy", "notes.txt", "song.m4a")}
    assert remarks(["films"], False, results) == []


def test_what_patterns_leave_out_is_told(tree):
    told = remarks(["*", "*.txt", "*.mp4"], recursive=False)
    assert told == ["*: 2 matches left out, neither video nor .npz nor .ikem: c.txt and sub"]
    (job,) = make_jobs(find(["*.txt"]))
    assert job.problem.startswith("nothing that matches this pattern is read") and job.problem.endswith(": c.txt")


def test_brackets_in_the_names_of_folders(tree):
    (tree / "clips [2024]" / "day [1]").mkdir(parents=True)
    for name in ("clips [2024]/a.npz", "clips [2024]/b.npz", "clips [2024]/day [1]/c.npz"):
        (tree / name).write_bytes(b"")
    assert names("clips [2024]/*.npz") == ["clips [2024]/a.npz", "clips [2024]/b.npz"]
    assert names("clips [2024]/[b-z].npz") == ["clips [2024]/b.npz"]
    assert names("clips [2024]/**/*.npz")[2:] == ["clips [2024]/day [1]/c.npz"]
    assert names("clips [2024]/day [1]/*") == ["clips [2024]/day [1]/c.npz"]
    assert names(f"{tree}/clips [2024]/*.npz") == [f"{tree}/clips [2024]/{name}.npz" for name in "ab"]
    assert names("clip?/*.npz", "clips*/*.npz")[1:] == ["clips [2024]/a.npz", "clips [2024]/b.npz"]


@pytest.mark.parametrize(("closed", "recursive"), [("sub", False), ("sub", True), ("sub/deep", True)])
def test_a_folder_that_may_not_be_read_is_reported(tree, monkeypatch, closed, recursive):
    """As root may read everything, the system's answer is put on."""
    listed = os.scandir

    def scandir(path):
        if str(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr("os.scandir", scandir)
    monkeypatch.setattr("os.access", lambda path, mode: str(path) != closed)
    jobs = make_jobs(find(["sub"], recursive))
    assert [(job.shown, job.problem) for job in jobs if job.problem] == [(closed, "you may not read this folder")]
    assert len(jobs) == (1 if closed == "sub" else 2)


def test_what_folders_leave_out_is_told(tree):
    (tree / "words").mkdir()
    (tree / "words" / "notes.txt").write_text("no input")
    (tree / "b.annotated.mp4").write_bytes(b"")
    (tree / "sub" / "D.annotated.MP4").write_bytes(b"")
    assert names(".") == ["a.NPZ", "b.mp4", "odd[1].mp4", "r.ikem"]
    assert names("sub", recursive=True) == ["sub/d.mp4", "sub/deep/e.mov"]
    assert names("*.annotated.mp4", "sub/D.annotated.MP4") == ["b.annotated.mp4", "sub/D.annotated.MP4"]
    told = remarks([".", "words", "b.mp4", "camera:0", "*.mp4"], recursive=False)
    assert [line.partition(" left out")[0] for line in told] == [
        ".: 1 annotated video in it, of this command,", ".: 1 file", ".: 1 folder in it", "words: 1 file",
    ]  # fmt: skip
    assert told[1].endswith(": c.txt") and told[3].endswith(": notes.txt")
    deep, files = remarks(["."], recursive=True)
    assert deep.startswith(".: 2 annotated videos in it") and files.endswith(": c.txt and notes.txt")
    assert remarks(["sub/deep"], recursive=False) == []


def test_paths_that_lead_nowhere(tree):
    """Links in a circle and names too long are inputs that are not there, as others are."""
    (tree / "round.mp4").symlink_to("round.mp4")
    long = "x" * 300 + ".npz"
    assert names("round.mp4", long, "r*.mp4", ".")[:3] == ["round.mp4", long, "r*.mp4"]
    assert [job.problem for job in make_jobs([Path("round.mp4"), Path(long)], {Path("/x.mp4"): "x"})] == ["", ""]


def test_earlier_results_are_left_out_unless_named(tree):
    results = {(tree / "r.ikem").resolve()}
    assert names(".", leave_out=results) == ["a.NPZ", "b.mp4", "odd[1].mp4"]
    assert names("*.ikem", leave_out=results) == ["*.ikem"]
    assert names("r.ikem", leave_out=results) == ["r.ikem"]


def test_cameras_and_addresses():
    address = "rtsp://me:secret@10.0.0.7:554/live?token=secret"
    found = find(["camera:0", "camera:12", "camera:0", address, "http://10.0.0.8/cam.mjpg"])
    assert found == [0, 12, address, "http://10.0.0.8/cam.mjpg"]
    jobs = make_jobs(found)
    assert [job.kind for job in jobs] == [LIVE] * 4
    assert [job.name for job in jobs] == ["camera-0", "camera-12", "10.0.0.7-554-live", "10.0.0.8-cam.mjpg"]
    assert all("secret" not in text for job in jobs for text in (job.source, job.shown, job.name))


@pytest.mark.parametrize(
    "address",
    [
        "rtsp://10.0.0.7:554/user=admin&password=HUSH5&channel=1&stream=0.sdp",
        "rtsp://10.0.0.7:554/admin:HUSH5/ch1",
        "rtsp://10.0.0.7:554/live/admin/HUSH5?x",
    ],
)
def test_a_password_in_the_path_names_nothing(address):
    (job,) = make_jobs(find([address]))
    assert job.target == address and job.name.startswith("10.0.0.7-554")
    assert "HUSH5" not in job.source + job.shown + job.name


@pytest.mark.parametrize("text", ["rtsp:/admin:HUSH5@10.0.0.7/s", "admin:HUSH5@10.0.0.7", "http:10.0.0.7/HUSH5"])
def test_what_was_meant_as_an_address_is_told_without_it(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CameraError, match="looks like an address, but is none") as caught:
        find([text])
    assert "HUSH5" not in str(caught.value)
    if "/" not in text:
        (tmp_path / text).touch()  # a file of that name is a file
        assert find([text]) == [Path(text)]


def test_schemes_in_capital_letters():
    assert find(["RTSP://10.0.0.7/Live", "CAMERA:2"]) == ["rtsp://10.0.0.7/Live", 2]


@pytest.mark.parametrize(
    "address", ["rtsp://a:p[1@host:8554/x", "udp://@239.0.0.1:1234", "rtsp://a:b:c@[fe80::1]:554/x"]
)
def test_odd_addresses_that_are_addresses(address):
    assert find([address]) == [address]


def test_standard_input_and_files_of_cameras_are_told_what_to_name():
    jobs = make_jobs(find(["-", "/dev/video3"]))
    assert [job.problem.split("; ")[-1] for job in jobs] == [
        "name a file", "the cameras of this machine are named by their numbers: camera:3",
    ]  # fmt: skip


def test_two_addresses_that_look_the_same():
    jobs = make_jobs(["rtsp://a:1@host/x", "rtsp://b:2@host/x"])
    assert [job.source for job in jobs] == ["rtsp://***@host/x", "rtsp://***@host/x (2)"]
    assert [job.name for job in jobs] == ["host-x", "host-x-2"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("camera:front", "a camera is a number"),
        ("camera:rtsp://host/live", "an address stands alone"),
        ("Camera:front", "a camera is a number"),
        ("ftp://host/film.ts", "ftp:// is not opened; download the film"),
        ("s3://bucket/film.mp4", "s3:// is not opened; download the film"),
        ("file:///etc/passwd", "a file is named by its path"),
        ("http://host:99999/live", "a port is a number up to 65535"),
        ("rtsp://[::1/live", "stands in brackets"),
        ("https://host/Holiday.MP4?key=1", "download it"),
    ],
)
def test_what_cannot_be_watched(text, says):
    with pytest.raises(CameraError, match=says) as caught:
        find([text])
    assert "key=1" not in str(caught.value)


def test_names_in_the_results():
    files = [Path("a/x.mp4"), Path("b/x.mp4"), Path("b/y.mp4"), Path("."), 3]
    assert sources(files) == ["a/x.mp4", "b/x.mp4", "y.mp4", ".", "camera 3"]


def test_no_name_is_a_formula_in_a_spreadsheet():
    assert sources([Path("=1+1.mp4"), Path("+a.npz"), Path("-b.npz"), Path("@c.npz"), Path("d=1.npz")]) == [
        "./=1+1.mp4", "./+a.npz", "./-b.npz", "./@c.npz", "d=1.npz",
    ]  # fmt: skip


def test_names_of_files_never_meet():
    stems = ["a", "A", "b", "a-2", "set", "set#0", "c" * 300, "c" * 301, "\u00e9" * 150]
    names = [job.name for job in make_jobs([Path(str(i), f"{stem}.mp4") for i, stem in enumerate(stems)])]
    assert names[:6] == ["a", "A-2", "b", "a-2-2", "set", "set#0-2"]
    assert len({name.casefold() for name in names}) == len(names)
    assert max(len(name.encode()) for name in names) < 200


def test_names_that_are_kept():
    """A name belongs to the file that has results under it, also when another file of the name comes first now."""
    targets = [Path("/a/x.mp4"), Path("/b/x.mp4")]
    assert [job.name for job in make_jobs(targets, {Path("/b/x.mp4"): "x"})] == ["x-2", "x"]


def test_kinds_and_problems(tree):
    jobs = make_jobs(find([".", "c.txt", "nothing*.mp4", "sub/deep/e.mov"]))
    assert [job.kind for job in jobs] == [CLIPS, VIDEO, VIDEO, LANDMARKS, VIDEO, VIDEO, VIDEO]
    (tree / "empty").mkdir()
    empty, pattern = make_jobs(find(["empty", "nothing*.mp4"]))
    assert make_jobs([tree / "joints.npy"])[0].kind == CLIPS  # its reader says what to do
    assert "no video" in empty.problem and "--recursive" in empty.problem and "no file matches" in pattern.problem
