"""Numbers as a reader wants them."""

from __future__ import annotations

import math

SURE = 0.05  # a corrected p below it: more than chance
TOLD, NOT_TOLD = f"p\u00a0<\u00a0{SURE}", f"p\u00a0≥\u00a0{SURE}"


def number(metric: str, value: float | None) -> str:
    """
    >>> number("accuracy", 0.968), number("mse", 0.0312345), number("mse", None)
    ('96.80 %', '0.03123', 'n.a.')
    """
    if value is None or not math.isfinite(value):
        return "n.a."
    return f"{100 * value:.2f} %" if is_share(metric) else f"{value:.4g}"


def with_interval(metric: str, mean: float, half: float, signed: bool = False) -> str:
    """A mean and half the width of its interval, with the digits that the interval leaves; a difference has its sign.

    >>> with_interval("accuracy", 0.97917, 0.0021), with_interval("accuracy", 0.5, math.nan)
    ('97.92 ± 0.21 %', '50.00 %')
    >>> with_interval("mse", 2904.2, 54.3), with_interval("accuracy", -0.01, 0.0021, signed=True)
    ('2904 ± 54', '−1.00 ± 0.21 points')
    """
    said = difference(metric, mean, half) if signed else _rounded(metric, mean, half)
    unit = " points" if signed else " %"
    return said + unit if is_share(metric) and math.isfinite(mean) else said


def difference(metric: str, mean: float, half: float) -> str:
    """A difference without its unit, which stands above a table: of accuracies, percentage points.

    >>> difference("accuracy", 0.01, 0.0021), difference("mse", -0.5, math.nan)
    ('+1.00 ± 0.21', '−0.5')
    """
    said = _rounded(metric, mean, half, "+")
    return f"−{said[1:]}" if said.startswith("-") else said


def _rounded(metric: str, mean: float, half: float, sign: str = "") -> str:
    if not math.isfinite(mean):
        return "n.a."
    scale, style = (100, ".2f") if is_share(metric) else (1, _digits(half))
    said = f"{scale * mean:{sign}{style}}"
    return said + (f" ± {scale * half:{'.1e' if style == '.3e' else style}}" if math.isfinite(half) else "")


def _digits(half: float) -> str:
    """As many decimals as two digits of the interval ask for."""
    if not math.isfinite(half):
        return ".4g"
    if half == 0:
        return ".4f"
    if not 1e-4 <= half < 1e6:
        return ".3e"
    return f".{max(0, 1 - math.floor(math.log10(half)))}f"


def is_share(metric: str) -> bool:
    return "accuracy" in metric


def probability(p: float) -> str:
    """
    >>> probability(0.04), probability(0.00001), probability(math.nan)
    ('0.040', '< 0.001', 'n.a.')
    """
    if not math.isfinite(p):
        return "n.a."
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def counted(numbers: tuple[int, ...] | list[int]) -> str:
    """
    >>> counted([0, 1, 2, 3]), counted([5]), counted([1, 7])
    ('0 … 3', '5', '1, 7')
    """
    listed = list(numbers)
    if len(listed) > 2 and listed == list(range(listed[0], listed[0] + len(listed))):
        return f"{listed[0]} … {listed[-1]}"
    return ", ".join(map(str, listed))


def listed(words: list[str]) -> str:
    """
    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + f" and {words[-1]}"
