"""Error diffusion: one error for everybody, and weights that know from their sign what to do with it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar

import numpy as np

from ..formulas.activations import Sigmoid
from ..formulas.formula import between, flag, of_kind, one_of
from ..formulas.initializers import Initializer, PositiveUniform, Uniform
from ..formulas.losses import Loss
from ..networks.diffusing import heard
from ..networks.layers import Activate, Dense, Dropout, Layer, RmsNorm, Weights
from ..networks.network import Network
from ..networks.signed import Excitatory, OnOff, SignedDense
from .rule import Array, Pass, Rule


class ErrorDiffusion(Rule):
    """d = -dL/dŷ goes to every layer as it is:  ΔA₊ = α x₊ᵀ(d⁺ ∘ f′),  ΔA₋ = α x₋ᵀ(d⁻ ∘ f′);  d± = max(0, ±d).

    A₊ are the magnitudes of the weights from excitatory units, A₋ of those from inhibitory ones (see SignedDense).
    Raising an excitatory unit raises the output, along any path and at any depth, because the signs of a path
    multiply to that of its first unit. So each weight knows which error is its business without the weights after
    it: where the answer is too small, those from excitatory units grow, where it is too large, those from inhibitory
    ones. Nothing ever shrinks (`mode="grow"`), as long as the inputs are ≥ 0.

    `mode="bidirectional"` takes the other half of the gradient's signs, too: ΔA₊ = α x₊ᵀ(d ∘ f′), ΔA₋ = -α x₋ᵀ(d ∘ f′),
    and holds the magnitudes at or above the floor. Several outputs need a network each, or a shared trunk whose units
    each answer to one class (`routing`): those of class i mod O, or of a class drawn for them.

    α is what SGD(lr=1) moves; u₁ multiplies the error of hidden layers; `centred` takes the batch's mean from the error
    of each output; `reduction="sum"` adds over the batch instead of taking the mean; `slope` puts the factor 2 / u₀
    into f′, where it belongs in a gradient. u₀, β, bias, weights and like are those of the layers that `wired` makes.

    Differs: the programs of the source article leave α out in the first layer and lose it in the last; here all have
             it. Kaneko's never moves a weight that is 0.
    Check:   at the output layer the bidirectional rule is the gradient step; in hidden layers no coordinate of any
             sample opposes the gradient.
    Reference: Kaneko (1999), Sample programs of error diffusion learning (in Japanese),
        https://web.archive.org/web/20000306212433/http://village.infoweb.ne.jp/~fwhz9346/ed.htm
    """

    also: ClassVar[tuple[str, ...]] = ("ed",)
    usual: ClassVar[str] = "sgd(lr=1)"
    alpha: float = between(0, math.inf, default=0.8, closed="()")
    mode: str = one_of("grow", "bidirectional", default="grow")
    routing: str = one_of("per_output", "modulo", "random", default="per_output")
    u1: float = between(0, math.inf, default=1.0, closed="()")
    reduction: str = one_of("mean", "sum", default="mean")
    floor: float = between(-math.inf, math.inf, default=0.0, closed="[)")
    centred: bool = flag(default=False)
    slope: bool = flag(default=False)
    rms: bool = flag(default=False)
    u0: float = between(0, math.inf, default=0.4, closed="()")
    beta: float = between(0, math.inf, default=0.8, closed="()")
    bias: str = one_of("pair", "input", "free", "none", default="pair")
    weights: Initializer = of_kind(Initializer, default=PositiveUniform())
    like: float = between(0, 2, default=1.0)

    # Which networks

    def wired(self, net: Network, x: Array | None = None) -> Network:
        """SignedDense layers in place of the dense ones: of as many units, for each output or for all.

        Where x has negative numbers OnOff() is put before them; units that could put out negative ones become
        Sigmoid(); `rms` puts RmsNorm() before every hidden activation.
        """
        if any(isinstance(layer, SignedDense) for layer in net.layers):
            return net
        dense = [i for i, layer in enumerate(net.layers) if isinstance(layer, Dense)]
        made: list[Any] = []
        for at, layer in enumerate(net.layers):
            hidden = bool(dense) and at < dense[-1]
            if isinstance(layer, Dense):
                if at == dense[0] and x is not None and np.min(x, initial=0) < 0:
                    made.append(OnOff())
                made.append(self._layer(layer.n_out, net.shapes[-1][0], at == dense[0], at == dense[-1]))
            elif isinstance(layer, Activate) and hidden:
                made += [RmsNorm()] if self.rms else []
                made.append(layer.activation if _excites(layer) else Sigmoid())
            else:
                made.append(layer.activation if isinstance(layer, Activate) else layer)
        return Network(net.shapes[0], *made)

    def _layer(self, units: int, outputs: int, first: bool, last: bool) -> SignedDense:
        shared = self.routing != "per_output"
        bias = self.bias if self.bias != "input" else "pair" if first else "none"
        return SignedDense(
            (units if shared else 1) if last else units + units % 2,
            nets=1 if shared or not first else outputs,
            readout=last, u0=self.u0, beta=self.beta, bias=bias, weights=self.weights,
            like=1.0 if last else self.like,
        )  # fmt: skip

    def check(self, net: Network, loss: Loss) -> None:
        name, between = type(self).__name__, False
        for layer, parameters in zip(net.layers, net.parameters(), strict=True):
            signed = isinstance(layer, SignedDense)
            if parameters and not signed:
                raise ValueError(
                    f"{name} teaches SignedDense layers, got {layer}; {name}().wired(net) makes such a network of net"
                )
            known = isinstance(layer, Activate | RmsNorm | Dropout | Excitatory) and _elementwise(layer)
            if between and not (signed or known):
                raise ValueError(f"{name} knows no slope of {layer} for each unit by itself; leave it out")
            between |= signed
        if not between:
            raise ValueError(f"{name} teaches SignedDense layers, got {net}, which has none")
        self._check_nets(net.layers[net.connecting[-1]], net.shapes[-1][0])

    def _check_nets(self, readout: Any, outputs: int) -> None:
        """A network for each output, or a trunk for all that can bear it."""
        name, nets = type(self).__name__, outputs // (readout.n_out if readout.readout else readout.n_out // 2)
        if self.routing == "per_output" and nets != outputs:
            raise ValueError(
                f"{name}: routing='per_output' needs a network for each of the {outputs} outputs, got {nets}; or share "
                "a trunk with mode='bidirectional' and routing='modulo'"
            )
        if self.routing != "per_output" and nets > 1:
            raise ValueError(f"{name}: routing={self.routing!r} shares one trunk, got {nets} networks")
        if self.routing != "per_output" and self.mode == "grow":
            raise ValueError(
                f"{name}: a shared trunk needs mode='bidirectional': weights that can only grow cannot take back "
                "for one class what they gave to another"
            )

    def look(self, net: Network, x: Array) -> None:
        coded = any(isinstance(layer, OnOff) for layer in net.layers)
        if self.mode == "grow" and not coded and np.min(x, initial=0) < 0:
            warnings.warn(
                f"{type(self).__name__}: inputs should be ≥ 0, got {np.min(x):g}: where they are negative magnitudes "
                "shrink, down to the floor; scale them to [0, 1], or put OnOff() before the first layer",
                RuntimeWarning, stacklevel=2,
            )  # fmt: skip

    # How they learn

    @property
    def weighs(self) -> bool:  # type: ignore[override]
        return not self.centred  # the mean over a batch is not that over copies

    def prepare(self, net: Network, params: Sequence[Weights], rngs: Sequence[np.random.Generator]) -> list[Weights]:
        """Each hidden unit's class, where it answers to one: "class" (R, n)."""
        own: list[Weights] = [{} for _ in net.layers]
        if self.routing != "per_output":
            outputs = net.shapes[-1][0]
            for at in net.connecting[:-1]:
                half = net.shapes[at + 1][1] // 2  # both units of a pair belong to one class
                if self.routing == "modulo":
                    drawn = np.tile(np.arange(half) % outputs, (len(rngs), 1))
                else:
                    drawn = np.stack([rng.integers(outputs, size=half) for rng in rngs])
                own[at]["class"] = np.asarray(np.tile(drawn, 2), like=params[at]["W"])
        return own

    @property
    def descends(self) -> bool:
        return self.mode == "grow" and type(self).gradient is ErrorDiffusion.gradient

    def descend(self, seen: Pass, rate: float) -> None:
        self._learn(seen, seen.params, rate)

    def gradient(self, seen: Pass, grads: Sequence[Weights]) -> None:
        self._learn(seen, grads)

    def _learn(self, seen: Pass, grads: Sequence[Weights], rate: float | None = None) -> None:
        layers, last = seen.net.layers, seen.net.connecting[-1]
        error = -seen.error
        if self.centred:
            error -= error.mean(axis=1, keepdims=True)
        if self.reduction == "sum":
            error *= error.shape[1]
        for at in seen.net.connecting:
            layer: Any = layers[at]
            scale = -self.alpha * (1 if at == last else self.u1) * (layer.gain if self.slope else 1)
            d, g, x = self._error_at(at, error, seen), grads[at], seen.tapes[at]
            u = heard(d, _slope(layers, seen.tapes, at), scale, (*error.shape[:2], *g["W"].shape[1::2]))
            if self.mode == "grow":
                layer.grow(g, x, d[..., 0], u, rate)
            else:
                layer.correlate(g, x, u, -u)

    def _error_at(self, at: int, error: Array, seen: Pass) -> Array:
        """What the units of a layer hear, (R, B, K, n) or (R, B, K, 1)."""
        if self.routing == "per_output":
            return error[..., None]
        if at == seen.net.connecting[-1]:
            return error[:, :, None]
        return np.take_along_axis(error, seen.own[at]["class"][:, None], axis=-1)[:, :, None]

    def settle(self, seen: Pass) -> None:
        for at in seen.net.connecting:
            bias, p = seen.net.layers[at].bias, seen.params[at]  # type: ignore[attr-defined]
            if self.mode == "bidirectional" or seen.tapes[at].min() < 0:
                np.maximum(p["W"], self.floor, out=p["W"])
                if bias == "pair":
                    np.maximum(p["b"], self.floor, out=p["b"])


