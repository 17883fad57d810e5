"""From an experiment to its data and its run: the defaults of every task, the parts of the data, their scales."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields, replace
from itertools import count
from pathlib import Path
from typing import Any

import tomli_w

from .. import data as sets
from ..data import Dataset, Scaler
from ..formulas.optimizers import Optimizer
from ..networks import Network
from ..rules import Rule
from ..training import Run, checkpoint, usual
from ..training.files import write
from ..training.targets import choose_loss
from ..training.usual import TASKS, has_test_part, scaler
from .experiment import Experiment, is_own
from .logs import settled

USUAL: dict[str, Any] = usual.USUAL | {
    "optimizer": "adam", "rule": "backprop", "schedule": "constant", "replicas": 8, "seed": 0, "dtype": "float32",
    "device": "cpu", "test": 0.2, "validation": 0.1, "weight_decay": 0.0, "drop_last": False, "diagnose": False,
}  # fmt: skip


@dataclass
class Job:
    """An experiment in full, its data in parts, and how these were scaled."""

    config: dict[str, Any]
    name: str
    about: str
    net: Network
    parts: dict[str, Dataset]  # training, then validation and test where there are such; not yet scaled
    x_scale: Scaler | None
    y_scale: Scaler | None  # of a regression's targets

    def start(self) -> Run:
        """The run at its very beginning."""
        c = self.config
        return Run(
            self.net, *self._training, loss=c["loss"], optimizer=optimizer(c["optimizer"], c.get("lr")), rule=c["rule"],
            epochs=c["epochs"], batch_size=None if c["batch"] == "all" else c["batch"],
            seeds=range(c["seed"], c["seed"] + c["replicas"]), validation=self._validation, drop_last=c["drop_last"],
            schedule=c["schedule"], clip_norm=c.get("clip_norm"), weight_decay=c["weight_decay"],
            patience=c.get("patience"), dtype=c["dtype"], diagnose=c["diagnose"], device=c["device"],
        )  # fmt: skip

    def go_on(self, folder: Path) -> Run:
        """The run as the checkpoint in the folder has it; refused if the settings beside it say otherwise."""
        if not (folder / checkpoint.NAME).exists():  # it ended before its first step
            return self.start()
        run = Run.load(folder, *self._training, self._validation, device=self.config["device"])
        now, then = self.start().settings.as_text(), run.settings.as_text()
        changed = [name for name in then if now[name] != then[name] and name != "epochs"]
        if changed:
            raise ValueError(
                f"{folder / 'config.toml'} was changed since the checkpoint was written ({', '.join(changed)}); "
                "a run goes on only as it was, train anew instead"
            )
        return run

    def new_folder(self, out: Path | None) -> Path:
        """Make the folder of the run, the next of runs/NAME-001, -002, … if none is asked for."""
        return checkpoint.new_folder(out or next_folder(self.name), self.config)

    def extend(self, folder: Path, epochs: int) -> None:
        """Plan for more epochs, in the folder too."""
        self.config["epochs"] = epochs
        write(folder / "config.toml", tomli_w.dumps(self.config))

    def scaled(self, part: Dataset) -> Dataset:
        """As the network sees it."""
        x = self.x_scale.apply(part.x) if self.x_scale else part.x
        return replace(part, x=x, y=self.y_scale.apply(part.y) if self.y_scale else part.y)

    def answer(self, run: Run, x: Any) -> Any:
        """What the networks say, both sides in the units of the data. x (N, …) → (R, N, O)."""
        y = run.predict(self.x_scale.apply(x) if self.x_scale else x)
        return y * self.y_scale.scale + self.y_scale.shift if self.y_scale else y

    def scaling(self) -> dict[str, Any]:
        """x ↦ (x - shift) / scale, per column, as JSON has it: who uses the weights elsewhere needs it."""
        scalers = {"x": self.x_scale, "y": self.y_scale}
        return {k: {"shift": s.shift.tolist(), "scale": s.scale.tolist()} for k, s in scalers.items() if s}

    @property
    def _training(self) -> tuple[Any, Any]:
        part = self.scaled(self.parts["training"])
        return part.x, part.y

    @property
    def _validation(self) -> tuple[Any, Any] | None:
        if "validation" not in self.parts:
            return None
        part = self.scaled(self.parts["validation"])
        return part.x, part.y


def prepare(given: Experiment) -> Job:
    """Load the data, fill in what was left to the task, split and scale."""
    options = dict(given.data or {}) | ({"target": given.target} if given.target else {})
    data = sets.load(given.task, **options)
    config = _complete(given, data)
    if config.get("patience") and not config["validation"]:
        raise ValueError("patience needs validation data, such as --validation 0.1")
    net = Network.parse(data.x.shape[1:], config["net"])
    parts = {"training": data}
    if config["test"] == "own":
        if not (is_own(given.task) and has_test_part(Path(given.task).expanduser())):
            raise ValueError(f"{data.name} comes without a test part of its own; test must be a number")
        parts["test"] = sets.load(given.task, **options | {"part": "test"})
    elif config["test"]:
        parts["training"], parts["test"] = data.split(config["test"])
    if share := config["validation"]:
        n = parts["training"].n
        if int(share * n) < 1:
            raise ValueError(f"validation must hold back at least one of the {n} samples, got {share}")
        parts["training"], parts["validation"] = parts["training"].split(share)
    parts = {name: parts[name] for name in ("training", "validation", "test") if name in parts}
    x_scale = scaler(config["scale"], parts["training"].x)
    y_scale = None if data.is_classification else scaler(config["scale"], parts["training"].y)
    x = parts["training"].x
    wired = Rule.parse(config["rule"]).wired(net, x_scale.apply(x) if x_scale else x)
    if wired is not net:
        net, config["net"] = wired, wired.text
    about = repr(data).strip("<>").removeprefix("Dataset ").replace("'", "")
    return Job(config, data.name, about, net, parts, x_scale, y_scale)


def optimizer(text: str, lr: float | None) -> Optimizer:
    """The optimizer of that text, with another learning rate if there is one."""
    chosen = Optimizer.parse(text)
    return chosen if lr is None else chosen.with_lr(lr)


def _complete(given: Experiment, data: Dataset) -> dict[str, Any]:
    """Every choice made: what was given, what the task prefers, what is usual."""
    own = is_own(given.task)
    chosen = USUAL | (_of_file(given, data) if own else TASKS[data.name])
    chosen["net"] = usual.net(chosen, data)
    if given.rule and (goes_with := Rule.parse(given.rule).usual):
        chosen["optimizer"] = goes_with
    chosen |= given.said()
    left = data.n
    for share in ("test", "validation"):  # of a handful of samples nothing is held back, unless asked for
        if share not in given.model_fields_set and chosen[share] != "own" and int(chosen[share] * left) < 1:
            chosen[share] = 0.0
        left -= int(chosen[share] * left) if chosen[share] != "own" else 0
    chosen.setdefault("loss", choose_loss(Network.parse(data.x.shape[1:], chosen["net"]), data.y))
    chosen |= _optimizer_and_rate(optimizer(chosen["optimizer"], given.lr))
    chosen["task"] = str(Path(given.task).expanduser().resolve()) if own else data.name
    if given.log:
        chosen["log"] = [settled(text) for text in given.log]
    return {name: chosen[name] for name in Experiment.model_fields if name in chosen}


def _optimizer_and_rate(chosen: Optimizer) -> dict[str, Any]:
    """The learning rate gets an entry of its own: whoever looks for it in the file finds one place."""
    if any("kind" in f.metadata for f in fields(chosen)):  # another optimizer in it has a rate, too
        return {"optimizer": repr(chosen)}
    for f in fields(chosen):
        if f.name == "lr" and f.default is not MISSING:
            return {"optimizer": repr(chosen.with_lr(f.default)), "lr": chosen.rate}
    return {"optimizer": repr(chosen)}


def next_folder(name: str) -> Path:
    """Make the next of runs/NAME-001, -002, …."""
    for n in count(1):
        folder = Path("runs") / f"{name}-{n:03d}"
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            if not folder.is_dir():  # `runs` itself is a file
                raise
    raise AssertionError


def _of_file(given: Experiment, data: Dataset) -> dict[str, Any]:
    own_test = "part" not in (given.data or {}) and has_test_part(Path(given.task).expanduser())
    return usual.of_own(data) | ({"test": "own"} if own_test else {})
