"""Figures as files."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..training.files import write
from .style import pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# A file without the hour of its making: the same figure gives the same file.
TIMELESS: dict[str, dict[str, Any]] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}


def save(ax_or_fig: Axes | Figure | np.ndarray, path: str | Path, dpi: float = 150) -> Path:
    """Write a figure as PNG, SVG or PDF: whole or not at all, and always the same bytes for the same figure.

    Parameters
    ----------
    ax_or_fig : Axes, Figure or array of Axes
        Of axes, the whole figure is written.
    path : str or Path
        Its ending chooses the format.
    dpi : float
        Pixels per inch.

    Returns
    -------
    Path
    """
    path = Path(path)
    kind = path.suffix.lower().lstrip(".")
    if kind not in TIMELESS:
        raise ValueError(f"save: the path must end in .png, .svg or .pdf, got {str(path)!r}")
    return write(path, rendered("save", ax_or_fig, kind, dpi))


def rendered(owner: str, ax_or_fig: Any, kind: str, dpi: float = 150) -> bytes:
    """The figure as the content of a file of that kind."""
    content = BytesIO()
    with pyplot().rc_context({"svg.hashsalt": "omomi"}):
        figure_of(owner, ax_or_fig).savefig(
            content, format=kind, dpi=dpi, bbox_inches="tight", facecolor="white", metadata=TIMELESS[kind]
        )
    return content.getvalue()


def figure_of(owner: str, ax_or_fig: Any) -> Figure:
    """The figure itself, or that of the axes."""
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

    one = ax_or_fig.flat[0] if isinstance(ax_or_fig, np.ndarray) and ax_or_fig.size else ax_or_fig
    figure = one.get_figure(root=True) if isinstance(one, Artist) else None
    if not isinstance(figure, Figure):
        raise TypeError(f"{owner}: axes or a figure are needed, got {type(ax_or_fig).__name__}")
    return figure