class KanekoErrorDiffusion(ErrorDiffusion):
    """Error diffusion as in Kaneko's program: magnitudes from U(0, 1), u₀ = 0.4, α = β = 0.8; one pattern at a time.

    Differs: his magnitudes are four-digit decimals, and one that starts at 0.0000 never moves.
    Reference: Kaneko (1999), Sample programs of error diffusion learning (in Japanese),
        https://web.archive.org/web/20000306212433/http://village.infoweb.ne.jp/~fwhz9346/ed.htm
    """

    also = ("kaneko",)
    weights: Initializer = of_kind(Initializer, default=Uniform())


class ArticleErrorDiffusion(ErrorDiffusion):
    """Error diffusion as the source article has it: magnitudes from U(0, 1), a bias at the input alone.

    Differs: from two of its programs, which leave α out in the first layer and in half of the last; β is 0.8 in one of
             them and 0.1 in another.
    Reference: Cartelet (2024), an implementation of error diffusion that learns in batches (in Japanese), Qiita.
    """

    also = ("seed",)
    bias: str = one_of("pair", "input", "free", "none", default="input")
    weights: Initializer = of_kind(Initializer, default=Uniform())


class FujitaErrorDiffusion(ErrorDiffusion):
    """Error diffusion with plain sigmoids and small beginnings: magnitudes from U(0, 10⁻⁴), 2 / u₀ = 1, α = β = 1.

    With `rms=True` hidden units are normalised before their activation, which keeps deep ReLU networks from growing
    without bound; the update takes the diagonal of the Jacobian alone, and `weights="uniform"` is needed then.

    Reference: Fujita (2025), A diagnostic evaluation of neural networks trained with the error diffusion learning
        algorithm, arXiv:2504.14814.
    """

    also = ("fujita", "edla")
    alpha: float = between(0, math.inf, default=1.0, closed="()")
    u0: float = between(0, math.inf, default=2.0, closed="()")
    beta: float = between(0, math.inf, default=1.0, closed="()")
    weights: Initializer = of_kind(Initializer, default=Uniform(0.0, 1e-4))


