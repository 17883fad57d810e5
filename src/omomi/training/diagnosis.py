"""Why does it not learn? Every layer beside the gradient of the loss, and its units one by one."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..formulas.activations import Activation
from ..networks.layers import EVALUATE, Activate, Layer, Mode, Weights
from ..networks.network import Network
from ..networks.signed import SignedDense
from ..rules import Backprop, Pass, Rule

if TYPE_CHECKING:
    from .crew import Crew
    from .run import Run

Array = np.ndarray

PROBE = 256  # training samples to look at, where none are given
SILENT = 1e-6  # of the layer's largest output
FLAT, MOSTLY = 0.01, 0.95  # of an activation's largest slope; the share of samples at which a saturated unit is flat
REACH = np.linspace(-10, 10, 4001)  # where an activation's largest slope is looked for

# What is worth a sentence
ASIDE, AGAINST = 80.0, 100.0  # degrees from the gradient
OPPOSED = 0.1  # of the coordinates
OUT_OF_SCALE = 10.0  # times as long as the gradient, or as the weights at the start; or so many times shorter
IDLE = 0.1  # of a layer's units
NOTHING = "nothing to remark"


class Diagnosis(Mapping[str, Array]):
    """What `diagnose` found: `diagnosis["angle[0]"]`, of layer 0, has shape (R,).

    Of each layer with weights between units: what the rule would have its weights do, beside the gradient of the loss.

    angle
        Between the two, in degrees; 90 where one of them is 0.
    norm_ratio
        Length of the rule's over that of the gradient; 0 where one of them is 0.
    opposing
        Share of the coordinates where the two have opposite signs, of those where neither is 0.
    growth
        Length of the weights over that at the start; 0 where they started at 0.
    flipped
        Share of the weights whose sign is not that of the start; of magnitudes (SignedDense), those below 0.

    Of each activation, the share of units that are

    dead
        The slope is 0 at every sample.
    silent
        The output is 0, or below a millionth of the layer's largest, at every sample.
    saturated
        The slope is below 1 % of the activation's largest at 95 % of the samples or more, but the unit is not dead.

    Replicas whose weights or gradients are no longer finite have NaN.
    """

    def __init__(self, net: Network, loss_takes: str, columns: Mapping[str, Array]) -> None:
        self.net, self._loss_takes, self._columns = net, loss_takes, dict(columns)

    def __getitem__(self, name: str) -> Array:
        if name not in self._columns:
            raise KeyError(f"the diagnosis has no {name!r}; it has {', '.join(self._columns) or 'nothing'}")
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def in_words(self) -> list[str]:
        """What is worth saying, a sentence each, and what helps where that is known; means are over the replicas."""
        if self and not any(np.isfinite(values).any() for values in self.values()):
            return ["no replica has finite weights and gradients: nothing can be said of its layers"]
        said = []
        for at, layer in enumerate(self.net.layers):
            found = {name: self._columns[key] for name in COLUMNS if (key := f"{name}[{at}]") in self._columns}
            found = {name: values[np.isfinite(values)] for name, values in found.items()}
            if "angle" in found:
                said += [f"{_called(at, layer)}: {words}" for words in _of_weights(found, layer)]
            elif isinstance(layer, Activate):
                units = int(np.prod(self.net.shapes[at + 1]))
                # Sure answers are flat, and a loss of probabilities divides by the slope.
                sure = at == len(self.net.layers) - 1 and self._loss_takes == "probabilities"
                said += [f"{_called(at, layer)}: {w}" for w in _of_units(found, layer.activation, units, sure)]
        return said or [NOTHING]

    def __repr__(self) -> str:
        return "\n".join(self.in_words())


COLUMNS = ("angle", "norm_ratio", "opposing", "growth", "flipped", "dead", "silent", "saturated")


def diagnose(run: Run, x: Any = None, y: Any = None) -> Diagnosis:
    """Compare what the rule wants of every layer with the gradient of the loss, and look at every unit.

    Nothing in the run changes: what is random is drawn from copies of its generators, and both sides see the same
    dropout. Weight decay and clipping are left out. Growth and signs are those since `Network.init`, also where other
    weights were written into `run.theta` before.

    Parameters
    ----------
    run : Run
    x, y : arrays, optional
        The samples to look at, all of them at once; left out: the first 256 that the run is trained on.

    Returns
    -------
    Diagnosis
    """
    s = run.settings
    if (x is None) != (y is None):
        raise ValueError("diagnose: x and y go together, got one of them")
    if x is None:
        if run._x is None:
            raise ValueError("diagnose: this run was loaded without its data; give x and y")
        x, targets = run._x[:PROBE], run._y
    else:
        x, targets = run._inputs("x", x), run._targets("y", y)
        if len(x) != len(targets):
            raise ValueError(f"x and y must have the same length, got {len(x)} and {len(targets)}")
    rows = targets.take(np.arange(len(x)))
    start = s.net.init(s.seeds, s.dtype)
    with np.errstate(all="ignore"):
        parts = [_of_crew(crew, x, rows, start[crew.rows]) for crew in run._crews]
    return Diagnosis(s.net, s.loss.takes, {name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def _of_crew(crew: Crew, x: Array, rows: Array, start: Array) -> dict[str, Array]:
    s, n = crew.settings, len(crew.theta)
    x, target = (np.repeat(a[None], n, axis=0) for a in (x, rows))
    wanted, true = (_gradient(crew, rule, x, target) for rule in (s.rule, Backprop()))
    sound = np.isfinite(crew.theta).all(axis=1) & np.isfinite(wanted).all(axis=1) & np.isfinite(true).all(axis=1)
    found: dict[str, Array] = {}
    views = [s.net.views(theta) for theta in (crew.theta, start, wanted, true)]
    for at in s.net.connecting:
        layer = s.net.layers[at]
        w, w_0, g, g_true = (_flat(layer, view[at]) for view in views)
        signs = w < 0 if isinstance(layer, SignedDense) else np.sign(w) != np.sign(w_0)
        found |= {f"{name}[{at}]": values for name, values in beside(g, g_true).items()}
        found |= {f"growth[{at}]": _ratio(_length(w), _length(w_0)), f"flipped[{at}]": signs.mean(axis=1)}
    for at, (layer, p) in enumerate(zip(s.net.layers, views[0], strict=True)):
        y, _ = layer.forward(p, x, EVALUATE)
        if isinstance(layer, Activate):
            found |= {f"{name}[{at}]": values for name, values in units(layer.activation, x, y).items()}
        x = y
    return {name: np.where(sound, values, np.nan) for name, values in found.items()}


def _gradient(crew: Crew, rule: Rule, x: Array, target: Array) -> Array:
    """What the rule makes of a batch, (R, P), on copies of all that it could change."""
    s, seen = crew.settings, crew._pass
    theta, grad = crew.theta.copy(), np.zeros_like(crew.theta)
    params, mode = s.net.views(theta), Mode(True, copy.deepcopy(crew.mode.rngs))
    own, rngs = copy.deepcopy((seen.own, seen.rngs))
    y, tapes = s.net.run(params, x, mode)
    _, error = s.loss.measure(y, target)
    rule.gradient(Pass(s.net, s.loss, params, own, rngs, mode, x, target, y, tapes, error), s.net.views(grad))
    return grad


def _flat(layer: Layer, p: Weights) -> Array:
    """A layer's weights between units in one row per replica, in double."""
    return np.concatenate([p[k].reshape(len(p[k]), -1) for k in layer.between_units if k in p], 1, dtype=np.float64)


