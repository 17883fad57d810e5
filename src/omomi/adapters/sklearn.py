"""omomi's networks as scikit-learn estimators: in pipelines, grid searches and cross-validation."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from ..formulas.losses import Loss
from ..formulas.optimizers import Optimizer
from ..formulas.schedules import Schedule
from ..networks import Network
from ..networks.network import layer_of, parts
from ..rules import Rule
from ..training import Run
from .extras import library

library("sklearn", "sklearn", "omomi.adapters.sklearn")

from scipy.special import log_expit, log_softmax, logsumexp  # noqa: E402
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.metrics import accuracy_score, r2_score  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402
from sklearn.utils import check_random_state  # noqa: E402
from sklearn.utils.metaestimators import available_if  # noqa: E402
from sklearn.utils.multiclass import check_classification_targets  # noqa: E402
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: E402

Array = np.ndarray
LARGEST_BATCH = 200  # of "auto", as in scikit-learn's own networks
PRECISIONS = [np.float64, np.float32]


class _Estimator(BaseEstimator):
    """What classes and numbers have in common: from a table to a Run, and from there to answers."""

    run_: Run
    _shape: tuple[int, ...]  # of a sample's numbers

    def __init__(
        self,
        hidden: str | Sequence[Any] = "100, relu",
        *,
        rule: Rule | str = "backprop",
        optimizer: Optimizer | str | None = None,
        loss: Loss | str | None = None,
        schedule: Schedule | str = "constant",
        epochs: int = 200,
        batch_size: int | str | None = "auto",
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        replicas: int = 1,
        random_state: Any = None,
    ) -> None:
        self.hidden = hidden
        self.rule = rule
        self.optimizer = optimizer
        self.loss = loss
        self.schedule = schedule
        self.epochs = epochs
        self.batch_size = batch_size
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.replicas = replicas
        self.random_state = random_state

    # What differs

    @abstractmethod
    def _loss(self) -> Loss:
        """The loss, if it is one for this kind of target."""

    @abstractmethod
    def _outputs(self, loss: Loss) -> int: ...

    @abstractmethod
    def _answers(self, y: Array) -> Array:
        """What `predict` says, (R, N) or (R, N, O), of each replica's outputs y (R, N, O)."""

    # Training

    @property
    def _goes_on(self) -> bool:
        return self.warm_start and hasattr(self, "run_")

    def _fit(self, x: Array, y: Array, weights: Any) -> Self:
        run = self._run(x, y, weights)
        if self._goes_on:
            _begin_with(run, self.run_, type(self).__name__)
        return self._finish(run.train(progress=False))

    def _go_on(self, x: Array, y: Array, weights: Any) -> Self:
        """One epoch more."""
        if self.early_stopping:
            raise ValueError(f"{type(self).__name__}: partial_fit knows no early_stopping")
        known = hasattr(self, "run_")
        run = self.run_.give(x, y, sample_weight=weights) if known else self._run(x, y, weights)
        return self._finish(run.train(1, progress=False))

    def _run(self, x: Array, y: Array, weights: Any) -> Run:
        data: tuple[Any, ...] = x, y, None if weights is None else np.asarray(weights)
        validation = None
        if self.early_stopping:
            data, validation = (tuple(a if a is None else a[at] for a in data) for at in self._apart(y))
        x, y, weights = data
        rule, loss = Rule.of(self.rule), self._loss()
        return Run(
            rule.wired(self._net(x.shape[1], loss), x), x, y, loss=loss, rule=rule,
            optimizer=self.optimizer or rule.usual or "adam", schedule=self.schedule, epochs=self.epochs,
            batch_size=LARGEST_BATCH if self.batch_size == "auto" else self.batch_size,  # type: ignore[arg-type]
            weight_decay=self.weight_decay, clip_norm=self.clip_norm, shuffle=self.shuffle, validation=validation,
            patience=self.n_iter_no_change if self.early_stopping else None, seeds=self._seeds(), dtype=x.dtype,
            sample_weight=weights,
        )  # fmt: skip

    def _net(self, n_in: int, loss: Loss) -> Network:
        """The hidden layers, and the readout that the loss asks for."""
        hidden: Any = self.hidden
        if isinstance(hidden, str):
            hidden = parts(hidden) if hidden.strip() else []
        if not isinstance(hidden, list | tuple):
            raise ValueError(
                f"{type(self).__name__}: hidden must be text like '100, relu' or a list of layers, got {hidden!r}"
            )
        last = {"classes": ["softmax"], "binary": ["sigmoid"]}[loss.targets] if loss.takes == "probabilities" else []
        listed = [*hidden, self._outputs(loss), *last]
        return Network(n_in, *(layer_of(str(p)) if isinstance(p, str | int | np.integer) else p for p in listed))

    def _seeds(self) -> range:
        """The replicas' seeds: from random_state on, if that is a number."""
        n, given = self.replicas, self.random_state
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
            raise ValueError(f"{type(self).__name__}: replicas must be a whole number ≥ 1, got {n!r}")
        rng = check_random_state(given)
        first = int(given if isinstance(given, int | np.integer) else rng.randint(2**31 - 1))
        return range(first, first + int(n))

    def _apart(self, y: Array) -> list[Array]:
        """The places of the samples to learn from, and of those that say when to stop."""
        return train_test_split(
            np.arange(len(y)),
            test_size=self.validation_fraction,
            stratify=y if isinstance(self, ClassifierMixin) else None,
            random_state=check_random_state(self.random_state),
        )

    def _finish(self, run: Run) -> Self:
        name = type(self).__name__
        sound = np.array([seed not in run.diverged for seed in run.settings.seeds])
        said = "; ".join(run.report()[: len(run.diverged)])
        if not sound.any():
            self.__dict__.pop("run_", None)
            raise ValueError(f"{name}: {said}; scale X, take a lower learning rate, or set clip_norm")
        if not sound.all():
            warnings.warn(f"{name}: {said}; the others answer", ConvergenceWarning, stacklevel=4)
        self.run_, self._sound = run, sound
        loss = run.history["loss"][:, sound]
        there = np.isfinite(loss)
        self.loss_curve_ = (np.where(there, loss, 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)).tolist()
        self.n_iter_ = run.epoch
        return self

    # Answers

    def _said(self, X: Any) -> Array:
        """What the last layer of each replica says, (R, N, O), without those that diverged."""
        check_is_fitted(self, "run_")
        return self.run_.predict(validate_data(self, X, dtype=PRECISIONS, reset=False))[self._sound]

    def scores(self, X: Any, y: Any, sample_weight: Any = None) -> Array:
        """What `score` would be of each replica alone, (R,): a spread over seeds for error bars."""
        score = accuracy_score if isinstance(self, ClassifierMixin) else r2_score
        return np.array([score(y, said, sample_weight=sample_weight) for said in self._answers(self._said(X))])


