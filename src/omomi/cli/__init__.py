"""The command line: `omomi train digits`, `omomi list`, `omomi show adam`, …

What is heavy is imported inside the commands, so that `omomi --help` answers at once.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from . import catalogue, compare, export, own, simulate, train

INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class Commands(TyperGroup):
    """What the user can put right ends as one sentence and exit code 2; everything else is a bug and stays visible."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """`--import` may stand anywhere: it goes to the front, where the option is."""
        front: list[str] = []
        rest: list[str] = []
        words = iter(args)
        for word in words:
            if word == "--import":
                front += [word, *([value] if (value := next(words, None)) is not None else [])]
            else:
                (front if word.startswith("--import=") else rest).append(word)
        return super().parse_args(ctx, front + rest)

    def invoke(self, ctx: Any) -> Any:
        with warnings.catch_warnings():
            warnings.showwarning = _warn  # type: ignore[assignment]
            try:
                return super().invoke(ctx)
            except KeyboardInterrupt as interrupt:
                typer.echo(str(interrupt) or "interrupted", err=True)
                raise typer.Exit(INTERRUPTED) from None
            except BrokenPipeError:  # `omomi list | head`: nobody reads on
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise typer.Exit(1) from None
            except ModuleNotFoundError as error:
                if error.name is not None:  # not one of our own sentences about an extra
                    raise
                raise _refusal(str(error)) from None
            except OSError as error:
                raise _refusal(_sentence(error)) from None
            except ValueError as error:
                raise _refusal(str(error)) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(train.train)
app.command()(train.resume)
app.command()(export.export)
app.command()(compare.compare)
app.command(context_settings=simulate.FIELDS)(simulate.simulate)
app.command(context_settings=simulate.FIELDS)(simulate.fi_curve)
app.command("list")(catalogue.list_kinds)
app.command()(catalogue.show)
app.command()(catalogue.plot)
app.command()(catalogue.data)


def _version(asked: bool) -> None:
    if asked:
        from .. import __version__

        typer.echo(f"omomi {__version__}")
        raise typer.Exit


@app.callback()
def omomi(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    imports: Annotated[
        list[str] | None,
        typer.Option(
            "--import",
            metavar="MODULE|FILE",
            help="Run a module or file of yours that defines formulas; then they are known by name everywhere.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """A workbench for how neural networks learn. Begin with: omomi train digits"""
    for name in imports or ():
        own.load(name)


def main() -> None:
    """The entry point of `omomi`."""
    app()


def _refusal(message: str) -> typer.Exit:
    for line in message.splitlines():
        typer.echo(f"error: {line}", err=True)
    return typer.Exit(2)


def _sentence(error: OSError) -> str:
    if error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror


def _warn(message: Warning | str, *where: Any) -> None:
    typer.echo(f"warning: {message}", err=True)