def beside(g: Array, true: Array) -> dict[str, Array]:
    """How g (R, P) lies to the gradient (R, P): angle, norm_ratio and opposing, (R,) each.

    Numerics: 2 atan2(|u - v|, |u + v|) of the unit vectors is exact near 0° and 180°, where the arc cosine is not
        (Kahan, Computing cross-products and rotations in 2- and 3-dimensional Euclidean spaces, §13).

    >>> beside(np.array([[1.0, 1.0]]), np.array([[2.0, 0.0]]))["angle"].round(12)
    array([45.])
    """
    a, b = _length(g), _length(true)
    both, u, v = (a > 0) & (b > 0), g / a[:, None], true / b[:, None]
    angle = np.degrees(2 * np.arctan2(_length(u - v), _length(u + v)))
    there = (g != 0) & (true != 0)
    against = (there & (np.signbit(g) != np.signbit(true))).sum(axis=1)
    return {
        "angle": np.where(both, angle, 90.0), "norm_ratio": _ratio(a, b), "opposing": _ratio(against, there.sum(axis=1))
    }  # fmt: skip


def units(f: Activation, z: Array, y: Array) -> dict[str, Array]:
    """Shares of the units of y = f(z), both (R, B, …), that are dead, silent or saturated, (R,) each."""
    slope, size = np.abs(f.slope(z)), np.abs(y)
    dead = (slope == 0).all(axis=1)
    flat = (slope < FLAT * slopes(f).max()).mean(axis=1) >= MOSTLY
    silent = (size <= SILENT * size.max(axis=tuple(range(1, y.ndim)), keepdims=True)).all(axis=1)
    found = {"dead": dead, "silent": silent, "saturated": flat & ~dead}
    return {name: is_so.reshape(len(y), -1).mean(axis=1) for name, is_so in found.items()}


