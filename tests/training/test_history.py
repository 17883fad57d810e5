"""The history: columns by name, one line per epoch and replica as CSV."""

import csv
import io

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from omomi import History, fit
from samples import NET, classes


@pytest.fixture
def history():
    history = History([7, 3])
    history.append({"loss": np.array([0.5, np.inf]), "accuracy": np.array([0.25, np.nan])})
    history.append({"loss": np.array([1 / 3, 2.0], np.float32), "accuracy": np.array([1.0, 0.0])})
    return history


def test_columns(history):
    assert list(history) == ["loss", "accuracy"]
    assert len(history) == 2
    assert history.epochs == 2
    assert history["loss"].shape == (2, 2)
    assert_array_equal(history["accuracy"], [[0.25, np.nan], [1.0, 0.0]])
    assert "val_loss" not in history
    with pytest.raises(KeyError, match="the history has no 'val_loss'; it has loss, accuracy"):
        history["val_loss"]
    with pytest.raises(KeyError, match="the history has no 'loss'; it has nothing yet"):
        History([0])["loss"]
    assert History([0]).epochs == 0


def test_what_was_appended_is_kept_by_value(history):
    row = np.array([1.0, 2.0])
    history.append({"loss": row, "accuracy": row})
    row[:] = 0
    assert_array_equal(history["loss"][-1], [1.0, 2.0])


def test_csv_by_hand(history):
    assert history.to_csv() == (
        "epoch,seed,loss,accuracy\n1,7,0.5,0.25\n1,3,inf,nan\n2,7,0.3333333432674408,1.0\n2,3,2.0,0.0\n"
    )


def test_csv_holds_every_digit():
    run = fit(NET, *classes(), epochs=3, seeds=[4, 9], validation=0.2)
    rows = list(csv.DictReader(io.StringIO(run.history.to_csv())))
    assert [(row["epoch"], row["seed"]) for row in rows] == [(str(e), s) for e in (1, 2, 3) for s in ("4", "9")]
    assert set(rows[0]) == {"epoch", "seed", "loss", "accuracy", "val_loss", "val_accuracy"}
    for name in run.history:
        assert_array_equal(np.array([float(row[name]) for row in rows]).reshape(3, 2), run.history[name])


def test_arrays_rebuild_the_history(history):
    again = History.of([7, 3], history.arrays())
    assert again.to_csv() == history.to_csv()
    again.append({"loss": [1, 1], "accuracy": [1, 1]})
    assert (again.epochs, history.epochs) == (3, 2)
