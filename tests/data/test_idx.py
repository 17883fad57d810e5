"""IDX files, put together here byte by byte."""

import gzip
import re
import struct

import numpy as np
import pytest

from omomi.data import read_idx

IMAGES = struct.pack(">BBBB3I", 0, 0, 8, 3, 2, 2, 3) + bytes([0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6])
LABELS = struct.pack(">BBBBI", 0, 0, 8, 1, 2) + bytes([7, 0])


def write(folder, images=IMAGES, labels=LABELS, prefix="train", mark="-", packed=""):
    for kind, data in (("images", images), ("labels", labels)):
        ndim = 3 if kind == "images" else 1
        path = folder / f"{prefix}-{kind}{mark}idx{ndim}-ubyte{packed}"
        path.write_bytes(gzip.compress(data) if packed else data)
    return folder


@pytest.mark.parametrize("mark", ["-", "."])
@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize(("part", "prefix"), [("train", "train"), ("test", "t10k")])
def test_images_and_labels(tmp_path, mark, packed, part, prefix):
    data = read_idx(write(tmp_path, prefix=prefix, mark=mark, packed=packed), part=part)
    np.testing.assert_allclose(data.x[0], [0, 0.2, 0.4, 0.6, 0.8, 1], atol=1e-16)
    np.testing.assert_allclose(data.x[1] * 255, [1, 2, 3, 4, 5, 6])
    np.testing.assert_array_equal(data.y, [7, 0])
    assert data.image_shape == (2, 3)
    assert data.classes == tuple("0123456789")
    assert data.name == tmp_path.name


def test_more_than_ten_classes(tmp_path):
    data = read_idx(write(tmp_path, labels=LABELS[:-1] + b"\x1a"))
    assert data.n_out == 27


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (b"", "the header must have 16 bytes, got 0"),
        (IMAGES[:15], "the header must have 16 bytes, got 15"),
        (b"PK" + IMAGES[2:], "the magic number must be 0x00000803, got 0x504b0803"),
        (LABELS + bytes(20), "the magic number must be 0x00000803, got 0x00000801"),
        (b"\0\0\x0d" + IMAGES[3:], "the type code must be 0x08 (unsigned bytes), got 0x0d"),
        (IMAGES[:-1], "an array of shape (2, 2, 3) needs 28 bytes, got 27"),
        (IMAGES + b"\0", "an array of shape (2, 2, 3) needs 28 bytes, got 29"),
    ],
)
def test_broken_files(tmp_path, images, sentence):
    with pytest.raises(ValueError, match="^" + re.escape(f"train-images-idx3-ubyte: {sentence}") + "$"):
        read_idx(write(tmp_path, images=images))


# The name of a test must not hold the packed bytes: they begin with the time of day.
@pytest.mark.parametrize(
    "data",
    [IMAGES, gzip.compress(IMAGES)[:-9], gzip.compress(IMAGES)[:5]],
    ids=["not packed", "without its end", "cut in its header"],
)
def test_broken_gzip(tmp_path, data):
    write(tmp_path, packed=".gz")
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(data)
    with pytest.raises(ValueError, match=r"^train-images-idx3-ubyte\.gz: the file must be a whole gzip file, got "):
        read_idx(tmp_path)


def test_counts_must_agree(tmp_path):
    labels = struct.pack(">BBBBI", 0, 0, 8, 1, 1) + b"\1"
    with pytest.raises(ValueError, match="every image needs a label, got 2 images and 1 labels"):
        read_idx(write(tmp_path, labels=labels))


def test_no_images(tmp_path):
    images = struct.pack(">BBBB3I", 0, 0, 8, 3, 0, 2, 3)
    labels = struct.pack(">BBBBI", 0, 0, 8, 1, 0)
    with pytest.raises(ValueError, match=r"images are needed, got the shape \(0, 2, 3\)"):
        read_idx(write(tmp_path, images=images, labels=labels))


def test_missing_files(tmp_path):
    write(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"^there is no t10k-images-idx3-ubyte in '.*', nor one with \.gz$"):
        read_idx(tmp_path, part="test")


def test_unknown_part(tmp_path):
    with pytest.raises(ValueError, match=r"^read_idx: part must be 'train' or 'test', got 'valid'$"):
        read_idx(tmp_path, part="valid")
