"""JAX with optax: an epoch is one compiled scan, weights and optimizer state are donated."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax

LIBRARIES = ("jax", "jaxlib", "optax")


def prepare(case, entrant):
    hidden = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}[case.hidden]
    optimizer = {"adam": optax.adam, "sgd": optax.sgd}[case.optimizer](case.lr)
    x, labels = map(jnp.asarray, case.data())
    weights = jax.tree.map(jnp.asarray, case.weights())
    state = optimizer.init(weights)
    # NumPy shuffles an index many times faster than jax.random, which sorts.
    rng = np.random.default_rng(0)

    def loss_of(weights, x, labels):
        (w1, b1), (w2, b2) = weights
        scores = hidden(x @ w1 + b1) @ w2 + b2
        return optax.softmax_cross_entropy_with_integer_labels(scores, labels).mean()

    @partial(jax.jit, donate_argnums=(0, 1))
    def epoch(weights, state, batches, x, labels):
        def step(carry, index):
            weights, state = carry
            loss, gradients = jax.value_and_grad(loss_of)(weights, x[index], labels[index])
            updates, state = optimizer.update(gradients, state, weights)
            return (optax.apply_updates(weights, updates), state), loss

        (weights, state), losses = jax.lax.scan(step, (weights, state), batches)
        return weights, state, losses.mean()

    def train(epochs):
        nonlocal weights, state
        for _ in range(epochs):
            order = rng.permutation(case.samples)[: case.steps_per_epoch * case.batch_size]
            weights, state, loss = epoch(weights, state, order.reshape(-1, case.batch_size), x, labels)
        return float(loss)

    return train
