"""PyTorch: eager with each form of its optimizer, the whole step compiled, and the tutorials' DataLoader."""

import torch
import torch.nn.functional as F
from torch.optim.adam import adam
from torch.utils.data import DataLoader, TensorDataset

LIBRARIES = ("torch",)


def prepare(case, entrant):
    data = [torch.from_numpy(array) for array in case.data()]
    learn = (compiled if entrant.variant == "compile" else eager)(case, entrant.variant, *data)
    if entrant.variant == "dataloader":
        batches = DataLoader(TensorDataset(*data), case.batch_size, shuffle=True, drop_last=True, num_workers=0)
        epoch = lambda: [learn(x, labels) for x, labels in batches]
    else:
        epoch = lambda: [learn(index) for index in shuffled(case)]

    def train(epochs):
        for _ in range(epochs):
            losses = epoch()
        return torch.stack(losses).mean().item()

    return train


def shuffled(case):
    return torch.randperm(case.samples).split(case.batch_size)[: case.steps_per_epoch]


def eager(case, variant, x, labels):
    """The step as everyone writes it; takes a batch, or the index of one."""
    model = perceptron(case)
    form = {variant: True} if variant in ("foreach", "fused") else {}
    optimizer = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[case.optimizer](
        model.parameters(), lr=case.lr, **form
    )

    def learn_batch(x, labels):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    def learn_index(index):
        return learn_batch(x[index], labels[index])

    return learn_batch if variant == "dataloader" else learn_index


def perceptron(case):
    inputs, width, classes = case.sizes
    hidden = {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid}[case.hidden]()
    model = torch.nn.Sequential(torch.nn.Linear(inputs, width), hidden, torch.nn.Linear(width, classes))
    with torch.no_grad():
        for layer, (weight, bias) in zip(model[::2], case.weights(), strict=True):
            layer.weight.copy_(torch.from_numpy(weight.T))
            layer.bias.copy_(torch.from_numpy(bias))
    return model


def compiled(case, variant, x, labels):
    """Gather, forward, backward and update in one graph.

    `loss.backward()` and `optimizer.step()` break the graph (and cost 2-4 times as much on a small network),
    so the gradient comes from `torch.func`, and Adam from the function behind `torch.optim.Adam`. SGD is written out:
    compiled, `weight.add_(gradient, alpha=-lr)` as in `torch.optim.sgd` becomes an addmm that forgets alpha (2.13;
    pytorch#167313 is its kin).
    """
    model = perceptron(case)
    names = [name for name, _ in model.named_parameters()]
    weights = [weight.detach() for weight in model.parameters()]
    means = [torch.zeros_like(weight) for weight in weights]
    squares = [torch.zeros_like(weight) for weight in weights]
    counts = [torch.tensor(0.0) for _ in weights]

    def loss_of(weights, x, labels):
        return F.cross_entropy(torch.func.functional_call(model, dict(zip(names, weights, strict=True)), x), labels)

    def update(gradients):
        if case.optimizer == "adam":
            state = (means, squares, [], counts)
            plain = {"foreach": False, "amsgrad": False, "maximize": False, "weight_decay": 0.0}
            adam(weights, gradients, *state, lr=case.lr, beta1=0.9, beta2=0.999, eps=1e-8, **plain)
        else:
            for weight, gradient in zip(weights, gradients, strict=True):
                weight.sub_(gradient, alpha=case.lr)

    @torch.compile(fullgraph=True, dynamic=False)
    def learn(index):
        gradients, loss = torch.func.grad_and_value(loss_of)(weights, x[index], labels[index])
        update(list(gradients))
        return loss

    return learn
