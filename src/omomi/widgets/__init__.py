"""Figures with sliders, for Jupyter, marimo and Colab; they need anywidget: ``pip install 'omomi[notebook]'``."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .fi_explorer import FIExplorer

__all__ = ["FIExplorer"]


def __getattr__(name: str) -> Any:
    """anywidget is imported by who asks for a widget."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from .fi_explorer import FIExplorer
    except ModuleNotFoundError as error:
        if error.name not in ("anywidget", "traitlets"):
            raise
        raise ModuleNotFoundError("widgets need anywidget: pip install 'omomi[notebook]'") from error
    return FIExplorer
