"""omomi: one network, or many replicas side by side. It draws its own start from the same distribution."""

import omomi as om

LIBRARIES = ("omomi", "numpy", "numba")

HIDDEN = {"relu": "Relu", "sigmoid": "Sigmoid"}
OPTIMIZER = {"adam": "Adam", "sgd": "Sgd"}


def prepare(case, entrant):
    inputs, width, classes = case.sizes
    hidden = getattr(om, HIDDEN[case.hidden])()
    x, labels = case.data()
    run = om.Run(
        om.Network(inputs, om.Dense(width), hidden, om.Dense(classes)),
        x,
        labels,
        loss="softmax_cross_entropy",
        optimizer=getattr(om, OPTIMIZER[case.optimizer])(lr=case.lr),
        batch_size=case.batch_size,
        seeds=list(range(entrant.networks)),
        drop_last=True,
        dtype="float32",
    )

    def train(epochs):
        run.train(epochs, progress=False)
        return float(run.history["loss"][-1, 0])

    return train
