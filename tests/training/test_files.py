"""Files are written whole or not at all."""

import os

import pytest

from omomi.training.files import write


def test_bytes_and_text_and_folders_on_the_way(tmp_path):
    path = write(tmp_path / "a" / "b" / "file", "weights 重み")
    assert path.read_text(encoding="utf8") == "weights 重み"
    assert write(str(path), b"\0\xff") == path
    assert path.read_bytes() == b"\0\xff"
    assert [p.name for p in path.parent.iterdir()] == ["file"]
    assert os.stat(path).st_mode & 0o777 == 0o644


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_what_fails_on_the_way_leaves_the_old_content_and_nothing_else(step, tmp_path, monkeypatch):
    path = write(tmp_path / "file", "old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match=r"^cannot write .*file: No space left on device; what stood there is kept$"):
        write(path, "new")
    with pytest.raises(OSError, match=r"^cannot write .*other: No space left on device$"):
        write(tmp_path / "other", "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_folder_in_the_way_is_named(tmp_path):
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError, match=r"^cannot write .*file: "):
        write(tmp_path / "file", "new")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
