"""`omomi simulate` and `omomi fi-curve`."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

if TYPE_CHECKING:
    from ..formulas.neurons import Neuron
    from ..simulation import FICurve, Simulation

SHOWN = 20  # neurons in a table
PICTURES = (".png", ".svg", ".pdf")
FIELDS = {"allow_extra_args": True, "ignore_unknown_options": True}  # those of the neuron, whatever it is

Which = Annotated[str, typer.Argument(metavar="NEURON", help='lif, "adex(a=2)", …; see: omomi list neuron.')]
Out = Annotated[
    Path | None,
    typer.Option(help="A .csv or .npz for the numbers, a .png, .svg or .pdf for a picture.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


def simulate(
    ctx: typer.Context,
    neuron: Which,
    current: Annotated[
        str,
        typer.Option(help='A number, several for several neurons, or "sine(2, frequency=5)", …: omomi list current.'),
    ] = "1",
    T: Annotated[float, typer.Option("--T", "--duration", help="ms.")] = 100.0,
    dt: Annotated[float | None, typer.Option(help="ms; else 0.1, or what it needs.", show_default=False)] = None,
    n: Annotated[int | None, typer.Option("--n", help="How many neurons.", show_default=False)] = None,
    seed: Annotated[int, typer.Option(help="Of noise.")] = 0,
    record: Annotated[str, typer.Option(help='The states to write: "v, w"; i is the current.')] = "v",
    out: Out = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Simulate a neuron, or several beside each other: when they spike, how often, how regularly.

    The neuron's numbers are options, too: --tau 20 --tau-ref 2; several of one, --Rm 1,5,10, are several neurons.
    """
    from .. import simulation

    _check_out(out, force)
    made, each = _neuron(neuron, ctx.args)
    given = _numbers("--current", current) if _is_number(current.split(",")[0]) else current
    flow = given if isinstance(given, str) else given[None] if len(given) > 1 else given[0]
    names = [] if out is None else [name.strip() for name in record.split(",")]
    try:
        run = simulation.simulate(made, flow, T, dt, each=each, n=n, seed=seed, record=names)
    except KeyboardInterrupt as interrupt:
        if hasattr(interrupt, "simulation"):
            _tell(interrupt.simulation, flow, out, as_json)
        raise
    _tell(run, flow, out, as_json)


