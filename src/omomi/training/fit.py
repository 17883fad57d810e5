"""The one call: make a run, train it, write what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..formulas.losses import Loss
from ..formulas.optimizers import Optimizer
from ..formulas.schedules import Schedule
from ..networks.network import Network
from ..rules import Rule
from . import checkpoint
from .logs import Given, of
from .run import Run


def fit(
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
    drop_last: bool = False,
    shuffle: bool = True,
    schedule: Schedule | str = "constant",
    clip_norm: float | None = None,
    weight_decay: float = 0.0,
    patience: int | None = None,
    dtype: Any = "float32",
    diagnose: bool = False,
    device: str = "cpu",
    sample_weight: Any = None,
    progress: bool | None = None,
    log: Given = None,
    out: str | Path | None = None,
    checkpoint_epochs: int | None = None,
    checkpoint_seconds: float = 30.0,
) -> Run:
    """Train one network per seed, all at once, on the same data.

    Parameters
    ----------
    net : Network
    x : array (N, …)
        One row per sample, in the shape that the network takes.
    y : array (N,) or (N, O)
        Labels from 0, or numbers.
    loss : Loss or str, optional
        Left out: softmax (one output: sigmoid) cross-entropy for labels, squared error for numbers.
    optimizer, rule, schedule : formula or str
        `Adam(lr=0.01)`, `"adam"` and `"adam(lr=0.01)"` will do.
    epochs : int
        How often the data is gone through; also the length of the schedule.
    batch_size : int or None
        None takes all samples at once.
    seeds : sequence of int
        One replica each. A replica depends on its own seed alone: in a crowd it is what it is alone.
    validation : (x, y) or float, optional
        Measured after every epoch; a number in (0, 1) holds that share of the samples back. Weights of its samples go
        along as (x, y, sample_weight), or with the share.
    shuffle : bool
        Draw a new order of the samples for every epoch; else they come as they stand.
    drop_last : bool
        Leave the last, smaller batch of an epoch out.
    clip_norm : float, optional
        The longest gradient, per replica.
    weight_decay : float
        λ: adds λ w to the gradient of every weight between units; biases and gains are left alone.
    patience : int, optional
        A replica whose validation loss has not fallen for so many epochs goes back to its best weights and stays.
    dtype : {"float32", "float64"}
    device : {"cpu", "cuda"}
        Where weights, gradients and data lie: "cuda" is an NVIDIA GPU, by CuPy. Chance is drawn on the CPU, the same
        for both; sums in another order differ in the last places. What comes out is NumPy's.
    diagnose : bool
        Compare every layer with the gradient of the loss after every epoch, and look at its units: columns such as
        "angle[0]" and "dead[1]" in the history; see `diagnose`.
    sample_weight : array (N,), optional
        How much each sample counts, ≥ 0: the loss of a batch is Σ w L / B, with w brought to mean 1 over the training
        samples, so that only ratios matter; loss and accuracy in the history are weighted means, and `diagnose` counts
        all samples alike. For rules that learn from the error at the output alone. Differs: torch and scikit-learn
        divide by the batch's own Σ w, which is the same for a full batch.
    progress : bool, optional
        Show a bar, in a notebook learning curves; left out: if somebody watches.
    log : path, Log or several of them, optional
        Where to tell of every epoch as it ends: a file, `.csv` or `.jsonl` with a line for each epoch and seed, or
        an object such as `omomi.adapters.tensorboard.TensorBoard("runs/a")`. A file of another run is overwritten, one
        that is no log is not. A log that fails while training goes on is left out, with a warning.
    out : path, optional
        A new folder for checkpoints while training, then `history.csv`, `weights.safetensors` and `config.toml`.
    checkpoint_epochs, checkpoint_seconds
        How often to write a checkpoint: `Run.load` goes on from there, bit for bit.

    Returns
    -------
    Run
    """
    run = Run(
        net, x, y, loss=loss, optimizer=optimizer, rule=rule, epochs=epochs, batch_size=batch_size, seeds=seeds,
        validation=validation, shuffle=shuffle, drop_last=drop_last, schedule=schedule, clip_norm=clip_norm,
        weight_decay=weight_decay, patience=patience, dtype=dtype, diagnose=diagnose, sample_weight=sample_weight,
        device=device,
    )  # fmt: skip
    logs = of(log)
    if out is not None:
        checkpoint.new_folder(out, run.settings.as_text())
    run.train(
        progress=progress, log=logs, out=out, checkpoint_epochs=checkpoint_epochs,
        checkpoint_seconds=checkpoint_seconds,
    )  # fmt: skip
    if out is not None:
        checkpoint.write_results(run, out)
    return run
