"""All formulas of a kind on one sheet."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import data
from ..formulas.activations import Activation
from ..formulas.formula import Formula, snake_case
from ..formulas.initializers import Initializer
from ..formulas.losses import Loss
from ..formulas.neurons import Neuron
from ..formulas.optimizers import Optimizer
from ..formulas.schedules import Schedule
from ..formulas.surrogates import Surrogate
from ..simulation.currents import Current
from .formulas import PICTURES, formula
from .style import INK, NORMAL, SMALL, canvas, heading, pyplot
from .trajectories import races

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

Array = np.ndarray


@dataclass(frozen=True)
class Layout:
    """How the panels of a kind look."""

    size: tuple[float, float] = (2.1, 1.7)  # of a panel, in inches
    columns: int = 5
    x: tuple[float, float] | None = None  # the range of all panels, or each its own
    y: tuple[float, float] | None = None
    left_out: tuple[str, ...] = ()  # labels of lines that are too much for a small panel
    common_legend: bool = True


LAYOUTS: dict[type[Formula], Layout] = {
    Activation: Layout(x=(-4, 4), y=(-2.2, 4), left_out=("f″(z)",)),
    Neuron: Layout((2.7, 2.0), 4, common_legend=False),
    Loss: Layout((2.5, 2.0), 4),
    Schedule: Layout((2.5, 1.8), 4, x=(0, 100), y=(0, 1.08)),
    Initializer: Layout((2.7, 2.1), 4, common_legend=False),
    Surrogate: Layout(x=(-2, 2), y=(-0.6, 1.6), columns=4),
    Current: Layout((2.7, 1.8), 4, x=(0, 200), common_legend=False),
}


DATA = Layout((2.1, 2.0), 5)


def sheet(kind: str | type[Formula]) -> Array:
    """Every formula of a kind as a small picture, with its default hyper-parameters.

    Parameters
    ----------
    kind : str or class
        "activation", "neuron", "loss", "schedule", "initializer", "surrogate", "current" or "data"; of "optimizer" the
        ways of a few, see `races`.

    Returns
    -------
    array of Axes
        In the order of the catalogue; formulas that need more than their class says (`shown_with`) are left out.
    """
    cls = Formula.kinds.get(kind) if isinstance(kind, str) else kind
    if cls is Optimizer:
        return races()
    if kind == "data":
        return _data()
    layout = LAYOUTS.get(cls)  # type: ignore[arg-type]
    if cls is None or layout is None:
        known = ", ".join([*(k.noun for k in LAYOUTS), Optimizer.noun, "data"])
        raise ValueError(f"sheet: kind must be one of {known}, got {kind!r}")
    shown = [entry(**entry.shown_with) for entry in cls.entries().values() if needs_nothing(entry)]
    axes = _panels(len(shown), layout)
    for f, ax in zip(shown, axes, strict=True):
        PICTURES[cls](f, canvas("sheet", ax))
        _make_small(ax, layout)
        heading(ax, snake_case(type(f).__name__), legend=not layout.common_legend, size=NORMAL)
    if layout.common_legend:
        _legend(axes)
    _label_the_edge(axes, layout)
    return axes


def _data() -> Array:
    """Every data set without the names of its axes and classes, but those that need an extra which is missing."""
    found = {}
    for name, make in data.catalogue().items():
        with suppress(ModuleNotFoundError):
            found[name] = make()
    axes = _panels(len(found), DATA)
    for (name, each), ax in zip(found.items(), axes, strict=True):
        formula(each, ax)
        for part in (ax.get_legend(), *ax.child_axes, *ax.texts):
            if part is not None:
                part.remove()
        _make_small(ax, DATA)
        ax.set(xlabel="", ylabel="", xticks=[], yticks=[])
        heading(ax, name, legend=False, size=NORMAL)
    return axes


def needs_nothing(entry: type[Formula]) -> bool:
    """Whether every hyper-parameter has a default, or a value for pictures."""
    return all(f.default is not MISSING or f.name in entry.shown_with for f in fields(entry))  # type: ignore[arg-type]


def _panels(n: int, layout: Layout) -> Array:
    """n axes in rows, the last of which may be shorter."""
    columns = min(n, layout.columns)
    rows = -(-n // columns)
    size = (layout.size[0] * columns, layout.size[1] * rows + 0.5)
    figure, grid = pyplot().subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    for ax in grid.flat[n:]:
        figure.delaxes(ax)
    return grid.ravel()[:n]


def _make_small(ax: Axes, layout: Layout) -> None:
    """The same lines and points, smaller; the same range in every panel of the sheet."""
    from matplotlib.collections import PathCollection

    for points in ax.collections:
        if isinstance(points, PathCollection):
            points.set_sizes(points.get_sizes() / 4)
    for line in list(ax.lines):
        if line.get_label() in layout.left_out:
            line.remove()
        else:
            line.set(linewidth=0.75 * line.get_linewidth(), markersize=0.65 * line.get_markersize())
    ax.tick_params(labelsize=SMALL - 2)
    ax.locator_params(nbins=5, steps=[1, 2, 5, 10])
    if layout.x is not None:
        ax.set_xlim(layout.x)
    if layout.y is not None:
        ax.set_ylim(layout.y)
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set_fontsize(SMALL - 1)


def _legend(axes: Array) -> None:
    """One legend for all panels, above them; lines that look alike have one entry, with the name of the first."""
    entries: dict[Any, tuple[Line2D, str]] = {}
    for line in (line for ax in axes for line in ax.get_lines()):
        label = str(line.get_label())
        if not label.startswith("_"):
            look = (line.get_color(), line.get_linewidth(), line.get_marker())
            entries.setdefault(look, (line, label))
    if entries:
        lines, labels = zip(*entries.values(), strict=True)
        axes[0].get_figure(root=True).legend(
            lines, labels, loc="outside upper left", ncols=len(labels), frameon=False, fontsize=NORMAL, labelcolor=INK
        )


def _label_the_edge(axes: Array, layout: Layout) -> None:
    """What all panels of a row or column share is written once."""
    columns = min(len(axes), layout.columns)
    for at, ax in enumerate(axes):
        below = axes[at + columns] if at + columns < len(axes) else None
        if at % columns:
            ax.set_ylabel("")
            ax.tick_params(labelleft=layout.y is None)
        if below is not None and below.get_xlabel() == ax.get_xlabel():
            ax.set_xlabel("")
            ax.tick_params(labelbottom=layout.x is None)
