"""Rules that send the error back through other weights: where it lands, what the feedback becomes, what is learned."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from omomi import Run, data, fit
from omomi.formulas.activations import Relu, Tanh
from omomi.formulas.losses import Loss
from omomi.networks import Dense, Dropout, Layer, LayerNorm, Maxout, Mode, Network
from omomi.rules import Backprop, Pass
from omomi.rules.direct_feedback_alignment import DirectFeedbackAlignment
from omomi.rules.feedback_alignment import FeedbackAlignment
from omomi.rules.kolen_pollack import BEFORE, KolenPollack
from omomi.rules.sign_symmetry import BatchwiseRandomSignFeedback, FixedRandomSignFeedback, UniformSignFeedback
from omomi.rules.target_projection import DirectRandomTargetProjection
from omomi.rules.weight_mirror import WeightMirror
from samples import N, classes, equal

SIGNED = [UniformSignFeedback, FixedRandomSignFeedback, BatchwiseRandomSignFeedback]
FIXED = [FeedbackAlignment, DirectFeedbackAlignment, DirectRandomTargetProjection, *SIGNED[:2]]
RULES = [*FIXED, SIGNED[2], KolenPollack, WeightMirror]
X, Y = classes()
# Something of everything, between three layers that an error goes back through.
NET = Network(
    13,
    Maxout(8),
    LayerNorm(),
    Dense(7),
    Tanh(),
    Dropout(0.25),
    Maxout(6),
    Relu(),
    Dense(5, bias=None),
    Tanh(),
    Dense(3),
)
each_rule = pytest.mark.parametrize("cls", RULES)
each_precision = pytest.mark.parametrize("dtype", ["float32", "float64"])


def taught(rule, net, theta, x, t, loss="softmax_cross_entropy", change=None):
    """What the weights get, one dict per layer, and the rule's own arrays; `change` may write into those before."""
    loss, params = Loss.of(loss), net.views(theta)
    rngs, noise = ([np.random.default_rng((k, r)) for r in range(len(theta))] for k in (3, 2))
    own, mode = rule.prepare(net, params, rngs), Mode(True, noise)
    if change:
        change(own, params)
    grads = net.views(np.full_like(theta, np.nan))
    y, tapes = net.forward(params, x, mode)
    t = np.ascontiguousarray(np.broadcast_to(t, y.shape), y.dtype)
    _, error = loss.measure(y, t)
    rule.gradient(Pass(net, loss, params, own, rngs, mode, x, t, y, tapes, error), grads)
    return grads, own


def problem(net, dtype="float64", replicas=2, samples=9):
    rng = np.random.default_rng(11)
    x = rng.normal(size=(replicas, samples, *net.shapes[0])).astype(dtype)
    t = np.eye(net.shapes[-1][0], dtype=dtype)[rng.integers(net.shapes[-1][0], size=(replicas, samples))]
    return net.init(range(replicas), dtype), x, t


def same(a, b):
    for of_a, of_b in zip(a, b, strict=True):
        assert of_a.keys() == of_b.keys()
        for name in of_a:
            assert_array_equal(of_a[name], of_b[name])


