"""No training, only the five matrix products of a step into arrays that are already there: NumPy's own limit."""

import numpy as np

LIBRARIES = ("numpy",)


def prepare(case, entrant):
    (w1, _), (w2, _) = case.weights()
    inputs, width, classes = case.sizes
    x, hidden, scores = (np.ones((case.batch_size, n), np.float32) for n in (inputs, width, classes))
    d_w1, d_w2, d_hidden = map(np.empty_like, (w1, w2, hidden))

    def train(epochs):
        for _ in range(epochs * case.steps_per_epoch):
            np.matmul(x, w1, out=hidden)
            np.matmul(hidden, w2, out=scores)
            np.matmul(hidden.T, scores, out=d_w2)
            np.matmul(scores, w2.T, out=d_hidden)
            np.matmul(x.T, d_hidden, out=d_w1)

    return train
