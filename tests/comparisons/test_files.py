"""What is written is read back by others, csv and pyarrow, equal to the last bit."""

import csv
import math
import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from omomi.comparisons import files
from omomi.comparisons.outcome import Cell
from outcomes import EPOCHS, comparison

WHOLE = {"parameters", "split", "seed", "epoch", "epochs_to_target", "diverged_in_epoch"}
HARD = [0.1 + 0.2, math.pi, 5e-324, 1.7976931348623157e308]  # none of them survives 15 digits


@pytest.fixture(scope="module")
def compared():
    odd = 'a "net", of\ntwo lines'
    c = comparison(["backprop", "=ed"], splits=2, lost=("=ed",), net=odd)
    first = replace(c.outcomes[0], metrics=c.outcomes[0].metrics | {"loss": np.array(HARD)})
    return replace(c, outcomes=[first, *c.outcomes[1:]])


@pytest.fixture(scope="module")
def folder(compared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    files.write(compared, folder / "new")
    return folder / "new"


def read_csv(path):
    with path.open(newline="") as file:
        return [{name: _value(name, text) for name, text in line.items()} for line in csv.DictReader(file)]


def _value(name, text):
    if text == "" and name not in ("net", "optimizer", "loss_formula", "wired"):
        return None
    if name in WHOLE:
        return int(text)
    if name == "baseline":
        return {"True": True, "False": False}[text]
    return text if name in ("net", "rule", "optimizer", "loss_formula", "wired") else float(text)


def read_parquet(path):
    return parquet.read_table(path).to_pylist()


READERS = {"csv": read_csv, "parquet": read_parquet}


def same(a, b):
    return a == b or (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b))


@pytest.mark.parametrize("kind", READERS)
def test_results_are_read_back_to_the_last_bit(compared, folder, kind):
    lines = iter(READERS[kind](folder / f"results.{kind}"))
    for o in compared.outcomes:
        for r, seed in enumerate(o.seeds):
            line = next(lines)
            assert Cell(line["net"], line["rule"], line["optimizer"], line["loss_formula"]) == o.cell
            assert (line["wired"], line["parameters"], line["split"], line["seed"]) == (
                o.wired, o.parameters, o.split, seed,
            )  # fmt: skip
            assert (line["lr"], line["baseline"]) == (o.lr, o.baseline)
            assert line["diverged_in_epoch"] == o.diverged.get(seed)
            assert line["seconds"] == (0.01 if o.baseline else 2.0)
            for name in ("accuracy", "loss"):
                assert same(line[name], float(o.metrics[name][r]) if name in o.metrics else None)
    assert next(lines, None) is None


@pytest.mark.parametrize("kind", READERS)
def test_curves_are_read_back_to_the_last_bit(compared, folder, kind):
    lines = READERS[kind](folder / f"curves.{kind}")
    taught = [o for o in compared.outcomes if not o.baseline]
    assert len(lines) == sum(EPOCHS * len(o.seeds) for o in taught)
    of = {(o.cell.rule, o.split): o for o in taught}
    for line in lines:
        o = of[line["rule"], line["split"]]
        for name in ("loss", "val_loss", "val_accuracy"):
            assert same(line[name], float(o.history[name][line["epoch"] - 1, o.seeds.index(line["seed"])]))


def test_columns_have_types(folder):
    schema = parquet.read_schema(folder / "results.parquet")
    assert schema.field("rule").type == pa.dictionary(pa.int32(), pa.string())
    for name in WHOLE - {"epoch"}:
        assert schema.field(name).type == pa.int64()
    for name in ("lr", "accuracy", "loss", "seconds"):
        assert schema.field(name).type == pa.float64()
    assert schema.field("baseline").type == pa.bool_()


def test_the_first_epoch_at_the_target(tmp_path):
    c = comparison(["backprop"], seeds=3, baseline=False)
    curve = np.array([[0.1, 0.7, 0.1], [0.8, 0.2, 0.1], [0.9, 0.9, np.nan]])
    c = replace(c, outcomes=[replace(c.outcomes[0], history={"val_accuracy": curve})])
    files.write(c, tmp_path)
    assert [line["epochs_to_target"] for line in read_csv(tmp_path / "results.csv")] == [2, 1, None]


def test_a_regression_has_its_own_columns(tmp_path):
    files.write(comparison(metric="mse"), tmp_path)
    first = read_csv(tmp_path / "results.csv")[0]
    assert "accuracy" not in first
    assert first["epochs_to_target"] is None
    assert {line["seed"] for line in read_csv(tmp_path / "curves.csv")} == {0, 1, 2, 3}


def test_what_is_written_is_named_and_nothing_else_is_left(tmp_path):
    written = files.write(comparison(), tmp_path)
    assert [path.name for path in written] == ["results.csv", "curves.csv", "results.parquet", "curves.parquet"]
    assert sorted(tmp_path.iterdir()) == sorted(written)
    assert [p.read_bytes() for p in written] == [p.read_bytes() for p in files.write(comparison(), tmp_path / "again")]


def test_without_histories_there_are_no_curves(tmp_path):
    c = comparison()
    c = replace(c, outcomes=[o for o in c.outcomes if o.baseline])
    assert [path.name for path in files.write(c, tmp_path)] == ["results.csv", "results.parquet"]


def test_without_pyarrow_there_is_csv(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert [path.name for path in files.write(comparison(), tmp_path)] == ["results.csv", "curves.csv"]
