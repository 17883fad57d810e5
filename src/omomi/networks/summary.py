"""A network in a table, as we show it and in the looks of Keras and of torchinfo."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from ..formulas.formula import snake_case
from .layers import Activate, Layer

if TYPE_CHECKING:
    from .network import Network

STYLES = ("omomi", "keras", "torch")
BYTES = 4  # of a number in float32


def show(net: Network, batch_size: int = 1, style: str = "omomi") -> None:
    """Print a network's layers, output shapes and parameters in one of the styles."""
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise ValueError(f"summary: batch_size must be a whole number ≥ 1, got {batch_size!r}")
    if style not in STYLES:
        raise ValueError(f"summary: style must be 'omomi', 'keras' or 'torch', got {style!r}")
    if style == "keras":
        _print_keras(net)
    else:
        print((_omomi if style == "omomi" else _torch)(net, batch_size))


def _omomi(net: Network, batch: int) -> str:
    rows = [
        ("layer", "output shape", "parameters", "multiply-adds"),
        ("input", str([batch, *net.shapes[0]]), "", ""),
    ]
    for layer, shape, n, work in zip(net.layers, net.shapes[1:], net.parameters(), net.multiply_adds(), strict=True):
        counts = f"{n:,}" if n else "-", f"{work * batch:,}" if work else "-"
        rows.append((repr(layer), str([batch, *shape]), *counts))
    rows.append(("total", "", f"{net.size:,}", f"{sum(net.multiply_adds()) * batch:,}"))
    wide = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = [
        "  ".join(cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, wide, strict=True)))
        for row in rows
    ]
    rule = "─" * len(lines[0])
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def _torch(net: Network, batch: int) -> str:
    """As torchinfo 1.8 has it, whose mult-adds are all parameters, biases as well, times the batch."""
    names = [f"├─{kind(layer)}: 1-{at}" for at, layer in enumerate(net.layers, 1)]
    longest = max(map(len, names)) + 4  # it reserves five places for the branch, which takes two, and rounds up
    wide = 40 if longest < 40 else math.ceil(longest / 5) * 5
    counts, divider = net.parameters(), "=" * (wide + 50)

    def row(name: str, shape: str, n: str) -> str:
        return f"{name:<{wide}} {shape:<25} {n:<25}".rstrip()

    last = str([batch, *net.shapes[-1]])
    rows = [row("Layer (type:depth-idx)", "Output Shape", "Param #"), divider, row("Network", last, "--")]
    for name, shape, n in zip(names, net.shapes[1:], counts, strict=True):
        rows.append(row(name, str([batch, *shape]), f"{n:,}" if n else "--"))
    there = BYTES * batch * math.prod(net.shapes[0])
    back = sum(2 * BYTES * batch * math.prod(s) for s, n in zip(net.shapes[1:], counts, strict=True) if n)
    sizes = {
        "Input size": there,
        "Forward/backward pass size": back,
        "Params size": BYTES * net.size,
        "Estimated Total Size": there + back + BYTES * net.size,
    }
    totals = [f"Total params: {net.size:,}", f"Trainable params: {net.size:,}", "Non-trainable params: 0"]
    totals += [f"Total mult-adds ({_in_units(net.size * batch)}", divider]
    totals += [f"{name} (MB): {size / 1e6:0.2f}" for name, size in sizes.items()]
    return "\n".join([divider, *rows, divider, *totals, divider])


def _in_units(n: int) -> str:
    unit, size = next(((u, s) for u, s in (("TERA", 1e12), ("GIGA", 1e9)) if n >= s), ("MEGA", 1e6))
    share = n / size
    return f"Units.{unit}BYTES): {share:,.0f}" if share.is_integer() else f"Units.{unit}BYTES): {share:,.2f}"


def _print_keras(net: Network) -> None:
    """As Keras 3 has it: as wide as the terminal allows, to 88; nobody's batch."""
    import shutil

    from rich.console import Console
    from rich.table import Column, Table

    wide = min(88, shutil.get_terminal_size().columns - 4)
    ends = [0, int(0.45 * wide), int(0.8 * wide), wide]
    header = ("Layer (type)", "left"), ("Output Shape", "left"), ("Param #", "right")
    columns = [
        Column(title, justify=side, width=ends[i + 1] - ends[i])  # type: ignore[arg-type]
        for i, (title, side) in enumerate(header)
    ]
    table = Table(*columns, width=wide, show_lines=True)
    seen: Counter[str] = Counter()
    for layer, shape, n in zip(net.layers, net.shapes[1:], net.parameters(), strict=True):
        name = snake_case(kind(layer))
        named = f"{name}_{seen[name]}" if seen[name] else name
        seen[name] += 1
        table.add_row(f"{named} ({kind(layer)})", f"(None, {', '.join(map(str, shape))})", f"{n:,}")
    console = Console(highlight=False)
    console.print('[bold]Model: "network"[/]')
    console.print(table)
    for what, n in (("Total", net.size), ("Trainable", net.size), ("Non-trainable", 0)):
        console.print(f"[bold] {what} params: [/]{n:,} ({_memory(BYTES * n)})")


def _memory(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} TB"


def kind(layer: Layer) -> str:
    """The name of its formula: `Dense`, `Relu`."""
    return type(layer.activation if isinstance(layer, Activate) else layer).__name__
