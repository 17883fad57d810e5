"""A run: weights, optimizer state, generators and history of R replicas, and the loop that moves them."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from ..formulas.arrays import on_host
from ..formulas.losses import Loss
from ..formulas.optimizers import Optimizer
from ..formulas.schedules import Constant as ConstantSchedule
from ..formulas.schedules import Schedule
from ..networks.network import Network
from ..rules import Rule
from ..shown import Shown
from . import checkpoint, crew, devices, diagnosis, firing
from .answering import Answering
from .history import History
from .interrupts import HeldBack
from .logs import Given, Logs
from .progress import watching
from .separate import separate
from .settings import Settings, whole
from .targets import check_output, choose_loss

Array = np.ndarray


class Step(NamedTuple):
    """What a loop over `Run.steps` sees after each step."""

    epoch: int  # counts from 1
    t: int  # steps since the start, counts from 1
    loss: Array  # mean over the batch before the step, (R,)


class Run(Answering, crew.Crewed, Shown):
    """R networks that differ in their seed alone, on their way through the same data.

    `fit` makes and trains one. To look at every step, drive it yourself::

        run = Run(net, x, y, epochs=10)
        for step in run.steps():
            print(step.epoch, step.loss.mean())

    The parameters are those of `fit`.
    """

    def __init__(
        self,
        net: Network,
        x: Any,
        y: Any,
        *,
        loss: Loss | str | None = None,
        optimizer: Optimizer | str = "adam",
        rule: Rule | str = "backprop",
        epochs: int = 10,
        batch_size: int | None = 32,
        seeds: Sequence[int] = range(8),
        validation: tuple[Any, ...] | float | None = None,
        shuffle: bool = True,
        drop_last: bool = False,
        schedule: Schedule | str = "constant",
        clip_norm: float | None = None,
        weight_decay: float = 0.0,
        patience: int | None = None,
        dtype: Any = "float32",
        diagnose: bool = False,
        sample_weight: Any = None,
        device: str = "cpu",
    ) -> None:
        if isinstance(net, Network) and loss is None:
            loss = choose_loss(net, y)
        s = Settings(
            net, loss, optimizer, rule, schedule, epochs, batch_size, seeds, drop_last, clip_norm,  # type: ignore[arg-type]
            weight_decay, patience, dtype, diagnose, shuffle, device,
        )  # fmt: skip
        self._start(s)
        self._take_data(x, y, validation, sample_weight)

    def _start(self, settings: Settings) -> None:
        """The state at the very beginning, without data."""
        s = self.settings = settings
        check_output(s.net, s.loss)
        s.rule.check(s.net, s.loss)
        n = len(s.seeds)
        self._put = devices.DEVICES[s.device]
        self._theta = self._put(s.net.init(s.seeds, s.dtype))
        self._params = s.net.views(self._theta)
        self._grad = np.zeros_like(self._theta)
        # One stream of random numbers per purpose and replica (0 drew the weights).
        self._order_rngs, self._noise_rngs, self._rule_rngs = (
            [np.random.default_rng((stream, seed)) for seed in s.seeds] for stream in (1, 2, 3)
        )
        self.scheduled = s.schedule != ConstantSchedule()
        self.history = History(s.seeds)
        self.epoch = self.t = 0  # epochs that are complete, steps since the start
        self._position = 0  # samples of this epoch that are behind us
        self._order_states: list[Any] = []  # of the generators before they drew this epoch's order
        self._order: Array | None = None
        self._tally = np.zeros((n, 2), like=self._theta)  # over this epoch: the losses' sum, the right answers
        crews, self._threads = crew.split(self)
        self._crews = [crew.Crew(self, rows) for rows in crews]
        self.diverged: dict[int, int] = {}  # seed → epoch
        self.finished = False  # whether no replica can go on: each has stopped early or diverged
        self._best_loss, self._best_epoch = np.full(n, np.inf), np.zeros(n, np.int64)
        self._best_theta = self._theta.copy() if s.patience else np.empty((0, 0), s.dtype)
        self._stopped = np.zeros(n, np.int64)
        self._x: Array | None = None

    def _take_data(self, x: Any, y: Any, validation: tuple[Any, ...] | float | None, weights: Any) -> None:
        s = self.settings
        data, held = separate(self._pair, x, y, weights, validation)
        if s.patience and held is None:
            raise ValueError("patience needs validation data: validation=(x, y) or validation=0.2")
        if data[1].weights is not None and not s.rule.weighs:
            raise ValueError(f"{s.rule} learns from more than each sample's error; leave out sample_weight")
        s.rule.look(s.net, data[0])
        self._x, self._y, self._held = *data, held
        self._beside = self._put(data[0]), data[1].moved(self._put)
        self._fingerprint: str | None = None
        n = len(self._x)
        self._batch = n if s.batch_size is None else min(s.batch_size, n)
        if s.drop_last and s.batch_size is not None and n < s.batch_size:
            raise ValueError(f"drop_last leaves nothing: {n} samples, batch_size {s.batch_size}")
        self._end = n - n % self._batch if s.drop_last else n

    # What there is to see

    @property
    def theta(self) -> Array:
        """θ (R, P), the weights as they are now; write into it to start from weights of your own.

        From another device it is a copy, as `params` and `answering` are: say `run.theta = weights`.
        """
        return devices.shown(self._theta)

    @theta.setter
    def theta(self, values: Array) -> None:
        self._theta[...] = np.asarray(values, like=self._theta)

    @property
    def params(self) -> list[dict[str, Array]]:
        """Views of θ, one dict per layer: `run.params[0]["W"]` is (R, I, O)."""
        return self._params if isinstance(self._theta, np.ndarray) else self.settings.net.views(self.theta)

    def _answers_with(self) -> Array:
        """θ, unless the optimizer takes gradients elsewhere than it means."""
        s = self.settings
        if type(s.optimizer).answering is Optimizer.answering:
            return self._theta
        theta = np.concatenate([s.optimizer.answering(c.theta, c.state) for c in self._crews])
        for r in np.flatnonzero(self._stopped):
            theta[r] = self._theta[r]
        return theta

    @property
    def done(self) -> float:
        """Epochs that are complete, and the share of the one on the way."""
        return self.epoch + (self._position / self._end if self._x is not None else 0.0)

    @property
    def stopped(self) -> dict[int, int]:
        """Replicas that ran out of patience: seed → the epoch whose weights they went back to."""
        return {
            seed: int(e) for seed, at, e in zip(self.settings.seeds, self._stopped, self._best_epoch, strict=True) if at
        }

    def __repr__(self) -> str:
        return f"<Run: {len(self.settings.seeds)} × {self.settings.net}, epoch {self.epoch}>"

    def give(
        self, x: Any, y: Any, *, validation: tuple[Any, ...] | float | None = None, sample_weight: Any = None
    ) -> Self:
        """Other data to go on with, from the beginning of an epoch; early stopping begins anew. As in `fit`."""
        before = self.history
        if before and (validation is None) == ("val_loss" in before):
            raise ValueError(f"validation must be given {'again' if validation is None else 'from the beginning on'}")
        self._take_data(x, y, validation, sample_weight)
        if before:  # a column has a number for every epoch
            self._y = replace(self._y, yes_or_no="accuracy" in before)
        if before and self._held:
            self._held = self._held[0], replace(self._held[1], yes_or_no="val_accuracy" in before)
        self._position, self._order = 0, None
        self._tally[...] = 0
        self._best_loss[...], self._best_epoch[...], self._stopped[...] = np.inf, self.epoch, 0
        self._look_who_is_left()
        return self

    # The loop

    def steps(self, epochs: int | None = None) -> Iterator[Step]:
        """Take one step after another: to the planned number of epochs, or `epochs` more.

        Leaving the loop early loses nothing; the next call goes on where it stopped.
        """
        self._need_data()
        last = self.settings.epochs if epochs is None else self.epoch + whole("epochs", epochs, 0)
        while self.epoch < last and not self.finished:
            yield self._advance(1, map)

    def _need_data(self) -> None:
        if self._x is None:
            raise ValueError("this run was loaded without its data; give it to Run.load(path, x, y) to train on")

    def _advance(self, steps: int, each: Callable[..., Iterable[Array]]) -> Step:
        """Take so many steps, or those to the end of the epoch; `each` sends the crews off, like map."""
        if self._order is None:
            self._draw_order()
        start, stop = self._position, min(self._position + steps * self._batch, self._end)
        loss = np.concatenate(list(each(lambda c: c.advance(self, start, stop), self._crews)))
        self.t += -(-(stop - start) // self._batch)
        self._position = stop
        self._hold_stopped()
        step = Step(self.epoch + 1, self.t, loss)
        if stop == self._end:
            self._end_epoch()
        return step

    def _draw_order(self) -> None:
        n = len(self._x)  # type: ignore[arg-type]
        self._order_states = [rng.bit_generator.state for rng in self._order_rngs]
        if self._batch == n or not self.settings.shuffle:  # the whole set at once has no order
            order = np.broadcast_to(np.arange(n), (len(self._order_rngs), n))
        else:
            order = np.stack([rng.permutation(n) for rng in self._order_rngs])
        self._order = self._put(order)

    def _end_epoch(self) -> None:
        s, epoch = self.settings, self.epoch + 1
        self.epoch = epoch
        tally = on_host(self._tally)
        row = {"loss": tally[:, 0] / self._weight}
        if self._y.yes_or_no:
            row["accuracy"] = tally[:, 1] / self._weight
        if self._held is not None:
            row |= {f"val_{name}": values for name, values in self._measure(*self._held).items()}
        if s.diagnose:
            row |= diagnosis.diagnose(self)
        lost = ~np.isfinite(row["loss"] + row.get("val_loss", 0)) & (self._stopped == 0)
        for r in np.flatnonzero(lost | (~self._finite() & (self._stopped == 0))):
            self.diverged.setdefault(s.seeds[r], epoch)
        if "accuracy" in row:
            row["accuracy"][lost] = np.nan
        if self._stopped.any():
            row = {name: np.where(self._stopped > 0, np.nan, values) for name, values in row.items()}
        self.history.append(row)
        if s.patience:
            self._watch(row["val_loss"], epoch)
        self._look_who_is_left()
        self._position, self._order = 0, None
        self._tally[...] = 0

    @property
    def _weight(self) -> Any:
        """Of all samples of the epoch: how many they are, or the sum of their weights (R,)."""
        if self._y.weights is None:
            return self._end
        seen = np.take(self._y.weights, on_host(self._order[:, : self._end]))  # type: ignore[index]
        return np.maximum(seen.sum(axis=1), np.finfo(np.float64).tiny)

    def _finite(self) -> Array:
        """Which replicas have finite weights, (R,); a sum is cheap, and it is not finite where one of them is not."""
        with np.errstate(all="ignore"):
            finite = on_host(np.isfinite(self._theta.sum(axis=1)))
        for r in np.flatnonzero(~finite):
            finite[r] = bool(np.isfinite(self._theta[r]).all())
        return finite

    def _watch(self, loss: Array, epoch: int) -> None:
        """Early stopping, for each replica by itself: back to the best weights, and there it stays."""
        better = (loss < self._best_loss) & (self._stopped == 0)
        self._best_loss[better], self._best_epoch[better] = loss[better], epoch
        if better.any():
            theta = self._answers_with()
            for r in np.flatnonzero(better):
                self._best_theta[r] = theta[r]
        impatient = (self._stopped == 0) & (epoch - self._best_epoch >= self.settings.patience)  # type: ignore[operator]
        self._stopped[impatient] = epoch
        self._hold_stopped()

    def _hold_stopped(self) -> None:
        """Put the replicas that have stopped back to their best weights: they take part in the others' steps."""
        if self._stopped.any():
            for r in np.flatnonzero(self._stopped):
                self._theta[r] = self._best_theta[r]

    def _look_who_is_left(self) -> None:
        over = [self._stopped[r] or seed in self.diverged for r, seed in enumerate(self.settings.seeds)]
        self.finished = all(over) and not self._unseen().any()

    def _unseen(self) -> Array:
        """Who diverged without a sign of it in the loss, (R,): neurons whose weights are lost may just fall silent."""
        diverged = np.array([seed in self.diverged for seed in self.settings.seeds]) & (self._stopped == 0)
        if not diverged.any():
            return diverged
        return diverged & np.isfinite(self.history["loss"] + self.history.get("val_loss", 0)).all(axis=0)

    def train(
        self,
        epochs: int | None = None,
        *,
        progress: bool | None = None,
        log: Given = None,
        out: str | Path | None = None,
        checkpoint_epochs: int | None = None,
        checkpoint_seconds: float = 30.0,
    ) -> Self:
        """Train to the planned number of epochs, or `epochs` more, with a bar, logs and checkpoints; see `fit`."""
        self._need_data()
        every = None if checkpoint_epochs is None else whole("checkpoint_epochs", checkpoint_epochs, 1)
        last = self.settings.epochs if epochs is None else self.epoch + whole("epochs", epochs, 0)
        folder = None if out is None else Path(out)
        saved_at, saved_epoch = time.monotonic(), self.epoch
        if folder:
            self._checkpoint(folder)
        steps = 1  # between two looks at the clock: as many as take a twentieth of a second
        try:
            with (
                watching(self, last, progress) as bar, crew.Threads(self._threads) as threads,
                HeldBack() as interrupt, Logs(log, self) as logs,
            ):  # fmt: skip
                while self.epoch < last and not self.finished:
                    interrupt.now()
                    began = time.monotonic()
                    before = self.epoch
                    self._advance(steps, threads.each)
                    now = time.monotonic()
                    steps = max(1, min(2 * steps, 10_000, int(steps * 0.05 / max(now - began, 1e-6))))
                    if self.epoch > before:
                        logs.epoch()
                    if bar.due():
                        bar.to(self.done, self._note())
                    overdue = now - saved_at >= checkpoint_seconds
                    if folder and (overdue or (every and self.epoch - saved_epoch >= every)):
                        try:
                            self._checkpoint(folder)
                        except OSError as error:  # hours of training weigh more than one checkpoint
                            warnings.warn(f"{error}; training goes on", RuntimeWarning, stacklevel=2)
                        saved_at, saved_epoch = time.monotonic(), self.epoch
                interrupt.now()
        finally:
            if folder:
                self._checkpoint(folder)
        return self

    def _note(self) -> str:
        if not self.epoch:
            return ""
        row = self.history.row(self.epoch)
        return "  ".join(f"{n} {np.nanmean(row[n]):.4g}" for n in ("loss", "accuracy", "val_accuracy") if n in row)

    def _checkpoint(self, folder: Path) -> None:
        self.save(folder / checkpoint.NAME)

    # Saving

    def save(self, path: str | Path) -> Path:
        """Write all that is needed to go on, bit for bit: weights, optimizer state, generators, history, settings.

        One safetensors file, written aside and renamed. The data is not in it, only its fingerprint.
        """
        return checkpoint.save(self, path)

    @classmethod
    def load(
        cls,
        path: str | Path,
        x: Any = None,
        y: Any = None,
        validation: tuple[Any, ...] | float | None = None,
        sample_weight: Any = None,
        device: str | None = None,
    ) -> Self:
        """The run that `save` wrote, from the file or its folder, on its device or on another.

        To train on, give it the same data again.
        """
        run = cls.__new__(cls)
        checkpoint.load(run, path, (x, y, validation, sample_weight), device)
        return run

    def __getstate__(self) -> dict[str, Any]:
        """What a checkpoint keeps: pickled and copied, a run comes without its data, too."""
        return {"settings": self.settings} | dict(zip(("arrays", "said"), checkpoint.state(self), strict=True))

    def __setstate__(self, state: dict[str, Any]) -> None:
        checkpoint.restore(self, **state)

    def report(self) -> list[str]:
        """In words: who diverged, how and when, who stopped early and when."""
        s, unseen, lines = self.settings, self._unseen(), []
        for seed, epoch in self.diverged.items():
            r, how = s.seeds.index(seed), "its loss is no longer finite"
            if unseen[r]:
                where = firing.lost_in_words(s.net, s.net.views(self.theta[r : r + 1]))
                how = f"its loss is finite, its weights are not, at {where}" if where else "its weights were not finite"
            lines.append(f"seed {seed} diverged in epoch {epoch}: {how}")
        return lines + [
            f"seed {seed} stopped early; its weights are those of epoch {epoch}" for seed, epoch in self.stopped.items()
        ]
