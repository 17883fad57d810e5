"""One cell on one split: its trainings, the tuning's and the final one, each kept on disk as soon as it is finished."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..formulas.optimizers import Optimizer
from ..networks.network import Network
from ..rules import Rule
from ..training import Run
from ..training.files import write
from .carried import source, unpack
from .grid import Plan
from .outcome import Outcome
from .splits import Pair, Splits
from .tuning import Score, best, search

Array = np.ndarray
TRAININGS = "trainings"  # the folder


@dataclass(frozen=True)
class How:
    """What all cells have in common."""

    metric: str
    epochs: int
    batch_size: int | None
    seeds: tuple[int, ...]
    tuning: int
    tuning_seeds: tuple[int, ...]
    dtype: str
    folder: str | None


@dataclass(frozen=True)
class Job:
    """One cell on one split."""

    plan: Plan
    split: int
    splits: Splits
    how: How
    carried: bytes = b""  # the user's classes
    texts: tuple[str, ...] = ()  # … and their source

    def __reduce__(self) -> tuple[Any, ...]:
        """Without the classes themselves, which travel packed."""
        p = self.plan
        bare = Plan(p.cell, p.rule, p.optimizer, p.loss, p.start)
        return Job, (bare, self.split, self.splits, self.how, self.carried, self.texts)


@dataclass(frozen=True)
class Training:
    """What came of training some replicas with one learning rate."""

    history: Mapping[str, Array]  # each (E, R)
    metrics: Mapping[str, Array]  # on the test part, each (R,); empty while tuning
    seconds: float
    diverged: Mapping[int, int]


def jobs(plans: Sequence[Plan], splits: Splits, n: int, how: How, carried: bytes = b"") -> list[Job]:
    """By cell, then by split."""
    return [
        Job(plan, split, splits, how, carried, tuple(map(source, plan.own))) for plan in plans for split in range(n)
    ]


def do(job: Job) -> Outcome:
    """Tune, train, test."""
    unpack(job.carried)
    parts = job.splits.scaled(job.split)
    net = Network.parse(parts["training"][0].shape[1:], job.plan.cell.net)
    wired = Rule.parse(job.plan.rule).wired(net, parts["training"][0])
    work = _Work(job, parts, wired)
    with _alone():
        tried = search(work.score, job.plan.start, job.how.tuning)
        lr = best(tried) if tried else job.plan.start
        final = work.train(lr, job.how.seeds, final=True)
    return Outcome(
        cell=job.plan.cell,
        split=job.split,
        seeds=job.how.seeds,
        lr=lr,
        tried={rate: score[0] if math.isfinite(score[0]) else math.nan for rate, score in tried.items()},
        metrics=final.metrics,
        history=final.history,
        seconds=final.seconds,
        diverged=final.diverged,
        wired=wired.text,
        parameters=wired.size,
    )


class _Work:
    """The trainings of a job."""

    def __init__(self, job: Job, parts: Mapping[str, Pair], net: Network) -> None:
        self.job, self.parts, self.net = job, parts, net
        self._digests = {name: _digest(x, y) for name, (x, y) in parts.items()}

    def score(self, lr: float) -> Score:
        """Of the validation part, after the last epoch: the metric, then the loss."""
        found = self.train(lr, self.job.how.tuning_seeds, final=False)
        if found.diverged:
            return -math.inf, -math.inf
        last = {name: float(values[-1].mean()) for name, values in found.history.items()}
        first = last["val_accuracy"] if self.job.how.metric == "accuracy" else -last["val_mse"]
        score = first, -last["val_loss"]
        return score if all(map(math.isfinite, score)) else (-math.inf, -math.inf)

    def train(self, lr: float, seeds: Sequence[int], final: bool) -> Training:
        """The training, or what is kept of it."""
        optimizer = Optimizer.parse(self.job.plan.optimizer).with_lr(lr)
        if self.job.how.folder is None:
            return self._train(optimizer, seeds, final)
        said = self._said(optimizer, seeds, final)
        path = Path(self.job.how.folder) / TRAININGS / f"{_key(said)}.json"
        kept = _read(path, said)
        if kept is None:
            kept = self._train(optimizer, seeds, final)
            write(path, _as_text(said, kept))
        return kept

    def _train(self, optimizer: Optimizer, seeds: Sequence[int], final: bool) -> Training:
        how, plan = self.job.how, self.job.plan
        run = Run(
            self.net, *self.parts["training"], loss=plan.loss, optimizer=optimizer, rule=plan.rule, epochs=how.epochs,
            batch_size=how.batch_size, seeds=seeds, validation=self.parts["validation"], dtype=how.dtype,
        )  # fmt: skip
        began = time.perf_counter()
        run.train(progress=False)
        seconds = time.perf_counter() - began
        metrics = run.evaluate(*self.parts["test"]) if final else {}
        doubles = {name: np.asarray(values, np.float64) for name, values in metrics.items()}
        return Training(run.history.arrays(), doubles, seconds, dict(run.diverged))

    def _said(self, optimizer: Optimizer, seeds: Sequence[int], final: bool) -> dict[str, Any]:
        """All that the result depends on."""
        from .. import __version__

        how, plan = self.job.how, self.job.plan
        used = ("training", "validation", "test") if final else ("training", "validation")
        return {
            "omomi": __version__, "net": repr(self.net), "rule": plan.rule, "optimizer": repr(optimizer),
            "loss": plan.loss, "epochs": how.epochs, "batch_size": how.batch_size, "seeds": list(seeds),
            "dtype": how.dtype, "data": {name: self._digests[name] for name in used}, "own": list(self.job.texts),
        }  # fmt: skip


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One thread for matrix products: jobs stand beside each other, and get the same bits however many there are."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ModuleNotFoundError):
            from threadpoolctl import threadpool_limits

            stack.enter_context(threadpool_limits(1))
        if threading.current_thread() is threading.main_thread():  # filters are no thread's own
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")  # what a rule has to say, it has said when the cells were checked
        yield


def _digest(x: Array, y: Array) -> str:
    digest = hashlib.sha256()
    for values in (x, y):
        digest.update(repr((values.shape, values.dtype.name)).encode())
        digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()


def _key(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:24]


def _as_text(said: Mapping[str, Any], found: Training) -> str:
    return json.dumps(
        {
            "of": said,
            "history": {name: _listed(values) for name, values in found.history.items()},
            "metrics": {name: _listed(values) for name, values in found.metrics.items()},
            "seconds": found.seconds,
            "diverged": sorted(found.diverged.items()),
        },
        ensure_ascii=False,
    )


def _read(path: Path, said: Mapping[str, Any]) -> Training | None:
    """What was kept, to the last bit; None if there is nothing that can be read."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["of"] != said:
            return None
        history, metrics = (
            {name: np.array(values, np.float64) for name, values in kept[part].items()}
            for part in ("history", "metrics")
        )
        diverged = {int(seed): int(epoch) for seed, epoch in kept["diverged"]}
        return Training(history, metrics, float(kept["seconds"]), diverged)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _listed(values: Array) -> list[Any]:
    """As JSON has it: what is no number as a word."""
    if np.isfinite(values).all():
        return values.tolist()
    return [_listed(row) if isinstance(row, np.ndarray) else _number(row) for row in values]


def _number(value: Any) -> float | str:
    return float(value) if math.isfinite(value) else repr(float(value))
