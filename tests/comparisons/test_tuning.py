"""The search for a learning rate, on scores that are known."""

import math

import pytest

from omomi.comparisons.tuning import best, search


def peak(at):
    return lambda lr: (-abs(math.log10(lr / at)),)


def test_it_halves_the_wider_gap_beside_the_best():
    """Powers of ten with the best at 0.3: of gaps as wide, that to the nearer neighbour. 0, -1, 1; then ½, ¼, ⅜"""
    found = search(peak(10**0.3), 1.0, 6)
    assert list(found) == [1.0, 0.1, 10.0, 3.16, 1.78, 2.37]
    assert best(found) == 1.78


@pytest.mark.parametrize(("top", "rates"), [(1e3, [10.0, 100.0, 1e3, 1e4]), (1e-4, [0.1, 0.01, 1e-3, 1e-4])])
def test_it_goes_on_beyond_an_edge(top, rates):
    tried = search(peak(top), 1.0, 6)
    assert [lr for lr in tried if lr in rates] == rates
    assert best(tried) == (top if top in tried else rates[-1])


def test_where_everything_diverges_the_rate_falls():
    found = search(lambda lr: (-math.inf, -math.inf), 0.01, 5)
    assert list(found) == [0.01, 0.001, 0.1, 1e-4, 1e-5]
    assert best(found) == 1e-5


def test_of_equal_accuracies_the_lower_loss_wins():
    found = search(lambda lr: (0.5, -lr), 1.0, 4)
    assert list(found) == [1.0, 0.1, 10.0, 0.01]
    assert best(found) == 0.01


@pytest.mark.parametrize("trials", [0, 1, 2])
def test_a_budget_is_a_budget(trials):
    assert list(search(peak(1.0), 0.5, trials)) == [0.5, 0.05][:trials]


def test_it_ends_where_rates_cannot_be_told_apart():
    assert 10 < len(search(peak(1.0), 0.3, 200)) < 60
