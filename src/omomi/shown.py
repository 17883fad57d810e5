"""How a notebook shows things: the kinds say that they can be shown, `plots` says how."""

from __future__ import annotations

from functools import singledispatch
from typing import Any


@singledispatch
def html(thing: Any) -> str | None:
    """The thing as a piece of a page; None where it has no other form than its text."""
    return None


class Shown:
    """What a notebook asks for `html`."""

    def _repr_html_(self) -> str | None:
        return html(self)
