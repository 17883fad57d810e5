"""A step of error diffusion needs no array that is spread over samples and weights at once."""

import tracemalloc

import numpy as np

import omomi as om


def test_temporaries_are_no_larger_than_activations_or_weights():
    samples, inputs, width, outputs = 64, 200, 64, 5
    rule = om.ErrorDiffusion()
    net = rule.wired(om.Network(inputs, om.Dense(width), om.Sigmoid(), om.Dense(outputs), om.Sigmoid()))
    rng = np.random.default_rng(0)
    x, y = rng.random((4 * samples, inputs)), rng.integers(outputs, size=4 * samples)
    run = om.Run(net, x, y, loss="mse", rule=rule, optimizer="sgd(lr=1)", batch_size=samples, seeds=[0])
    steps = run.steps(2)
    next(steps)  # buffers and loops are made
    tracemalloc.start()
    next(steps)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    most = max(outputs * samples * 2 * inputs, outputs * 2 * inputs * width)
    assert peak < 4 * most  # bytes of single precision; the article's program has 64 times as much