def angles(a, b):
    """In degrees, of each replica."""
    a, b = (np.reshape(v, (len(v), -1)).astype(np.float64) for v in (a, b))
    cosine = (a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.degrees(np.arccos(cosine))


# What all have in common


@each_rule
@each_precision
def test_every_weight_gets_something_finite(cls, dtype):
    grads, _ = taught(cls(), NET, *problem(NET, dtype))
    for of_layer in grads:
        for g in of_layer.values():
            assert g.dtype == dtype
            assert np.isfinite(g).all()
            assert all(of_replica.any() for of_replica in g)


@each_rule
@each_precision
def test_a_replica_in_a_crowd_is_the_replica_alone(cls, dtype):
    how = {"rule": cls(), "batch_size": 8, "epochs": 1, "dtype": dtype}
    crowd = fit(NET, X, Y, seeds=[4, 0, 7], **how)
    assert crowd.t == 3
    for r, seed in enumerate([4, 0, 7]):
        alone = fit(NET, X, Y, seeds=[seed], **how)
        assert_array_equal(alone.theta[0], crowd.theta[r])
        assert alone._own.keys() == crowd._own.keys()
        for name, array in crowd._own.items():
            assert_array_equal(alone._own[name][0], array[r])


@each_rule
def test_resumed_in_the_middle_of_an_epoch_is_never_interrupted(cls, tmp_path):
    how = {"rule": cls(), "batch_size": 8, "epochs": 3, "seeds": [4, 0], "optimizer": "nesterov_look_ahead"}
    whole, run = fit(NET, X, Y, **how), Run(NET, X, Y, **how)
    steps = run.steps()
    for _ in range(5):
        next(steps)
    assert 0 < run._position < N
    resumed = Run.load(run.save(tmp_path / "run"), X, Y).train()
    equal(resumed, whole)
    for name, array in whole._own.items():
        assert_array_equal(resumed._own[name], array)


@each_rule
def test_the_last_layer_gets_its_gradient(cls):
    grads, wanted = (taught(rule, NET, *problem(NET))[0] for rule in (cls(), Backprop()))
    same(grads[-1:], wanted[-1:])
    assert not np.array_equal(grads[0]["W"], wanted[0]["W"])


@pytest.mark.parametrize("cls", FIXED)
def test_fixed_feedback_stays_while_the_weights_move(cls):
    run = Run(NET, X, Y, rule=cls(), seeds=[0, 1], epochs=2)
    feedback, weights = run._own, run.theta.copy()
    assert len(feedback) == 4
    run.train()
    assert (run.theta != weights).any()
    same([run._own], [feedback])


@each_rule
def test_the_feedback_of_two_seeds_differs(cls):
    _, own = taught(cls(), NET, *problem(NET))
    assert all((a[0] != a[1]).any() for of_layer in own for name, a in of_layer.items() if BEFORE not in name)


# Feedback alignment: with the weights themselves it is backpropagation


def as_weights(own, params):
    """Feedback like the weights of this moment, in size if not in sign."""
    for feedback, p in zip(own, params, strict=True):
        for name in feedback.keys() & p.keys():
            feedback[name][...] = p[name]


def as_magnitudes(own, params):
    as_weights(own, [{name: np.abs(w) for name, w in p.items()} for p in params])


@each_precision
@pytest.mark.parametrize(
    ("cls", "change"),
    [
        (FeedbackAlignment, as_weights),
        (KolenPollack, as_weights),
        (WeightMirror, as_weights),
        (FixedRandomSignFeedback, as_magnitudes),
    ],
)
def test_through_the_weights_themselves_it_is_backpropagation(cls, change, dtype):
    theta, x, t = problem(NET, dtype)
    same(taught(cls(), NET, theta, x, t, change=change)[0], taught(Backprop(), NET, theta, x, t)[0])


@each_precision
def test_uniform_signs_of_weights_of_one_magnitude_are_backpropagation(dtype):
    theta, x, t = problem(NET, dtype)
    theta[...] = np.copysign(0.25, theta)
    same(taught(UniformSignFeedback(), NET, theta, x, t)[0], taught(Backprop(), NET, theta, x, t)[0])


def test_the_weights_come_to_agree_with_the_feedback():
    """Measured, in the mean: the first layer's gradient is 88° off at the start and 62° in the end, W 90° and 45°."""
    digits = data.digits()
    x, y = ((digits.x - digits.x.mean()) / digits.x.std())[:300], digits.y[:300]
    net = Network(64, Dense(24), Tanh(), Dense(10))
    run = Run(net, x, y, rule="fa", seeds=range(8), optimizer="sgd(lr=0.1)", batch_size=20, epochs=10)

    def off():
        found = []
        for rule in (FeedbackAlignment(), Backprop()):
            here = [x.astype("float32")[None], np.eye(10, dtype="float32")[y]]
            grads, _ = taught(rule, net, run.theta, *here, change=lambda own, _: own[2].update(run._crews[0].own[2]))
            found.append(grads[0]["W"])
        return angles(*found).mean(), angles(run._own["2.W"], run.params[2]["W"]).mean()

    before = off()
    run.train()
    after = off()
    assert min(before) > 80
    assert after[0] < 68
    assert after[1] < 50


# Three layers by hand


def three_layers(rule):
    """A small network with half the squared error: what the rule says, and what one needs to say it oneself."""
    net = Network(3, Dense(5), Tanh(), Dense(4), Tanh(), Dense(2))
    theta, x, t = problem(net)
    grads, own = taught(rule, net, theta, x, t, "squared_error")
    p = net.views(theta)
    h1 = np.tanh(np.einsum("rbi,rij->rbj", x, p[0]["W"]) + p[0]["b"])
    h2 = np.tanh(np.einsum("rbi,rij->rbj", h1, p[2]["W"]) + p[2]["b"])
    e = (np.einsum("rbi,rij->rbj", h2, p[4]["W"]) + p[4]["b"] - t) / x.shape[1]
    return grads, own, p, (x, h1, h2), e, t


def expect(grads, came_in, sent):
    for at, x, d in zip((0, 2, 4), came_in, sent, strict=True):
        assert_allclose(grads[at]["W"], np.einsum("rbi,rbj->rij", x, d), rtol=1e-12, atol=1e-15)
        assert_allclose(grads[at]["b"], np.einsum("rbj->rj", d)[:, None], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("cls", [FeedbackAlignment, KolenPollack, WeightMirror, *SIGNED])
def test_feedback_from_layer_to_layer_by_hand(cls):
    grads, own, p, (x, h1, h2), e, _ = three_layers(cls())
    b1, b2 = (own[at]["W"] * (np.sign(p[at]["W"]) if cls in SIGNED else 1) for at in (2, 4))
    d2 = np.einsum("rbo,rno->rbn", e, b2) * (1 - h2**2)
    d1 = np.einsum("rbo,rno->rbn", d2, b1) * (1 - h1**2)
    expect(grads, (x, h1, h2), (d1, d2, e))


@pytest.mark.parametrize("cls", [DirectFeedbackAlignment, DirectRandomTargetProjection])
def test_direct_feedback_by_hand(cls):
    grads, own, _, (x, h1, h2), e, t = three_layers(cls())
    told = e if cls is DirectFeedbackAlignment else -t / x.shape[1]
    d2 = np.einsum("rbo,rno->rbn", told, own[4]["B"]) * (1 - h2**2)
    d1 = np.einsum("rbo,rno->rbn", told, own[2]["B"]) * (1 - h1**2)
    expect(grads, (x, h1, h2), (d1, d2, e))


def test_with_one_hidden_layer_direct_feedback_is_feedback_alignment():
    net = Network(6, Dense(5), Tanh(), Dense(3))
    problem_at_hand = problem(net)
    wanted, own = taught(FeedbackAlignment(), net, *problem_at_hand)

    def with_the_same(mine, _):
        mine[2]["B"][...] = own[2]["W"]

    same(taught(DirectFeedbackAlignment(), net, *problem_at_hand, change=with_the_same)[0], wanted)


@pytest.mark.parametrize(
    ("cls", "bound"), [(DirectFeedbackAlignment, (1 / 50) ** 0.5), (DirectRandomTargetProjection, (6 / 50) ** 0.5)]
)
def test_direct_feedback_is_drawn_as_in_the_authors_programs(cls, bound):
    """Uniform within ±bound: nothing beyond it, something near it, and a variance of bound² / 3."""
    net = Network(4, Dense(50), Tanh(), Dense(20))
    b = cls().prepare(net, net.views(net.init([0])), [np.random.default_rng(0)])[2]["B"]
    assert b.shape == (1, 50, 20)
    assert 0.99 * bound < np.abs(b).max() < bound
    assert_allclose(b.var(), bound**2 / 3, rtol=0.05)


# Sign symmetry


@pytest.mark.parametrize("cls", SIGNED)
def test_the_feedback_has_the_signs_of_the_weights_at_every_step(cls, monkeypatch):
    sent, ask = [], cls.feedback

    def noted(self, at, seen):
        feedback = ask(self, at, seen)
        if feedback:
            sent.append((np.sign(seen.params[at]["W"]), feedback["W"]))
        return feedback

    monkeypatch.setattr(cls, "feedback", noted)
    fit(NET, X, Y, rule=cls(), seeds=[0, 1], optimizer="adam(lr=0.1)", batch_size=8, epochs=2)
    assert len(sent) == 6 * 4
    for signs, feedback in sent:
        assert_array_equal(np.sign(feedback), signs)
    first, last = sent[0], sent[-4]  # both of the last layer
    assert (first[0] != last[0]).any()
    kept = np.array_equal(np.abs(first[1]), np.abs(last[1]))
    assert kept == (cls is not BatchwiseRandomSignFeedback)


@pytest.mark.parametrize(
    ("cls", "cosine"),
    [(UniformSignFeedback, 3**0.5 / 2), (FixedRandomSignFeedback, 3 / 4), (BatchwiseRandomSignFeedback, 3 / 4)],
)
def test_uniform_weights_and_their_signed_feedback_at_the_start(cls, cosine):
    """As long as each other, and at a known angle: E|w| = a/2 and E w² = a²/3 for w in ±a, and so for magnitudes."""
    net = Network(4, Dense(100), Dense(200))
    theta, x, t = problem(net, samples=3)
    _, own = taught(cls(), net, theta, x, t)
    w = net.views(theta)[1]["W"]
    feedback = own[1]["W"] * np.sign(w)
    assert_allclose(np.linalg.norm(feedback, axis=(1, 2)), np.linalg.norm(w, axis=(1, 2)), rtol=0.02)
    assert_allclose(np.cos(np.radians(angles(feedback, w))), cosine, rtol=0.02)


# Kolen and Pollack


@pytest.mark.parametrize("optimizer", ["sgd(lr=0.1)", "adam", "nesterov_look_ahead"])
def test_the_difference_to_the_weights_shrinks_by_one_minus_decay_in_each_step(optimizer):
    how = {"rule": "kp(0.25)", "seeds": [0, 1], "batch_size": 8, "epochs": 2, "optimizer": optimizer}
    run = Run(NET, X, Y, dtype="float64", **how)

    def apart():
        return [run.params[at]["W"] - run._own[f"{at}.W"] for at in NET.connecting[1:]]

    start = apart()
    assert all(np.abs(d).max() > 0.1 for d in start)
    for step in run.steps():
        for was, is_now in zip(start, apart(), strict=True):
            assert_allclose(is_now, 0.75**step.t * was, rtol=1e-9, atol=1e-14)


def test_weights_decay_beside_what_the_optimizer_does():
    run = Run(NET, X, Y, rule="kp(0.25)", seeds=[0, 1], batch_size=8, dtype="float64", optimizer="sgd(lr=0.1)")
    before = run.theta.copy()
    next(run.steps())
    decays = np.zeros(NET.size)
    for cut, _ in NET.weights_between_units()[1:]:
        decays[cut] = 0.25
    assert 0 < decays.astype(bool).sum() < NET.matrices().sum()
    assert_allclose(run.theta, (1 - decays) * before - 0.1 * run._grad, rtol=1e-12, atol=1e-15)


def test_weights_that_somebody_writes_are_no_step():
    run = Run(NET, X, Y, rule="kp(0.25)", seeds=[0], batch_size=8, dtype="float64")
    run.theta = run.theta + 1
    start = run.params[2]["W"] - run._own["2.W"]
    next(run.steps())
    assert_allclose(run.params[2]["W"] - run._own["2.W"], 0.75 * start, rtol=1e-9)


# The weight mirror


def mirrored(rule, net, theta, n, steps, seed=0):
    """The feedback after so many steps while the weights rest."""
    params, rngs = net.views(theta), [np.random.default_rng((seed, r)) for r in range(len(theta))]
    own = rule.prepare(net, params, rngs)
    seen = Pass(net, Loss.of("squared_error"), params, own, rngs, x=np.empty((1, n, *net.shapes[0])), y=theta)
    for _ in range(steps):
        rule.settle(seen)
    return own


def test_a_mirrored_step_is_the_weights_on_average():
    """With rate = decay = 1, B is the correlation itself: relative error √((I + 1) / n), as of any such covariance."""
    net, n = Network(4, Dense(6), Maxout(5)), 40_000
    theta = net.init([0, 1])
    b, w = mirrored(WeightMirror(rate=1, decay=1), net, theta, n, 1)[1]["W"], net.views(theta)[1]["W"]
    off = np.linalg.norm(b - w, axis=(1, 2)) / np.linalg.norm(w, axis=(1, 2))
    assert (off < 2 * np.sqrt(7 / n)).all()
    assert (off > 0).all()


@pytest.mark.parametrize(("rate", "decay"), [(0.02, 0.02), (0.04, 0.02), (0.001, 0.002)])
def test_the_mirror_goes_to_the_weights_times_rate_over_decay(rate, decay):
    net, n = Network(4, Dense(6), Dense(5)), 32
    theta = net.init(range(3))
    b = mirrored(WeightMirror(rate, decay), net, theta, n, int(10 / decay))[1]["W"]
    goal = rate / decay * net.views(theta)[1]["W"]
    off = np.linalg.norm(b - goal, axis=(1, 2)) / np.linalg.norm(goal, axis=(1, 2))
    assert (off < 2 * np.sqrt(7 * decay / (2 * n))).all()


def test_the_mirror_follows_weights_that_learn():
    """Measured: from 87° in the mean to 10° in 60 steps."""
    run = Run(NET, X, Y, rule="mirror", seeds=range(8), batch_size=8, epochs=20)
    before = angles(run._own["5.W"], run.params[5]["W"])
    run.train()
    after = angles(run._own["5.W"], run.params[5]["W"])
    assert before.mean() > 75
    assert after.max() < 25


# Refused


@pytest.mark.parametrize("cls", [DirectFeedbackAlignment, DirectRandomTargetProjection])
def test_direct_feedback_refuses_hidden_images(cls):
    class Pixelwise(Layer):
        between_units = ("W",)

        def shapes(self, shape_in):
            return {"W": (1, 1)}, shape_in

        def forward(self, p, x, mode):
            return p["W"][..., None] * x, x

        def backward_input(self, p, tape, dy):
            return p["W"][..., None] * dy

    net, loss = Network((2, 2, 3), Pixelwise(), Pixelwise()), Loss.of("squared_error")
    with pytest.raises(ValueError, match=rf"^{cls.__name__} .* but Pixelwise\(\) takes samples of shape \(2, 2, 3\)"):
        cls().check(net, loss)
    cls().check(Network((2, 2, 3), Pixelwise()), loss)


@pytest.mark.parametrize(
    ("n_out", "loss", "why"),
    [
        (2, "poisson_nll", "is for classes"),
        (2, "gaussian_nll", "is for classes"),
        (1, "sigmoid_cross_entropy", "needs an output for each class"),
    ],
)
def test_targets_that_are_no_classes_cannot_be_projected(n_out, loss, why):
    with pytest.raises(ValueError, match=f"DirectRandomTargetProjection {why}"):
        DirectRandomTargetProjection().check(Network(2, Dense(3), Dense(n_out)), Loss.of(loss))


@pytest.mark.parametrize("cls", [FeedbackAlignment, *SIGNED])
def test_feedback_that_would_be_nothing_is_refused(cls):
    net = Network(13, Dense(4), Tanh(), Dense(3, weights="zeros"))
    with pytest.raises(ValueError, match=rf"{cls.__name__} draws the feedback as Dense\(3, .* must not start at 0"):
        Run(net, X, Y, rule=cls())


@pytest.mark.parametrize("cls", [DirectFeedbackAlignment, DirectRandomTargetProjection, KolenPollack, WeightMirror])
def test_weights_that_start_at_0_learn_where_the_feedback_does_not_need_them(cls):
    net = Network(13, Dense(4), Tanh(), Dense(3, weights="zeros"))
    run = Run(net, X, Y, rule=cls(), seeds=[0])
    before = run.params[0]["W"].copy()
    run.train(2)
    assert (run.params[0]["W"] != before).all()


@each_rule
def test_networks_without_a_way_back_are_taught_as_ever(cls):
    """No weights at all, none between units, and one layer of them."""
    for net in (Network(3, Tanh()), Network(3, LayerNorm()), Network(3, Dense(3), LayerNorm())):
        grads, own = taught(cls(), net, *problem(net))
        same(grads, taught(Backprop(), net, *problem(net))[0])
        assert not any(own)
