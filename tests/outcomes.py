"""Comparisons made by hand: what a report or a table is to say is known beforehand."""

from __future__ import annotations

import numpy as np

from omomi.comparisons.outcome import Cell, Comparison, Outcome

EPOCHS = 6
TRIED = {0.1: 0.8, 0.01: 0.5, 1.0: np.nan, 0.3: 0.9}


def comparison(
    rules=("backprop", "ed"),
    *,
    metric="accuracy",
    splits=1,
    seeds=4,
    lost=(),
    baseline=True,
    net="8, tanh, 2",
    **settings,
):
    """Rule i is right in 90 - 10 i %, give or take; of the rules in `lost` the first seed diverged in epoch 3."""
    asked = {
        "rules": list(rules), "epochs": EPOCHS, "batch_size": 32, "seeds": list(range(seeds)), "splits": splits,
        "tuning": 4, "tuning_seeds": 2, "target": 0.7 if metric == "accuracy" else None, "baseline": baseline,
        "test": 0.2, "validation": 0.2, "jobs": -1, "out": "/home/somebody/runs/1",
    }  # fmt: skip
    outcomes = [
        outcome(Cell(net, rule, "sgd", "mse"), i, split, seeds, metric, lost=rule in lost)
        for i, rule in enumerate(rules)
        for split in range(splits)
    ]
    if baseline:
        outcomes += [yardstick(split, metric) for split in range(splits)]
    samples = {"training": 96, "validation": 24, "test": 30}
    return Comparison("iris", "iris: 150 samples", metric, samples, asked | settings, outcomes)


def outcome(cell, i, split, seeds, metric="accuracy", lost=False):
    rng = np.random.default_rng((i, split))
    values = 0.9 - 0.1 * i + 0.02 * rng.random(seeds)
    metrics = {"accuracy": values, "loss": 1 - values} if metric == "accuracy" else {"mse": values, "loss": values}
    rising = (1 - 0.6 ** np.arange(1, EPOCHS + 1))[:, None] * values
    history = {"loss": 1.5 - rising, "val_loss": 1.6 - rising}
    if metric == "accuracy":
        history |= {"val_accuracy": rising}
    diverged = {}
    if lost:
        diverged = {0: 3}
        for name in metrics:
            metrics[name][0] = np.nan
        for name in ("loss", "val_loss"):  # the accuracy of a lost replica stays a number: it names some class
            history[name][2:, 0] = np.nan
    sign = 1 if metric == "accuracy" else -1
    tried = {lr: sign * score for lr, score in TRIED.items()}
    return Outcome(
        cell, split, tuple(range(seeds)), 0.3, tried, metrics, history, 2.0 * seeds, diverged, cell.net, 58
    )  # fmt: skip


def yardstick(split, metric="accuracy"):
    found = {"accuracy": np.array([0.85])} if metric == "accuracy" else {"mse": np.array([0.85])}
    cell = Cell("", "logistic_regression" if metric == "accuracy" else "linear_regression", "", "")
    return Outcome(cell, split, (0,), None, {}, found, {}, 0.01, {}, "", 10, baseline=True)
