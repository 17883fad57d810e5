"""Why does it not learn? Every layer beside the gradient of the loss, and its units one by one."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ..formulas.activations import Activation
from ..formulas.arrays import on_host
from ..networks.layers import EVALUATE, Activate, Layer, Mode, Weights
from ..networks.network import Network
from ..networks.signed import SignedDense
from ..networks.spiking import Spiking
from ..rules import Backprop, Pass, Rule
from ..shown import Shown
from . import firing
from .firing import FLAT, REACH
from .words import IDLE, called, count, over

if TYPE_CHECKING:
    from .crew import Crew
    from .run import Run

Array = np.ndarray

PROBE = 256  # training samples to look at, where none are given
SILENT = 1e-6  # of the layer's largest output
MOSTLY = 0.95  # the share of samples at which a saturated unit is flat

# What is worth a sentence
ASIDE, AGAINST = 80.0, 100.0  # degrees from the gradient
OPPOSED = 0.1  # of the coordinates
OUT_OF_SCALE = 10.0  # times as long as the gradient, or as the weights at the start; or so many times shorter
STEEP = 1000.0  # times as long as the gradient of the next layer; or so many times shorter
NOTHING = "nothing to remark"


class Diagnosis(Mapping[str, Array], Shown):
    """What `diagnose` found: `diagnosis["angle[0]"]`, of layer 0, has shape (R,).

    Of each layer that learns:

    gradient
        Length of what the rule makes of a batch for it.

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

    Of each layer of spiking neurons:

    rate, first
        Spikes per neuron and step, and per neuron at the first step.
    silent
        Share of the neurons that never spike.
    always
        Share of those that spike at every step at which they can: all but the refractory ones.
    dead
        Share of those at which the surrogate's derivative is below 1 % of its largest at every sample and step.
    lost
        Share of those with weights or membranes that are not finite; the other shares are of the rest.

    Replicas whose weights or gradients are no longer finite have NaN, except for what their spiking neurons do.
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
        said = []
        if self._lengths and not any(np.isfinite(values).any() for values in self._lengths.values()):
            said = ["no replica has finite weights and gradients: nothing can be said of what its layers learn"]
        for at, layer in enumerate(self.net.layers):
            shape = self.net.shapes[at + 1]
            words: list[str] = []
            if found := self._finite(at, WEIGHTS):
                words += _of_weights(found, layer)
            if isinstance(layer, Activate) and (found := self._finite(at, UNITS)):
                # Sure answers are flat, and a loss of probabilities divides by the slope.
                sure = at == len(self.net.layers) - 1 and self._loss_takes == "probabilities"
                words += _of_units(found, layer.activation, int(np.prod(shape)), sure)
            if isinstance(layer, Spiking) and (lost := self._finite(at, ("lost",))):
                words += firing.in_words(lost | self._finite(at, firing.COLUMNS), layer, shape[-1])
            said += [f"{called(at, layer)}: {line}" for line in words]
        return [*said, *self._from_layer_to_layer()] or [NOTHING]

    def _finite(self, at: int, names: tuple[str, ...]) -> dict[str, Array]:
        """Those columns of a layer, of the replicas where all of them are finite, if there are any."""
        found = {name: self._columns[key] for name in names if (key := f"{name}[{at}]") in self._columns}
        sound = np.all([np.isfinite(values) for values in found.values()], axis=0)
        return {name: values[sound] for name, values in found.items()} if found and sound.any() else {}

    @property
    def _lengths(self) -> dict[int, Array]:
        """The gradient's, of each layer that learns."""
        return {at: self[name] for at in range(len(self.net.layers)) if (name := f"gradient[{at}]") in self}

    def _from_layer_to_layer(self) -> Iterator[str]:
        for at, later in pairwise(self.net.connecting):
            here, there = self._lengths[at], self._lengths[later]
            both = np.isfinite(here) & np.isfinite(there) & (here > 0) & (there > 0)
            if not both.any():
                continue
            ratio = float(np.exp(np.log(here[both] / there[both]).mean()))
            between = self.net.layers[at : later + 1]
            if ratio > STEEP:
                helps = firing.helps_lost(between)
                what = f"{ratio:.2g} times as long as that of layer {later}: errors explode on their way back; {helps}"
            elif ratio < 1 / STEEP:
                wider = ", or a wider surrogate," if any(isinstance(layer, Spiking) for layer in between) else ""
                what = f"{1 / ratio:.2g} times shorter than that of layer {later}: errors vanish on their way back"
                what += f"; larger initial weights{wider} help"
            else:
                continue
            yield f"{called(at, self.net.layers[at])}: its gradient is {what}"

    def __repr__(self) -> str:
        return "\n".join(self.in_words())


