"""All formulas of a kind on one sheet: each is there, under its name, as in its own picture."""

import sys
from functools import cache

import numpy as np
import pytest
from matplotlib import pyplot as plt

import omomi as om
from omomi.plots import formula, sheet
from omomi.plots.sheets import LAYOUTS, needs_nothing

KINDS = [pytest.param(kind, id=kind.noun) for kind in LAYOUTS]


def title(ax):
    return ax.get_title(loc="left")


@cache
def drawn(kind):
    """A sheet to look at: closed figures are still there."""
    return sheet(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_formula_is_there_in_order(kind):
    axes = sheet(kind.noun)
    assert [title(ax) for ax in axes] == [name for name, cls in kind.entries().items() if needs_nothing(cls)]
    assert all(ax.has_data() for ax in axes)
    assert list(axes[0].figure.axes) == list(axes)  # no empty panels
    assert plt.get_fignums() == [axes[0].figure.number]


@pytest.mark.parametrize("kind", KINDS)
def test_the_lines_are_those_of_the_formulas_own_pictures(kind):
    left_out = LAYOUTS[kind].left_out
    for ax in drawn(kind):
        own = [
            line
            for line in formula(kind.named(title(ax), **kind.find(title(ax)).shown_with)).get_lines()
            if line.get_label() not in left_out
        ]
        for small, line in zip(ax.get_lines(), own, strict=True):
            np.testing.assert_array_equal(small.get_xydata(), line.get_xydata())
        plt.close(plt.gcf())


def test_activations_share_their_ranges_and_one_legend():
    axes = drawn(om.Activation)
    assert {ax.get_xlim() for ax in axes} == {(-4, 4)}
    assert len({ax.get_ylim() for ax in axes}) == 1
    assert not any(ax.get_legend() for ax in axes)
    (legend,) = axes[0].figure.legends
    words = [text.get_text() for text in legend.get_texts()]
    assert words[:2] == ["f(z)", "f′(z)"]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_overlaps(kind):
    axes = drawn(kind)
    axes[0].figure.draw_without_rendering()
    boxes = [ax.get_tightbbox() for ax in axes] + [legend.get_window_extent() for legend in axes[0].figure.legends]
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            across = min(a.x1, b.x1) - max(a.x0, b.x0)
            down = min(a.y1, b.y1) - max(a.y0, b.y0)
            assert min(across, down) < 1  # pixel


def test_data_sets_stand_on_a_sheet_without_words():
    axes = sheet("data")
    assert [title(ax) for ax in axes] == list(om.data.catalogue())
    assert all(ax.has_data() for ax in axes)
    assert not any(ax.get_legend() or ax.texts or ax.get_xlabel() or ax.child_axes for ax in axes)
    moons = om.data.moons()
    np.testing.assert_array_equal(
        axes[list(om.data.catalogue()).index("moons")].collections[0].get_offsets(), moons.x[moons.y == 0]
    )


def test_data_sets_that_need_an_extra_are_left_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    shown = [title(ax) for ax in sheet("data")]
    assert "moons" in shown
    assert "iris" not in shown


def test_a_formula_that_needs_a_number_is_left_out():
    assert needs_nothing(om.Relu)
    assert not needs_nothing(om.Dense)


@pytest.mark.parametrize("wrong", ["layer", "nonsense", om.Layer, 3])
def test_errors(wrong):
    with pytest.raises(ValueError, match=r"^sheet: kind must be one of activation, neuron, .*optimizer, data, got"):
        sheet(wrong)
