"""`omomi train` and `omomi resume`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ..training import Run
    from .report import Report
    from .tasks import Job

LEARNING, DATA, OUTPUT = "The network and how it learns", "The data", "What comes out"


def _option(what: str, panel: str, *names: str, metavar: str | None = None) -> Any:
    return typer.Option(*names, help=what, rich_help_panel=panel, show_default=False, metavar=metavar)


DataOptions = Annotated[
    list[str] | None,
    _option("An option of the data set, as noise=0.2; repeatable.", DATA, "--data-option", metavar="NAME=VALUE"),
]
Out = Annotated[Path | None, _option("A new folder for all that is written; else runs/TASK-001, -002, …", OUTPUT)]
Every = Annotated[int | None, _option("Write a checkpoint every so many epochs, besides every 30 seconds.", OUTPUT)]
Json = Annotated[bool, _option("Print one JSON object, and nothing else.", OUTPUT, "--json")]
Progress = Annotated[
    bool | None,
    _option(
        "A bar while training (else if somebody watches), or nothing but the folder.", OUTPUT, "--progress/--quiet"
    ),
]


def train(
    ctx: typer.Context,
    task: Annotated[
        str | None,
        typer.Argument(
            metavar="TASK|FILE",
            help="A data set (see: omomi list data), a .csv, .npz or folder of IDX images, or an experiment.toml.",
        ),
    ] = None,
    net: Annotated[
        str | None, _option('The layers, the output with them: "128, relu, dropout(0.2), 10".', LEARNING)
    ] = None,
    loss: Annotated[str | None, _option("A loss (see: omomi list loss).", LEARNING)] = None,
    optimizer: Annotated[str | None, _option('An optimizer: adam, or "momentum(momentum=0.8)".', LEARNING)] = None,
    lr: Annotated[float | None, _option("The optimizer's learning rate.", LEARNING)] = None,
    rule: Annotated[str | None, _option("A learning rule (see: omomi list rule).", LEARNING)] = None,
    schedule: Annotated[str | None, _option("How the learning rate changes: constant, cosine, …", LEARNING)] = None,
    epochs: Annotated[int | None, _option("How often to go through the data.", LEARNING)] = None,
    batch: Annotated[str | None, _option("Samples per step: a number, or all.", LEARNING)] = None,
    weight_decay: Annotated[float | None, _option("Adds λ w to the gradient of w.", LEARNING)] = None,
    clip_norm: Annotated[float | None, _option("The longest gradient.", LEARNING)] = None,
    patience: Annotated[
        int | None, _option("Stop a replica after so many epochs without a better validation loss.", LEARNING)
    ] = None,
    replicas: Annotated[int | None, _option("How many seeds to train at once (8).", LEARNING)] = None,
    seed: Annotated[int | None, _option("The first seed (0).", LEARNING)] = None,
    dtype: Annotated[str | None, _option("float32 or float64.", LEARNING)] = None,
    device: Annotated[str | None, _option("cpu, or cuda: an NVIDIA GPU, with CuPy.", LEARNING)] = None,
    test: Annotated[
        str | None, _option("Share set aside for the test at the end (0.2); 0: none; own: the data's own.", DATA)
    ] = None,
    validation: Annotated[
        float | None, _option("Share of the rest that is measured after every epoch (0.1); 0: none.", DATA)
    ] = None,
    scale: Annotated[str | None, _option("none, standardise or min-max, fitted to the training part.", DATA)] = None,
    target: Annotated[str | None, _option("The column of a CSV to learn; else the last one.", DATA)] = None,
    drop_last: Annotated[
        bool | None, _option("Leave out the last, smaller batch of an epoch.", DATA, "--drop-last/--keep-last")
    ] = None,
    data: DataOptions = None,
    diagnose: Annotated[
        bool | None,
        _option("Compare every layer with the gradient after every epoch.", OUTPUT, "--diagnose/--no-diagnose"),
    ] = None,
    log: Annotated[
        list[str] | None,
        _option(
            "Tell of every epoch: to a .csv or .jsonl file, TensorBoard or an MLflow experiment; repeatable.",
            OUTPUT,
            "--log",
            metavar="FILE|tensorboard:DIR|mlflow:NAME",
        ),
    ] = None,
    out: Out = None,
    resume: Annotated[Path | None, _option("Go on in this folder, as omomi resume does.", OUTPUT)] = None,
    checkpoint_epochs: Every = None,
    as_json: Json = False,
    progress: Progress = None,
) -> None:
    """Train a network on a data set, a file of your own or an experiment file, with many seeds at once."""
    from . import tasks
    from .experiment import Experiment, check
    from .report import Report

    # The parameters above carry the names of an experiment, so that they are gathered rather than listed again.
    options = {k: v for k, v in ctx.params.items() if k in Experiment.model_fields and v not in (None, [], ())}
    if resume:
        if options or out:
            named = ", ".join("TASK" if k == "task" else f"--{k.replace('_', '-')}" for k in options) or "--out"
            raise ValueError(f"--resume goes on with the settings in its folder; leave {named} out")
        return _resume(resume, None, checkpoint_epochs, as_json, progress)
    if not task:
        raise ValueError("say what to learn: omomi train digits, omomi train data.csv, … (see: omomi list data)")
    for name in ("batch", "test"):
        if name in options:
            options[name] = _number(options[name])
    if data:
        options["data"] = dict(_entry(text) for text in data)
    file = options.pop("task") if task.endswith(".toml") else None
    job = tasks.prepare(check(options, file))
    run = job.start()
    _work(run, job, Report(job.new_folder(out), as_json, progress), checkpoint_epochs)


def resume(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run.")],
    epochs: Annotated[
        int | None, typer.Option(help="Train so many epochs more, from where the run stands.", show_default=False)
    ] = None,
    checkpoint_epochs: Every = None,
    as_json: Json = False,
    progress: Progress = None,
) -> None:
    """Go on with an interrupted run, bit for bit as if it had not been; or train a finished one further."""
    _resume(folder, epochs, checkpoint_epochs, as_json, progress)


def _resume(folder: Path, more: int | None, every: int | None, as_json: bool, progress: bool | None) -> None:
    from ..formulas.schedules import Schedule
    from . import tasks
    from .experiment import check
    from .report import Report

    if not (folder / "config.toml").is_file():
        raise FileNotFoundError(f"{folder} holds no run: there is no config.toml in it")
    if more is not None and more < 1:
        raise ValueError(f"--epochs must be a whole number ≥ 1, got {more}")
    job = tasks.prepare(check({}, folder / "config.toml"))
    run = job.go_on(folder)
    report = Report(folder, as_json, progress)
    if more and not run.finished:
        if (schedule := run.settings.schedule) != Schedule.of("constant"):
            report.say(f"note: the schedule {schedule} was planned for {run.settings.epochs} epochs")
        job.extend(folder, run.epoch + more)
    if run.epoch < job.config["epochs"] and not run.finished:
        _work(run, job, report, every)
    else:
        report.say(f"this run is finished ({run.epoch} epochs); to train on: omomi resume {folder} --epochs N")
        report.again(run, job)


def _work(run: Run, job: Job, report: Report, every: int | None) -> None:
    """Train to the planned epochs and report."""
    from .logs import log_of

    report.announce(run, job)
    started = time.perf_counter()
    try:
        run.train(
            job.config["epochs"] - run.epoch, progress=report.progress, out=report.folder, checkpoint_epochs=every,
            log=[log_of(text) for text in job.config.get("log", ())],
        )  # fmt: skip
        report.deliver(run, job, time.perf_counter() - started)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted; go on with: omomi resume {report.folder}") from None


def _number(text: str) -> int | float | str:
    """The number that the text is, or the text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def _entry(text: str) -> tuple[str, Any]:
    """`noise=0.2` → ("noise", 0.2)."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise ValueError(f"--data-option is written as name=value, like noise=0.2, got {text!r}")
    return name.strip().replace("-", "_"), {"true": True, "false": False}.get(value.lower(), _number(value.strip()))
