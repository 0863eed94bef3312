"""Folders: every file once, links followed once, loops end, and what is left out is told in one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.sources.folders import FolderFiles, in_words, left_out, look_into, not_read


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    systems = ("in/.hidden/e.mp4", "in/__MACOSX/deep/._c.mp4", "in/._b.mp4")
    for name in ("in/b.mp4", "in/deep/c.mp4", "elsewhere/d.mp4", *systems):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"")
    return Path("in")


def listed(folder, **options):
    return [str(path) for path in look_into(folder, **options).files]


def test_what_systems_add_is_passed_over(tree):
    (tree / "Thumbs.db").write_bytes(b"")
    assert listed(tree) == ["in/b.mp4", "in/deep/c.mp4"]
    assert listed(tree, recursive=False) == ["in/b.mp4"]
    assert look_into(tree, recursive=False).folders == [tree / "deep"]


def test_links_to_folders_are_followed_once(tree):
    (tree / "a day").symlink_to(Path("elsewhere").resolve())
    (tree / "another name").symlink_to(Path("elsewhere").resolve())
    (tree / "a copy").symlink_to((tree / "deep").resolve())
    inside = look_into(tree)
    assert [str(path) for path in inside.files] == ["in/a day/d.mp4", "in/b.mp4", "in/deep/c.mp4"]
    assert inside.again == [tree / "a copy", tree / "another name"]
    (line,) = not_read([], "no video", inside)
    assert line.endswith("left out: in/a copy, in/another name")


@pytest.mark.parametrize("target", ["in", "in/deep", ".", "/"])
def test_a_loop_ends(tree, target):
    (tree / "deep" / "loop").symlink_to(Path(target).resolve())
    inside = look_into(tree)
    assert [str(path) for path in inside.files] == ["in/b.mp4", "in/deep/c.mp4"]
    assert inside.again == [tree / "deep" / "loop"]


def test_two_folders_that_lead_to_each_other(tree):
    (tree / "day").symlink_to(Path("elsewhere").resolve())
    (Path("elsewhere") / "back").symlink_to(tree.resolve())
    assert listed(tree) == ["in/b.mp4", "in/day/d.mp4", "in/deep/c.mp4"]


def test_a_file_behind_links_counts_once_under_its_own_name(tree):
    (tree / "a.mp4").symlink_to("b.mp4")
    (tree / "x.mp4").symlink_to(Path("elsewhere/d.mp4").resolve())
    (tree / "y.mp4").symlink_to(Path("elsewhere/d.mp4").resolve())
    (tree / "round.mp4").symlink_to("round.mp4")
    assert listed(tree) == ["in/b.mp4", "in/deep/c.mp4", "in/round.mp4", "in/x.mp4"]


def test_large_folders_are_not_listed_to_their_ends(tree):
    assert len(look_into(tree, most=1).files) == 1


def test_what_is_left_out_in_words():
    few = [Path("joints.npy"), Path("notes.txt")]
    assert in_words(few) == "joints.npy and notes.txt"
    many = [*few, *(Path(f"{i}.jpg") for i in range(40)), Path("README"), Path("Makefile"), Path("x")]
    assert in_words(many) == "joints.npy, notes.txt, 40 .jpg and 3 without a suffix"
    assert in_words(Path(f"a.{i}") for i in range(20)).endswith("a.7 and 12 of other kinds")
    assert left_out(few[:1], "no video") == "1 file left out, no video: joints.npy" and left_out([], "no video") == ""


def test_each_kind_of_what_is_not_read_has_a_line():
    inside = FolderFiles(closed=[Path("shut")], again=[Path(f"link{i}") for i in range(10)])
    lines = not_read([Path("a.txt"), Path("b.annotated.mp4")], "no video", inside)
    assert lines[0].startswith("1 annotated video in it") and lines[1] == "1 file left out, no video: a.txt"
    assert lines[2] == "folders left out that may not be read: shut" and lines[3].endswith("link7, 2 more")
    assert not_read([], "no video", FolderFiles()) == []


def test_links_that_lead_nowhere_and_pipes_are_told_as_what_they_are(tmp_path):
    (tmp_path / "gone.mp4").symlink_to("/nowhere/gone.mp4")
    os.mkfifo(tmp_path / "pipe.npz")
    inside = look_into(tmp_path)
    assert not_read(inside.files, "no video", inside) == [
        "2 files left out, links that lead nowhere, pipes or devices: gone.mp4 and pipe.npz"
    ]
