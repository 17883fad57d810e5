"""omomi: one network, or many replicas side by side. It draws its own start from the same distribution."""

import omomi as om

LIBRARIES = ("omomi", "numpy", "numba")

HIDDEN = {"relu": "Relu", "sigmoid": "Sigmoid"}
OPTIMIZER = {"adam": om.Adam, "sgd": om.Sgd}


def prepare(case, entrant):
    inputs, *widths, classes = case.sizes
    hidden = getattr(om, HIDDEN[case.hidden])()
    x, labels = case.data()
    net = om.Network(inputs, *(layer for n in widths for layer in (om.Dense(n), hidden)), om.Dense(classes))
    rule = entrant.variant if entrant.variant not in ("", "replicas") else "backprop"
    if rule == "ed":
        rule = om.ErrorDiffusion(bias="input")
        net = rule.wired(om.Network.parse(inputs, f"{net.text}, sigmoid"))
    run = om.Run(
        net,
        x,
        labels,
        rule=rule,
        loss="squared_error" if case.optimizer == "error_diffusion" else "softmax_cross_entropy",
        optimizer=om.Sgd(lr=1) if case.optimizer == "error_diffusion" else OPTIMIZER[case.optimizer](lr=case.lr),
        batch_size=case.batch_size,
        seeds=list(range(entrant.networks)),
        drop_last=True,
        dtype="float32",
    )

    def train(epochs):
        run.train(epochs, progress=False)
        return float(run.history["loss"][-1, 0])

    return train
