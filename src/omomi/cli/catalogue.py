"""`omomi list`, `omomi show`, `omomi plot` and `omomi data`: what there is to choose from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DATA = "data"


def list_kinds(
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="activation, loss, optimizer, …, or data; else all.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List what there is: activations, losses, optimizers, layers, rules, …, data sets."""
    from .entries import entries, find_kind, kinds
    from .tables import print_table

    found = {k: entries(k) for k in ([find_kind(kind)] if kind else kinds())}
    if as_json:
        said = {k: [{n: e.said()[n] for n in ("name", "also", "summary")} for e in es] for k, es in found.items()}
        typer.echo(json.dumps(said, indent=1, ensure_ascii=False))
        return
    for k, es in found.items():
        print_table([k, "also", "what it is"], [[e.name, ", ".join(e.also), e.summary] for e in es])
    typer.echo("more about one of them: omomi show NAME" + ("" if kind == DATA else ", omomi plot NAME"))


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As in omomi list, in any spelling.")],
    kind: Annotated[str | None, typer.Option(help="Only of this kind, where several know the name.")] = None,
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


def plot(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help='relu, "leaky_relu(0.2)", cosine, spiral, …, or a file with data.')
    ],
    out: Annotated[
        Path | None, typer.Option(help="A .png, .svg or .pdf; else NAME.png in this folder.", show_default=False)
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Where several kinds know the name.", show_default=False)] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Draw an activation, a loss, a schedule, an initializer or a data set into a file."""
    from . import figures
    from .entries import build, file_name

    path = out or Path(f"{file_name(name)}.png")
    if path.exists() and not force:
        raise FileExistsError(f"{path} is there already; --force replaces it, --out FILE chooses another")
    figures.without_a_window()
    from .. import plots

    typer.echo(figures.save(plots.formula(build(name, kind)), path))


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
    if said["image_shape"]:
        height, width = said["image_shape"]
        low, high = (f(c[k] for c in said["features"]) for f, k in ((min, "min"), (max, "max")))
        typer.echo(f"pictures of {height}×{width} pixels, values {low:.4g} … {high:.4g}")
    else:
        print_table(["feature", "min", "mean", "max"], [_range(c) for c in said["features"]], right=True)
    if said["classes"]:
        print_table(["class", "samples"], [[c["name"], str(c["samples"])] for c in said["classes"]], right=True)
    else:
        print_table(["target", "min", "mean", "max"], [_range(c) for c in said["targets"]], right=True)


def _row(name: str) -> dict[str, str]:
    """A line of the table of data sets; those that need an extra say so."""
    from .. import data as sets
    from .entries import summary

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
