"""The one call: a grid of ways to learn, on the same data, each with a learning rate of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from math import isfinite
from pathlib import Path
from typing import Any

import tomli_w

from .. import data as sets
from ..data import Dataset
from ..data.lookup import squash
from ..training.files import write
from ..training.progress import Bar
from ..training.settings import precision, whole
from ..training.settings import seeds as checked_seeds
from ..training.usual import TASKS, USUAL, has_test_part, net, of_own
from . import carried
from .baselines import straight
from .grid import Plan, parse, plans, texts
from .jobs import How, Job, do
from .jobs import jobs as listed
from .outcome import Comparison, Outcome
from .splits import Splits

SETTINGS = "comparison.toml"
TUNING_SEED = 1_000_000  # the first of those that the final training does not use
SCALES = ("none", "standardise", "min-max")


def compare(
    task: Any,
    *,
    rules: Any = ("backprop",),
    optimizers: Any = ("sgd",),
    nets: Any = None,
    losses: Any = None,
    epochs: int | None = None,
    batch_size: int | str | None = None,
    seeds: Sequence[int] = range(8),
    splits: int = 1,
    test: float | str | None = None,
    validation: float | None = None,
    scale: str | None = None,
    tuning: int = 7,
    tuning_seeds: int = 2,
    target: float | None = None,
    baseline: bool = True,
    dtype: Any = "float32",
    jobs: int = -1,
    out: str | Path | None = None,
    progress: bool | None = None,
) -> Comparison:
    """Compare rules, optimizers, networks and losses: same data, splits, seeds and number of trials for each.

    Each cell of the grid gets, on each split, `tuning` trainings to find its learning rate on the validation part, and
    then one training of all seeds, which is measured on the test part once.

    Parameters
    ----------
    task : str, Path, Dataset or (x, y)
        A data set by name, a file, or the data.
    rules, optimizers, losses : text, formula or several of them
        `"backprop, ed"` or `["backprop", ErrorDiffusion()]`. Losses left out: the usual one for these targets.
    nets : text, Network or several of them
        `"64, relu, 10; 32, tanh, 10"`. Left out: the task's.
    epochs, batch_size
        Left out: the task's; `batch_size="all"` takes all samples at once.
    seeds : sequence of int
        The replicas of the final training.
    splits : int
        Of the data into parts. With several, they are the units of the statistics, else the seeds are.
    test, validation : float
        The share held back for the test, and of the rest for tuning; left out: 0.2, or nothing where a task is about
        all patterns. 0: the training part itself. `test="own"` takes the test part that comes with a file.
    scale : {"none", "standardise", "min-max"}, optional
        Fitted to the training part. Left out: the task's.
    tuning, tuning_seeds : int
        Trainings of a search, and replicas of each; 0 trainings take the optimizer's learning rate as it is.
    target : float, optional
        The validation accuracy to reach, for "epochs to" and "time to"; 0.9 if left out.
    baseline : bool
        Measure logistic (or linear) regression, too.
    dtype : {"float32", "float64"}
    jobs : int
        Processes side by side; -1: one per core, 1: none but this. Inside `with joblib.parallel_config(backend="dask")`
        they are tasks of the current dask client; Ray's are reached likewise, after `ray.util.joblib.register_ray()`.
        The numbers are the same, bit for bit.
    out : path, optional
        A folder where each training is kept as soon as it is finished: the same call goes on where it was stopped.
        Workers on other machines must see it under the same path.
    progress : bool, optional
        Show a bar; left out: if somebody watches.

    Returns
    -------
    Comparison
    """
    planned = plan(
        task, rules=rules, optimizers=optimizers, nets=nets, losses=losses, epochs=epochs, batch_size=batch_size,
        seeds=seeds, splits=splits, test=test, validation=validation, scale=scale, tuning=tuning,
        tuning_seeds=tuning_seeds, target=target, baseline=baseline, dtype=dtype,
    )  # fmt: skip
    try:
        return planned.work(jobs, out, progress)
    except KeyboardInterrupt:
        kept = f"; what is finished is kept, the same call goes on: out={str(out)!r}" if out is not None else ""
        raise KeyboardInterrupt(f"interrupted{kept}") from None


@dataclass(frozen=True)
class Planned:
    """A comparison that has been checked, before anything is trained."""

    task: str
    splits: Splits
    metric: str
    grid: dict[str, Any]  # the texts that the cells are the product of
    settings: dict[str, Any]
    cells: list[Plan]

    def work(self, jobs: int = -1, out: str | Path | None = None, progress: bool | None = None) -> Comparison:
        """Train what is not kept in the folder `out`, and measure."""
        s = self.settings
        if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs == 0:
            raise ValueError(f"jobs must be a whole number, -1 for one per core, got {jobs!r}")
        if out is not None:
            said = {"task": self.task} | self.grid | s | {"seeds": list(s["seeds"])}
            said = {name: value for name, value in said.items() if value is not None}
            write(Path(out) / SETTINGS, tomli_w.dumps(said))
        batch = None if s["batch_size"] == "all" else s["batch_size"]
        others = _others(s["seeds"], s["tuning_seeds"])
        how = How(
            self.metric, s["epochs"], batch, s["seeds"], s["tuning"], others, s["dtype"],
            None if out is None else str(Path(out).absolute()),
        )  # fmt: skip
        packed = b"" if jobs == 1 else carried.pack(cls for cell in self.cells for cls in cell.own)
        outcomes = _all(listed(self.cells, self.splits, s["splits"], how, packed), jobs, progress)
        if s["baseline"]:
            outcomes += straight(self.splits, s["splits"])
        about = repr(self.splits.data).strip("<>").removeprefix("Dataset ").replace("'", "")
        return Comparison(self.task, about, self.metric, self.splits.samples(), s, outcomes)


def plan(task: Any, *, rules: Any, optimizers: Any, nets: Any, losses: Any, test: Any, **asked: Any) -> Planned:
    """Check everything that `compare` is given; a ValueError has one line for each mistake."""
    data, own, usual = _load(task, test)
    metric = "accuracy" if data.is_classification else "mse"
    usual = {"test": 0.2, "validation": 0.2, "target": 0.9 if metric == "accuracy" else None} | usual
    usual["batch_size"] = usual["batch"]
    asked = {name: usual.get(name) if value is None else value for name, value in (asked | {"test": test}).items()}
    grid: dict[str, Any] = {
        "rules": texts(rules),
        "optimizers": texts(optimizers),
        "nets": [net(usual, data)] if nets is None else texts(nets, ";"),
        **({} if losses is None else {"losses": texts(losses)}),
    }
    mistakes: list[str] = []
    checked = _or_mistake(mistakes, lambda: _checked(asked, metric, own))
    parsed = _or_mistake(mistakes, lambda: parse(data, grid))
    if mistakes:
        raise ValueError("\n".join(mistakes))
    splits = Splits(data, own, 0.0 if own is not None else checked["test"], checked["validation"], checked["scale"])
    cells = plans(data, splits.scaled(0)["training"][0], metric, checked["dtype"], parsed)
    own_file = isinstance(task, str | Path) and squash(str(task)) not in _names()
    return Planned(str(task) if own_file else data.name, splits, metric, grid, checked, cells)


def _or_mistake(mistakes: list[str], check: Callable[[], Any]) -> Any:
    try:
        return check()
    except ValueError as error:
        mistakes.append(str(error))


def _load(task: Any, test: Any) -> tuple[Dataset, Dataset | None, dict[str, Any]]:
    """The data, their own test part if that is wanted, and what they are usually learnt with."""
    own = None
    if isinstance(task, str | Path):
        data = sets.load(task)
        path = Path(task).expanduser()
        if squash(str(task)) not in _names() and test in (None, "own") and has_test_part(path):
            own = sets.load(task, part="test")
    elif isinstance(task, Dataset):
        data = task
    elif isinstance(task, tuple | list) and len(task) == 2:
        data = Dataset(*task)
    else:
        raise ValueError(f"compare: task must be a name, a file, a Dataset or (x, y), got {type(task).__name__}")
    usual = USUAL | (TASKS[data.name] if data.name in TASKS else of_own(data))
    return data, own, usual | ({"test": "own"} if own is not None else {})


def _names() -> set[str]:
    return {squash(name) for name in sets.catalogue()}


def _checked(asked: dict[str, Any], metric: str, own: Dataset | None) -> dict[str, Any]:
    """What was asked for, or a ValueError with one line for each mistake."""
    s, mistakes = dict(asked), list[str]()

    def take(name: str, check: Callable[[Any], Any]) -> None:
        try:
            s[name] = check(s[name])
        except ValueError as error:
            mistakes.append(str(error))

    for name, least in (("epochs", 1), ("splits", 1), ("tuning", 0), ("tuning_seeds", 1)):
        take(name, partial(_whole, name, least))
    take("batch_size", _batch)
    take("seeds", checked_seeds)
    take("dtype", precision)
    take("scale", _scale)
    take("validation", partial(_share, "validation"))
    if own is None:
        take("test", _test)
    if s["splits"] != 1 and (own is not None or s["test"] == 0):
        mistakes.append(f"splits must be 1 where no share is held back for the test, got {s['splits']!r}")
    if s["target"] is not None:
        take("target", lambda value: _target(value, metric))
    if mistakes:
        raise ValueError("\n".join(mistakes))
    return s


def _whole(name: str, least: int, value: Any) -> int:
    return whole(name, value, least)


def _batch(value: Any) -> int | str:
    return value if value == "all" else whole("batch_size", value, 1)


def _scale(value: Any) -> str:
    if value not in SCALES:
        raise ValueError(f"scale must be {', '.join(map(repr, SCALES[:-1]))} or {SCALES[-1]!r}, got {value!r}")
    return value


def _test(value: Any) -> float:
    if value == "own":
        raise ValueError("test must be a number ≥ 0 and < 1: these data come without a test part of their own")
    return _share("test", value)


def _share(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise ValueError(f"{name} must be a number ≥ 0 and < 1, got {value!r}")
    return float(value)


def _target(value: Any, metric: str) -> float:
    if metric != "accuracy":
        raise ValueError(f"target is an accuracy to reach, and these data are numbers, got {value!r}")
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or not 0 < value <= 1:
        raise ValueError(f"target must be an accuracy > 0 and ≤ 1, got {value!r}")
    return float(value)


def _others(seeds: Iterable[int], n: int) -> tuple[int, ...]:
    """Seeds for the tuning: none that the final training uses."""
    taken = set(seeds)
    return tuple(islice((seed for seed in count(TUNING_SEED) if seed not in taken), n))


def _all(todo: Sequence[Job], processes: int, progress: bool | None) -> list[Outcome]:
    """The outcomes in the order of the jobs, with a bar as they come."""
    found: dict[int, Outcome] = {}
    with Bar(len(todo), progress, "jobs") as bar:
        for at, outcome in _in_parallel(todo, processes) if processes != 1 else enumerate(map(do, todo)):
            found[at] = outcome
            bar.to(len(found), " · ".join((outcome.cell.rule, outcome.cell.optimizer)))
    return [found[at] for at in range(len(todo))]


def _in_parallel(todo: Sequence[Job], processes: int) -> Iterator[tuple[int, Outcome]]:
    try:
        from joblib import Parallel, delayed, parallel_config
        from joblib.parallel import get_active_backend
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("several jobs need joblib: pip install 'omomi[compare]', or use jobs=1") from error
    backend, _ = get_active_backend()
    settings: dict[str, Any] = {}
    if type(backend).__name__ == "LokyBackend":  # nobody has chosen another
        settings = {"backend": "loky", "inner_max_num_threads": 1}
    as_they_come = getattr(backend, "supports_return_generator", False)
    with parallel_config(**settings):
        send = Parallel(n_jobs=processes, return_as="generator_unordered" if as_they_come else "list", batch_size=1)
        yield from send(delayed(_numbered)(at, job) for at, job in enumerate(todo))


def _numbered(at: int, job: Job) -> tuple[int, Outcome]:
    return at, do(job)
