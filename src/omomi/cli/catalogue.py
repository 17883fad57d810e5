"""`omomi list`, `omomi show`, `omomi plot` and `omomi data`: what there is to choose from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ..formulas.formula import split

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DATA = "data"
PLAIN = "sgd"  # the optimizer that others are drawn beside
NARROW = 100  # characters
LISTED = ("name", "also", "summary", "source")


def list_kinds(
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="activation, loss, optimizer, …, or data; else all.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List what there is: activations, losses, optimizers, layers, rules, …, data sets."""
    from .entries import entries, find_kind, kinds

    found = {k: entries(k) for k in ([find_kind(kind)] if kind else kinds())}
    if as_json:
        said = {k: [{n: e.said()[n] for n in LISTED} for e in es] for k, es in found.items()}
        typer.echo(json.dumps(said, indent=1, ensure_ascii=False))
        return
    for k in found:
        print_entries(k)
    typer.echo("more about one of them: omomi show NAME" + ("" if kind == DATA else ", omomi plot NAME"))


def print_entries(kind: str) -> None:
    """The table of a kind: names, formulas, other spellings, and who found them; in two columns where it is narrow."""
    from .entries import entries
    from .tables import print_table, width

    rows = [[e.name, e.summary, ", ".join(e.also), e.words.source] for e in entries(kind)]
    if width() < NARROW:
        print_table([kind, "what it is"], [_stacked(*row) for row in rows])
        return
    kept = [at for at in range(4) if any(row[at] for row in rows)]
    columns = [(kind, 1.0), ("what it is", 1.0), ("also", 0.25), ("source", 0.2)]
    head, shares = zip(*(columns[at] for at in kept), strict=True)
    print_table(head, [[row[at] for at in kept] for row in rows], shares=shares)


def _stacked(name: str, summary: str, also: str, source: str) -> list[str]:
    more = "; ".join(filter(None, [f"also {also}" if also else "", source]))
    return [name, f"{summary}\n({more})" if more else summary]


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As in omomi list, in any spelling.")],
    kind: Annotated[str | None, typer.Option(help="Only of this kind, where several know the name.")] = None,
    code: Annotated[bool, typer.Option("--source", help="Print its code as well.")] = False,
    as_json: Json = False,
) -> None:
    """Show a formula, layer, rule or data set: what it is, its parameters and where it comes from."""
    from .entries import find
    from .tables import print_table

    found = find(name, kind)
    if as_json:
        typer.echo(json.dumps([e.said() for e in found], indent=1, ensure_ascii=False))
        return
    for e in found:
        typer.echo(f"{e.name} ({e.kind})" + (f", also {', '.join(e.also)}" if e.also else ""))
        typer.echo(f"\n{e.doc}")
        if e.parameters:
            rows = [[p["name"], _plain(p["default"], p["required"]), p["range"]] for p in e.parameters]
            columns = 3 if any(p["range"] for p in e.parameters) else 2
            print_table(["parameter", "default", "range"][:columns], [row[:columns] for row in rows])
        else:
            typer.echo("\nno parameters\n")
        if code:
            typer.echo(f"{e.code}\n")


def plot(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help='relu, "leaky_relu(0.2)", adam, spiral, …; activations, optimizers, …; a file with data.',
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="A .png, .svg or .pdf, of optimizers also .gif or .mp4; else NAME.png in this folder.",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Where several kinds know the name.", show_default=False)] = None,
    only: Annotated[
        str | None, typer.Option(help='Optimizers: which, "sgd, adam(lr=0.05)".', show_default=False)
    ] = None,
    on: Annotated[
        str | None, typer.Option(help='Optimizers: on which functions, "rosenbrock, saddle".', show_default=False)
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Optimizers: how many steps.", show_default=False)] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Draw a formula, all formulas of a kind, the ways of optimizers, or a data set into a file.

    Optimizers whose learning rate is not given get the one that goes lowest on each function.
    """
    from . import figures
    from .entries import file_name

    path = out or Path(f"{file_name(name)}.png")
    if path.exists() and not force:
        raise FileExistsError(f"{path} is there already; --force replaces it, --out FILE chooses another")
    figures.without_a_window()
    typer.echo(figures.save(_picture(name, kind, only, on, steps), path))


def _picture(name: str, kind: str | None, only: str | None, on: str | None, steps: int | None) -> Any:
    """The axes of what is asked for."""
    from .. import plots
    from ..formulas.optimizers import Optimizer
    from .entries import build, spelled_kind

    sort = spelled_kind(name)
    thing = None if sort else build(name, kind)
    if sort == Optimizer.noun or isinstance(thing, Optimizer):
        beside = _parts(only) if only else [PLAIN] if type(thing) is not Optimizer.find(PLAIN) else []
        chosen = _parts(only or "") if sort else [*beside, name]
        return plots.races(chosen, _parts(on or ""), **({} if steps is None else {"steps": steps}))
    if only is not None or on is not None or steps is not None:
        raise ValueError("--only, --on and --steps belong to optimizers")
    return plots.sheet(sort) if sort else plots.formula(thing)


def _parts(text: str) -> list[str]:
    return [part for part in split(text) if part]


def data(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME|FILE]", help="A data set or a file of your own; else all data sets.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="The column of a CSV to learn; else the last.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """List the data sets, or describe one: samples, features with their ranges, classes with their counts."""
    from .. import data as sets
    from .entries import described
    from .tables import print_table

    if name is None:
        rows = [_row(each) for each in sets.catalogue()]
        if as_json:
            typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
            return
        print_table(["data set", "samples", "inputs", "output", "what it is"], [list(r.values()) for r in rows])
        return
    said = described(sets.load(name, **({"target": target} if target else {})))
    if as_json:
        typer.echo(json.dumps(said, indent=1, ensure_ascii=False))
        return
    typer.echo(f"{said['name']}: {said['samples']} samples")
    if said["image_shape"] or said["steps"]:
        low, high = (f(c[k] for c in said["features"]) for f, k in ((min, "min"), (max, "max")))
        size = "×".join(map(str, said["image_shape"] or (said["steps"], len(said["features"]))))
        what = f"pictures of {size} pixels" if said["image_shape"] else f"sequences of {size} steps and inputs"
        typer.echo(f"{what}, values {low:.4g} … {high:.4g}")
    else:
        print_table(["feature", "min", "mean", "max"], [_range(c) for c in said["features"]], right=True)
    if said["classes"]:
        print_table(["class", "samples"], [[c["name"], str(c["samples"])] for c in said["classes"]], right=True)
    else:
        print_table(["target", "min", "mean", "max"], [_range(c) for c in said["targets"]], right=True)


def _row(name: str) -> dict[str, str]:
    """A line of the table of data sets; those that need an extra say so."""
    from .. import data as sets
    from .docstrings import summary

    said = {"name": name, "samples": "", "inputs": "", "output": "", "summary": summary(sets.catalogue()[name])}
    try:
        d = sets.load(name)
    except ModuleNotFoundError as error:
        return said | {"summary": str(error)}
    inputs = "×".join(map(str, d.image_shape or d.x.shape[1:]))
    noun = "classes" if d.is_classification else "number" if d.n_out == 1 else "numbers"
    return said | {"samples": str(d.n), "inputs": inputs, "output": f"{d.n_out} {noun}"}


def _range(column: dict[str, Any]) -> list[str]:
    return [column["name"], *(f"{column[k]:.4g}" for k in ("min", "mean", "max"))]


def _plain(default: Any, required: bool) -> str:
    if required:
        return "needed"
    return f"{default:g}" if isinstance(default, float) else str(default)