def slopes(f: Activation) -> Array:
    """|f′| on [-10, 10]; of vectors, that of the first number where a second one is 0."""
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.abs(f.slope(np.stack([REACH, np.zeros_like(REACH)], axis=-1))[:, 0]), posinf=0)


def _length(rows: Array) -> Array:
    return np.sqrt(np.square(rows).sum(axis=1))


def _ratio(a: Array, b: Array) -> Array:
    """a / b, 0 where b is."""
    return np.divide(a, b, out=np.zeros(len(a)), where=b > 0)


# In words


def _called(at: int, layer: Layer) -> str:
    return f"layer {at} ({repr(layer).removesuffix('()')})"


def _over(values: Array) -> str:
    return f" (mean over {len(values)} replicas)" if len(values) > 1 else ""


def _of_weights(found: Mapping[str, Array], layer: Layer) -> Iterator[str]:
    some = found["norm_ratio"] > 0
    if not some.all():
        where = f" in {(~some).sum()} of {len(some)} replicas" if len(some) > 1 else ""
        yield f"the gradient, or what the rule makes of it, is 0{where}: nothing is learned here"
    if some.any():
        yield from _of_course({name: found[name][some] for name in ("angle", "norm_ratio", "opposing")})
    growth = found["growth"].mean()
    if growth > OUT_OF_SCALE:
        yield f"the weights are {growth:.3g} times as long as at the start; a lower learning rate or weight decay helps"
    elif 0 < growth < 1 / OUT_OF_SCALE:
        yield f"the weights have shrunk to {100 * growth:.2g} % of their length at the start; less weight decay helps"
    if isinstance(layer, SignedDense) and (flipped := found["flipped"].mean()) > 0:
        yield f"{100 * flipped:.2g} % of the magnitudes are below 0{_over(found['flipped'])}: their signs have changed"


def _of_course(found: Mapping[str, Array]) -> Iterator[str]:
    angle, ratio, opposing = (found[name].mean() for name in ("angle", "norm_ratio", "opposing"))
    over = _over(found["angle"])
    if angle > AGAINST:
        yield f"{angle:.0f}° from the gradient{over}: it goes against it, where the loss rises"
    elif angle > ASIDE:
        yield f"{angle:.0f}° from the gradient{over}: it does not follow it"
    elif opposing > OPPOSED:
        yield f"{100 * opposing:.0f} % of the coordinates oppose the gradient{over}, at {angle:.0f}° on the whole"
    if not 1 / OUT_OF_SCALE <= ratio <= OUT_OF_SCALE:
        rate = "lower" if ratio > 1 else "higher"
        yield f"{ratio:.2g} times as long as the gradient{over}: SGD needs a {rate} learning rate, Adam does not"


def _of_units(found: Mapping[str, Array], f: Activation, n: int, sure: bool) -> Iterator[str]:
    dead, silent, saturated = (found[name].mean() for name in ("dead", "silent", "saturated"))
    over = _over(found["dead"])
    steep = slopes(f)
    one_sided = (steep[0] == 0) != (steep[-1] == 0)
    if not steep.any():
        yield "its slope is 0 everywhere: no gradient comes through"
    elif dead >= IDLE:
        helps = "a lower learning rate, or leaky_relu, helps" if one_sided else "smaller initial weights help"
        yield f"{_count(dead, n)} units dead{over}; {helps}"
    if silent - dead >= IDLE:
        yield f"{_count(silent, n)} units silent{over}: nothing goes on from them"
    if saturated >= IDLE and not sure:
        what = ": off at almost every sample" if one_sided else "; smaller initial weights, or smaller inputs, help"
        yield f"{_count(saturated, n)} units saturated{over}{what}"


def _count(share: float, n: int) -> str:
    """
    >>> _count(0.53, 64), _count(0.1, 8)
    ('34 of 64', '0.8 of 8')
    """
    mean = share * n
    return f"{mean:.0f} of {n}" if mean >= 10 or round(mean) == mean else f"{mean:.2g} of {n}"
