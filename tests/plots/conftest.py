"""Figures without a screen, and none left open."""

import matplotlib
import pytest

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def close_figures():
    from matplotlib import pyplot as plt

    yield
    plt.close("all")


@pytest.fixture
def ax():
    from matplotlib import pyplot as plt

    return plt.subplots()[1]


@pytest.fixture
def words():
    """All that is written in the axes: title, labels, legend, texts."""

    def of(ax):
        legend = ax.get_legend()
        entries = [text.get_text() for text in legend.get_texts()] if legend else []
        free = [text.get_text() for text in ax.texts]
        return [ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel(), *entries, *free]

    return of
