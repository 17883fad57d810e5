"""What a run leaves on disk. Arrays as safetensors, the rest as JSON and TOML; nothing is ever unpickled."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tomli_w
from safetensors import SafetensorError
from safetensors.numpy import load as read_tensors
from safetensors.numpy import save as write_tensors

from ..formulas.arrays import on_host
from ..formulas.formula import snake_case
from .files import write
from .history import History
from .settings import Settings

if TYPE_CHECKING:
    from .run import Run

NAME = "checkpoint.safetensors"
FORMAT = 3
_ARRAYS = ("theta", "slots", "memory", "tally", "best_loss", "best_epoch", "best_theta", "stopped")


def save(run: Run, path: str | Path) -> Path:
    """All that is needed to go on, in one file."""
    arrays, said = state(run)
    said = {"format": FORMAT, "settings": run.settings.as_text(), **said, "data": fingerprint(run)}
    return write(path, write_tensors(arrays, {"omomi": json.dumps(said)}))


def state(run: Run) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays and numbers that have changed since the start."""
    arrays = {name: np.ascontiguousarray(on_host(getattr(run, f"_{name}"))) for name in _ARRAYS}
    arrays |= {f"history.{name}": values for name, values in run.history.arrays().items()}
    arrays |= {f"own.{name}": np.ascontiguousarray(on_host(values)) for name, values in run._own.items()}
    middle = run._order is not None  # in the middle of an epoch
    said = {
        "history": list(run.history),
        "t": run.t,
        "position": run._position,
        "order_rngs": run._order_states if middle else [rng.bit_generator.state for rng in run._order_rngs],
        "noise_rngs": [rng.bit_generator.state for rng in run._noise_rngs],
        "rule_rngs": [rng.bit_generator.state for rng in run._rule_rngs],
        "diverged": sorted(run.diverged.items()),
    }
    return arrays, said


def restore(run: Run, settings: Settings, arrays: dict[str, np.ndarray], said: dict[str, Any]) -> None:
    """Bring a bare Run, without data, into that state."""
    run._start(settings)
    for name in _ARRAYS:
        mine = getattr(run, f"_{name}")
        if arrays[name].shape != mine.shape or arrays[name].dtype != mine.dtype:
            raise ValueError(f"{name} has shape {arrays[name].shape}, not {mine.shape}")
        if name in ("slots", "memory"):
            setattr(run, f"_{name}", arrays[name])
        else:
            mine[...] = np.asarray(arrays[name], like=mine)
    run._own = {name: arrays[f"own.{name}"] for name in run._own}
    columns = {name: arrays[f"history.{name}"] for name in said["history"]}
    run.history = History.of(run.settings.seeds, columns)
    run.epoch = run.history.epochs
    run.t, run._position = said["t"], said["position"]
    run.diverged = {int(seed): int(epoch) for seed, epoch in said["diverged"]}
    for name in ("order_rngs", "noise_rngs", "rule_rngs"):
        for rng, saved in zip(getattr(run, f"_{name}"), said[name], strict=True):
            rng.bit_generator.state = saved
    run._look_who_is_left()


def load(run: Run, path: str | Path, data: tuple[Any, Any, Any, Any], device: str | None = None) -> None:
    """Bring a bare Run into the saved state."""
    path = Path(path)
    path = path / NAME if path.is_dir() else path
    arrays, said = _read(path)
    try:
        if said["format"] != FORMAT:
            raise ValueError(f"its format is {said['format']}, not {FORMAT}")
        there = {} if device is None else {"device": device}
        restore(run, Settings.from_text(said["settings"] | there), arrays, said)
        known = said["data"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no checkpoint that this version of omomi can read: {error}") from None
    if data[0] is None:
        return
    run._take_data(*data)
    if known is not None and fingerprint(run) != known:
        raise ValueError(f"{path} was trained on other data than the given; a run goes on only with the same")
    if run._position:
        run._draw_order()


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileNotFoundError(f"cannot read the checkpoint {path}: {error.strerror}") from None
    try:
        arrays = read_tensors(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        return arrays, json.loads(header["__metadata__"]["omomi"])
    except (SafetensorError, ValueError, KeyError) as error:
        raise ValueError(f"{path} is damaged or no checkpoint of omomi ({error})") from None


def fingerprint(run: Run) -> str | None:
    """A digest of the data, to refuse other data on resuming."""
    if run._x is None:
        return None
    if run._fingerprint is None:
        digest = hashlib.sha256()
        for x, t in [(run._x, run._y), *([run._held] if run._held else [])]:
            for a in (x, t.rows if t.labels is None else t.labels, *([] if t.weights is None else [t.weights])):
                digest.update(repr((a.shape, a.dtype.name)).encode())
                digest.update(np.ascontiguousarray(a).data)
        run._fingerprint = digest.hexdigest()
    return run._fingerprint


def new_folder(out: str | Path, config: dict[str, Any]) -> Path:
    """Make the folder of a run, with its `config.toml`; one that holds a run already is refused."""
    out = Path(out)
    if (out / "config.toml").exists() or (out / NAME).exists():
        raise FileExistsError(f"{out} holds a run already; choose another folder, or resume that run")
    write(out / "config.toml", tomli_w.dumps({k: v for k, v in config.items() if v is not None}))
    return out


def write_results(run: Run, out: str | Path) -> None:
    """`history.csv` and `weights.safetensors`, which names every array `<layer>.<kind>.<weight>`, (R, …)."""
    write(Path(out) / "history.csv", run.history.to_csv())
    net = run.settings.net
    arrays = {
        f"{at}.{snake_case(type(layer).__name__)}.{name}": np.ascontiguousarray(view)
        for at, (layer, p) in enumerate(zip(net.layers, net.views(run.answering), strict=True))
        for name, view in p.items()
    }
    said = {"net": repr(net), "seeds": run.settings.seeds, "epoch": run.epoch}
    # One entry alone: safetensors writes several in a random order, and equal runs should leave equal files.
    write(Path(out) / "weights.safetensors", write_tensors(arrays, {"omomi": json.dumps(said)}))
