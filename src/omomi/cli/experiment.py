"""The names that options and experiment files share, what each must be, and every mistake in words."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from .. import data as sets
from ..data.lookup import squash
from ..formulas.losses import Loss
from ..formulas.optimizers import Optimizer
from ..formulas.schedules import Schedule
from ..networks.network import layer_of, parts
from ..rules import Rule
from .logs import log_of

FORMULAS: dict[str, Any] = {"loss": Loss, "optimizer": Optimizer, "rule": Rule, "schedule": Schedule}

_Count = Annotated[int | None, Field(ge=1, description="a whole number ≥ 1")]
_Share = Annotated[float | None, Field(ge=0, lt=1, allow_inf_nan=False, description="a number ≥ 0 and < 1")]
_Positive = Annotated[float | None, Field(gt=0, allow_inf_nan=False, description="a number > 0")]
_Text = Annotated[str | None, Field(min_length=1, description="a text")]


class Experiment(BaseModel):
    """What to train on what, and how; what is None is left to the task. The descriptions end the error messages."""

    model_config = ConfigDict(extra="forbid", strict=True)

    task: Annotated[str, Field(min_length=1, description="the name of a data set, or a file")]
    net: _Text = None
    loss: _Text = None
    optimizer: _Text = None
    lr: _Positive = None
    rule: _Text = None
    schedule: _Text = None
    epochs: _Count = None
    batch: Annotated[
        Annotated[int, Field(ge=1)] | Literal["all"] | None, Field(description="a whole number ≥ 1, or 'all'")
    ] = None
    replicas: _Count = None
    seed: Annotated[int | None, Field(ge=0, description="a whole number ≥ 0")] = None
    dtype: Annotated[Literal["float32", "float64"] | None, Field(description="'float32' or 'float64'")] = None
    device: Annotated[Literal["cpu", "cuda"] | None, Field(description="'cpu' or 'cuda'")] = None
    test: Annotated[
        Annotated[float, Field(ge=0, lt=1)] | Literal["own"] | None,
        Field(description="a number ≥ 0 and < 1, or 'own' for the test part that comes with the data"),
    ] = None
    validation: _Share = None
    patience: _Count = None
    clip_norm: _Positive = None
    weight_decay: Annotated[float | None, Field(ge=0, allow_inf_nan=False, description="a number ≥ 0")] = None
    drop_last: Annotated[bool | None, Field(description="true or false")] = None
    diagnose: Annotated[bool | None, Field(description="true or false")] = None
    scale: Annotated[
        Literal["none", "standardise", "min-max"] | None, Field(description="'none', 'standardise' or 'min-max'")
    ] = None
    target: Annotated[str | None, Field(min_length=1, description="the name of a column")] = None
    log: Annotated[
        list[Annotated[str, Field(min_length=1)]] | None,
        Field(description='a list of files and of "tensorboard:FOLDER" or "mlflow:EXPERIMENT"'),
    ] = None
    data: Annotated[dict[str, Any] | None, Field(description="options of the data set, such as {noise = 0.2}")] = None

    @field_validator("task")
    @classmethod
    def _known(cls, text: str) -> str:
        if is_own(text) and not Path(text).expanduser().exists():
            try:
                sets.load(text)  # which knows how to say what is missing
            except OSError as error:
                raise ValueError(str(error)) from None
        return text

    @field_validator(*FORMULAS)
    @classmethod
    def _formula(cls, text: str | None, info: Any) -> str | None:
        if text is not None:
            FORMULAS[info.field_name].parse(text)
        return text

    @field_validator("net")
    @classmethod
    def _layers(cls, text: str | None) -> str | None:
        mistakes = []
        for part in parts(text) if text else []:
            try:
                layer_of(part)
            except ValueError as error:
                mistakes.append(str(error))
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return text

    @field_validator("log")
    @classmethod
    def _logs(cls, texts: list[str] | None) -> list[str] | None:
        for text in texts or []:
            log_of(text)
        return texts

    def said(self) -> dict[str, Any]:
        """What there is to say, as TOML and JSON take it: no None."""
        return self.model_dump(exclude_none=True)


def read(path: str | Path) -> dict[str, Any]:
    """The entries of an experiment file, not yet checked. A path in it starts from its folder."""
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {str(path)!r}")
    try:
        said = tomllib.loads(path.read_bytes().decode())
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name}: this is not TOML: {error}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name}: the text must be UTF-8, got a stray byte at {error.start}") from None
    task = said.get("task")
    if isinstance(task, str) and is_own(task) and (path.parent / task).exists():
        said["task"] = str(path.parent / task)
    return said


def is_own(task: str) -> bool:
    """Whether the task is one's own data; a name wins over a file of that name."""
    return squash(task) not in map(squash, sets.catalogue())


def check(options: Mapping[str, Any], file: str | Path | None = None) -> Experiment:
    """The experiment of a file, options over it; or a ValueError with one line for every mistake."""
    said = read(file) if file else {}
    merged = dict(said)
    if "optimizer" in options:  # it brings its own learning rate
        merged.pop("lr", None)
    merged |= options
    if isinstance(said.get("data"), dict) and "data" in options:
        merged["data"] = said["data"] | options["data"]
    try:
        return Experiment(**merged)
    except ValidationError as error:
        prefix = f"{Path(file).name}: " if file else ""
        names = {name: option(name) if name in options else prefix + name for name in merged}
        raise ValueError("\n".join(dict.fromkeys(_mistakes(error, merged, names, prefix)))) from None


def option(name: str) -> str:
    """How the command line spells a name."""
    return {"task": "TASK", "data": "--data-option"}.get(name, f"--{name.replace('_', '-')}")


def _mistakes(error: ValidationError, said: Mapping[str, Any], names: Mapping[str, str], prefix: str) -> Iterator[str]:
    """Sentences; `names` is what to call the entries, `prefix` stands before what is not an entry."""
    for mistake in error.errors():
        name = str(mistake["loc"][0])
        if mistake["type"] == "extra_forbidden":
            near = get_close_matches(name.replace("-", "_"), Experiment.model_fields, n=1)
            yield f"{prefix}there is no {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
        elif mistake["type"] == "missing":
            yield f"{prefix}{name} is missing: {Experiment.model_fields[name].description}"
        elif mistake["type"] == "value_error":
            for line in str(mistake["ctx"]["error"]).splitlines():
                yield f"{names[name]}: {line}"
        else:
            yield f"{names[name]} must be {Experiment.model_fields[name].description}, got {_quoted(said[name])}"


def _quoted(value: Any) -> str:
    """As TOML has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else repr(value)
