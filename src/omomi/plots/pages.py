"""How a notebook shows formulas, networks, runs and data: pieces of a page, always the same for the same thing."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from html import escape
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..formulas.formula import Formula
from ..formulas.neurons import Neuron
from ..networks.layers import Activate
from ..networks.network import Network
from ..shown import html
from ..training.diagnosis import Diagnosis
from ..training.metrics import mean_and_interval
from ..training.run import Run
from . import live
from .diagrams import diagram
from .formulas import PICTURES, formula
from .saving import rendered
from .style import GREY, INK, VERMILLION, pyplot

CARD = f"background:#fff;color:{INK};border:1px solid #ddd;border-radius:8px;padding:12px 16px;margin:2px 0;"
CARD += "font-family:system-ui,sans-serif;font-size:13px;line-height:1.45;display:inline-block;max-width:100%;"
CARD += "box-sizing:border-box;text-align:left"
CELL = f"padding:1px 14px 1px 0;text-align:left;border:0;background:#fff;color:{INK}"


@html.register
def _formula(f: Formula) -> str:
    """Name, formula, hyper-parameters, picture, source."""
    said = inspect.cleandoc(type(f).__doc__ or "")
    first = "" if said.startswith(f"{type(f).__name__}(") else said.partition("\n\n")[0]  # what dataclasses write
    source = re.search(r"Reference:\s+(.+?)(?=\n[^ ]|\n\s*\n|\Z)", said, re.DOTALL)
    return _card(
        _head(repr(f), f.noun),
        f"<div style='margin:4px 0;white-space:pre-wrap'>{escape(first)}</div>" if first else "",
        _table([[field.name, getattr(f, field.name), _range(field.metadata)] for field in fields(f)]),  # type: ignore[arg-type]
        picture(f),
        _small(" ".join(source[1].split())) if source else "",
    )


@html.register
def _network(net: Network) -> str:
    rows: list[Sequence[Any]] = [("layer", "output", "parameters", "multiply-adds")]
    counts = zip(net.layers, net.shapes[1:], net.parameters(), net.multiply_adds(), strict=True)
    for layer, shape, n, work in counts:
        rows.append((repr(layer), " × ".join(map(str, shape)), f"{n:,}" if n else "–", f"{work:,}" if work else "–"))
    rows.append(("total", "", f"{net.size:,}", f"{sum(net.multiply_adds()):,}"))
    return f"<div>{diagram(net).svg}</div>{_card(_table(rows, heading=True))}"


@html.register
def _run(run: Run) -> str:
    """Curves, the numbers of the last epoch, who diverged or stopped early."""
    s, n = run.settings, len(run.settings.seeds)
    how = f"{s.rule}, {s.optimizer}, {s.loss}, batches of {s.batch_size or 'all samples'}"
    return _card(
        _head(f"Run: {n} × {s.net}", f"epoch {run.epoch} of {s.epochs}"),
        _small(how),
        live.curves(run.history),
        _table(list(_numbers(run)), heading=True) if run.epoch else "",
        *(f"<div style='color:{VERMILLION}'>{escape(line)}</div>" for line in run.report()),
    )


@html.register
def _diagnosis(found: Diagnosis) -> str:
    return _card(_head("Diagnosis", ""), *(f"<div>{escape(line)}</div>" for line in found.in_words()))


@html.register
def _dataset(data: Dataset) -> str:
    return _card(_head(repr(data).strip("<>"), ""), picture(data))


def _numbers(run: Run) -> Iterator[Sequence[Any]]:
    """Of the last epoch, or that whose weights a replica went back to; diverged replicas are left out."""
    seeds = run.settings.seeds
    left = [r for r, seed in enumerate(seeds) if seed not in run.diverged]
    yield "", f"mean of {len(left)} replicas ± half of its 95 % interval" if len(left) > 1 else "one replica"
    rows = [run.history.row(run.stopped.get(seeds[r], run.epoch)) for r in left]
    for name in run.history:
        if "[" not in name:
            mean, half = mean_and_interval([row[name][r] for row, r in zip(rows, left, strict=True)])
            if np.isfinite(mean):
                yield name, f"{mean:.4g}" + (f" ± {half:.2g}" if np.isfinite(half) else "")


def picture(thing: Any) -> str:
    """matplotlib's picture of a formula or of data, or nothing where there is none."""
    shown = thing.activation if isinstance(thing, Activate) else thing
    if not isinstance(shown, (*PICTURES, Dataset)) or find_spec("matplotlib") is None:
        return ""
    from matplotlib.figure import Figure  # not pyplot's: notebooks show those by themselves

    drawn = Figure(figsize=(8.4 if isinstance(shown, Neuron) else 5.6, 3.9), layout="constrained")
    with pyplot().rc_context({"svg.fonttype": "none"}):
        formula(shown, drawn.subplots())
        return inline(rendered("picture", drawn, "svg").decode())


def inline(svg: str) -> str:
    """A file of matplotlib's as a part of a page: its ids its own, its style not that of the page."""
    mark = f"o{hashlib.sha256(svg.encode()).hexdigest()[:10]}-"
    svg = re.sub(r"<(metadata|style)\b.*?</\1>\s*", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{mark}", svg)
    style = "max-width:100%;height:auto;stroke-linejoin:round;stroke-linecap:butt"
    return svg.replace("<svg ", f'<svg role="img" style="{style}" ', 1)


def _card(*parts: str) -> str:
    return f"<div style='{CARD}'>{''.join(parts)}</div>"


def _head(name: str, what: str) -> str:
    return f"<div><b>{escape(name)}</b> <span style='color:{GREY}'>{escape(what)}</span></div>"


def _small(said: str) -> str:
    return f"<div style='color:{GREY};font-size:11px'>{escape(said)}</div>"


def _table(rows: Iterable[Sequence[Any]], heading: bool = False) -> str:
    said = []
    for at, row in enumerate(rows):
        grey = f";color:{GREY}" if heading and at == 0 else ""
        cells = "".join(f"<td style='{CELL}{grey}'>{escape(str(cell))}</td>" for cell in row)
        said.append(f"<tr style='background:#fff'>{cells}</tr>")
    return (
        f"<table style='border-collapse:collapse;margin:6px 0;font-size:13px'>{''.join(said)}</table>" if said else ""
    )


def _range(known: Any) -> str:
    """Where a hyper-parameter must lie."""
    said = known.get("each", known)
    if "low" in said:
        left, right = said["closed"]
        return f"{left}{said['low']:g}, {said['high']:g}{right}".replace("inf", "∞")
    return ", ".join(known["choices"]) if "choices" in known else known["kind"].noun if "kind" in known else ""