def fi_curve(
    ctx: typer.Context,
    neuron: Which,
    currents: Annotated[str, typer.Option(help="first:last:how many, or numbers with commas between.")] = "0:2:10",
    T: Annotated[float, typer.Option("--T", "--duration", help="ms at each current.")] = 1000.0,
    dt: Annotated[float | None, typer.Option(help="ms; else 1, or what it needs.", show_default=False)] = None,
    out: Out = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Count the spikes of a neuron at constant currents.

    The neuron's numbers are options, too: --tau 20 --tau-ref 2; several of one, --Rm 1,5,10, are several curves.
    """
    from .. import simulation

    _check_out(out, force)
    made, each = _neuron(neuron, ctx.args)
    curve = simulation.fi_curve(made, _range(currents), T, dt, each=each)
    names = [_said(curve.each, k) for k in range(_rows(curve))]
    if out is not None:
        _write_curve(out, curve, names)
    if as_json:
        lines = [{**{p: float(v[k]) for p, v in curve.each.items()}, "counts": c, "rates": r}
                 for k, (c, r) in enumerate(zip(_table(curve.counts), _table(curve.rates()), strict=True))]  # fmt: skip
        said = {
            "neuron": repr(made),
            "T": curve.T,
            "dt": curve.dt,
            "currents": curve.currents.tolist(),
            "curves": lines,
        }
        typer.echo(json.dumps(said, indent=1, ensure_ascii=False))
        return
    from .tables import print_table

    typer.echo(f"{made!r}: spikes in {curve.T:g} ms")
    rows = [[f"{i:.4g}", *map(str, c)] for i, c in zip(curve.currents, np.atleast_2d(curve.counts).T, strict=True)]
    print_table(["current", *(name or "spikes" for name in names)], rows, right=True)
    _say_written(out)


def _neuron(text: str, options: list[str]) -> tuple[Neuron, dict[str, Any]]:
    """The neuron that text and options make, and the fields of which there are several values."""
    from ..formulas.formula import near_miss, squash
    from ..formulas.neurons import Neuron

    neuron: Any = Neuron.parse(text)
    each, name = dict[str, Any](), type(neuron).__name__
    known = {squash(f.name): f for f in fields(neuron)}
    given = set[str]()
    words = iter([part for word in options for part in (word.split("=", 1) if word.startswith("--") else [word])])
    for word in words:
        field = known.get(squash(word.removeprefix("--")))
        if not word.startswith("--") or field is None:
            near = near_miss(word.removeprefix("--"), [f.name for f in known.values()])
            raise ValueError(f"{name} has no option {word!r}{near} (see: omomi show {text.partition('(')[0]})")
        given.add(field.name)
        value = next(words, None)
        if value is None:
            raise ValueError(f"{word} needs a value")
        if "low" not in field.metadata:
            neuron = replace(neuron, **{field.name: {"true": True, "false": False}.get(value.lower(), value)})
            continue
        values = _numbers(word, value)
        if len(values) > 1:
            each[field.name] = values
        else:
            neuron = replace(neuron, **{field.name: float(values[0])})
    said = "tau" in given or ("tau" in known and neuron.tau != known["tau"].default)
    if "Rm" in given and not said and getattr(neuron, "Cm", None) == 0:
        # A membrane of another resistance keeps its capacitance, unless its time constant is said.
        neuron = replace(neuron, Cm=neuron.tau / known["rm"].default)
    return neuron, each


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _numbers(name: str, text: str) -> Any:
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if not _is_number(part):
            raise ValueError(f"{name} must be a number, or numbers with commas between, got {text!r}")
    return np.array([float(part) for part in parts])


def _range(text: str) -> Any:
    """
    >>> _range("0:2:5").tolist()
    [0.0, 0.5, 1.0, 1.5, 2.0]
    """
    if ":" not in text:
        return _numbers("--currents", text)
    parts = text.split(":")
    if len(parts) != 3 or not all(map(_is_number, parts)) or not parts[2].strip().isdigit() or int(parts[2]) < 1:
        raise ValueError(f"--currents must be first:last:how many, as 0:2:10, got {text!r}")
    return np.linspace(float(parts[0]), float(parts[1]), int(parts[2]))


def _said(each: Any, k: int) -> str:
    return ", ".join(f"{name} {float(values[k]):.4g}" for name, values in each.items())


def _tell(run: Simulation, flow: Any, out: Path | None, as_json: bool) -> None:
    if out is not None:
        _write(out, run)
    counts, rates, cv = run.counts(), run.rates() if run.steps else np.full(run.n_neurons, np.nan), run.cv()
    own = dict(run.each) | ({"current": np.ravel(flow)} if np.size(flow) > 1 else {})
    shown = range(run.n_neurons if as_json else min(run.n_neurons, SHOWN))
    trains = [run.train(k) for k in shown]
    first = [t[0] if len(t) else math.nan for t in trains]
    mean = [np.diff(t).mean() if len(t) > 1 else math.nan for t in trains]
    if as_json:
        lines = [
            {p: float(v[k]) for p, v in own.items()}
            | {"spikes": int(counts[k]), "first": _or_none(first[k]), "rate": _or_none(rates[k])}
            | {"mean_isi": _or_none(mean[k]), "cv": _or_none(cv[k]), "spike_times": trains[k].round(9).tolist()}
            for k in shown
        ]
        said = {"neuron": repr(run.neuron), "current": np.asarray(flow).tolist(), "T": run.T, "dt": run.dt}
        typer.echo(json.dumps(said | {"neurons": lines}, indent=1, ensure_ascii=False))
        return
    from .tables import print_table

    typer.echo(f"{run.neuron!r}, {run.T:g} ms in steps of {run.dt:g} ms")
    rows = [
        [str(k), *(f"{float(v[k]):.4g}" for v in own.values()), str(counts[k])]
        + [_plain(x) for x in (first[k], rates[k], mean[k], cv[k])]
        for k in shown
    ]
    print_table(["neuron", *own, "spikes", "first, ms", "rate, Hz", "mean ISI, ms", "CV"], rows, right=True)
    if run.n_neurons > SHOWN:
        typer.echo(
            f"… and {run.n_neurons - SHOWN} more; {counts.sum()} spikes of all, {rates.mean():.4g} Hz on average"
        )
    _say_written(out)


def _or_none(x: float) -> float | None:
    return float(x) if math.isfinite(x) else None


def _plain(x: float) -> str:
    return f"{x:.4g}" if math.isfinite(x) else ""


def _check_out(out: Path | None, force: bool) -> None:
    if out is None:
        return
    if out.suffix.lower() not in (".csv", ".npz", *PICTURES):
        raise ValueError(f"--out must end in .csv, .npz, {', '.join(PICTURES)}, got {out.name!r}")
    if out.exists() and not force:
        raise FileExistsError(f"{out} is there already; --force replaces it, --out FILE chooses another")


def _say_written(out: Path | None) -> None:
    if out is not None:
        typer.echo(out)


def _write(out: Path, run: Simulation) -> None:
    if out.suffix.lower() in PICTURES:
        from .. import plots
        from . import figures

        figures.without_a_window()
        figures.save(plots.voltage_trace(run), out)
        return
    if out.suffix.lower() == ".npz":
        spikes = {"spike_times": run.spike_times, "spike_neurons": run.spike_neurons}
        _write_npz(out, {"times": run.times, **run.states, **spikes, **run.each})
        return
    single = run.n_neurons == 1
    head = [name if single else f"{name}{k}" for name in run.states for k in range(run.n_neurons)]
    _write_csv(out, ["t", *head], np.column_stack([run.times, *run.states.values()]))


def _write_curve(out: Path, curve: FICurve, names: list[str]) -> None:
    if out.suffix.lower() in PICTURES:
        from .. import plots
        from . import figures

        figures.without_a_window()
        figures.save(plots.fi_curves(curve), out)
    elif out.suffix.lower() == ".npz":
        _write_npz(out, {"currents": curve.currents, "counts": curve.counts, "rates": curve.rates(), **curve.each})
    else:
        counts = np.atleast_2d(curve.counts).T
        _write_csv(out, ["current", *(name or "spikes" for name in names)], np.column_stack([curve.currents, counts]))


def _write_npz(out: Path, arrays: dict[str, Any]) -> None:
    from ..training.files import write

    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    write(out, content.getvalue())


def _write_csv(out: Path, head: list[str], rows: Any) -> None:
    from ..training.files import write

    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(head)
    table.writerows([f"{x:.10g}" for x in row] for row in rows)
    write(out, text.getvalue())


def _rows(curve: FICurve) -> int:
    return len(np.atleast_2d(curve.counts))


def _table(counts: Any) -> list[Any]:
    return np.atleast_2d(counts).tolist()
