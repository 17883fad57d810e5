"""The loops around formulas: written out as source, compiled by Numba and cached.

A formula is written once, as in its paper, with Python numbers: `v_hat = v / (1 - beta2**t)`. Numba has no
weak scalars: it would promote every float32 loop to float64 and make it three times slower. So a formula is split:
what does not depend on the element (hyper-parameters, t, literals) is computed once per call, in double, and rounded
to the array's precision; the rest is the body of the loop. `Kernel.source` shows what results.

Each kernel has one fixed signature and goes row by row, replica by replica: an element meets the same
instructions whether its replica is alone or in a crowd, so that the results are equal bit for bit.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import os
import textwrap
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from . import vocabulary
from .bodies import Body, PutIn, body
from .vocabulary import numba

SMALL = 2**18  # multiply-adds up to which BLAS keeps to one thread: there a call more costs as much as the product
WORDS = (
    "contiguous", "largest", "total", "where", "indicator", "tiny", "ratio", "exp", "expm1", "log", "log1p", "tanh",
    "erf", "normal_cdf", "sin", "cos",
)  # fmt: skip


PRECISIONS = "fd" if numba is not None else ""  # the `dtype.char` of arrays that run through compiled loops
NO_SCALARS = np.empty(0)  # for a kernel of no formula


@dataclass(frozen=True)
class Kernel:
    """A compiled loop and its source. The last argument of `run` is an array of the scalars, in double."""

    run: Callable[..., None]
    source: str


class Loops(dict[Any, Any]):
    """Compiled loops by key, built at first use. Keys hold `dtype.char`: hashing a dtype is slow."""

    def __init__(self, make: Callable[[Any], Kernel]) -> None:
        self.make = make

    def __missing__(self, key: Any) -> Callable[..., None]:
        run = self[key] = self.make(key).run
        return run


def precisions(trial: Callable[[], object], *formulas: Callable[..., Any]) -> str:
    """The `dtype.char` of arrays for which these formulas are compiled.

    None if they were typed at a bare prompt or are lambdas. What a user wrote is tried once: `trial` builds a kernel of
    it, and if that cannot be compiled, a warning says so and the formula runs as plain NumPy.
    """
    if formulas not in _PRECISIONS:
        _PRECISIONS[formulas] = PRECISIONS if all(map(_has_source, formulas)) and _compiles(trial, formulas) else ""
    return _PRECISIONS[formulas]


_PRECISIONS: dict[tuple[Callable[..., Any], ...], str] = {}


def _has_source(formula: Callable[..., Any]) -> bool:
    try:
        return isinstance(ast.parse(textwrap.dedent(inspect.getsource(formula))).body[0], ast.FunctionDef)
    except (OSError, SyntaxError):
        return False


def _compiles(trial: Callable[[], object], formulas: tuple[Callable[..., Any], ...]) -> bool:
    ours = __name__.partition(".")[0]
    if numba is None or all(f.__module__.partition(".")[0] == ours for f in formulas):
        return True
    try:
        trial()
    except numba.core.errors.NumbaError as error:
        owner = formulas[0].__qualname__.rsplit(".", 1)[0].rsplit(".", 1)[-1]
        reason = next((line.strip() for line in str(error).splitlines()[1:] if line.strip()), str(error))
        message = f"{owner} runs as plain NumPy, which is slower: Numba cannot compile it ({reason})"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
        return False
    return True


@lru_cache(maxsize=1)
def _vocabulary_text() -> str:
    files = sorted(Path(vocabulary.__file__).parent.glob("*.py"))
    return "".join(file.read_text(encoding="utf8") for file in files)


def build(
    name: str,
    loop: str,
    arguments: str,
    char: str,
    bodies: tuple[Body, ...] = (),
    arcp: bool = False,
    scalars: tuple[str, ...] | None = None,
    known: tuple[tuple[str, float], ...] = (),
) -> Kernel:
    """Compile `def kernel(arguments, k): loop`, where the loop calls the bodies.

    Arguments are written `z:2` for a C-contiguous array of two axes in the loop's precision; after the number stand
    A for any strides, D for double, O for an array that is only read, I for one of integers that is only read.
    `k` holds the scalars of the formulas: those that the first one takes, or those named. Those in `known` are compiled
    as the numbers that they are.
    """
    real = {"f": "float32", "d": "float64"}[char]
    if scalars is None:
        scalars = bodies[0].scalars if bodies else ()
    lines = [f"{s} = {dict(known).get(s, f'k[{i}]')}" for i, s in enumerate(scalars)]
    lines += [f"{n} = real({text})" for b in bodies for n, text in b.fixed]
    parameters = ", ".join([*(a.split(":")[0] for a in arguments.split()), "k"])
    text = "\n".join([*lines, textwrap.dedent(loop).strip("\n")])
    source = "".join(b.source for b in bodies) + f"def kernel({parameters}):\n{textwrap.indent(text, '    ')}\n"
    program = ast.unparse(PutIn(source).tree)
    # The digest in the name keeps an edited formula from meeting an old kernel in the cache.
    digest = hashlib.sha256(f"{program}{real}{arguments}{arcp}{_vocabulary_text()}".encode()).hexdigest()[:16]
    scope: dict[str, Any] = {"np": np, "real": getattr(np, real)} | {w: getattr(vocabulary, w) for w in WORDS}
    # Only the text of formulas that are already loaded comes here, never a user's string.
    # The file name is a real one because Numba keeps its cache beside it.
    exec(compile(program.replace("def kernel(", f"def {name}_{digest}("), __file__, "exec"), scope)
    function = scope[f"{name}_{digest}"]
    function.__module__ = __name__
    signature = numba.void(*(_array_type(a, real) for a in arguments.split()), numba.float64[::1])
    fast = {"contract", "arcp"} if arcp else {"contract"}
    run = numba.njit(signature, cache=True, nogil=True, error_model="numpy", fastmath=fast)(function)
    return Kernel(run, source)


def _array_type(argument: str, real: str) -> Any:
    axes, marks = argument.split(":")[1][0], argument.split(":")[1][1:]
    element = numba.float64 if "D" in marks else numba.int64 if "I" in marks else getattr(numba, real)
    only_read = "I" in marks or "O" in marks
    return numba.types.Array(element, int(axes), "A" if "A" in marks else "C", readonly=only_read)


@cache
def activating(value: Callable[..., Any], derivative: Callable[..., Any] | None, char: str) -> Kernel:
    """y ← f(z), f(z + b) or f(x W + b); with a derivative also z ← f′ of the same, in the same pass.

    z, y (R, B, N), b (R, 1, N), x (R, B, I) or (1, B, I), W (R, I, N). What is left out is empty: one kernel for all
    three forms, because compiling takes longer than many a training.
    """
    f = body(value, ("z",), "value")
    df = body(derivative, ("z", "y"), "slope") if derivative else None
    loop = f"""
    bias = np.zeros(z.shape[2], z.dtype)
    for r in range(z.shape[0]):
        if x.size:
            np.dot(x[min(r, x.shape[0] - 1)], contiguous(W[r]), z[r])
        if b.size:
            for n in range(z.shape[2]):
                bias[n] = b[r, 0, n]
        for s in range(z.shape[1]):
            for n in range(z.shape[2]):
                u = z[r, s, n] + bias[n]
                v = value(u{f.call})
                y[r, s, n] = v
                {f"z[r, s, n] = slope(u, v{df.call})" if df else ""}
    """
    return build(f"activate_{_owner(value)}", loop, "x:3O W:3A b:3A z:3 y:3", char, (f, df) if df else (f,))


NOTHING = {char: np.empty((0, 0, 0), char) for char in "fd"}  # for what is left out


@cache
def updating(update: Callable[..., Any], slots: tuple[str, ...], memory: tuple[str, ...], char: str) -> Kernel:
    """w, *slots ← update(t, w, g, *slots, *memory, *hyper), in place. w, g (R, P), state (S, R, P), memory (M, R)."""
    # Averages that nothing feeds any more decay to subnormal numbers, each a hundred times slower than another: they
    # become 0.
    # Slots come first in the state: the compiler compares whole extents of arrays before it vectorises, and slots that
    # alternate with replicas look as if they overlapped (four times slower for R > 1).
    step = body(update, ("w", "g", *slots, *memory), "update")
    loop = f"""
    smallest, zero = real({float(np.finfo(char).tiny)!r}), real(0)
    for r in range(w.shape[0]):
        ws, gs = w[r], g[r]
        {"; ".join(f"{s} = state[{i}, r]" for i, s in enumerate(slots))}
        {"; ".join(f"{m} = real(memory[{i}, r])" for i, m in enumerate(memory))}
        for i in range(ws.size):
            {", ".join(["ws[i]", *(f"{s}_new" for s in slots)])} = update(
                ws[i], gs[i]{"".join(f", {s}[i]" for s in slots)}{"".join(f", {m}" for m in memory)}{step.call}
            )
            {"; ".join(f"{s}[i] = where(np.abs({s}_new) < smallest, zero, {s}_new)" for s in slots)}
    """
    # arcp: m / (1 - β₁ᵗ) may become a product with the reciprocal, one rounding more and a third of the time less.
    return build(f"update_{_owner(update)}", loop, "w:2 g:2 state:3 memory:2D", char, (step,), arcp=True)


# Whether a sample is answered rightly: one output on the right side of a threshold, or the largest in the right place.
_COUNT = """
    for r in range(y.shape[0]):
        for s in range(y.shape[1]):
            at, wanted, top, most = 0, 0, y[r, s, 0], t[r, s, 0]
            for n in range(1, y.shape[2]):
                u, v = y[r, s, n], t[r, s, n]
                at, top = n if u > top else at, u if u > top else top
                wanted, most = n if v > most else wanted, v if v > most else most
            one_right = y.shape[2] > 1 or (top > threshold) == (most > 0.5)
            tally[r, 1] += at == wanted and one_right
