"""`omomi export`: a trained network in the files of other programs."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

SUFFIXES = (".onnx", ".nir", ".safetensors")


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run.")],
    to: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="A .onnx model, a .nir graph of a spiking network, or weights as .safetensors.",
            show_default=False,
        ),
    ],
    replica: Annotated[int | None, typer.Option(help="Which of the networks, from 0.", show_default=False)] = None,
    seed: Annotated[int | None, typer.Option(help="The network of this seed.", show_default=False)] = None,
    style: Annotated[
        str | None,
        typer.Option(help="How .safetensors name the weights: torch (else), keras or omomi.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")] = False,
) -> None:
    """Write a trained network for other programs."""
    from ..training import Run

    suffix = to.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"--to must end in {', '.join(SUFFIXES)}, got {to.name!r}")
    if style is not None and suffix != ".safetensors":
        raise ValueError(f"--style is for .safetensors, got {to.name!r}")
    if to.exists() and not force:
        raise FileExistsError(f"{to} is there already; --force replaces it, --to FILE chooses another")
    run = Run.load(folder)
    at = _replica(run.settings.seeds, replica, seed)
    if suffix == ".onnx":
        from ..adapters import onnx

        onnx.export(run.settings.net, run, to, replica=at)
    elif suffix == ".nir":
        from ..adapters import nir

        nir.write(run.settings.net, run, to, replica=at)
    else:
        from ..adapters import weights

        weights.save(run.settings.net, run, to, style or "torch", replica=at)
    typer.echo(f"{to}: {run.settings.net}, seed {run.settings.seeds[at]}, after {run.epoch} epochs")
    if (scale := _scale(folder)) not in (None, "none"):
        typer.echo(f"note: it takes inputs as it learned from them, scaled as results.json says ({scale})", err=True)


def _replica(seeds: Sequence[int], replica: int | None, seed: int | None) -> int:
    if replica is not None and seed is not None:
        raise ValueError("--replica and --seed both choose a network; leave one out")
    if seed is not None:
        if seed not in seeds:
            raise ValueError(f"--seed must be one of the run's, {', '.join(map(str, seeds))}, got {seed}")
        return list(seeds).index(seed)
    if replica is not None and not 0 <= replica < len(seeds):
        raise ValueError(f"--replica must be a whole number from 0 to {len(seeds) - 1}, got {replica}")
    return replica or 0


def _scale(folder: Path) -> str | None:
    """How the inputs of the run were prepared, where it says so."""
    file = folder / "config.toml"
    return tomllib.loads(file.read_text(encoding="utf8")).get("scale") if file.is_file() else None
