"""Every choice and every array is checked where it comes in, and what is wrong is said in one sentence."""

import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import omomi as om
from omomi import Dense, Flatten, LogSoftmax, Network, Relu, Run, Sigmoid, Softmax, Tanh
from samples import NET, classes

X, Y = classes()
ONE = Network(13, Dense(1))
VALUES = np.arange(23.0)
BAD = X.copy()
BAD[4, 2] = np.nan


def refused(sentence, *, net=NET, x=X, y=Y, error=ValueError, **settings):
    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        Run(net, x, y, **settings)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"epochs": -1}, "epochs must be a whole number ≥ 0, got -1"),
        ({"epochs": 2.5}, "epochs must be a whole number ≥ 0, got 2.5"),
        ({"epochs": True}, "epochs must be a whole number ≥ 0, got True"),
        ({"epochs": "3"}, "epochs must be a whole number ≥ 0, got '3'"),
        ({"epochs": None}, "epochs must be a whole number ≥ 0, got None"),
        ({"batch_size": 0}, "batch_size must be a whole number ≥ 1, got 0"),
        ({"batch_size": 2.0}, "batch_size must be a whole number ≥ 1, got 2.0"),
        ({"patience": 0}, "patience must be a whole number ≥ 1, got 0"),
        ({"weight_decay": -0.1}, "weight_decay must be a number ≥ 0, got -0.1"),
        ({"weight_decay": np.inf}, "weight_decay must be a number ≥ 0, got inf"),
        ({"weight_decay": "0.1"}, "weight_decay must be a number ≥ 0, got '0.1'"),
        ({"weight_decay": None}, "weight_decay must be a number ≥ 0, got None"),
        ({"clip_norm": 0}, "clip_norm must be a number > 0, got 0"),
        ({"clip_norm": np.nan}, "clip_norm must be a number > 0, got nan"),
        ({"clip_norm": True}, "clip_norm must be a number > 0, got True"),
        ({"seeds": []}, "seeds must be distinct, and at least one, got []"),
        ({"seeds": [1, 2, 1]}, "seeds must be distinct, and at least one, got [1, 2, 1]"),
        ({"seeds": [-1]}, "each seed must be a whole number ≥ 0, got -1"),
        ({"seeds": [0.5]}, "each seed must be a whole number ≥ 0, got 0.5"),
        ({"seeds": -3}, "each seed must be a whole number ≥ 0, got -3"),
        ({"seeds": True}, "each seed must be a whole number ≥ 0, got True"),
        ({"diagnose": "yes"}, "diagnose must be True or False, got 'yes'"),
        ({"dtype": "float16"}, "dtype must be float32 or float64, got 'float16'"),
        ({"dtype": int}, "dtype must be float32 or float64, got <class 'int'>"),
        ({"dtype": "nonsense"}, "dtype must be float32 or float64, got 'nonsense'"),
        ({"dtype": None}, "dtype must be float32 or float64, got None"),
        ({"optimizer": 3}, "an optimizer or its name is needed, got 3"),
        (
            {"optimizer": om.Adam},
            "an optimizer or its name is needed, got <class 'omomi.formulas.optimizers.adam.Adam'>",
        ),
        ({"optimizer": "adam(lr=-1)"}, "Adam: lr must lie in (0, inf), got -1"),
        ({"rule": None}, "a rule or its name is needed, got None"),
        ({"schedule": om.Tanh()}, "a schedule or its name is needed, got Tanh()"),
        ({"loss": 1}, "a loss or its name is needed, got 1"),
        ({"net": "13, 3"}, "net must be a Network, got '13, 3'"),
    ],
    ids=repr,
)
def test_settings(settings, sentence):
    refused(sentence, **settings)


@pytest.mark.parametrize(
    ("settings", "beginning"),
    [
        ({"optimizer": "adamm"}, "no optimizer is named 'adamm'; did you mean 'adam'? (known: "),
        ({"rule": "backprob"}, "no rule is named 'backprob'; did you mean 'backprop'? (known: "),
        ({"schedule": "cosin"}, "no schedule is named 'cosin'; did you mean 'cosine'? (known: "),
        ({"loss": "squared_eror"}, "no loss is named 'squared_eror'; did you mean 'squared_error'? (known: "),
    ],
    ids=repr,
)
def test_near_misses(settings, beginning):
    with pytest.raises(ValueError, match=f"^{re.escape(beginning)}"):
        Run(NET, X, Y, **settings)


