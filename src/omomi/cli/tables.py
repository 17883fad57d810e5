"""Tables on the terminal, plain text anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from shutil import get_terminal_size
from typing import Literal

WIDE = 120  # characters, where nobody watches


def width() -> int:
    """Of the terminal, or of what is written elsewhere."""
    return get_terminal_size().columns if sys.stdout.isatty() else WIDE


def print_table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    title: str = "",
    right: bool = False,
    shares: Sequence[float] = (),
) -> None:
    """Print rows under their heads; `right` sets all but the first column to the right, as numbers stand, unbroken.

    `shares` are the parts of the width that columns get at most; what is longer is broken.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    if title:
        table.title, table.title_justify = Text(title), "left"
    console = Console(highlight=False, width=width())
    for at, name in enumerate(head):
        most = int(shares[at] * console.width) if shares else None
        justify: Literal["left", "right"] = "right" if right and at else "left"
        whole = bool(at) if right else not at  # it is numbers that must not be broken, else names
        table.add_column(name, justify=justify, no_wrap=whole, max_width=most, overflow="fold" if at else "ellipsis")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
