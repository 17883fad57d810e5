"""JAX: time is a scan; a layer, or a whole pass through the data, is one compiled call."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from spike_cases import SLOPE, TAU


def libraries(name):
    return ("jax", "jaxlib")


@jax.custom_vjp
def spike(x):
    return (x >= 0).astype(x.dtype)


spike.defvjp(lambda x: (spike(x), x), lambda x, ds: (ds / (1 + SLOPE * jnp.abs(x)) ** 2,))


@jax.custom_vjp
def mask(x):
    return (x > 0).astype(x.dtype)


mask.defvjp(lambda x: (mask(x), mask(x)), lambda s, ds: (ds * s,))


def lif(currents):
    def step(v, i):
        u = v + (i - v) * (1 / TAU)
        s = spike(u - 1)
        return u * (1 - jax.lax.stop_gradient(s)), s

    return jax.lax.scan(step, jnp.zeros_like(currents[0]), currents)[1]


def layers(case, name):
    i, ds = (jnp.asarray(a.reshape(case.steps, -1)) for a in case.arrays())
    seen = {}

    @jax.jit
    def both(i, ds):
        s, back = jax.vjp(lif, i)
        return s, back(ds)[0]

    def once():
        seen["s"], seen["di"] = jax.block_until_ready(both(i, ds))

    return once, lambda: {"spikes": np.asarray(seen["s"]) > 0, "gradient": np.asarray(seen["di"]).sum(0)}


def training(case, name):
    weights = jax.tree.map(jnp.asarray, case.weights())
    x, labels = case.data()
    x, labels = jnp.asarray(x.reshape(case.per_call, case.batch, -1)), jnp.asarray(labels.reshape(case.per_call, -1))
    losses = []

    def loss_of(weights, x, labels):
        (w1, b1), (w2, b2) = weights
        hidden = lif(jnp.broadcast_to(x @ w1 + b1, (case.steps, case.batch, case.sizes[1])))
        counts = lif(hidden @ w2 + b2).sum(0)
        chosen = jnp.take_along_axis(counts, labels[:, None], 1)[:, 0]
        return (jax.nn.logsumexp(counts, axis=1) - chosen).mean()

    @partial(jax.jit, donate_argnums=0)
    def learn(weights, x, labels):
        def step(weights, batch):
            loss, g = jax.value_and_grad(loss_of)(weights, *batch)
            return jax.tree.map(lambda w, d: w - case.lr * d, weights, g), loss

        return jax.lax.scan(step, weights, (x, labels))

    def once():
        nonlocal weights
        weights, loss = learn(weights, x, labels)
        losses.extend(np.asarray(loss).tolist())

    return once, lambda: {"losses": losses}


def article(case, name):
    weights = tuple(map(jnp.asarray, case.weights()))
    moving = tuple(map(jnp.zeros_like, weights))
    inputs, losses = jnp.asarray(case.inputs_of_all()), []

    def loss_of(weights, x):
        w, b = weights

        def step(v, i):
            u = v + i
            s = mask(u - 1)
            return u * (1 - jax.lax.stop_gradient(s)), s

        return jax.lax.scan(step, jnp.zeros_like(b), x @ w + b)[1].mean() ** 2

    @partial(jax.jit, donate_argnums=(0, 1))
    def learn(weights, moving, inputs):
        def step(carry, x):
            weights, moving = carry
            loss, g = jax.value_and_grad(loss_of)(weights, x)
            moving = jax.tree.map(lambda m, d: case.momentum * m + d, moving, g)
            return (jax.tree.map(lambda w, m: w - case.lr * m, weights, moving), moving), loss

        (weights, moving), loss = jax.lax.scan(step, (weights, moving), inputs)
        return weights, moving, loss

    def once():
        nonlocal weights, moving
        weights, moving, loss = learn(weights, moving, inputs)
        losses.extend(np.asarray(loss).tolist())

    return once, lambda: {"losses": losses}