@pytest.mark.parametrize("seeds", [3.5, None])
def test_seeds_that_are_no_list_are_named(seeds):
    with pytest.raises(ValueError, match="seed"):
        Run(NET, X, Y, seeds=seeds)


@pytest.mark.parametrize(
    ("seeds", "tuple_"), [(5, (5,)), (np.int64(5), (5,)), (range(2), (0, 1)), (np.array([3, 1]), (3, 1))]
)
def test_seeds(seeds, tuple_):
    assert Run(NET, X, Y, seeds=seeds).settings.seeds == tuple_


@pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype("float32")])
def test_dtype_in_every_spelling(dtype):
    assert Run(NET, X, Y, dtype=dtype).theta.dtype == np.float32


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"x": X[:, :4]}, "x must have shape (N, 13) for this network, with N ≥ 1, got (23, 4)"),
        ({"x": X[0]}, "x must have shape (N, 13) for this network, with N ≥ 1, got (13,)"),
        ({"x": X[:0], "y": Y[:0]}, "x must have shape (N, 13) for this network, with N ≥ 1, got (0, 13)"),
        ({"x": X.astype(str)}, "x must hold numbers, got str1024"),
        ({"x": X + 0j}, "x must hold numbers, got complex128"),
        ({"x": None}, "x must hold numbers, got object"),
        ({"x": BAD}, "x must be finite, got nan in row 4"),
        ({"y": Y[:-1]}, "x and y must have the same length, got 23 and 22"),
        ({"y": Y + 1}, "labels must lie in 0 … 2 for 3 outputs, got 1 … 3"),
        ({"y": Y - 1}, "labels must lie in 0 … 2 for 3 outputs, got -1 … 1"),
        ({"y": Y.astype(str)}, "targets must be numbers, got str672; number the classes from 0"),
        ({"y": VALUES}, "the network has 3 outputs, got targets of shape (23, 1)"),
        ({"y": X[:, :2]}, "the network has 3 outputs, got targets of shape (23, 2)"),
        ({"y": X[:, :3, None]}, "the network has 3 outputs, got targets of shape (23, 3, 1)"),
        ({"y": np.where(BAD[:, :3] > 9, 0, BAD[:, :3])}, "targets must be finite, got nan in row 4"),
        (
            {"y": VALUES, "net": ONE, "loss": "bce_with_logits"},
            "SigmoidCrossEntropy takes targets in [0, 1], got 0 … 22",
        ),
        ({"y": Y, "net": ONE, "loss": "bce_with_logits"}, "SigmoidCrossEntropy takes targets in [0, 1], got 0 … 2"),
        (
            {"y": np.ones((23, 3)), "loss": "cross_entropy"},
            "SoftmaxCrossEntropy takes labels, or rows that are ≥ 0 and sum to 1; got a row [1.0, 1.0, 1.0]",
        ),
        ({"y": Y, "net": ONE, "loss": "cross_entropy"}, "labels must lie in 0 … 0 for 1 outputs, got 0 … 2"),
        ({"validation": (X[:4], Y[:3])}, "validation x and y must have the same length, got 4 and 3"),
        (
            {"validation": (X[:4, :2], Y[:4])},
            "validation x must have shape (N, 13) for this network, with N ≥ 1, got (4, 2)",
        ),
        ({"patience": 3}, "patience needs validation data: validation=(x, y) or validation=0.2"),
        ({"drop_last": True, "batch_size": 24}, "drop_last leaves nothing: 23 samples, batch_size 24"),
    ],
    ids=lambda v: ", ".join(v) if isinstance(v, dict) else "",
)
def test_data(given, sentence):
    sentence = re.sub(r"str\d+", "str", sentence)
    with pytest.raises(ValueError) as error:
        Run(given.pop("net", NET), given.pop("x", X), given.pop("y", Y), **given)
    assert re.sub(r"str\d+", "str", str(error.value)) == sentence


def test_the_row_that_is_no_distribution_is_shown():
    rows = np.eye(3)[Y]
    rows[7] = [0.25, 0.25, 0.25]
    sentence = "SoftmaxCrossEntropy takes labels, or rows that are ≥ 0 and sum to 1; got a row [0.25, 0.25, 0.25]"
    refused(sentence, y=rows, loss="cross_entropy")


@pytest.mark.parametrize("share", [0, 1, 1.5, -0.2, 0.01, np.nan])
def test_a_share_that_leaves_nothing_is_refused(share):
    refused(
        f"validation must be (x, y) or a share in (0, 1) that leaves some on both sides, got {share} of 23 samples",
        validation=share,
    )