"""


@cache
def losing(value: Callable[..., Any], derivative: Callable[..., Any], threshold: float, char: str) -> Kernel:
    """loss ← mean over samples of the sum over outputs; dy ← its derivative.

    To the tally (R, 2) are added the sum over samples and the number of right answers. y, t, dy (R, B, O), loss (R).
    """
    f, df = body(value, ("y", "t"), "value"), body(derivative, ("y", "t"), "slope")
    # One pass for the terms, which the compiler vectorises, and one for their sum, in four strands.
    loop = f"""
    threshold = real({threshold})
    share, size = real(1.0 / y.shape[1]), y.shape[1] * y.shape[2]
    terms = np.zeros(size + 3, y.dtype)
    for r in range(y.shape[0]):
        ys, ts, ds = y[r].reshape(-1), t[r].reshape(-1), dy[r].reshape(-1)
        for i in range(size):
            u, v = ys[i], ts[i]
            terms[i] = value(u, v{f.call})
            ds[i] = slope(u, v{df.call}) * share
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        for i in range(0, size, 4):
            a, b, c, d = a + terms[i], b + terms[i + 1], c + terms[i + 2], d + terms[i + 3]
        total = (a + b) + (c + d)
        loss[r] = total / y.shape[1]
        tally[r, 0] += total
    {_COUNT.strip()}
    """
    return build(f"lose_{_owner(value)}", loop, "y:3O t:3O dy:3 loss:1D tally:2D", char, (f, df))


@cache
def softmax_cross_entropy(char: str) -> Kernel:
    """loss ← mean over samples of Σᵢ tᵢ (log Σⱼ eᶻʲ - zᵢ); dz ← its derivative; tally as above.

    z, t, dz (R, B, O), loss (R), tally (R, 2).
    """
    # The largest term, e⁰ = 1, stays out of the sum: 1 + rest would lose what is small. eˣ and log are taken of all
    # outputs and of all samples at once, so that the compiler vectorises them.
    loop = """
    share, n_out, one = real(1.0 / z.shape[1]), z.shape[2], real(1)
    largest = np.empty(z.shape[1], np.int64)
    rests, masses = np.empty(z.shape[1], z.dtype), np.empty(z.shape[1], z.dtype)
    for r in range(z.shape[0]):
        total, count = 0.0, 0
        for s in range(z.shape[1]):
            at, wanted, top, most, miss = 0, 0, z[r, s, 0], t[r, s, 0], real(0)
            for n in range(1, n_out):
                u, v = z[r, s, n], t[r, s, n]
                at, top = n if u > top else at, u if u > top else top
                wanted, most = n if v > most else wanted, v if v > most else most
            count += at == wanted
            largest[s] = at
            for n in range(n_out):
                dz[r, s, n] = z[r, s, n] - top
            for n in range(n_out):
                miss -= t[r, s, n] * dz[r, s, n]
            total += miss
        flat = dz[r].reshape(-1)
        for i in range(flat.size):
            flat[i] = exp(flat[i])
        for s in range(z.shape[1]):
            at, rest, mass = largest[s], real(0), real(0)
            for n in range(n_out):
                rest += real(0) if n == at else dz[r, s, n]
                mass += t[r, s, n]
            rests[s], masses[s] = rest, mass
            whole, scale = one + rest, share / (one + rest)
            for n in range(n_out):
                e, v = dz[r, s, n], t[r, s, n]
                dz[r, s, n] = (e * (mass - v) - v * (whole - e)) * scale
            dz[r, s, at] = (mass - t[r, s, at] - t[r, s, at] * rest) * scale
        for s in range(z.shape[1]):
            rests[s] = masses[s] * log1p(rests[s])
        for s in range(z.shape[1]):
            total += rests[s]
        loss[r] = total / z.shape[1]
        tally[r, 0] += total
        tally[r, 1] += count
    """
    return build("softmax_cross_entropy", loop, "z:3O t:3O dz:3 loss:1D tally:2D", char)


_SUM_COLUMNS = """
    total = np.zeros(d.shape[2], d.dtype)
    for s in range(d.shape[1]):
        for n in range(d.shape[2]):
            total[n] += d[r, s, n]
    for n in range(d.shape[2]):
        out[r, 0, n] = total[n]
