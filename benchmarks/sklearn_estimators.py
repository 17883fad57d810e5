"""OmomiClassifier and scikit-learn's MLPClassifier on the same folds: how good, and how long it takes.

python benchmarks/sklearn_estimators.py
"""

import argparse
import random
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np
import sklearn
from rich.console import Console
from rich.table import Table
from run import HERE, machine, write
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import omomi
from omomi.adapters.sklearn import OmomiClassifier
from omomi.comparisons.statistics import holm, interval, paired
from omomi.data import Dataset, load

FOLDS = 5
OMOMI, PEER = "OmomiClassifier", "MLPClassifier"


def main() -> None:
    options = arguments()
    with threadpool_limits(options.threads), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # that MLPClassifier took all of its epochs
        found = {name: measure(load(name, **how), options) for name, how in DATA.items() if name in options.data}
    corrected = holm([row["p"] for row in found.values()])
    for row, p in zip(found.values(), corrected, strict=True):
        row["p_holm"] = p
    report = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "threads": options.threads,
        "versions": {m.__name__: m.__version__ for m in (omomi, sklearn, np)},
        "folds": FOLDS,
        "repeats": options.repeats,
        "estimators": {name: repr(model) for name, model in contestants(options.epochs).items()},
        "data": found,
    }
    Console(width=130).print(table(report))
    write(report, options.json or HERE / "results" / "sklearn-estimators.json")


DATA = {"digits": {}, "iris": {}, "wine": {}, "breast_cancer": {}, "spiral": {"n": 250}}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--repeats", type=int, default=5, help=f"of the {FOLDS} folds, each with another shuffle (5)")
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1, help="for BLAS (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="instead of results/sklearn-estimators.json")
    return parser.parse_args()


def contestants(epochs: int, seed: int = 0) -> dict:
    """The same network, optimizer and number of steps; neither stops early, nothing is penalised."""
    return {
        OMOMI: OmomiClassifier("100, relu", optimizer="adam(lr=1e-3)", epochs=epochs, random_state=seed),
        PEER: MLPClassifier(
            (100,), alpha=0, learning_rate_init=1e-3, max_iter=epochs, n_iter_no_change=epochs, random_state=seed
        ),
    }


def measure(data: Dataset, options: argparse.Namespace) -> dict:
    """Accuracy on the test fold and seconds to fit, fold by fold, in a new order each time."""
    print(data.name, file=sys.stderr)
    x, y, order = data.x.reshape(len(data.y), -1).astype(np.float64), data.y, random.Random(0)
    accuracy, wall, cpu = ({OMOMI: [], PEER: []} for _ in range(3))
    for model in contestants(2).values():
        model.fit(x, y)  # compiled and loaded
    folds = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=options.repeats, random_state=0)
    for seed, (training, test) in enumerate(folds.split(x, y)):
        models = list(contestants(options.epochs, seed).items())
        for name, model in order.sample(models, len(models)):
            pipeline = make_pipeline(StandardScaler(), clone(model))
            began, busy = perf_counter(), process_time()
            pipeline.fit(x[training], y[training])
            wall[name].append(perf_counter() - began)
            cpu[name].append(process_time() - busy)
            accuracy[name].append(float(pipeline.score(x[test], y[test])))
    overlap = 1 / (FOLDS - 1)
    difference, half, p = paired(np.array(accuracy[OMOMI]), np.array(accuracy[PEER]), overlap)
    return {
        "samples": len(x), "inputs": x.shape[1], "classes": len(np.unique(y)),
        "mean_and_half": {name: interval(np.array(values), overlap) for name, values in accuracy.items()},
        "difference": difference, "half": half, "p": p,
        "ratio_wall": median(a / b for a, b in zip(wall[OMOMI], wall[PEER], strict=True)),
        "ratio_cpu": median(a / b for a, b in zip(cpu[OMOMI], cpu[PEER], strict=True)),
        "accuracy": accuracy, "seconds": wall, "cpu_seconds": cpu,
    }  # fmt: skip


def table(report: dict) -> Table:
    n = report["folds"] * report["repeats"]
    shown = Table(
        title=f"Accuracy on {n} test folds (mean ± 95 % interval, corrected for overlap) and median seconds to fit",
        caption="difference: omomi - scikit-learn, p after Holm; ratio: omomi / scikit-learn, median within folds, "
        "CPU time in brackets",
    )
    for column in ("data", OMOMI, PEER, "difference", "p", f"{OMOMI} s", f"{PEER} s", "ratio"):
        shown.add_column(column, justify="left" if column == "data" else "right")
    for name, row in report["data"].items():
        shown.add_row(
            f"{name} ({row['samples']} × {row['inputs']})",
            *(f"{100 * mean:.2f} ± {100 * half:.2f}" for mean, half in row["mean_and_half"].values()),
            f"{100 * row['difference']:+.2f} ± {100 * row['half']:.2f}",
            f"{row['p_holm']:.2f}",
            *(f"{median(values):.3f}" for values in row["seconds"].values()),
            f"{row['ratio_wall']:.2f} ({row['ratio_cpu']:.2f})",
        )
    return shown


if __name__ == "__main__":
    main()