@pytest.mark.parametrize("validation", ["half", (X,), (X, Y, X), X])
def test_a_validation_that_is_no_pair_is_named(validation):
    with pytest.raises(ValueError, match="validation"):
        Run(NET, X, Y, validation=validation)


def test_numbers_too_large_for_the_precision_are_named():
    """Finite in double, infinite in single."""
    x = np.where(np.arange(23)[:, None] == 3, 1e39, X)
    assert np.isfinite(Run(NET, x, Y, dtype="float64").predict(x)).all()
    with pytest.raises(ValueError, match=r"^x must be finite, got 1e\+39, too large for float32, in row 3"):
        Run(NET, x, Y)
    with pytest.raises(ValueError, match="finite"):
        Run(ONE, X, 1e39 * VALUES)


@pytest.mark.parametrize(
    ("end", "loss", "name"),
    [
        (Softmax(), "cross_entropy", "SoftmaxCrossEntropy"),
        (LogSoftmax(), None, "SoftmaxCrossEntropy"),
        (Sigmoid(), "bce_with_logits", "SigmoidCrossEntropy"),
    ],
    ids=repr,
)
def test_what_takes_logits_is_given_no_probabilities(end, loss, name):
    sentence = f"{name} takes logits, but the network ends in {end}; leave that out, the loss contains it"
    refused(sentence, net=Network(13, Dense(3), end), loss=loss)


@pytest.mark.parametrize("loss", [om.BinaryCrossEntropy(), om.CategoricalCrossEntropy()], ids=repr)
def test_what_takes_probabilities_is_given_no_logits(loss):
    name = type(loss).__name__
    must = "end it in Sigmoid() or Softmax()"
    sentence = f"{name} takes probabilities, but the network ends in Dense(3); {must}"
    refused(sentence, net=Network(13, Dense(3)), loss=loss)


def test_outputs_must_be_a_vector():
    sentence = "the network must end in a vector of outputs, got samples of shape (2, 3); add Flatten()"
    refused(sentence, net=Network((2, 3), Relu()), x=np.ones((4, 2, 3)), y=np.ones((4, 6)))


def test_targets_may_be_whole_numbers_bytes_and_lists():
    for y in (Y.astype(np.uint8), Y.tolist(), Y.astype(np.int16), np.eye(3, dtype=int)[Y]):
        assert Run(NET, X, y, seeds=[0], epochs=1).train().epoch == 1
    wanted = om.fit(NET, X, Y, seeds=[0], epochs=1)
    assert_array_equal(om.fit(NET, X, np.eye(3)[Y], loss="cross_entropy", seeds=[0], epochs=1).theta, wanted.theta)


def test_samples_of_any_shape():
    net = Network((2, 3), Flatten(), Dense(4), Tanh(), Dense(2))
    x = np.random.default_rng(0).normal(size=(9, 2, 3))
    run = om.fit(net, x, np.arange(9) % 2, epochs=1, seeds=[0, 1])
    assert run.predict(x).shape == (2, 9, 2)
    with pytest.raises(ValueError, match=r"^x must have shape \(N, 2, 3\) for this network, with N ≥ 1, got \(9, 6\)$"):
        run.predict(x.reshape(9, 6))


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda run: run.train(-1), "epochs must be a whole number ≥ 0, got -1"),
        (lambda run: next(run.steps(1.5)), "epochs must be a whole number ≥ 0, got 1.5"),
        (lambda run: run.train(checkpoint_epochs=0), "checkpoint_epochs must be a whole number ≥ 1, got 0"),
        (lambda run: run.predict(BAD), "x must be finite, got nan in row 4"),
        (lambda run: run.evaluate(X, Y[:3]), "x and y must have the same length, got 23 and 3"),
        (
            lambda run: run.confusion(X, VALUES),
            "a confusion matrix needs labels of shape (N,), got float64 of shape (23,)",
        ),
        (lambda run: run.confusion(X, Y[:3]), "x and labels must have the same length, got 23 and 3"),
        (lambda run: run.confusion(X, Y[:1]), "x and labels must have the same length, got 23 and 1"),
        (lambda run: run.confusion(X, Y + 1), "labels must lie in 0 … 2, got 1 … 3"),
        (lambda run: run.confusion(X, Y - 1), "labels must lie in 0 … 2, got -1 … 1"),
    ],
)
def test_questions_to_a_run(ask, sentence):
    run = Run(NET, X, Y, seeds=[0])
    with pytest.raises(ValueError) as error:
        ask(run)
    assert str(error.value).split(" for ")[0] == sentence.split(" for ")[0]