class OmomiClassifier(ClassifierMixin, _Estimator):
    """A network that tells classes apart: any layers, learning rule, optimizer and loss, by name or as objects.

    There is an output for each class, also where they are two.

    Parameters
    ----------
    hidden : str or list of layers
        What comes before the readout: "100, relu", "50, spiking(lif(tau=2), steps=10), spike_count"; "" for none.
    rule : Rule or str
    optimizer : Optimizer or str, optional
        Left out: what goes with the rule, else Adam.
    loss : Loss or str, optional
        Left out: softmax cross-entropy. Losses of probabilities get the softmax or sigmoid that they need.
    schedule : Schedule or str
    epochs : int
        All of them are taken, unless `early_stopping`.
    batch_size : int, "auto" or None
        "auto" is at most 200; None takes all samples at once.
    weight_decay : float
        λ: adds λ w to the gradient of every weight between units. Differs: MLPClassifier divides its `alpha` by the
        size of the batch.
    clip_norm : float, optional
        The longest gradient.
    shuffle : bool
    early_stopping : bool
        Hold `validation_fraction` of the samples back, and stop where their loss has not fallen for
        `n_iter_no_change` epochs; the best weights stay. Differs: MLPClassifier watches their accuracy.
    warm_start : bool
        `fit` begins with the weights of the last one.
    replicas : int
        So many networks that differ in their seed; what they say is averaged.
    random_state : int, RandomState or None
        A number is the seed of the first replica, as in `omomi.fit`.

    Attributes
    ----------
    run_ : Run
        Pickled without the training data.
    classes_ : array (O,)
    n_iter_ : int
        Epochs.
    loss_curve_ : list of float
        The mean over the replicas.
    n_features_in_, feature_names_in_

    float32 stays float32; everything else is computed in float64. Replicas that diverge are left out, with a
    ConvergenceWarning; where all do, `fit` raises.

    >>> model = OmomiClassifier("8, tanh", optimizer="adam(lr=0.1)", epochs=50, random_state=0)
    >>> model.fit([[0, 0], [0, 1], [1, 0], [1, 1]], ["even", "odd", "odd", "even"]).predict([[1, 0]])
    array(['odd'], dtype='<U4')
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """X (N, I), y (N,) labels of any kind, sample_weight (N,) ≥ 0 as in `omomi.fit`."""
        x, y = self._checked(X, y, reset=not self._goes_on)
        classes = np.unique(y)
        if self._goes_on and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"OmomiClassifier: warm_start needs the classes of the last fit, {list(self.classes_)}, "
                f"got {list(classes)}"
            )
        self._meet(classes)
        return self._fit(x, self._numbered(y), sample_weight)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """One epoch on these samples. The first call has to say all `classes`."""
        known = hasattr(self, "run_")
        if not known and classes is None:
            raise ValueError("OmomiClassifier: classes must be passed on the first call to partial_fit")
        if known and classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"OmomiClassifier: classes were {list(self.classes_)} before, got {list(classes)}")
        x, y = self._checked(X, y, reset=not known)
        if not known:
            self._meet(np.unique(classes))
        return self._go_on(x, self._numbered(y), sample_weight)

    def predict(self, X: Any) -> Array:
        """The class of each sample, (N,)."""
        said = self._said(X)
        return self.classes_[self._scores(said).argmax(axis=-1)]

    def decision_function(self, X: Any) -> Array:
        """How much speaks for each class, (N, O), or for the second of two, (N,).

        The logarithm of the probability (of two: of their ratio), or the output where the loss knows no probabilities.
        """
        scores = self._scores(self._said(X))
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    @available_if(lambda self: _gives_probabilities(self._loss()))
    def predict_log_proba(self, X: Any) -> Array:
        """The logarithm of `predict_proba`."""
        return self._scores(self._said(X))

    @available_if(lambda self: _gives_probabilities(self._loss()))
    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, (N, O), in the order of `classes_`: the mean over the replicas."""
        return np.exp(self._scores(self._said(X)))

    def _checked(self, X: Any, y: Any, reset: bool) -> tuple[Array, Array]:
        x, y = validate_data(self, X, y, dtype=PRECISIONS, reset=reset)
        check_classification_targets(y)
        return x, y

    def _meet(self, classes: Array) -> None:
        if len(classes) < 2:
            raise ValueError(f"OmomiClassifier needs at least 2 classes, got 1 class: {classes[0]!r}")
        self.classes_ = classes

    def _numbered(self, y: Array) -> Array:
        at = np.minimum(np.searchsorted(self.classes_, y), len(self.classes_) - 1)
        unknown = self.classes_[at] != y
        if unknown.any():
            raise ValueError(f"OmomiClassifier: y must hold the classes {list(self.classes_)}, got {y[unknown][0]!r}")
        return at

    def _loss(self) -> Loss:
        loss = Loss.of("softmax_cross_entropy" if self.loss is None else self.loss)
        if loss.targets == "counts" or loss.outputs_per_target > 1:
            raise ValueError(f"OmomiClassifier: loss must be one that takes an output for each class, got {loss}")
        return loss

    def _outputs(self, loss: Loss) -> int:
        return len(self.classes_)

    def _answers(self, y: Array) -> Array:
        return self.classes_[np.stack([self._scores(one[None]).argmax(axis=-1) for one in y])]

    def _scores(self, y: Array) -> Array:
        """log p of the mean over replicas, or the mean of the outputs; y (R, N, O) → (N, O)."""
        loss = self.run_.settings.loss
        if not _gives_probabilities(loss):
            return y.mean(axis=0)
        if loss.takes == "probabilities":
            y = np.log(np.maximum(y, np.finfo(y.dtype).tiny))
        elif loss.targets == "binary":
            y = log_expit(y)
        log_p = log_softmax(y, axis=-1)
        return log_p[0] if len(log_p) == 1 else logsumexp(log_p, axis=0) - np.log(len(log_p)).astype(y.dtype)


