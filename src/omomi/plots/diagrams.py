"""A network as a diagram: its layers from left to right, with units, shapes, parameters and what they compute."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from pathlib import Path

import numpy as np

from ..formulas.activations import Activation
from ..networks.layers import Activate, Flatten, Layer, Shape
from ..networks.network import Network
from ..networks.signed import SignedDense
from ..networks.spiking import Recurrent, Spiking
from ..training.files import write
from . import svg
from .style import BLUE, GREEN, GREY, VERMILLION

COLUMN, MARGIN = 132.0, 18.0  # from a column to the next, around the card
ACROSS = 7  # columns in a row
UNIT, PITCH, SHOWN = 7.0, 20.0, 7  # radius of a unit, from one to the next, how many at most
GRID = 76.0  # the side of a picture
CHIP, CHIP_HIGH = 112.0, 26.0
ICON = 36.0
EDGE = "#c4c4c4"
INPUT, HIDDEN, OUTPUT = ("#f4f4f4", "#9a9a9a"), ("#dcebf5", BLUE), ("#fbe6d9", VERMILLION)  # inside and rim


@dataclass(frozen=True)
class Diagram:
    """A picture as the text of an SVG file; a notebook shows it."""

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> Path:
        """Write an .svg file, whole or not at all."""
        if Path(path).suffix.lower() != ".svg":
            raise ValueError(f"Diagram.save: the path must end in .svg, got {str(path)!r}")
        return write(path, self.svg)


def diagram(net: Network) -> Diagram:
    """The layers from left to right: units and what connects them, and below what becomes of each.

    A layer with weights between units, or one that makes another shape, begins a column; activations, neurons, dropout
    and the like stand under it. Of many units a few are drawn; a deep network goes on in further rows. Sequences have
    an axis of time, recurrent layers a loop.

    Parameters
    ----------
    net : Network

    Returns
    -------
    Diagram
        `.svg` is the text, `.save("net.svg")` writes it.
    """
    if not isinstance(net, Network):
        raise TypeError(f"diagram: a Network is needed, got {type(net).__name__}")
    columns = _columns(net)
    across = math.ceil(len(columns) / math.ceil(len(columns) / ACROSS))  # rows as long as each other
    rows = [_Row(columns[at : at + across]) for at in range(0, len(columns), across)]
    top = MARGIN
    for row in rows:
        top = row.place(top)
    parts = [_turn(row, later) for row, later in pairwise(rows)]
    for row in rows:
        parts += [_link(before, after, row.middle) for before, after in pairwise(row.columns)]
        parts += [_drawn(column, row) for column in row.columns]
    width = 2 * MARGIN + COLUMN * max(len(row.columns) for row in rows)
    total = f"{net.size:,} parameters"
    parts.append(svg.text(width - MARGIN, top - 6, total, 11, GREY, "end"))
    return Diagram(svg.card(width, top + 8, parts, f"{net!r}, {total}"))


@dataclass
class _Column:
    """Units side by side, and what becomes of them."""

    title: str
    shape: Shape
    kind: str  # "units", "grid", "time" or "nets"
    look: tuple[str, str] = HIDDEN
    connected: bool = False  # with all units before it
    parameters: int = 0
    chips: list[Layer] = field(default_factory=list)
    x: float = 0.0

    @property
    def slots(self) -> list[int | None]:
        """The units to draw, from the top; None stands for those between."""
        n, half = self.shape[-1], SHOWN // 2
        return list(range(n)) if n <= SHOWN else [*range(half), None, *range(n - half, n)]

    @property
    def high(self) -> float:
        return GRID if self.kind == "grid" else (len(self.slots) - 1) * PITCH + 2 * UNIT

    @property
    def half(self) -> float:
        """Of its width."""
        return GRID / 2 if self.kind == "grid" else UNIT

    @property
    def heights(self) -> list[float]:
        """Of the units that are drawn, from the middle."""
        slots = self.slots
        return [(k - (len(slots) - 1) / 2) * PITCH for k, slot in enumerate(slots) if slot is not None]

    @property
    def loops(self) -> bool:
        return any(isinstance(layer, Recurrent) for layer in self.chips)


class _Row:
    """Columns side by side; what they have in common stands at the same height."""

    def __init__(self, columns: list[_Column]) -> None:
        self.columns = columns
        self.high = max(column.high for column in columns)

    def place(self, top: float) -> float:
        """Find all places; where the next row begins."""
        for k, column in enumerate(self.columns):
            column.x = MARGIN + (k + 0.5) * COLUMN
        self.title = top + 12
        self.middle = self.title + 12 + 22 * any(column.loops for column in self.columns) + self.high / 2
        self.size = self.middle + self.high / 2 + 18
        self.count = self.size + 15 * any(column.parameters for column in self.columns)
        self.time = self.count + 17 * any(column.kind == "time" for column in self.columns)
        self.chips = self.time + 9
        self.bottom = self.chips + (CHIP_HIGH + 5) * max(len(column.chips) for column in self.columns)
        return self.bottom + 26


def _columns(net: Network) -> list[_Column]:
    kinds = _kinds(net)
    columns = [_Column("input", net.shapes[0], kinds[0], INPUT)]
    for at, (layer, n) in enumerate(zip(net.layers, net.parameters(), strict=True)):
        connects = bool(layer.between_units) and not isinstance(layer, Recurrent)
        before, shape = net.shapes[at : at + 2]
        same = shape == before or isinstance(layer, Spiking)  # a constant current becomes a sequence: the same units
        if connects or not same:
            columns.append(_Column(type(layer).__name__, shape, kinds[at + 1], connected=connects, parameters=n))
        else:
            columns[-1].chips.append(layer)
            columns[-1].parameters += n
            columns[-1].shape, columns[-1].kind = shape, kinds[at + 1]
    if len(columns) > 1:
        columns[-1].look = OUTPUT
    return columns


def _kinds(net: Network) -> list[str]:
    """What each shape is: a row of units, a picture, a sequence, or several networks side by side."""
    flatten = next((at for at, layer in enumerate(net.layers) if isinstance(layer, Flatten)), -1)
    kinds, nets = [], False
    for at, shape in enumerate(net.shapes):
        nets = len(shape) == 2 and (nets or (at > 0 and isinstance(net.layers[at - 1], SignedDense)))
        picture = len(shape) > 2 or (at <= flatten and len(shape) == 2)
        kinds.append("grid" if picture else "units" if len(shape) == 1 else "nets" if nets else "time")
    return kinds


def _drawn(column: _Column, row: _Row) -> str:
    x, shape = column.x, column.shape
    parts = [svg.text(x, row.title, column.title, 12, anchor="middle", bold=True)]
    parts.append(_grid(column, row.middle) if column.kind == "grid" else _units(column, row.middle))
    if column.loops:
        parts.append(_loop(x, row.middle - column.high / 2))
    size = f"{shape[-1]:,}" if column.kind in ("units", "time") else " × ".join(map(str, shape))
    parts.append(svg.text(x, row.size, size, 12, anchor="middle"))
    if column.parameters:
        parts.append(svg.text(x, row.count, f"{column.parameters:,} parameters", 10, GREY, "middle"))
    if column.kind == "time":
        parts.append(_axis(x, row.time - 3.5, shape[0]))
    for k, layer in enumerate(column.chips):
        parts.append(_chip(layer, x - CHIP / 2, row.chips + k * (CHIP_HIGH + 5)))
    return "".join(parts)


def _units(column: _Column, middle: float) -> str:
    inside, rim = column.look
    look = f"fill='{inside}' stroke='{rim}' stroke-width='1.4'"
    circles = [f"<circle cx='{column.x:g}' cy='{middle + y:g}' r='{UNIT:g}' {look}/>" for y in column.heights]
    between = [f"<circle cx='{column.x:g}' cy='{middle + y:g}' r='1.3' fill='{GREY}'/>" for y in (-5, 0, 5)]
    return "".join(circles + (between if None in column.slots else []))


def _grid(column: _Column, middle: float) -> str:
    """A picture: a few pixels."""
    inside, rim = column.look
    left, top, cell = column.x - GRID / 2, middle - GRID / 2, GRID / 6
    lines = "".join(
        f"M{left + k * cell:.1f} {top:.1f}v{GRID:g}M{left:.1f} {top + k * cell:.1f}h{GRID:g}" for k in range(1, 6)
    )
    return (
        f"<rect x='{left:.1f}' y='{top:.1f}' width='{GRID:g}' height='{GRID:g}' rx='3' fill='{inside}' stroke='{rim}' "
        f"stroke-width='1.4'/><path d='{lines}' stroke='{EDGE}' stroke-width='0.7'/>"
    )


def _link(before: _Column, after: _Column, middle: float) -> str:
    """Lines from unit to unit, or an arrow."""
    if after.connected and before.kind != "grid":
        x1, x2 = before.x + UNIT, after.x - UNIT
        lines = "".join(f"M{x1:g} {middle + a:g}L{x2:g} {middle + b:g}" for a in before.heights for b in after.heights)
        return f"<path d='{lines}' stroke='{EDGE}' stroke-width='0.6'/>"
    return _arrow([(before.x + before.half + 8, middle), (after.x - after.half - 8, middle)])


def _turn(row: _Row, later: _Row) -> str:
    """From the end of a row to the beginning of the next."""
    last, first = row.columns[-1], later.columns[0]
    right, left, between = last.x + COLUMN / 2 + 2, first.x - COLUMN / 2 - 2, row.bottom + 12
    return _arrow([
        (last.x + last.half + 8, row.middle), (right, row.middle), (right, between),
        (left, between), (left, later.middle), (first.x - first.half - 8, later.middle),
    ])  # fmt: skip


def _arrow(points: list[tuple[float, float]], colour: str = "#9a9a9a") -> str:
    """A line through the points that ends in an arrow to the right."""
    x, y = points[-1]
    path = "M" + "L".join(f"{a:g} {b:g}" for a, b in points)
    head = f"M{x - 6:g} {y - 4:g}L{x:g} {y:g}L{x - 6:g} {y + 4:g}"
    return f"<path d='{path}{head}' fill='none' stroke='{colour}' stroke-width='1.4' stroke-linejoin='round'/>"


def _loop(x: float, top: float) -> str:
    """Units that hear each other."""
    y = top - 2
    path = f"M{x + 8:g} {y:g}C{x + 36:g} {y - 26:g} {x - 36:g} {y - 26:g} {x - 8:g} {y:g}"
    head = f"M{x - 16.5:g} {y - 2.5:g}L{x - 8:g} {y:g}L{x - 9.5:g} {y - 9:g}"
    return f"<path d='{path}{head}' fill='none' stroke='{GREEN}' stroke-width='1.4' stroke-linejoin='round'/>"


def _axis(x: float, y: float, steps: int) -> str:
    ticks = "".join(f"M{x - 48 + 8 * k:g} {y - 3:g}v6" for k in range(5))
    axis = f"<path d='{ticks}' stroke='{GREEN}' stroke-width='1.2'/>" + _arrow([(x - 52, y), (x - 4, y)], GREEN)
    return axis + svg.text(x + 4, y + 3.5, f"{steps:,} step{'s' * (steps != 1)}", 10, GREEN)


def _chip(layer: Layer, x: float, y: float) -> str:
    """What becomes of the units, with its curve where it has one."""
    icon = ""
    if isinstance(layer, Activate):
        icon = _sparkline(layer.activation, x + 8, y + 5)
    elif isinstance(layer, Spiking):
        icon = (_spikes if layer.neuron.spiking else _membrane)(x + 8, y + 5)
    what = layer.activation if isinstance(layer, Activate) else layer.neuron if isinstance(layer, Spiking) else layer
    room = 10 if icon else 17
    said = next((text for text in (repr(what).removesuffix("()"), type(what).__name__) if len(text) <= room), "")
    said = said or f"{type(what).__name__[: room - 1]}…"
    said = f"↻ {said}" if isinstance(layer, Recurrent) else said
    where = (x + 8 + ICON + 6, "start") if icon else (x + CHIP / 2, "middle")
    return (
        f"<g><title>{escape(repr(layer))}</title><rect x='{x:g}' y='{y:g}' width='{CHIP:g}' height='{CHIP_HIGH:g}' "
        f"rx='6' fill='#fafafa' stroke='#dddddd'/>{icon}{svg.text(where[0], y + 17, said, 10.5, anchor=where[1])}</g>"
    )


def _sparkline(f: Activation, x: float, y: float) -> str:
    """y = f(z) for z in [-4, 4]; of vectors the first number, for z = (z, 0)."""
    z = np.linspace(-4, 4, 49)
    with np.errstate(all="ignore"):
        if f.elementwise:  # not by f(z), which would compile a loop for so few numbers
            values = np.asarray(f.value(z, *f.hyper), float)
        else:
            values = np.asarray(f.value(np.stack([z, 0 * z], axis=1), *f.hyper), float)[:, 0]
    values = np.where(np.isfinite(values), values, np.nan)
    if not np.isfinite(values).any():
        return ""
    low, high = np.nanmin(values), np.nanmax(values)
    at = y + 16 - 16 * (values - low) / ((high - low) or 1)
    level = y + 16 - 16 * float(np.clip(-low / ((high - low) or 1), 0, 1))
    return svg.line(x, level, x + ICON, level, "#d8d8d8") + svg.curve(x + (z + 4) / 8 * ICON, at, BLUE, 1.5)


def _spikes(x: float, y: float) -> str:
    """Spikes over time."""
    train = "".join(f"M{x + at:g} {y + 2:g}v12" for at in (3, 9, 12, 21, 27, 33))
    return svg.line(x, y + 14, x + ICON, y + 14, "#d8d8d8") + f"<path d='{train}' stroke='{GREEN}' stroke-width='1.5'/>"


def _membrane(x: float, y: float) -> str:
    """What leaks in and out."""
    t = np.linspace(0, 1, 25)
    v = np.where(t < 0.5, 1 - np.exp(-7 * t), (1 - np.exp(-3.5)) * np.exp(-7 * (t - 0.5)))
    return svg.line(x, y + 14, x + ICON, y + 14, "#d8d8d8") + svg.curve(x + t * ICON, y + 14 - 13 * v, GREEN, 1.5)
