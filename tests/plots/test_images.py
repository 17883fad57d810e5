"""Pictures in their order and the right way up, tables with their rows as rows."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from omomi.plots import confusion_matrix, image_grid
from omomi.plots.style import VERMILLION

PICTURES = np.arange(5 * 2 * 3).reshape(5, 2, 3)


def test_pictures_stand_row_by_row_and_upright(ax):
    image_grid(PICTURES, columns=2, ax=ax)
    drawn = ax.get_images()
    corners = []
    for picture, image in zip(PICTURES, drawn, strict=True):
        np.testing.assert_array_equal(image.get_array(), picture)
        left, right, bottom, top = image.get_extent()
        assert (right - left, bottom - top) == pytest.approx((3, 2))  # one unit per pixel, its first row above
        corners.append((left, top))
    assert ax.yaxis_inverted()
    assert sorted(corners, key=lambda c: (c[1], c[0])) == corners
    assert [len({c[i] for c in corners}) for i in (0, 1)] == [2, 3]
    assert {image.get_clim() for image in drawn} == {(0, 29)}


def test_titles_and_wrong_ones(ax):
    image_grid(PICTURES, list("abcde"), ax=ax, wrong=[False, True, False, False, False])
    assert [text.get_text() for text in ax.texts] == list("abcde")
    assert [to_hex(text.get_color()).upper() == VERMILLION for text in ax.texts] == [False, True, False, False, False]
    assert [to_hex(p.get_edgecolor()).upper() == VERMILLION for p in ax.patches] == [False, True, False, False, False]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"images": np.zeros((2, 4))}, r"images must have the shape \(N, height, width\), got \(2, 4\)"),
        ({"images": np.zeros((0, 4, 4))}, "images must have the shape"),
        ({"columns": 0}, "columns must be a whole number ≥ 1, got 0"),
        ({"titles": ["a"]}, "titles must be one per picture, got 1 for 5"),
        ({"wrong": [1, 3]}, r"wrong must hold 5 times True or False, got int64 of \(2,\)"),
    ],
)
def test_errors_of_pictures(given, sentence):
    with pytest.raises(ValueError, match=f"^image_grid: {sentence}"):
        image_grid(**{"images": PICTURES} | given)


def test_confusion_matrix_rows_are_true_classes(ax, words):
    confusion_matrix([[3, 1, 0], [0, 8, 0], [0, 0, 0]], ["a", "b", "c"], ax=ax)
    np.testing.assert_array_equal(ax.get_images()[0].get_array(), [[0.75, 0.25, 0], [0, 1, 0], [0, 0, 0]])
    cell = {tuple(map(int, text.get_position())): text for text in ax.texts}
    assert {place: text.get_text() for place, text in cell.items() if text.get_text() != "0"} == {
        (0, 0): "3",
        (1, 0): "1",  # to the right is what was predicted
        (1, 1): "8",
    }
    assert cell[1, 1].get_color() == "white"
    assert cell[1, 0].get_color() != "white"
    assert words(ax)[:3] == ["Accuracy 91.7 %", "predicted class", "true class"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b", "c"]
    assert ax.yaxis_inverted()


def test_confusion_matrix_of_replicas_is_their_mean(ax, words):
    confusion_matrix([[[4, 0], [1, 1]], [[1, 3], [0, 2]]], ax=ax)
    assert [text.get_text() for text in ax.texts] == ["2.5", "1.5", "0.5", "1.5"]
    assert words(ax)[0] == "Accuracy 66.7 %, mean of 2 replicas"


def test_confusion_matrix_of_many_classes_has_no_numbers(ax):
    confusion_matrix(np.eye(21), ax=ax)
    assert not ax.texts


def test_confusion_matrix_without_samples(ax, words):
    assert words(confusion_matrix(np.zeros((2, 2)), ax=ax))[0] == "No samples"


def test_errors_of_confusion_matrix():
    with pytest.raises(ValueError, match=r"counts must have the shape \(C, C\) or \(R, C, C\), got \(2, 3\)"):
        confusion_matrix(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="classes must name 2 classes, got 1 names"):
        confusion_matrix(np.eye(2), ["a"])