class DualStream(ErrorDiffusion):
    """Error diffusion on one trunk for all outputs: unit i answers to class i mod O, and magnitudes may shrink.

    The error of each output is centred over the batch; biases are free; units of one type are connected three times
    as strongly at the start as units of different type.

    Reference: Sakana AI (2026), Diffusing blame, arXiv:2606.31700.
    """

    also = ("diffusing_blame",)
    alpha: float = between(0, math.inf, default=1.0, closed="()")
    mode: str = one_of("grow", "bidirectional", default="bidirectional")
    routing: str = one_of("per_output", "modulo", "random", default="modulo")
    floor: float = between(-math.inf, math.inf, default=1e-4, closed="[)")
    centred: bool = flag(default=True)
    u0: float = between(0, math.inf, default=6.0, closed="()")
    bias: str = one_of("pair", "input", "free", "none", default="free")
    like: float = between(0, 2, default=1.5)


def _elementwise(layer: Layer) -> bool:
    return not isinstance(layer, Activate) or layer.activation.elementwise


def _excites(layer: Activate) -> bool:
    """Whether the activation puts out nothing negative."""
    f = layer.activation
    return f.elementwise and bool((f(np.linspace(-30, 30, 601)) >= 0).all())


def _slope(layers: Sequence[Layer], tapes: Sequence[Any], at: int) -> Array | None:
    """The slope of what stands between a layer's output and the next one's input, each unit by itself; None: 1."""
    slopes: list[Array] = []
    for layer, tape in zip(layers[at + 1 :], tapes[at + 1 :], strict=True):
        if isinstance(layer, SignedDense | Excitatory):
            break
        if tape is not None:  # dropout that is off
            slopes.append(layer.slope(tape) if isinstance(layer, RmsNorm) else tape)
    return prod(slopes[1:], start=slopes[0]) if slopes else None
