"""Optimizers in PyTorch: as torch tests its own, against torch.optim, and against omomi's own steps."""

import copy
import io
import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch.nn.functional import cross_entropy
from torch.optim import lr_scheduler

import omomi as om
from catalogue import entries, example
from omomi.adapters import torch as omt
from omomi.formulas.formula import between
from omomi.formulas.optimizers import Context, Optimizer

SHARED = {  # ours, and the same in torch: as in tests/formulas/test_optimizers_torch.py
    "sgd(0.1)": lambda p: torch.optim.SGD(p, lr=0.1),
    "momentum(0.1, 0.8)": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8),
    "nesterov(0.1, 0.8)": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True),
    "adagrad": lambda p: torch.optim.Adagrad(p),
    "rmsprop": lambda p: torch.optim.RMSprop(p),
    "rmsprop_graves(0.01, 0.9, 0.7, eps=1e-3, eps_root=0)": lambda p: torch.optim.RMSprop(
        p, lr=0.01, alpha=0.9, momentum=0.7, eps=1e-3, centered=True
    ),
    "adadelta(0.5, 0.9)": lambda p: torch.optim.Adadelta(p, lr=0.5, rho=0.9),
    "rprop": lambda p: torch.optim.Rprop(p),
    "adam": lambda p: torch.optim.Adam(p),
    "adamw(0.01, weight_decay=0.3)": lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.3),
    "adamax": lambda p: torch.optim.Adamax(p),
    "nadam_warm": lambda p: torch.optim.NAdam(p),
    "radam(0.01)": lambda p: torch.optim.RAdam(p, lr=0.01),
    "amsgrad": lambda p: torch.optim.Adam(p, amsgrad=True),
}
rng = np.random.default_rng(0)
X, LABELS = torch.from_numpy(rng.normal(size=(40, 3))), torch.from_numpy(rng.integers(0, 4, 40))


def mlp(dtype=torch.float64):
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 4)).to(dtype)


def closure_of(model, opt):
    def closure():
        opt.zero_grad()
        loss = cross_entropy(model(X.to(model[0].weight.dtype)), LABELS)
        loss.backward()
        return loss

    return closure


def train(model, opt, steps):
    for _ in range(steps):
        opt.step(closure_of(model, opt))
    return [p.detach().clone() for p in model.parameters()]


def same(a, b):
    """Whether two state dicts or lists of tensors are equal bit for bit."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (a != a and b != b)


@pytest.mark.parametrize("text", SHARED)
def test_steps_as_torch_optim(text):
    ours, theirs = mlp(), mlp()
    for model, opt in (
        (ours, omt.Optimizer(ours.parameters(), text)),
        (theirs, SHARED[text](theirs.parameters())),
    ):
        train(model, opt, 50)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert_allclose(p.detach(), q.detach(), rtol=1e-10, atol=1e-10)


def test_in_single_precision_as_torch_optim():
    ours, theirs = mlp(torch.float32), mlp(torch.float32)
    train(ours, omt.Optimizer(ours.parameters(), "adam"), 50)
    train(theirs, torch.optim.Adam(theirs.parameters()), 50)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert p.dtype == torch.float32
        assert_allclose(p.detach(), q.detach(), atol=1e-6)


def flat(tensors):
    """One vector as omomi lays it out: W (I, O)."""
    return np.concatenate([x.detach().numpy().T.ravel() for x in tensors])[None]


@pytest.mark.parametrize("cls", entries(Optimizer))
def test_every_optimizer_steps_as_by_itself(cls):
    """θ of the module as one flat vector of omomi's, with the same gradients, loss, noise and matrices."""
    model, formula = mlp(), example(cls)
    params = list(model.parameters())
    opt = omt.Optimizer(params, formula, seed=3)
    theta_RP, grad_RP, loss_R = flat(params), np.empty((1, 68)), np.empty(1)
    state, shadow = formula.state(theta_RP), copy.deepcopy(model)

    def gradient():
        with torch.no_grad():
            at = 0
            for p in shadow.parameters():
                p.copy_(torch.from_numpy(theta_RP[0, at : at + p.numel()].reshape(p.shape[::-1]).T))
                at += p.numel()
        shadow.zero_grad()
        loss = cross_entropy(shadow(X), LABELS)
        loss.backward()
        loss_R[0] = loss.item()
        grad_RP[...] = flat([p.grad for p in shadow.parameters()])

    seen = Context(loss_R, [np.random.default_rng((3, 0))], [(slice(0, 24), (3, 8)), (slice(32, 64), (8, 4))], gradient)
    with np.errstate(all="ignore"):
        for t in range(1, 8):
            gradient()
            formula.step(t, theta_RP, grad_RP, state, seen=seen)
            opt.step(closure_of(model, opt))
            assert_array_equal(flat(params), theta_RP)
        with opt.answering():
            assert_array_equal(flat(params), formula.answering(theta_RP, state))
        assert_array_equal(flat(params), theta_RP)


