"""PKU-MMD's files."""

import numpy as np
import pytest

from tests.training.data.written import columns, pku_source
from training.data.readers import make_reader
from training.data.readers.base import ReadError, RecordedClip


def test_pku_cuts_sequences_by_their_labels(tmp_path):
    both, reader = pku_source(tmp_path), make_reader("pku")
    files = reader.files(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in files] == [
        f"skeletons/{name}.txt" for name in ("0002-L", "0002-M", "0003-L", "A01N02-R")
    ]
    first, second = reader.read(files[1], tmp_path)
    assert (first.name, first.label, first.view, first.frames) == ("0002-M#0", "A03", 2, 20.0)
    np.testing.assert_allclose(first.joints_PTVC, both[:20, ::-1].swapaxes(0, 1), atol=1e-4)  # the livelier one first
    assert second.label == "A51"
    np.testing.assert_allclose(second.joints_PTVC, both[24:60, :1].swapaxes(0, 1), atol=1e-4)


def test_pku_splits_are_those_of_the_lists(tmp_path):
    pku_source(tmp_path)
    given = columns(name=["0002-L#0", "0002-M#1", "0003-L#0", "A01N02-R#5"])
    splits = make_reader("pku").splits(given, tmp_path)
    assert {name: part.tolist() for name, part in splits.items()} == {"xsub": [1, 1, 0, 1], "xview": [0, 1, 0, -1]}
    (tmp_path / "cross-view.txt").write_text("0002-L, 0003-L")
    with pytest.raises(ValueError, match=r"cross-view\.txt does not list"):
        make_reader("pku").splits(given, tmp_path)


@pytest.mark.parametrize(
    ("part", "text", "says"),
    [
        ("skeletons", "", "empty"),
        ("skeletons", "1 2 3\n", "150"),
        ("skeletons", "\n \n", "the file is empty"),
        ("skeletons", "0.5 " * 150 + "\n" + "0.5 " * 149, "line 2 must hold 150 values; it holds 149"),
        ("skeletons", "0.5 " * 149 + "x\n", "line 1 must hold numbers; it holds 'x'"),
        ("skeletons", "\xff\x01\n", "line 1 must hold 150 values; it holds 1"),
        ("labels", "3,1,twenty,1\n", "action, first frame"),
        ("labels", "\xe9,1,20,1\n", "action, first frame"),
    ],
)
def test_pku_broken_files(part, text, says, tmp_path):
    pku_source(tmp_path)
    (tmp_path / part / "0002-L.txt").write_text(text, encoding="latin-1")
    with pytest.raises(ReadError, match=says) as caught:
        list(make_reader("pku").read(tmp_path / "skeletons" / "0002-L.txt", tmp_path))
    assert str(caught.value).startswith("0002-L.txt")


def test_pku_byte_order_marks_and_blank_lines(tmp_path):
    pku_source(tmp_path)
    for part in ("skeletons", "labels"):
        path = tmp_path / part / "0002-L.txt"
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    assert len(list(make_reader("pku").read(tmp_path / "skeletons" / "0002-L.txt", tmp_path))) > 0


def test_pku_labels_past_the_end(tmp_path):
    pku_source(tmp_path)
    (tmp_path / "labels" / "0002-L.txt").write_text("3,1,20,1\n4,100,120,1\n")
    good, bad = make_reader("pku").read(tmp_path / "skeletons" / "0002-L.txt", tmp_path)
    assert isinstance(good, RecordedClip) and isinstance(bad, ReadError) and "100 to 120" in str(bad)
