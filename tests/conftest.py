"""What a test, an example or a page of the docs defines is forgotten after it, and its figures are closed."""

import gc
import sys
from functools import cache

import pytest
import typer.testing

import omomi.rules  # noqa: F401  the highest floor with a catalogue
from omomi.formulas.formula import Formula

# The command line is put together once, not for every command: that takes longer than most of them.
typer.testing._get_command = cache(typer.testing._get_command)


@pytest.fixture(autouse=True)
def catalogues_as_they_were():
    before = {kind: dict(kind.catalogue) for kind in Formula.kinds.values()}
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    for kind, known in before.items():
        kind.catalogue.clear()
        kind.catalogue.update(known)


@cache
def gpu():
    try:
        import cupy
    except ImportError:
        return False
    return cupy.is_available()


def pytest_collection_modifyitems(config, items):
    """What needs a GPU is left out where there is none.

    Of two workers one begins with the formulas, the other at the end of the rest.

    Where both go through a catalogue in step, each compiles what the other compiles at this moment.
    """
    needing = [item for item in items if item.get_closest_marker("gpu")]
    if needing and not gpu():
        config.hook.pytest_deselected(items=needing)
        items[:] = [item for item in items if item not in needing]
    if hasattr(config, "workerinput"):
        formulas = [item for item in items if "formulas" in item.path.parts]
        items[:] = formulas + [item for item in reversed(items) if "formulas" not in item.path.parts]


def pytest_collection_finish():
    """The tests and the libraries stay: the collector of garbage need not go through them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