@pytest.mark.parametrize("cls", entries(Optimizer))
def test_goes_on_bit_for_bit(cls):
    """From a file read without pickle's powers, from a deep copy, from a pickle: all meet the same third step."""
    model, formula = mlp(), example(cls)
    opt = omt.Optimizer(model.parameters(), formula)
    train(model, opt, 2)
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "opt": opt.state_dict()}, file)
    copies = [copy.deepcopy((model, opt)), pickle.loads(pickle.dumps((model, opt)))]
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    fresh = mlp()
    fresh.load_state_dict(saved["model"])
    loaded = omt.Optimizer(fresh.parameters(), formula)
    loaded.load_state_dict(saved["opt"])
    wanted = train(model, opt, 2)
    for other, its in [*copies, (fresh, loaded)]:
        assert same(train(other, its, 2), wanted)
        assert same(its.state_dict(), opt.state_dict())
    assert all(p in opt.state for p in model.parameters())


def test_groups_and_what_is_changed_in_them():
    """Each group as an optimizer alone; a value changed by hand holds from the next step on; lr = 0 stands still."""
    together, apart = mlp(), mlp()
    opt = omt.Optimizer(
        [{"params": together[0].parameters(), "name": "first"}, {"params": together[2].parameters(), "lr": 0.3}],
        om.Momentum(0.1),
    )
    others = [torch.optim.SGD(apart[0].parameters(), 0.1, 0.9), torch.optim.SGD(apart[2].parameters(), 0.3, 0.9)]
    for group, other in zip(opt.param_groups, others, strict=True):
        assert {k: group[k] for k in ("lr", "momentum")} == {k: other.param_groups[0][k] for k in ("lr", "momentum")}
    for lr, momentum in ((0.1, 0.9), (0.02, 0.5), (0.0, 0.9)):
        opt.param_groups[0].update(lr=lr, momentum=momentum)
        others[0].param_groups[0].update(lr=lr, momentum=momentum)
        before = together[0].weight.detach().clone()
        for _ in range(3):
            opt.step(closure_of(together, opt))
            closure_of(apart, apart)()
            for other in others:
                other.step()
        assert torch.equal(before, together[0].weight) == (lr == 0)
    for p, q in zip(together.parameters(), apart.parameters(), strict=True):
        assert_allclose(p.detach(), q.detach(), rtol=1e-10, atol=1e-10)
    assert opt.param_groups[0]["name"] == "first"
    assert repr(opt).startswith("Momentum (")
    assert "lr: 0.3" in repr(opt)