WEIGHTS = ("angle", "norm_ratio", "opposing", "growth", "flipped")
UNITS = ("dead", "silent", "saturated")


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
    theta = on_host(crew.theta)
    sound = np.isfinite(theta).all(axis=1) & np.isfinite(wanted).all(axis=1) & np.isfinite(true).all(axis=1)
    found: dict[str, Array] = {}
    views = [s.net.views(theta) for theta in (theta, start, wanted, true)]
    for at in s.net.connecting:
        layer = s.net.layers[at]
        w, w_0, g, g_true = (_flat(layer, view[at]) for view in views)
        signs = w < 0 if isinstance(layer, SignedDense) else np.sign(w) != np.sign(w_0)
        found |= {f"{name}[{at}]": values for name, values in beside(g, g_true).items()}
        found |= {f"growth[{at}]": _ratio(_length(w), _length(w_0)), f"flipped[{at}]": signs.mean(axis=1)}
    found |= {f"gradient[{at}]": _length(_whole(g)) for at, g in enumerate(views[2]) if g}
    fired: dict[str, Array] = {}
    lost = firing.lost_units(views[0])
    for at, (layer, p) in enumerate(zip(s.net.layers, views[0], strict=True)):
        spiking = isinstance(layer, Spiking)
        y, tape = layer.forward(p, x, Mode(True) if spiking else EVALUATE)  # neurons draw nothing
        if isinstance(layer, Activate):
            found |= {f"{name}[{at}]": values for name, values in units(layer.activation, x, y).items()}
        elif isinstance(layer, Spiking) and layer.neuron.spiking:
            whose = firing.lost_neurons(s.net, at, lost, n)
            fired |= {f"{name}[{at}]": values for name, values in firing.neurons(layer, p, tape, whose).items()}
        x = y
    return {name: np.where(sound, values, np.nan) for name, values in found.items()} | fired


def _gradient(crew: Crew, rule: Rule, x: Array, target: Array) -> Array:
    """What the rule makes of a batch, (R, P), on copies of all that it could change."""
    s, seen = crew.settings, crew._pass
    theta = on_host(crew.theta).copy()
    grad = np.zeros_like(theta)
    params, mode = s.net.views(theta), Mode(True, copy.deepcopy(crew.mode.rngs))
    own, rngs = copy.deepcopy(([{k: on_host(a) for k, a in layer.items()} for layer in seen.own], seen.rngs))
    y, tapes = s.net.run(params, x, mode)
    _, error = s.loss.measure(y, target)
    rule.gradient(Pass(s.net, s.loss, params, own, rngs, mode, x, target, y, tapes, error), s.net.views(grad))
    return grad


def _flat(layer: Layer, p: Weights) -> Array:
    """A layer's weights between units in one row per replica, in double."""
    return _whole({k: p[k] for k in layer.between_units if k in p})


def _whole(p: Weights) -> Array:
    """All of them in one row per replica, in double."""
    return np.concatenate([a.reshape(len(a), -1) for a in p.values()], 1, dtype=np.float64)


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
        yield f"{100 * flipped:.2g} % of the magnitudes are below 0{over(found['flipped'])}: their signs have changed"


def _of_course(found: Mapping[str, Array]) -> Iterator[str]:
    angle, ratio, opposing = (found[name].mean() for name in ("angle", "norm_ratio", "opposing"))
    mean = over(found["angle"])
    if angle > AGAINST:
        yield f"{angle:.0f}° from the gradient{mean}: it goes against it, where the loss rises"
    elif angle > ASIDE:
        yield f"{angle:.0f}° from the gradient{mean}: it does not follow it"
    elif opposing > OPPOSED:
        yield f"{100 * opposing:.0f} % of the coordinates oppose the gradient{mean}, at {angle:.0f}° on the whole"
    if not 1 / OUT_OF_SCALE <= ratio <= OUT_OF_SCALE:
        rate = "lower" if ratio > 1 else "higher"
        yield f"{ratio:.2g} times as long as the gradient{mean}: SGD needs a {rate} learning rate, Adam does not"


def _of_units(found: Mapping[str, Array], f: Activation, n: int, sure: bool) -> Iterator[str]:
    dead, silent, saturated = (found[name].mean() for name in ("dead", "silent", "saturated"))
    mean = over(found["dead"])
    steep = slopes(f)
    one_sided = (steep[0] == 0) != (steep[-1] == 0)
    if not steep.any():
        yield "its slope is 0 everywhere: no gradient comes through"
    elif dead >= IDLE:
        helps = "a lower learning rate, or leaky_relu, helps" if one_sided else "smaller initial weights help"
        yield f"{count(dead, n)} units dead{mean}; {helps}"
    if silent - dead >= IDLE:
        yield f"{count(silent, n)} units silent{mean}: nothing goes on from them"
    if saturated >= IDLE and not sure:
        what = ": off at almost every sample" if one_sided else "; smaller initial weights, or smaller inputs, help"
        yield f"{count(saturated, n)} units saturated{mean}{what}"