"""

_ADD_ROW = """
    row = np.empty(y.shape[2], y.dtype)
    for n in range(y.shape[2]):
        row[n] = b[r, 0, n]
    for s in range(y.shape[1]):
        for n in range(y.shape[2]):
            y[r, s, n] += row[n]
"""


@cache
def column_sums(char: str) -> Kernel:
    """out ← Σ over samples of d. d (R, B, N), out (R, 1, N) of any strides."""
    return build("column_sums", f"for r in range(d.shape[0]):{_SUM_COLUMNS}", "d:3 out:3A", char)


@cache
def gathering(char: str) -> Kernel:
    """x ← X[index]; t ← rows[labels[index]], or rows[index] if there are no labels.

    X (N, F), index (R, B) of any strides, x (R, B, F), rows (M, O), labels (N) or none, t (R, B, O).
    """
    loop = """
    for r in range(index.shape[0]):
        for s in range(index.shape[1]):
            i = index[r, s]
            for n in range(X.shape[1]):
                x[r, s, n] = X[i, n]
            k = labels[i] if labels.size else i
            for n in range(rows.shape[1]):
                t[r, s, n] = rows[k, n]
    """
    return build("gathering", loop, "X:2O index:2AI x:3 rows:2O labels:1I t:3", char)


@cache
def row_added(char: str) -> Kernel:
    """y ← y + b. y (R, B, N), b (R, 1, N) of any strides."""
    return build("row_added", f"for r in range(y.shape[0]):{_ADD_ROW}", "y:3 b:3A", char)


@cache
def affine(char: str) -> Kernel:
    """y ← x W + b. x (R, B, I) or (1, B, I) for all, W (R, I, N), b (R, 1, N), y (R, B, N)."""
    loop = f"for r in range(y.shape[0]):\n    np.dot(x[min(r, x.shape[0] - 1)], contiguous(W[r]), y[r]){_ADD_ROW}"
    return build("affine", loop, "x:3O W:3A b:3A y:3", char)


@cache
def affine_gradients(char: str) -> Kernel:
    """gW ← xᵀ d, out ← Σ over samples of d. x (R, B, I) or (1, B, I), d (R, B, N), gW (R, I, N), out (R, 1, N)."""
    product = "np.dot(x[min(r, x.shape[0] - 1)].T, d[r], contiguous(gW[r]))"
    loop = f"for r in range(d.shape[0]):\n    {product}{_SUM_COLUMNS}"
    return build("affine_gradients", loop, "x:3O d:3O gW:3A out:3A", char)


def cores() -> int:
    """How many threads are ours: OMP_NUM_THREADS, where somebody has set it for this process, as for BLAS."""
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return int(limit) if limit.isdigit() and int(limit) else os.cpu_count() or 1


def takes(x: Any, among: str) -> bool:
    """Whether an array is for compiled loops: NumPy's, in one of these precisions."""
    return isinstance(x, _ndarray) and x.dtype.char in among


_ndarray = np.ndarray  # a look-up less, eight times in a step


def sum_columns(d: np.ndarray, out: np.ndarray) -> None:
    """out ← Σ over samples of d. d (R, B, N), out (R, 1, N)."""
    if takes(d, PRECISIONS) and d.flags.c_contiguous:
        _column_sums[d.dtype.char](d, out, NO_SCALARS)
    else:
        np.sum(d, axis=-2, keepdims=True, out=out)


def add_row(y: np.ndarray, b: np.ndarray) -> None:
    """y ← y + b. y (R, B, N), b (R, 1, N)."""
    if takes(y, PRECISIONS) and y.flags.c_contiguous and y.dtype == b.dtype:
        _row_added[y.dtype.char](y, b, NO_SCALARS)
    else:
        y += b


_column_sums, _row_added = Loops(column_sums), Loops(row_added)
AFFINE, AFFINE_GRADIENTS, GATHERING = Loops(affine), Loops(affine_gradients), Loops(gathering)


def _owner(function: Callable[..., Any]) -> str:
    return function.__qualname__.rsplit(".", 1)[0].rsplit(".", 1)[-1].lower()