SCHEDULES = {
    "step": lambda opt: lr_scheduler.StepLR(opt, 3, 0.5),
    "lambda": lambda opt: lr_scheduler.LambdaLR(opt, lambda n: n / 4),
    "one cycle": lambda opt: lr_scheduler.OneCycleLR(opt, 0.5, total_steps=9),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedulers_of_torch(name):
    """OneCycleLR moves the momentum, too."""
    ours, theirs = mlp(), mlp()
    for model, opt in (
        (ours, omt.Optimizer(ours.parameters(), "momentum(0.1, 0.8)")),
        (theirs, torch.optim.SGD(theirs.parameters(), 0.1, 0.8)),
    ):
        schedule = SCHEDULES[name](opt)
        for _ in range(8):
            train(model, opt, 1)
            schedule.step()
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert_allclose(p.detach(), q.detach(), rtol=1e-10, atol=1e-10)


def test_what_rests_has_its_own_time():
    """A parameter without a gradient waits, one that comes later begins at t = 1, as in torch."""
    ours, theirs = mlp(), mlp()
    for model, make in ((ours, lambda p: omt.Optimizer(p, "adam(0.1)")), (theirs, lambda p: torch.optim.Adam(p, 0.1))):
        opt = make([model[0].weight, model[0].bias])
        for t in range(6):
            if t == 3:
                opt.add_param_group({"params": model[2].parameters(), "lr": 0.01})
            closure_of(model, opt)()
            if t in (1, 2):
                model[0].bias.grad = None
            opt.step()
        assert [int(opt.state[p]["step"]) for p in model.parameters()] == [6, 4, 3, 3]
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert_allclose(p.detach(), q.detach(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("cut", [2, 4])
def test_several_groups_look_elsewhere_together(cut):
    """Two calls of the closure for a step, whatever the groups; it returns the loss at the beginning."""
    model, alone, calls = mlp(), mlp(), []
    params = list(model.parameters())
    opt = omt.Optimizer([{"params": part} for part in (params[:cut], params[cut:]) if part], "nesterov_look_ahead")
    closure = closure_of(model, opt)
    for _ in range(3):
        first = cross_entropy(model(X), LABELS).item()
        assert opt.step(lambda: calls.append(1) or closure()).item() == first
    assert len(calls) == 6
    assert same([p.detach() for p in params], train(alone, omt.Optimizer(alone.parameters(), "nesterov_look_ahead"), 3))


def test_weights_come_back_when_a_closure_breaks():
    model = mlp()
    opt = omt.Optimizer(model.parameters(), "sam")
    before, closure, calls = train(model, opt, 1), closure_of(model, opt), []

    def breaks():
        calls.append(1)
        return closure() if len(calls) == 1 else 1 / 0

    with pytest.raises(ZeroDivisionError):
        opt.step(breaks)
    assert same([p.detach() for p in model.parameters()], before)
    assert opt.state[model[0].weight]["step"] == 1


@pytest.mark.parametrize("shape", [(4, 9), (9, 4)])
def test_muon_as_torch_which_iterates_in_bfloat16(shape):
    generator = torch.Generator().manual_seed(2)
    ours, theirs = (torch.nn.Parameter(torch.ones(shape, dtype=torch.float64)) for _ in range(2))
    opts = [omt.Optimizer([ours], "muon(0.1, weight_decay=0.2)"), torch.optim.Muon([theirs], 0.1, 0.2)]
    for _ in range(10):
        ours.grad = theirs.grad = torch.randn(shape, generator=generator, dtype=torch.float64)
        for opt in opts:
            opt.step()
    assert_allclose(ours.detach(), theirs.detach(), atol=0.02)


def test_of_any_strides():
    """Parameters and gradients that do not lie in order, empty ones and single numbers."""
    start, g = torch.arange(12.0, dtype=torch.float64).reshape(3, 4), torch.arange(3.0, dtype=torch.float64)[:, None]
    ends = []
    for make in (lambda p: omt.Optimizer(p, "adam(0.1)"), lambda p: torch.optim.Adam(p, 0.1)):
        params = [start.clone().T, start.clone(), start.clone()[:, :0], start[1, 1].clone()]
        params = [torch.nn.Parameter(p) for p in params]
        opt = make(params)
        for _ in range(3):
            params[0].grad, params[1].grad = g.expand(3, 4).clone().T, g.expand(3, 4)
            params[2].grad, params[3].grad = torch.zeros_like(params[2]), torch.ones_like(params[3])
            opt.step()
        ends.append(params)
    for p, q in zip(*ends, strict=True):
        assert_allclose(p.detach(), q.detach(), rtol=1e-12)


def test_state_is_read_at_each_step():
    """A loaded state dict is copied, what is put into the state by hand counts, a cleared one starts anew."""
    model, other = mlp(), mlp()
    opt, its = omt.Optimizer(model.parameters(), "momentum"), omt.Optimizer(other.parameters(), "momentum")
    train(model, opt, 2)
    kept = copy.deepcopy(opt.state_dict())
    its.load_state_dict(opt.state_dict())
    train(model, opt, 1)
    assert same(its.state_dict(), kept)
    weight = model[0].weight
    for by_hand in (torch.zeros_like(weight), None):
        if by_hand is None:
            opt.state.clear()
        else:
            opt.state[weight]["v"] = by_hand
        before = weight.detach().clone()
        closure_of(model, opt)()
        opt.step()
        assert_allclose(weight.detach(), before - 0.01 * weight.grad, rtol=1e-12)
    assert opt.state[weight]["step"] == 1


def test_autograd_knows_that_weights_have_changed():
    p = torch.nn.Parameter(torch.ones(3))
    opt, y = omt.Optimizer([p], "sgd"), (p * p).sum()
    p.grad = torch.ones(3)
    opt.step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_answering_weights_come_and_go():
    """Lookahead answers with the slow weights: where it began, before the first jump."""
    model = mlp()
    start = [p.detach().clone() for p in model.parameters()]
    opt = omt.Optimizer(model.parameters(), "lookahead(sgd(0.1), k=5)")
    now = train(model, opt, 3)
    with opt.answering():
        assert same([p.detach() for p in model.parameters()], start)
        with pytest.raises(RuntimeError, match="Lookahead takes no step while"):
            opt.step()
        with pytest.raises(RuntimeError, match="already"), opt.answering():
            pass
    with pytest.raises(KeyError), opt.answering():
        raise KeyError
    assert same([p.detach() for p in model.parameters()], now)
    assert not same(train(model, opt, 1), now)


def test_a_formula_of_ones_own():
    """Its first field is the learning rate, whatever its name and range; one whose step is its own sees all at once."""

    class Signs(Optimizer):
        eta: float = between(0, 0.5, default=0.25, closed="()")
        update = staticmethod(lambda t, w, g, eta: w - eta * np.sign(g))

    class Longest(Signs):
        def step(self, t, theta, grad, state, *, scale=1.0, seen=None):
            theta -= self.eta * scale * grad / np.abs(grad).max()

    ends = []
    for name in ("signs", "longest(0.25)"):
        params = [torch.nn.Parameter(torch.zeros(2)), torch.nn.Parameter(torch.zeros(1))]
        opt = omt.Optimizer(params, name)
        lr_scheduler.LambdaLR(opt, lambda n: 2.0)
        params[0].grad, params[1].grad = torch.tensor([1.0, -2.0]), torch.tensor([4.0])
        opt.step()
        ends.append([p.tolist() for p in params])
    assert ends == [[[-0.5, 0.5], [-0.5]], [[-0.125, 0.25], [-0.5]]]


def at(dtype=torch.float32, grad=None):
    p = torch.nn.Parameter(torch.ones(2, dtype=dtype))
    p.grad = torch.ones(2, dtype=dtype) if grad is None else grad
    return p


def with_gradient_of_another_layout():
    p = at()
    p.grad = p.grad.to_sparse()
    return p


def loaded_from_torch():
    model, theirs = mlp(), mlp()
    train(theirs, adam := torch.optim.Adam(theirs.parameters()), 1)
    opt = omt.Optimizer(model.parameters(), "adam")
    opt.load_state_dict(adam.state_dict() | {"param_groups": opt.state_dict()["param_groups"]})
    train(model, opt, 1)


WRONG = {
    "half": (TypeError, "float16", lambda: omt.Optimizer([at(torch.float16)], "adam")),
    "complex": (TypeError, "complex64", lambda: omt.Optimizer([at(torch.complex64)], "adam")),
    "sparse": (TypeError, "dense gradients", lambda: omt.Optimizer([with_gradient_of_another_layout()], "sgd").step()),
    "sparse, for muon": (TypeError, "dense", lambda: omt.Optimizer([with_gradient_of_another_layout()], "muon").step()),
    "no optimizer": (ValueError, "no optimizer is named 'adamm'", lambda: omt.Optimizer([at()], "adamm")),
    "value": (ValueError, "Adam: beta1 must lie in", lambda: omt.Optimizer([{"params": [at()], "beta1": 2}], "adam")),
    "rate": (ValueError, "Adam: lr .* got -1", lambda: omt.Optimizer([{"params": [at()], "lr": -1}], "adam")),
    "nothing": (ValueError, "empty parameter list", lambda: omt.Optimizer([], "adam")),
    "loss": (ValueError, "Eve looks at the loss: it needs step", lambda: omt.Optimizer([at()], "eve").step()),
    "loss within": (ValueError, "looks at the loss", lambda: omt.Optimizer([at()], "lookahead(eve)").step()),
    "no loss": (ValueError, "closure must return", lambda: omt.Optimizer([at()], "eve").step(lambda: None)),
    "gradient": (ValueError, r"Sam takes .* it needs step\(closure", lambda: omt.Optimizer([at()], "sam").step()),
    "state": (ValueError, "Adam: the state of a parameter must hold m, v, got step, exp_avg", loaded_from_torch),
}


@pytest.mark.parametrize("name", WRONG)
def test_refusals(name):
    kind, message, wrong = WRONG[name]
    with pytest.raises(kind, match=message):
        wrong()


def test_by_its_own_name():
    """Parameters come first, or by name as in torch; the rest is the formula's, and `seed` the module's."""
    at = [torch.zeros(2, requires_grad=True)]
    for opt in (omt.Adam(at, 0.1, beta2=0.99), omt.Adam(params=at, lr=0.1, beta2=0.99, seed=3)):
        assert isinstance(opt, omt.Optimizer)
        assert (opt.param_groups[0]["lr"], opt.param_groups[0]["beta2"]) == (0.1, 0.99)


@pytest.mark.parametrize("formula", ["adam(0.003)", "sam(momentum(0.1))", "lion(0.001)"])
def test_a_network_of_torch_learns_digits(formula):
    """With omomi's activation, loss and optimizer."""
    torch.manual_seed(0)
    train, test = om.data.digits().split(test=0.2)
    x, labels = torch.from_numpy(train.x).float(), torch.from_numpy(train.y)
    model = torch.nn.Sequential(torch.nn.Linear(64, 64), omt.Mish(), torch.nn.Linear(64, 10))
    opt, cost = omt.Optimizer(model.parameters(), formula), omt.SoftmaxCrossEntropy()
    for _ in range(15):
        for some in torch.randperm(len(x)).split(64):

            def closure(some=some):
                opt.zero_grad()
                loss = cost(model(x[some]), labels[some])
                loss.backward()
                return loss

            opt.step(closure)
    with torch.no_grad():
        right = model(torch.from_numpy(test.x).float()).argmax(1) == torch.from_numpy(test.y)
    assert right.double().mean() >= 0.95
