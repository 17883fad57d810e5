"""Libraries that come with an extra."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def library(name: str, extra: str, who: str) -> Any:
    """The module of that name, or one sentence that says what to install.

    >>> library("no_such", "torch", "omomi.adapters.torch")
    Traceback (most recent call last):
    ModuleNotFoundError: omomi.adapters.torch needs no_such: pip install 'omomi[torch]'
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:  # something that it needs itself
            raise
        raise ModuleNotFoundError(f"{who} needs {name}: pip install 'omomi[{extra}]'") from None
