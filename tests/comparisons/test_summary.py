"""Rows, differences and remarks of comparisons that are made up."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from omomi.comparisons.outcome import Cell, Comparison, Outcome
from omomi.comparisons.summary import differences, labels, remarks, rows, table

ED, BP = (Cell("8, 2", rule, "sgd", "cross") for rule in ("ed", "bp"))
LINE = Cell("", "logistic regression", "", "")


def outcome(cell, accuracies, split=0, **given):
    curve = np.array([[0.5, 0.95], [0.9, 0.7], [0.6, 0.99]])[:, : len(accuracies)]
    usual = {
        "seeds": tuple(range(len(accuracies))),
        "lr": 0.1,
        "tried": {0.01: 0.5, 0.1: 0.8, 1.0: 0.7},
        "metrics": {"accuracy": np.array(accuracies)},
        "history": {"val_accuracy": curve},
        "seconds": 6.0,
        "diverged": {},
        "wired": cell.net,
        "parameters": 50,
    }
    return Outcome(cell, split, **usual | given)


def straight(accuracy, split=0):
    return outcome(
        LINE, [accuracy], split, lr=None, tried={}, history={}, wired="logistic regression", parameters=6, baseline=True
    )


def comparison(*outcomes, metric="accuracy", test=10, **settings):
    usual = {"seeds": (0, 1), "splits": 1, "target": 0.9, "test": 0.2, "baseline": False}
    samples = {"training": 40, "validation": 10, "test": test}
    return Comparison("made up", "…", metric, samples, usual | settings, outcomes)


def test_seeds_are_the_units_of_one_split():
    ed, bp = [0.8, 0.9], [0.9, 0.9]
    found = comparison(outcome(ED, ed), outcome(BP, bp))
    first, second = rows(found)
    assert (first.label, first.mean, second.label) == ("ed", pytest.approx(0.85), "bp")
    assert first.half == pytest.approx(stats.t.ppf(0.975, 1) * np.std(ed, ddof=1) / math.sqrt(2))
    (apart,) = differences(found)
    assert (apart.a, apart.b, apart.mean) == ("ed", "bp", pytest.approx(-0.05))
    assert apart.p == apart.p_holm == pytest.approx(stats.ttest_rel(ed, bp).pvalue)


def test_splits_are_the_units_of_several():
    values = [[0.8, 0.9], [0.7, 0.7], [0.9, 1.0]]
    (row,) = rows(comparison(*(outcome(ED, v, s) for s, v in enumerate(values)), splits=3))
    spread = np.std([0.85, 0.7, 0.95], ddof=1)
    assert row.mean == pytest.approx(2.5 / 3)
    assert row.half == pytest.approx(stats.t.ppf(0.975, 2) * spread * math.sqrt(1 / 3 + 10 / 40))
    assert (row.of, row.reached) == (6, 6)


def test_epochs_and_time_to_the_target():
    """Replica 0 is at 0.9 after epoch 2, replica 1 at 0.95 after epoch 1; an epoch of one takes 6 / 3 / 2 s."""
    (row,) = rows(comparison(outcome(ED, [0.8, 0.9])))
    assert (row.reached, row.of, row.epochs_to, row.seconds_to, row.seconds) == (2, 2, 1.5, 1.5, 3)
    (row,) = rows(comparison(outcome(ED, [0.8, 0.9]), target=0.95))
    assert (row.reached, row.epochs_to) == (1, 1)
    (row,) = rows(comparison(outcome(ED, [0.8, 0.9]), target=1.0))
    assert (row.reached, row.epochs_to, row.seconds_to) == (0, None, None)


def test_who_diverged_is_not_left_out():
    lost = outcome(ED, [0.8, math.nan], diverged={1: 2})
    (row,) = rows(comparison(lost))
    assert (row.mean, row.diverged) == (0.4, 1)
    assert any("1 of 2 replicas diverged" in line for line in remarks(comparison(lost)))
    numbers = outcome(ED, [], seeds=(0, 1), metrics={"mse": np.array([0.1, math.nan])}, diverged={1: 2})
    fine = outcome(BP, [], seeds=(0, 1), metrics={"mse": np.array([0.1, 0.2])})
    found = comparison(numbers, fine, metric="mse", target=None)
    assert not math.isfinite(rows(found)[0].mean)
    assert math.isnan(differences(found)[0].p_holm)


def test_labels_say_what_differs():
    cells = [Cell(net, rule, "sgd", "cross") for rule in ("ed", "bp") for net in ("8, 2", "2")]
    assert [*labels([*cells, LINE]).values()] == ["ed · 8, 2", "ed · 2", "bp · 8, 2", "bp · 2", "logistic regression"]
    assert [*labels([ED]).values()] == ["ed"]
    # A loss that comes with the network need not be said, one that was chosen must.
    two = [replace(ED, net="2, sigmoid", loss="mse"), replace(ED, net="2", loss="softmax_cross_entropy")]
    assert [*labels(two).values()] == ["2, sigmoid", "2"]
    assert [*labels([replace(ED, loss="mse"), replace(ED, loss="huber")]).values()] == ["mse", "huber"]


def test_rates_are_a_range_over_the_splits():
    splits = [outcome(ED, [0.8], s, lr=lr) for s, lr in enumerate((0.1, 0.3, 0.01))]
    assert rows(comparison(*splits, splits=3))[0].lr == "0.01 … 0.3"


def test_baselines_come_last_and_are_not_tested():
    found = comparison(straight(0.88), outcome(ED, [0.9, 0.8]), outcome(BP, [0.7, 0.8]), baseline=True)
    assert [row.label for row in rows(found)] == ["ed", "bp", "logistic regression"]
    assert len(differences(found)) == 1
    assert any("reaches 88.0 %: this task is nearly linear" in line for line in remarks(found))


def test_a_baseline_far_behind_says_no_more_than_that():
    found = remarks(comparison(outcome(ED, [0.9, 0.8]), straight(0.5), baseline=True))
    assert "a straight-line classifier (logistic regression) reaches 50.0 %" in found


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (comparison(outcome(ED, [0.8], lr=1.0), seeds=(0,)), "the largest learning rate tried was the best"),
        (comparison(outcome(ED, [0.8], lr=0.01), seeds=(0,)), "the smallest learning rate tried was the best"),
        (comparison(outcome(ED, [0.8]), seeds=(0,)), "one split and one seed: there is no interval"),
        (comparison(outcome(ED, [0.8, 0.9]), test=0), "nothing was held back for a test"),
        (comparison(outcome(ED, [0.8, 0.9]), baseline=True), "it needs scikit-learn"),
        (
            comparison(outcome(ED, [0.8], wired="on_off(), 8, 2", parameters=90), outcome(BP, [0.8])),
            "ed teaches a network of its own, with 90 parameters: on_off(), 8, 2",
        ),
    ],
    ids=["largest", "smallest", "alone", "no test", "no baseline", "wired"],
)
def test_remarks(given, words):
    if "held back" in words:
        given.settings["test"] = 0
    assert sum(words in line for line in remarks(given)) == 1


def test_a_search_with_its_best_inside_is_not_remarked_on():
    assert not any("learning rate" in line for line in remarks(comparison(outcome(ED, [0.8, 0.9]))))


def test_the_table_in_words():
    head, (line, last) = table(comparison(outcome(ED, [0.8, 0.9]), straight(0.5), target=0.95))
    assert head == ["", "test accuracy", "lr", "parameters", "time per replica", "epochs to 95 %", "time to 95 %"]
    assert (line[0], line[2], line[3], line[5]) == ("ed", "0.1", "50", "1 (1 of 2)")
    assert last[-2:] == ["", ""]
    found = comparison(outcome(ED, [0.8, 0.9]))
    assert found.table().splitlines()[1].split()[:4] == ["ed", "85.00", "±", "63.53"]
