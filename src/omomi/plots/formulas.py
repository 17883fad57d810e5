"""The picture of a formula."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.dataset import Dataset
from ..formulas.activations import Activation
from ..formulas.formula import Formula
from ..formulas.initializers import Initializer
from ..formulas.losses import Loss, VectorLoss
from ..formulas.neurons import Neuron
from ..formulas.schedules import Schedule
from ..formulas.surrogates import Surrogate
from ..networks.layers import Activate
from ..simulation.currents import Current, Noise
from . import neurons
from .images import image_grid
from .points import scatter
from .style import BLUE, GREEN, GREY, INK, VERMILLION, canvas, close_up, heading, settle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = np.ndarray
Z = (-5.0, 5.0)
X = (-2.0, 2.0)  # of surrogates: how far a membrane is beyond its threshold
EPOCHS = 100
MOMENTS, MOMENT = 200.0, 0.1  # ms of a current, in steps of so many
FANS = (256, 128)  # in, out: of the matrix that an initializer fills for its picture
IMAGES = 32


def formula(f: Any, ax: Axes | None = None) -> Axes:
    """The picture of an activation, a neuron, a loss, a schedule, an initializer, a surrogate, a current or a data set.

    * Activation: f and f′, and f″ where the formula has it, with a dot at every kink; vector-valued ones as outputs
      for z = (z, 0).
    * Loss: L and dL/dy over one output, for the targets 0 and 1; where it takes several, the others stand still.
    * Schedule: the factor over 100 planned epochs.
    * Initializer: the weights of 256 inputs to 128 units, with mean and standard deviation.
    * Neuron: its membrane when a weak and a stronger current begin, and its firing rate over constant currents.
    * Surrogate: the soft spike f and what stands in for the derivative of the spike, f′, around the threshold.
    * Current: over 200 ms; of a noise, those of two neurons.
    * Dataset: its first pictures, or `scatter`.

    Parameters
    ----------
    f : formula or Dataset
    ax : Axes, optional
        Left out: a new figure.

    Returns
    -------
    Axes
    """
    if isinstance(f, Dataset):
        return _dataset(f, ax)
    f = f.activation if isinstance(f, Activate) else f
    for kind, draw in PICTURES.items():
        if isinstance(f, kind):
            ax = canvas("formula", ax, (8.4 if kind is Neuron else 5.6, 3.9))
            draw(f, ax)
            heading(ax, repr(f))
            if isinstance(f, Neuron) and f.spiking:
                neurons.rates(f, ax)
                settle(ax)
            return ax
    noun = f.noun if isinstance(f, Formula) else type(f).__name__
    raise ValueError(f"there is no picture of {'an' if noun[0] in 'aeiouAEIOU' else 'a'} {noun}")


def _activation(f: Activation, ax: Axes) -> None:
    ax.axhline(0, color=GREY, linewidth=0.8, zorder=1)
    (_element_by_element if f.elementwise else _vector_activation)(f, ax)


def _element_by_element(f: Activation, ax: Axes) -> None:
    functions: list[Callable[[Array], Array]] = [f, f.slope]
    if f.second_derivative is not None:
        functions.append(f.curvature)
    z, y, slope, *bend = _between_kinks(f, functions, Z)
    kinks = np.array(f.kinks)
    ax.axvline(0, color=GREY, linewidth=0.8, zorder=1)
    ax.plot(z, y, color=BLUE, linewidth=2.2, label="f(z)")
    ax.plot(z, slope, color=VERMILLION, linewidth=1.6, dashes=(4, 1.5), label="f′(z)")
    if bend:
        ax.plot(z, *bend, color=GREEN, linewidth=1.4, dashes=(1.2, 1.2), label="f″(z)")
    if len(kinks):
        ax.plot(kinks, f(kinks), "o", color=BLUE, markersize=7, markeredgecolor="white", label="kink")
    ax.set_xlabel("z")
    close_up(ax, np.concatenate([y, slope, *bend]), *_range(f, Z))


def _surrogate(f: Surrogate, ax: Axes) -> None:
    ax.axhline(0, color=GREY, linewidth=0.8, zorder=1)
    ax.axvline(0, color=GREY, linewidth=0.8, zorder=1)
    x, y, slope = _between_kinks(f, [f, f.slope], X)
    ax.plot(x, y, color=BLUE, linewidth=2.2, label="f(x)")
    ax.plot(x, slope, color=VERMILLION, linewidth=1.6, dashes=(4, 1.5), label="f′(x)")
    if len(f.kinks):
        ax.plot(f.kinks, f(f.kinks), "o", color=BLUE, markersize=7, markeredgecolor="white", label="kink")
    ax.set_xlabel("x = v − threshold")
    close_up(ax, np.concatenate([y, slope]), -np.inf, np.inf)  # how high the peak is matters


def _current(f: Current, ax: Axes) -> None:
    steps = round(MOMENTS / MOMENT)
    t = np.arange(steps) * MOMENT
    if isinstance(f, Noise):  # of two neurons
        for k, colour in ((1, GREY), (0, BLUE)):
            i = f.noise(MOMENT)(np.random.default_rng((0, k)), steps)
            ax.plot(t, i, color=colour, linewidth=0.9, alpha=1 if k == 0 else 0.5, drawstyle="steps-post")
    else:
        ax.plot(t, f(t), color=BLUE, linewidth=2.2, drawstyle="steps-post")
    ax.set(xlabel="t in ms", ylabel="current i")


def _range(f: Activation | Surrogate, least: tuple[float, float]) -> tuple[float, float]:
    """Of z: a little beyond the outermost kinks, if need be."""
    return min([least[0], *(k - 1 for k in f.kinks)]), max([least[1], *(k + 1 for k in f.kinks)])


def _between_kinks(
    f: Activation | Surrogate, functions: list[Callable[[Array], Array]], least: tuple[float, float]
) -> list[Array]:
    """z and the functions of it from kink to kink, ended by NaN, so that no line crosses a jump."""
    low, high = _range(f, least)
    ends = [low, *sorted(f.kinks), high]
    found = []
    for low, high in pairwise(ends):
        z = np.linspace(low, high, 401)
        z[0], z[-1] = np.nextafter(low, high) + 1e-12, np.nextafter(high, low) - 1e-12
        found.append([np.append(values, np.nan) for values in (z, *(function(z) for function in functions))])
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


def _vector_activation(f: Activation, ax: Axes) -> None:
    z = np.linspace(*Z, 801)
    pair = np.stack([z, 0 * z], axis=1)
    y, slope = f(pair), f.slope(pair)
    ax.plot(z, y[:, 0], color=BLUE, linewidth=2.2, label="y₁")
    for other in y.T[1:]:
        ax.plot(z, other, color=GREEN, linewidth=1.6, label="y₂")
    ax.plot(z, slope[:, 0], color=VERMILLION, linewidth=1.6, dashes=(4, 1.5), label="∂y₁/∂z₁")
    ax.set_xlabel("z₁, with z₂ = 0")
    close_up(ax, np.concatenate([y.ravel(), slope[:, 0]]))


def _loss(f: Loss, ax: Axes) -> None:
    turns = isinstance(f, VectorLoss) and f.targets == "values" and f.outputs_per_target == 1  # a direction has two
    n = _fewest_outputs(f, 2 if turns or f.targets == "classes" else 1)
    chance, rows = f.takes == "probabilities", n > f.outputs_per_target
    x = np.linspace(0, 1, 1001)[1:-1] if chance else np.linspace(-4, 4, 801)
    rest = (1 - x) / max(n - 1, 1) if chance else np.full(len(x), float(turns))
    y = np.stack([x, *[rest] * (n - 1)], axis=1)
    seen, first = [], "₁" * (n > 1)
    for target, colour in ((0, BLUE), (1, VERMILLION)):
        row = [target, 1 - target, *[0] * (n - 2)] if rows else [target]
        t = np.broadcast_to(np.array(row, float), (len(x), len(row)))
        name = f"t = ({', '.join(map(str, row))})" if rows else f"t = {target}"
        loss, slope = f(y, t), f.gradient(y, t)[:, 0]
        ax.plot(x, loss, color=colour, linewidth=2.2, label=f"L, {name}")
        ax.plot(x, slope, color=colour, linewidth=1.2, dashes=(4, 1.5), label=f"dL/dy{first}, {name}")
        seen += [loss, slope]
    ax.axhline(0, color=GREY, linewidth=0.8, zorder=1)
    word = {"probabilities": "probability", "logits": "logit", "margins": "margin"}.get(f.takes, "output")
    value = f"{int(turns)}" if not chance else "1 − y₁" if n == 2 else f"(1 − y₁) / {n - 1}"
    others = {1: "", 2: f", with y₂ = {value}"}.get(n, f", with the others {value}")
    ax.set_xlabel(f"{word} y{first}{others}")
    close_up(ax, np.concatenate(seen))


def _fewest_outputs(f: Loss, n: int) -> int:
    """The first number of outputs from n on that the loss takes."""
    while n < 100:
        try:
            f.check_outputs(n)
            return n
        except ValueError:
            n += 1
    raise ValueError(f"there is no picture of {f!r}: it takes more than a hundred outputs")


def _schedule(f: Schedule, ax: Axes) -> None:
    epoch = np.linspace(0, EPOCHS, 2001)
    factor = np.array([f.factor(e, EPOCHS) for e in epoch])
    ax.plot(epoch, factor, color=BLUE, linewidth=2.2)
    ax.set(xlabel=f"epoch, of {EPOCHS} planned", ylabel="factor of the learning rate", xlim=(0, EPOCHS))
    ax.set_ylim(bottom=min(0.0, float(factor.min())), top=1.05 * float(factor.max()))


def _initializer(f: Initializer, ax: Axes) -> None:
    w = f.draw(np.random.default_rng(0), FANS, *FANS).ravel()
    mean, std = float(w.mean()), float(w.std())
    if std > 0:
        ax.hist(w, bins=60, density=True, color=BLUE, alpha=0.35, linewidth=0)
        ax.set_ylabel("density")
        ax.axvline(mean, color=INK, linewidth=1.4, label=f"mean {mean:.2g}")
        ax.axvline(mean - std, color=VERMILLION, linewidth=1.4, dashes=(4, 1.5), label=f"mean ± std, {std:.3g}")
        ax.axvline(mean + std, color=VERMILLION, linewidth=1.4, dashes=(4, 1.5))
    else:
        ax.bar([mean], [1.0], width=0.02, color=BLUE, alpha=0.6, label=f"all {mean:g}")
        ax.set(ylabel="share", xlim=(mean - 1, mean + 1))
    ax.set_xlabel(f"weight, {FANS[0]} inputs to {FANS[1]} units")


def _dataset(data: Dataset, ax: Axes | None) -> Axes:
    if data.image_shape is None:
        return scatter(data, ax)
    images = data.x[:IMAGES].reshape(-1, *data.image_shape)
    return image_grid(images, [data.classes[c] for c in data.y[:IMAGES]] if data.classes else None, ax=ax)


PICTURES: dict[type, Callable[[Any, Axes], None]] = {
    Activation: _activation,
    Neuron: neurons.response,
    Loss: _loss,
    Schedule: _schedule,
    Initializer: _initializer,
    Surrogate: _surrogate,
    Current: _current,
}
