"""The search for a learning rate: the same number of trials for every way to learn."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

Score = tuple[float, ...]  # what counts first comes first, and more is better; -inf: diverged
FIRST = (0.0, -1.0, 1.0)  # powers of ten
FAR = 12.0


def search(score: Callable[[float], Score], start: float, trials: int) -> dict[float, Score]:
    """Learning rate → score, in the order of the search.

    The start, a tenth and ten times of it; then, if the best so far is at an edge, a factor 10 beyond it, else the
    middle, in log lr, of the wider of the two gaps beside it. Rates have three digits, so that they can be told.

    >>> found = search(lambda lr: (-abs(math.log10(lr / 0.03)),), 0.01, 6)
    >>> list(found), best(found)
    ([0.01, 0.001, 0.1, 0.0316, 0.0178, 0.0562], 0.0316)
    """
    tried: dict[float, Score] = {}
    for _ in range(trials):
        at = _next(tried)
        if abs(at) > FAR or _rate(start, at) in {_rate(start, known) for known in tried}:
            break
        tried[at] = score(_rate(start, at))
    return {_rate(start, at): found for at, found in tried.items()}


def best(tried: Mapping[float, Score]) -> float:
    """Where the score is highest: of equals the first; where all diverged the smallest."""
    return max(tried, key=lambda at: (*tried[at], 0.0 if math.isfinite(tried[at][0]) else -at))


def _next(tried: Mapping[float, Score]) -> float:
    if len(tried) < len(FIRST):
        return FIRST[len(tried)]
    places, top = sorted(tried), best(tried)
    at = places.index(top)
    if at == 0:
        return top - 1
    if at == len(places) - 1:
        return top + 1
    left, right = places[at - 1], places[at + 1]
    # Of gaps that are as wide, the one towards the better neighbour.
    wider = max((right - top, tried[right], right), (top - left, tried[left], left))[-1]
    return (top + wider) / 2


def _rate(start: float, at: float) -> float:
    return float(f"{start * 10**at:.3g}") if at else start
