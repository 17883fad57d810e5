"""Tables on the terminal, plain text anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Sequence

WIDE = 120  # characters, where nobody watches


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "", right: bool = False) -> None:
    """Print rows under their heads; `right` sets all but the first column to the right, as numbers stand."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    if title:
        table.title, table.title_justify = Text(title), "left"
    for at, name in enumerate(head):
        table.add_column(name, justify="right" if right and at else "left", no_wrap=not at)
    for row in rows:
        table.add_row(*map(Text, row))
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDE).print(table)
