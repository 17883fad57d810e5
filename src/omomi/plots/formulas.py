"""The picture of a formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.dataset import Dataset
from ..formulas.activations import Activation
from ..formulas.formula import Formula
from ..formulas.initializers import Initializer
from ..formulas.losses import Loss
from ..formulas.schedules import Schedule
from ..networks.layers import Activate
from .images import image_grid
from .points import scatter
from .style import BLUE, GREY, INK, VERMILLION, canvas, close_up, heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = np.ndarray
Z = (-5.0, 5.0)
EPOCHS = 100
FANS = (256, 128)  # in, out: of the matrix that an initializer fills for its picture
PICTURES = 32


def formula(f: Any, ax: Axes | None = None) -> Axes:
    """The picture of an activation, a loss, a schedule, an initializer or a data set.

    * Activation: f and f′, with a dot at every kink; vector-valued ones as outputs for z = (z, 0).
    * Loss: L and dL/dy over one output, for the targets 0 and 1; where targets are classes, for two outputs.
    * Schedule: the factor over 100 planned epochs.
    * Initializer: the weights of 256 inputs to 128 units, with mean and standard deviation.
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
    for kind, draw in _PICTURES.items():
        if isinstance(f, kind):
            ax = canvas("formula", ax, (5.6, 3.9))
            draw(f, ax)
            heading(ax, repr(f))
            return ax
    noun = f.noun if isinstance(f, Formula) else type(f).__name__
    raise ValueError(f"there is no picture of {'an' if noun[0] in 'aeiouAEIOU' else 'a'} {noun}")


def _activation(f: Activation, ax: Axes) -> None:
    (_element_by_element if f.elementwise else _vector_activation)(f, ax)


def _element_by_element(f: Activation, ax: Axes) -> None:
    z, y, slope = (np.concatenate(parts) for parts in zip(*_pieces(f), strict=True))
    kinks = np.array(f.kinks)
    ax.axhline(0, color=GREY, linewidth=0.8, zorder=1)
    ax.axvline(0, color=GREY, linewidth=0.8, zorder=1)
    ax.plot(z, y, color=BLUE, linewidth=2.2, label="f(z)")
    ax.plot(z, slope, color=VERMILLION, linewidth=1.6, dashes=(4, 1.5), label="f′(z)")
    if len(kinks):
        ax.plot(kinks, f(kinks), "o", color=BLUE, markersize=7, markeredgecolor="white", label="kink")
    ax.set_xlabel("z")
    close_up(ax, np.concatenate([y, slope]))


def _pieces(f: Activation) -> list[tuple[Array, Array, Array]]:
    """z, f and f′ between the kinks, ended by NaN, so that no line crosses a jump."""
    inner = sorted(k for k in f.kinks if Z[0] < k < Z[1])
    found = []
    for low, high in zip([Z[0], *inner], [*inner, Z[1]], strict=True):
        z = np.linspace(low, high, 401)
        z[0], z[-1] = np.nextafter(low, high) + 1e-12, np.nextafter(high, low) - 1e-12
        found.append(tuple(np.append(a, np.nan) for a in (z, f(z), f.slope(z))))
    return found  # type: ignore[return-value]


def _vector_activation(f: Activation, ax: Axes) -> None:
    z = np.linspace(*Z, 801)
    pair = np.stack([z, 0 * z], axis=1)
    y, slope = f(pair), f.slope(pair)
    ax.axhline(0, color=GREY, linewidth=0.8, zorder=1)
    ax.plot(z, y[:, 0], color=BLUE, linewidth=2.2, label="y₁")
    ax.plot(z, y[:, 1], color="#009E73", linewidth=1.6, label="y₂")
    ax.plot(z, slope[:, 0], color=VERMILLION, linewidth=1.6, dashes=(4, 1.5), label="∂y₁/∂z₁")
    ax.set_xlabel("z₁, with z₂ = 0")
    close_up(ax, np.concatenate([y.ravel(), slope[:, 0]]))


def _loss(f: Loss, ax: Axes) -> None:
    chance, classes = f.takes == "probabilities", f.targets == "classes"
    x = np.linspace(0, 1, 1001)[1:-1] if chance else np.linspace(-4, 4, 801)
    y = np.stack([x, 1 - x if chance else 0 * x], axis=1) if classes else x[:, None]
    seen = []
    for target, colour in ((0.0, BLUE), (1.0, VERMILLION)):
        t = np.broadcast_to([target, 1 - target] if classes else [target], y.shape)
        name = f"t = ({target:.0f}, {1 - target:.0f})" if classes else f"t = {target:.0f}"
        loss, slope = f(y, t), f.gradient(y, t)[:, 0]
        ax.plot(x, loss, color=colour, linewidth=2.2, label=f"L, {name}")
        ax.plot(x, slope, color=colour, linewidth=1.2, dashes=(4, 1.5), label=f"dL/dy{'₁' * classes}, {name}")
        seen += [loss, slope]
    ax.axhline(0, color=GREY, linewidth=0.8, zorder=1)
    word = "probability" if chance else "logit" if f.takes == "logits" else "output"
    second = (", with y₂ = 1 − y₁" if chance else ", with y₂ = 0") if classes else ""
    ax.set_xlabel(f"{word} y{'₁' * classes}{second}")
    close_up(ax, np.concatenate(seen))


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
    images = data.x[:PICTURES].reshape(-1, *data.image_shape)
    return image_grid(images, [data.classes[c] for c in data.y[:PICTURES]] if data.classes else None, ax=ax)


_PICTURES: dict[type, Callable[[Any, Axes], None]] = {
    Activation: _activation,
    Loss: _loss,
    Schedule: _schedule,
    Initializer: _initializer,
}
