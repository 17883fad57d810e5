"""Files are whole, of their kind, and always the same."""

import numpy as np
import pytest
from matplotlib import image as matplotlib_image
from matplotlib import pyplot as plt

import omomi as om
from omomi.plots import formula, save


@pytest.mark.parametrize(
    ("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89PNG")]
)
def test_formats_and_the_same_bytes_twice(tmp_path, kind, start):
    files = [save(formula(om.Tanh()), tmp_path / "new" / f"{i}.{kind}").read_bytes() for i in range(2)]
    assert files[0].startswith(start)
    assert files[0] == files[1]


def test_axes_figure_and_array_give_one_picture(tmp_path):
    figure, axes = plt.subplots(1, 2)
    formula(om.Tanh(), ax=axes[0])
    files = [save(what, tmp_path / "a.png").read_bytes() for what in (figure, axes[1], axes)]
    assert files[0] == files[1] == files[2]


def test_resolution(tmp_path):
    ax = formula(om.Tanh())
    low, high = (matplotlib_image.imread(save(ax, tmp_path / "a.png", dpi=dpi)).shape for dpi in (50, 100))
    np.testing.assert_allclose(np.array(high[:2]) / low[:2], 2, rtol=0.02)


def test_errors(tmp_path):
    with pytest.raises(ValueError, match=r"^save: the path must end in \.png, \.svg or \.pdf, got 'a\.jpg'$"):
        save(formula(om.Tanh()), "a.jpg")
    with pytest.raises(TypeError, match=r"^save: axes or a figure are needed, got str$"):
        save("axes", tmp_path / "a.png")
