"""scikit-learn estimators: scikit-learn's own checks, and omomi's runs behind them."""

import pickle
import sys
import warnings

import numpy as np
import pandas
import polars
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from omomi import Adam, Dense, Loss, Network, Relu, Rule, Tanh, fit
from omomi.adapters.extras import library
from omomi.adapters.sklearn import OmomiClassifier, OmomiRegressor

X, Y = load_iris(return_X_y=True)
X = X - X.mean(axis=0)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
SHORT = {"hidden": "5, relu", "epochs": 3, "random_state": 4}


@parametrize_with_checks([OmomiClassifier(), OmomiRegressor()])
def test_what_scikit_learn_asks_of_estimators(estimator, check, monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")  # without it scikit-learn skips a check
    check(estimator)


# The run behind


def test_it_is_fit_of_the_same_network():
    model = OmomiClassifier("5, relu", optimizer="adam(lr=0.01)", epochs=3, batch_size=32, replicas=2, random_state=4)
    run = fit(
        Network(4, Dense(5), Relu(), Dense(3)), X, Y, optimizer="adam(lr=0.01)", epochs=3, seeds=[4, 5],
        dtype="float64",
    )  # fmt: skip
    model.fit(X, NAMES)
    assert_array_equal(model.run_.theta, run.theta)
    assert_array_equal(model.loss_curve_, run.history["loss"].mean(axis=1))
    assert_allclose(model.predict_proba(X), softmax(run.predict(X), axis=-1).mean(axis=0), rtol=1e-12)
    assert_array_equal(model.scores(X, NAMES), [accuracy_score(Y, chosen) for chosen in run.classify(X)])
    assert (list(model.classes_), model.n_iter_, model.n_features_in_) == (sorted(set(NAMES)), 3, 4)


def test_parts_may_be_objects():
    """Of single precision, too."""
    texts = OmomiClassifier("5, relu, 4, tanh", optimizer="adam(lr=0.01)", epochs=2, random_state=0)
    objects = OmomiClassifier([5, Relu(), Dense(4), Tanh()], optimizer=Adam(lr=0.01), epochs=2, random_state=0)
    x = X.astype(np.float32)
    assert_array_equal(texts.fit(x, Y).predict_proba(x), clone(objects).fit(x, Y).predict_proba(x))
    assert texts.run_.theta.dtype == texts.predict_proba(x).dtype == np.float32


@pytest.mark.parametrize("rule", Rule.entries())
def test_every_rule_learns_by_its_name_alone(rule):
    model = OmomiClassifier("8, tanh", rule=rule, epochs=1, random_state=0).fit(X, NAMES)
    assert np.isfinite(model.predict_proba(X)).all()
    assert model.run_.settings.rule == Rule.named(rule)


def test_error_diffusion_on_data_as_they_come():
    model = OmomiClassifier("20, relu", rule="ed", epochs=50, random_state=0).fit(X, Y)
    assert repr(model.run_.settings.optimizer) == "Sgd(lr=1.0)"
    assert model.score(X, Y) > 0.9


def test_neurons_that_spike():
    model = OmomiClassifier("20, spiking(lif(tau=2), steps=5), spike_count", optimizer="adam(lr=0.02)", epochs=50)
    assert model.set_params(random_state=0).fit(X, Y).score(X, Y) > 0.9
    with pytest.raises(ValueError, match="say Spiking"):
        OmomiClassifier("20, lif, spike_count").fit(X, Y)


@pytest.mark.parametrize("name", Loss.entries())
def test_every_loss_has_its_estimator(name):
    """A loss of classes gives probabilities, as its activation has them; others only choose, or say numbers."""
    loss = name + {"smoothed": "(hinge)", "weighted": "(softmax_cross_entropy, (1, 2, 3))"}.get(name, "")
    model = OmomiClassifier(loss=loss, **SHORT)
    made = Loss.parse(loss)
    if made.targets == "counts" or made.outputs_per_target > 1:
        with pytest.raises(ValueError, match="loss must be one that takes an output for each class"):
            model.fit(X, Y)
    else:
        said = model.fit(X, Y).run_.predict(X)[0]
        sure = made.targets != "values" and made.takes != "margins"
        assert hasattr(model, "predict_proba") == hasattr(model, "predict_log_proba") == sure
        if sure and made.takes == "logits":
            said = softmax(said, axis=1) if made.targets == "classes" else expit(said)
        p = said / said.sum(axis=1, keepdims=True)
        assert_allclose(model.predict_proba(X) if sure else model.decision_function(X), p if sure else said, rtol=1e-9)
        assert_array_equal(model.predict(X), said.argmax(axis=1))
    model = OmomiRegressor(loss=loss, **SHORT)
    if made.targets in ("values", "counts"):
        assert_array_equal(model.fit(X, Y).predict(X), made.expected(model.run_.predict(X))[0, :, 0])
    else:
        with pytest.raises(ValueError, match="loss must be one of numbers"):
            model.fit(X, Y)


def test_two_classes_are_decided_by_the_difference():
    two = Y < 2
    model = OmomiClassifier(replicas=3, **SHORT).fit(X[two], NAMES[two])
    p = softmax(model.run_.predict(X), axis=-1).mean(axis=0)
    assert_allclose(model.decision_function(X), np.log(p[:, 1] / p[:, 0]), rtol=1e-9, atol=1e-12)


def test_several_numbers_and_their_spread():
    y = np.stack([X[:, 0] * X[:, 1], X[:, 2]], axis=1)
    model = OmomiRegressor("20, tanh", optimizer="adam(lr=0.03)", epochs=200, replicas=3, random_state=0).fit(X, y)
    each = model.run_.predict(X)
    mean, deviation = model.predict(X, return_std=True)
    assert_array_equal(mean, each.mean(axis=0))
    assert_array_equal(deviation, each.std(axis=0, ddof=1))
    assert_allclose(model.scores(X, y), [r2_score(y, one) for one in each])
    assert (model.score(X, y) > 0.9, model.n_outputs_) == (True, 2)
    with pytest.raises(ValueError, match="return_std needs several replicas"):
        OmomiRegressor(**SHORT).fit(X, Y).predict(X, return_std=True)
    with pytest.raises(ValueError, match="must have the shape"):
        model.partial_fit(X, Y)


# Piece by piece


def test_partial_fit_is_an_epoch():
    x, y, w = X[:60], NAMES[30:90], np.arange(60.0)
    model = OmomiClassifier(batch_size=16, **SHORT)
    for _ in range(3):
        model.partial_fit(x, y, classes=["versicolor", "setosa"], sample_weight=w)
    assert_array_equal(model.run_.theta, clone(model).fit(x, y, w).run_.theta)
    assert len(model.loss_curve_) == model.n_iter_ == 3
    model.partial_fit(x[:5], y[:5])
    assert model.n_iter_ == 4
    regressor = OmomiRegressor(batch_size=16, **SHORT).partial_fit(x, Y[:60]).partial_fit(x, Y[:60])
    assert_array_equal(regressor.run_.theta, clone(regressor).set_params(epochs=2).fit(x, Y[:60]).run_.theta)


def test_partial_fit_wants_the_classes():
    model = OmomiClassifier(**SHORT)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        model.partial_fit(X, NAMES)
    model.partial_fit(X[:60], NAMES[:60], classes=["setosa", "versicolor"])
    with pytest.raises(ValueError, match=r"y must hold the classes .*, got .*virginica"):
        model.partial_fit(X, NAMES)
    with pytest.raises(ValueError, match="classes were"):
        model.partial_fit(X[:60], NAMES[:60], classes=NAMES)
    with pytest.raises(ValueError, match="partial_fit knows no early_stopping"):
        model.set_params(early_stopping=True).partial_fit(X[:60], NAMES[:60])


@pytest.mark.parametrize("rule", ["backprop", "kolen_pollack"])
def test_warm_start_begins_where_the_last_fit_ended(rule):
    """Without momentum, in full batches, two times three epochs are six, also of feedback that learns."""
    how = SHORT | {"rule": rule, "optimizer": "sgd(lr=0.1)", "batch_size": None}
    model = OmomiClassifier(warm_start=True, **how).fit(X, Y).fit(X, Y)
    assert_allclose(model.run_.theta, OmomiClassifier(**(how | {"epochs": 6})).fit(X, Y).run_.theta, rtol=1e-12)


@pytest.mark.parametrize(
    ("changed", "y", "sentence"),
    [
        ({"hidden": "6, relu"}, Y, "warm_start goes on with Network"),
        ({"rule": "fa"}, Y, r"warm_start goes on with Backprop\(\), got FeedbackAlignment\(\)"),
        ({"replicas": 2}, Y, "warm_start goes on with 1 replicas, got 2"),
        ({}, NAMES, "warm_start needs the classes of the last fit"),
    ],
)
def test_warm_start_goes_on_with_the_same(changed, y, sentence):
    model = OmomiClassifier(warm_start=True, **SHORT).fit(X, Y)
    with pytest.raises(ValueError, match=sentence):
        model.set_params(**changed).fit(X, y)


def test_early_stopping_is_patience():
    weights = np.arange(150.0) + 1
    how = {"optimizer": "adam(lr=0.3)", "random_state": 0, "epochs": 60}
    model = OmomiClassifier("5, relu", early_stopping=True, n_iter_no_change=3, **how).fit(X, NAMES, weights)
    kept, held = train_test_split(np.arange(150), test_size=0.1, stratify=Y, random_state=0)
    run = fit(
        Network(4, Dense(5), Relu(), Dense(3)), X[kept], Y[kept], sample_weight=weights[kept], seeds=[0], patience=3,
        validation=(X[held], Y[held], weights[held]), optimizer="adam(lr=0.3)", epochs=60, batch_size=200,
        dtype="float64",
    )  # fmt: skip
    assert_array_equal(model.run_.theta, run.theta)
    assert model.n_iter_ == run.epoch < 60


# What goes wrong


def test_who_diverges_does_not_answer():
    model = OmomiClassifier("5, relu", epochs=2, replicas=3, batch_size=None, random_state=0, warm_start=True)
    model.fit(X, Y)
    model.run_.theta[1] = np.nan
    with pytest.warns(ConvergenceWarning, match=r"OmomiClassifier: seed 1 diverged in epoch 1: .*; the others answer"):
        model.fit(X, Y)
    each = softmax(model.run_.predict(X)[[0, 2]], axis=-1)
    assert_allclose(model.predict_proba(X), each.mean(axis=0), rtol=1e-12)
    assert np.isfinite(model.loss_curve_).all()
    assert model.scores(X, Y).shape == (2,)


def test_where_all_diverge_there_is_no_model():
    model = OmomiRegressor("5, relu", optimizer="sgd(lr=1000)", random_state=0)
    with pytest.raises(ValueError, match=r"OmomiRegressor: seed 0 diverged in epoch .*; scale X"):
        model.fit(X, Y)
    with pytest.raises(NotFittedError):
        model.predict(X)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"hidden": 100}, "OmomiClassifier: hidden must be text like '100, relu' or a list of layers, got 100"),
        ({"replicas": 0}, "replicas must be a whole number ≥ 1, got 0"),
        ({"epochs": 1.5}, "epochs must be a whole number"),
        ({"rule": "backprob"}, "did you mean 'backprop'"),
        ({"rule": "hebb"}, "leave out sample_weight"),
    ],
)
def test_wrong_parameters_are_named_by_fit(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        OmomiClassifier(**wrong).fit(X, Y, sample_weight=Y)


def test_a_missing_scikit_learn_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(
        ModuleNotFoundError, match=r"omomi\.adapters\.sklearn needs sklearn: pip install 'omomi\[sklearn"
    ):
        library("sklearn", "sklearn", "omomi.adapters.sklearn")


# Among the others


def test_in_a_pipeline_and_a_search():
    model = make_pipeline(StandardScaler(), OmomiClassifier("20, relu", epochs=30, random_state=0))
    choices = {"omomiclassifier__optimizer": ["sgd(lr=1e-6)", "adam(lr=0.03)"]}
    search = GridSearchCV(model, choices, cv=3).fit(X, NAMES)
    assert search.best_params_ == {"omomiclassifier__optimizer": "adam(lr=0.03)"}
    assert cross_val_score(search.best_estimator_, X, NAMES, cv=3, scoring="neg_log_loss").mean() > -0.3


@pytest.mark.parametrize("table", [pandas.DataFrame, polars.DataFrame])
def test_tables_and_the_names_of_their_columns(table):
    columns = ["a", "b", "c", "d"]
    x = table(dict(zip(columns, X.T, strict=True)))
    y = {pandas.DataFrame: pandas.Series, polars.DataFrame: polars.Series}[table](NAMES.tolist())
    model = OmomiClassifier(**SHORT).fit(x, y)
    assert list(model.feature_names_in_) == columns
    assert_array_equal(model.predict_proba(x), OmomiClassifier(**SHORT).fit(X, NAMES).predict_proba(X))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(x[columns[::-1]])


def test_pickled_without_the_data_and_taught_further():
    model = OmomiClassifier(rule="fa", batch_size=16, **SHORT).fit(X, NAMES)
    packed = pickle.dumps(model)
    assert X.tobytes()[:64] not in packed
    assert len(packed) < 15_000
    back = pickle.loads(packed)
    assert_array_equal(back.predict_proba(X), model.predict_proba(X))
    assert_array_equal(back.partial_fit(X, NAMES).run_.theta, model.partial_fit(X, NAMES).run_.theta)


def test_no_random_state_is_another_one_each_time():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        a, b = (OmomiClassifier("5, relu", epochs=1).fit(X, Y).run_.settings.seeds for _ in range(2))
    drawn = [OmomiClassifier("5, relu", epochs=1, random_state=np.random.RandomState(0)).fit(X, Y) for _ in range(2)]
    assert a != b
    assert drawn[0].run_.settings.seeds == drawn[1].run_.settings.seeds
