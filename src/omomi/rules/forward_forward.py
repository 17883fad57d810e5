"""Forward-forward: every hidden layer learns for itself to tell what belongs together from what does not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..formulas.formula import between, one_of
from ..formulas.losses import Loss
from ..networks.layers import Dropout, Layer, RmsNorm, Weights
from ..networks.network import Network
from .groups import GroupRule, groups
from .rule import Array, Pass


class ForwardForward(GroupRule):
    """g = mean of y² in a hidden layer; it falls down log(1 + exp(θ - g⁺)) + log(1 + exp(g⁻ - θ)), the last the loss's.

    σ(g - θ) is how likely a layer, from its own activities y, finds what it sees: g⁺ is of true samples, g⁻ of false
    ones, θ is the `threshold`. Nothing goes back from layer to layer; RmsNorm() between them hides the g of one from
    the next, and `wired` puts it there. The last layer with weights learns from the loss, on what the others say when
    the network predicts. Made for ReLU-like activations: bounded ones may never reach θ.

    `negatives="labels"`: a sample is true with its own label and false with another, drawn evenly. A label adds a
    vector of its own to what the first layer says before its activation: drawn once, with standard deviation `strength`
    and mean 0 over the classes, so that no label, as when the network predicts, is the even mixture of all of them.
    `negatives="hybrids"`: without labels; false is a sample that has about half its features, drawn for each, from
    another one of the batch.

    Differs: Hinton's program takes the sum of y² against the number of units, learns the label's weights as it does
             those of pixels (on the digits it makes no difference), and prefers false labels that the network finds
             likely. His hybrids are of large patches; ours teach a layer less of the digits than random weights know.
    Check:   what a hidden group gets is the gradient of its own loss; no change of later weights alters it.
    Reference: Hinton (2022), The forward-forward algorithm: some preliminary investigations, arXiv:2212.13345, eq. 1.
    """

    also = ("ff",)
    negatives: str = one_of("labels", "hybrids", default="labels")
    threshold: float = between(-math.inf, math.inf, default=0.5, closed="()")
    strength: float = between(0, math.inf, default=0.5, closed="()")

    def wired(self, net: Network, x: Array | None = None) -> Network:
        """RmsNorm() after each hidden group that does not end in one."""
        made: list[Layer] = []
        for group in groups(net):
            made += [net.layers[at] for at in group]
            if group.stop < len(net.layers) and not isinstance(made[-1], RmsNorm):
                made.append(RmsNorm())
        return net if len(made) == len(net.layers) else Network(net.shapes[0], *made)

    def check(self, net: Network, loss: Loss) -> None:
        for group, after in pairwise(groups(net)[:-1]):
            if not any(isinstance(net.layers[at], RmsNorm) for at in _spans(net, group)[1]):
                raise ValueError(
                    f"ForwardForward needs RmsNorm() before {net.layers[after.start]}, or that would learn from the "
                    "goodness of the layer before; ForwardForward().wired(net) puts it there"
                )
        if self.negatives == "labels" and (loss.targets == "counts" or loss.outputs_per_target > 1):
            raise ValueError(
                f"ForwardForward(negatives='labels') needs classes to mistake, got {loss}; negatives='hybrids' does not"
            )

    def prepare(self, net: Network, params: Sequence[Weights], rngs: Sequence[np.random.Generator]) -> list[Weights]:
        own: list[Weights] = [{} for _ in net.layers]
        if self.negatives == "labels" and len(net.connecting) > 1:
            at, n_out = net.connecting[0], net.shapes[-1][0]
            labels = np.stack([rng.standard_normal((n_out, *net.shapes[at + 1])) for rng in rngs]) * self.strength
            if n_out > 1:
                labels -= labels.mean(axis=1, keepdims=True)
            w = next(iter(params[at].values()))
            own[at]["labels"] = np.asarray(labels, w.dtype, like=w)
        return own

    def gradient(self, seen: Pass, grads: Sequence[Weights]) -> None:
        *hidden, last = groups(seen.net)
        self.back(last, seen.error, seen, grads)
        if not hidden:
            return
        seen = self.again(seen)
        x, labels = self.contrast(seen)
        for group in hidden:
            body, rest = _spans(seen.net, group)
            y = self._body(body, x, labels, seen)
            labels = None
            x = self.through(rest, y, seen)
            self.back(body, self._error(y), seen, grads)

    def _body(self, body: range, x: Array, labels: Array | None, seen: Pass) -> Array:
        if labels is None:
            return self.through(body, x, seen)
        labelled = seen.net.connecting[0] + 1
        z = self.through(range(body.start, labelled), x, seen) + labels
        return self.through(range(labelled, body.stop), z, seen)

    def contrast(self, seen: Pass) -> tuple[Array, Array | None]:
        """True samples, then false ones (R, 2B, …), and what their labels add in the first layer."""
        draw = self._mistaken if self.negatives == "labels" else self._mixed
        x = np.broadcast_to(seen.x, (len(seen.rngs), *seen.x.shape[1:]))
        return draw(x, seen)

    def _mistaken(self, x: Array, seen: Pass) -> tuple[Array, Array]:
        t, n_out = seen.target, seen.target.shape[-1]
        if n_out == 1:
            said = np.concatenate([2 * t - 1, 1 - 2 * t], axis=1)
        else:
            by = np.stack([rng.integers(1, n_out, t.shape[1]) for rng in seen.rngs])[..., None]
            wrong = np.take_along_axis(t, np.asarray((np.arange(n_out) - by) % n_out, like=t), axis=-1)
            said = np.concatenate([t, wrong], axis=1)
        return np.concatenate([x, x], axis=1), np.matmul(said, seen.own[seen.net.connecting[0]]["labels"])

    def _mixed(self, x: Array, seen: Pass) -> tuple[Array, None]:
        mixed = np.empty_like(x)
        for new, old, rng in zip(mixed, x, seen.rngs, strict=True):
            other = np.roll(old, rng.integers(1, max(len(old), 2)), axis=0)
            new[...] = np.where(np.asarray(rng.random(old.shape, np.float32) < 0.5, like=old), old, other)
        return np.concatenate([x, mixed], axis=1), None

    def _error(self, y: Array) -> Array:
        """What the local loss says of y (R, 2B, N), per unit."""
        samples, n = y.shape[1] // 2, y.shape[2]
        surprise = 0.5 * (1 + np.tanh(0.5 * (np.square(y).mean(axis=-1, keepdims=True) - self.threshold)))  # σ
        surprise[:, :samples] -= 1
        return y * (surprise * (2 / (n * samples)))


def _spans(net: Network, group: range) -> tuple[range, range]:
    """A group up to where its goodness is measured, and norm or dropout behind that."""
    stop = group.stop
    while stop > group.start + 1 and isinstance(net.layers[stop - 1], RmsNorm | Dropout):
        stop -= 1
    return range(group.start, stop), range(stop, group.stop)
