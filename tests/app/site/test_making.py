"""Making of a folder of the cache: what is half made goes, and a disk that does not let it is told."""

import errno
import os

import pytest

from app.site.making import making


class RefusedError(ValueError):
    """What is raised here."""


def test_what_is_kept_is_kept_and_the_rest_goes(tmp_path):
    with making(tmp_path / "above" / "kept", RefusedError) as work:
        (work / "file").write_text("whole")
        work.joinpath("file").replace(tmp_path / "above" / "kept")
        (work / "rest").touch()
    assert [path.name for path in (tmp_path / "above").iterdir()] == ["kept"]


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path):
    folder = tmp_path / "above" / "folder"
    with (
        pytest.raises(RefusedError, match=r"cannot write .*folder \(No space left on device\); free some space"),
        making(folder, RefusedError) as work,
    ):
        (work / "half").touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(work / "half"))
    assert not any(folder.parent.iterdir())


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RefusedError, match=r"cannot write .*Not a directory.*IKEM_LIVE_CACHE"):
        making(tmp_path / "file" / "under" / "folder", RefusedError).__enter__()


def test_what_is_wrong_besides_the_disk_passes_through(tmp_path):
    with pytest.raises(KeyError), making(tmp_path / "folder", RefusedError):
        raise KeyError("other")
    assert not any(tmp_path.iterdir())