class OmomiRegressor(MultiOutputMixin, RegressorMixin, _Estimator):
    """A network that says numbers, one or several. Parameters and attributes are those of OmomiClassifier.

    The loss is the squared error where none is given; of a likelihood (`gaussian_nll`, `poisson_nll`), `predict` says
    the mean. The targets are taken as they are: see scikit-learn's TransformedTargetRegressor to scale them.

    >>> import numpy as np
    >>> x = np.linspace(-1, 1, 20)[:, None]
    >>> model = OmomiRegressor("16, tanh", optimizer="adam(lr=0.03)", replicas=3, random_state=0)
    >>> bool(model.fit(x, x[:, 0] ** 2).score(x, x[:, 0] ** 2) > 0.95)
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """X (N, I), y (N,) or (N, O), sample_weight (N,) ≥ 0 as in `omomi.fit`."""
        return self._fit(*self._checked(X, y, reset=not self._goes_on), sample_weight)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """One epoch on these samples."""
        return self._go_on(*self._checked(X, y, reset=not hasattr(self, "run_")), sample_weight)

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """The numbers, in the shape of y: the mean over the replicas; and their standard deviation, if asked for."""
        said = self._answers(self._said(X))
        if not return_std:
            return said.mean(axis=0)
        if len(said) < 2:
            raise ValueError("OmomiRegressor: return_std needs several replicas, got 1")
        return said.mean(axis=0), said.std(axis=0, ddof=1)

    def _checked(self, X: Any, y: Any, reset: bool) -> tuple[Array, Array]:
        x, y = validate_data(self, X, y, dtype=PRECISIONS, multi_output=True, y_numeric=True, reset=reset)
        shape = y.shape[1:]
        if not reset and shape != self._shape:
            raise ValueError(f"OmomiRegressor: y must have the shape {('N', *self._shape)} as before, got {y.shape}")
        self._shape, self.n_outputs_ = shape, y[0].size
        return x, y.astype(x.dtype, copy=False)

    def _loss(self) -> Loss:
        loss = Loss.of("squared_error" if self.loss is None else self.loss)
        if loss.targets not in ("values", "counts"):
            raise ValueError(f"OmomiRegressor: loss must be one of numbers, got {loss}")
        return loss

    def _outputs(self, loss: Loss) -> int:
        return self.n_outputs_ * loss.outputs_per_target

    def _answers(self, y: Array) -> Array:
        said = self.run_.settings.loss.expected(y)
        return said.reshape(*said.shape[:2], *self._shape)


def _gives_probabilities(loss: Loss) -> bool:
    return loss.targets in ("classes", "binary") and loss.takes in ("logits", "probabilities")


def _begin_with(run: Run, last: Run, owner: str) -> None:
    """The last weights, and what the rule learned with them."""
    for what in ("net", "rule"):
        now, before = (getattr(r.settings, what) for r in (run, last))
        if repr(now) != repr(before):
            raise ValueError(f"{owner}: warm_start goes on with {before}, got {now}")
    if len(run.theta) != len(last.theta):
        raise ValueError(f"{owner}: warm_start goes on with {len(last.theta)} replicas, got {len(run.theta)}")
    run.theta = last.answering
    run._own = last._own
