"""What every formula has in common: ranges, names, text, and a catalogue that nothing enters twice."""

import re
from dataclasses import FrozenInstanceError, fields

import pytest

from catalogue import arguments, entries, every_formula, example, forget, static_methods, variants
from omomi.formulas.activations import Activation, LeakyRelu, Sigmoid
from omomi.formulas.formula import Formula, between
from omomi.formulas.initializers import HeNormal, Initializer, Uniform
from omomi.formulas.losses import Loss, Smoothed, SoftmaxCrossEntropy, Weighted
from omomi.formulas.neurons import If, Neuron
from omomi.formulas.optimizers import Adam, Optimizer
from omomi.formulas.schedules import Cosine, Schedule, Step, WarmUp
from omomi.formulas.surrogates import Surrogate
from omomi.networks.layers import Dense, Layer
from omomi.networks.spiking import Spiking
from omomi.rules import Rule

# What the static methods take before the hyper-parameters.
LEAD = {
    ("activation", "value"): ("z",),
    ("activation", "derivative"): ("z", "y"),
    ("activation", "second_derivative"): ("z", "y"),
    ("activation", "backward_vector"): ("y", "dy"),
    ("surrogate", "value"): ("x",),
    ("surrogate", "derivative"): ("x",),
    ("current", "value"): ("t",),
    ("loss", "value"): ("y", "t"),
    ("loss", "derivative"): ("y", "t"),
    ("optimizer", "update"): ("t", "w", "g"),
    ("optimizer", "remember"): ("t", "loss"),
}
MUST_HAVE = {
    "activation": {"value", "derivative"},
    "surrogate": {"value", "derivative"},
    "neuron": {"start"},
    "loss": {"value", "derivative"},
    "optimizer": {"update"},
}
# Kinds whose formulas were all published; in the others some are older than papers.
PUBLISHED = (Neuron, Optimizer, Rule)
# Kinds whose formulas show a value known by hand.
SHOWN = (Activation, Loss, Surrogate)


def test_every_kind_is_walked():
    assert set(Formula.kinds.values()) >= {
        Activation, Loss, Neuron, Optimizer, Schedule, Surrogate, Initializer, Layer, Rule,
    }  # fmt: skip
    assert all(kind.entries() for kind in Formula.kinds.values())


# Fields and arguments


@pytest.mark.parametrize("cls", every_formula())
def test_arguments_are_lead_slots_and_fields(cls):
    methods = {} if cls.noun == "layer" else static_methods(cls)  # those of layers are programs
    around = any(f.metadata.get("kind") is Optimizer for f in fields(cls))  # another optimizer, which has an update
    assert around or MUST_HAVE.get(cls.noun, set()) <= methods.keys()
    for name, method in methods.items():
        if cls.noun == "neuron":  # takes what it needs, by name
            taken, lead = arguments(method), cls.lead(name)
            others = {"dt", *cls.learned, *(f.name for f in fields(cls))} - set(lead)
            asked = tuple(n for n in lead if n in taken)
            assert taken[: len(asked)] == asked, name
            assert set(taken[len(asked) :]) <= others, name
            continue
        slots = () if name == "remember" else getattr(cls, "slots", ())
        lead = (*LEAD[cls.noun, name], *slots, *getattr(cls, "memory", ()))
        assert arguments(method) == (*lead, *(f.name for f in fields(cls))), name


@pytest.mark.parametrize("cls", every_formula())
def test_hyper_is_the_fields_in_order(cls):
    f = example(cls)
    assert f.hyper == tuple(getattr(f, field.name) for field in fields(cls))


@pytest.mark.parametrize("cls", every_formula())
def test_fields_cannot_be_set(cls):
    for field in fields(cls):
        with pytest.raises(FrozenInstanceError):
            setattr(example(cls), field.name, 1)


@pytest.mark.parametrize("cls", entries(Optimizer))
def test_first_field_is_the_learning_rate(cls):
    """Or it is that of the optimizer which the first field holds."""
    first = fields(cls)[0]
    assert first.name == "lr" or first.metadata.get("kind") is Optimizer
    assert example(cls).rate == (example(cls).lr if first.name == "lr" else example(cls).inner.rate)
    assert example(cls).with_lr(0.25).rate == 0.25


# Text


def as_text():
    """Formulas whose text is their own; one that stands for another formula writes that."""
    return [p for p in every_formula() if p.values[0].__repr__ is Formula.__repr__]


@pytest.mark.parametrize("cls", as_text())
def test_repr_rebuilds_the_formula(cls):
    kind = Formula.kinds[cls.noun]
    for f in variants(cls):
        again = kind.parse(repr(f))
        assert again == f
        assert type(again) is cls
        assert again.hyper == f.hyper


@pytest.mark.parametrize(
    "f",
    [
        Dense(3, weights=HeNormal(), bias=None),
        Dense(2, weights=Uniform(low=-0.25, high=1e-3)),
        WarmUp(2.0, then=Cosine(final=0.5)),
        WarmUp(2.0, then=WarmUp(3.0, then=Step(7.0))),
        Smoothed(Weighted("cross_entropy", (1, 2.5, 0)), by=0.25),
    ],
    ids=repr,
)
def test_repr_of_formulas_in_formulas_rebuilds_them(f):
    assert Formula.kinds[type(f).noun].parse(repr(f)) == f


def test_repr_says_only_what_differs_from_the_default():
    assert repr(Adam()) == "Adam()"
    assert repr(Adam(beta1=0.5)) == "Adam(beta1=0.5)"
    assert repr(Dense(3, bias=None)) == "Dense(3, bias=None)"


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("leaky_relu(0.1)", LeakyRelu(0.1)),
        ("LeakyReLU(alpha=1e-1)", LeakyRelu(0.1)),
        (" leaky-relu ", LeakyRelu()),
        ("Leaky-ReLU(0.1)", LeakyRelu(0.1)),
        ("leaky_relu(-0.5)", LeakyRelu(-0.5)),
        ("logistic", Sigmoid()),
    ],
)
def test_parse(text, formula):
    assert Activation.parse(text) == formula


@pytest.mark.parametrize("text", ["if", "IF", " if(2)", "If(threshold=2)"])
def test_parse_a_name_that_is_a_word_of_python(text):
    assert Neuron.parse(text) == (If(2) if "2" in text else If())
    assert Layer.parse(f"spiking({text}, dt=0.5)") == Spiking(Neuron.parse(text), dt=0.5)


@pytest.mark.parametrize(
    "text",
    [
        "weighted(cross_entropy, weights=(1, 5))",
        "Weighted(CrossEntropy(), [1.0, 5])",
    ],
)
def test_parse_a_tuple(text):
    assert Loss.parse(text) == Weighted(SoftmaxCrossEntropy(), (1.0, 5.0))


@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        (Activation, "relu(1)", "Relu takes no values, got 1 in 'relu(1)'"),
        (Activation, "leaky_relu(1, 2)", "LeakyRelu takes 1 values, got 2 in 'leaky_relu(1, 2)'"),
        (Activation, "leaky_relu(0.1, alpha=0.2)", "LeakyRelu: alpha is given twice in 'leaky_relu(0.1, alpha=0.2)'"),
        (Activation, "leaky_relu(beta=1)", "LeakyRelu has no 'beta'; it takes alpha"),
        (Activation, "relu(beta=1)", "Relu has no 'beta'; it takes nothing"),
        (Layer, "dense", "Dense needs n_out"),
        (Optimizer, "adam(lr=-1)", "Adam: lr must lie in (0, inf), got -1"),
        (Optimizer, "adam(lr='1')", "Adam: lr must be a number, got '1'"),
        (Layer, "dense(2, weights=3)", "Dense: weights must be an initializer or its name, got 3"),
    ],
)
def test_what_text_gets_wrong_is_named(kind, text, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        kind.parse(text)


NOT_TEXT = [
    "__import__('os').system('touch {mark}')",
    "relu.__class__",
    "relu().value",
    "relu()()",
    "[relu][0]",
    "(lambda: relu)()",
    "leaky_relu(*[0.1])",
    "leaky_relu(**{'alpha': 0.1})",
    "leaky_relu({{}})",
    "leaky_relu(__import__('os').system('touch {mark}'))",
    "leaky_relu(open('{mark}', 'w'))",
    "leaky_relu(alpha=open('{mark}', 'w'))",
    "leaky_relu((0.1).__class__)",
    "leaky_relu(0.1 if 1 else 2)",
    "leaky_relu(1 + 1)",
    "leaky_relu(x := 1)",
    "leaky_relu(0.1",
    "relu; relu",
    "relu\nrelu",
    "relu\0",
    "",
    "()",
    "3",
    "-" * 50_000 + "1",
    "(" * 50_000,
    "leaky_relu(" * 300 + ")" * 300,
]


@pytest.mark.parametrize("text", NOT_TEXT, ids=lambda text: text[:30])
def test_nothing_is_evaluated(text, tmp_path):
    mark = tmp_path / "mark"
    for kind in (Activation, Layer):
        with pytest.raises(ValueError):
            kind.parse(text.replace("{mark}", str(mark)))
    assert not mark.exists()


def test_nothing_is_evaluated_in_formulas_of_formulas(tmp_path):
    mark = tmp_path / "mark"
    for inner in (f"open('{mark}', 'w')", f"__import__('pathlib').Path('{mark}').touch()"):
        with pytest.raises(ValueError):
            Layer.parse(f"dense(2, weights={inner})")
    assert not mark.exists()


@pytest.mark.parametrize("given", [3, None, Adam, Sigmoid()])
def test_of_takes_formulas_and_texts_alone(given):
    with pytest.raises(ValueError, match=r"^an optimizer or its name is needed, got "):
        Optimizer.of(given)
    assert Optimizer.of("adam(lr=0.5)") == Optimizer.of(Adam(lr=0.5)) == Adam(lr=0.5)


# Names


@pytest.mark.parametrize("cls", every_formula())
def test_found_by_every_spelling(cls):
    kind = Formula.kinds[cls.noun]
    for name in (cls.__name__, *vars(cls).get("also", ())):
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").split()
        for spelling in ("_".join(words), "-".join(words), "".join(words), " ".join(words)):
            for text in (spelling.lower(), spelling.upper(), spelling.title()):
                assert kind.find(text) is cls, text


@pytest.mark.parametrize("cls", every_formula())
def test_a_near_miss_is_named(cls):
    name = next(name for name, entry in cls.entries().items() if entry is cls)
    typo = name + name[-1]
    with pytest.raises(
        ValueError, match=rf"^no {cls.noun} is named '{typo}'; did you mean '{name}'\? \(known: .*{name}"
    ):
        cls.find(typo)


def test_the_documented_near_miss():
    with pytest.raises(
        ValueError, match=r"^no activation is named 'tahn'; did you mean 'tanh'\? \(known: identity, heaviside, relu, "
    ):
        Activation.named("tahn")
    with pytest.raises(ValueError, match=r"^no activation is named 'logistik'; did you mean 'logistic'\?"):
        Activation.find("logistik")


def test_what_is_like_nothing_gets_the_list():
    with pytest.raises(ValueError, match=r"^no optimizer is named 'qqqq' \(known: sgd, momentum, nesterov, "):
        Optimizer.find("qqqq")


# The catalogue


def define(name, also=(), kind=Activation, **body):
    """A class as a cell of a notebook would define it."""
    return type(name, (kind,), {"also": also, "__module__": "cell", "__qualname__": name, **body})


def test_two_formulas_of_one_name_are_refused():
    known = dict(Activation.catalogue)
    with pytest.raises(
        TypeError, match=r"^two activations are named 'relu': omomi\.formulas\.activations\.piecewise and cell$"
    ):
        define("Relu")
    assert Activation.catalogue == known


def test_a_second_spelling_must_be_free_too_and_leaves_nothing_behind():
    known = dict(Activation.catalogue)
    with pytest.raises(TypeError, match=r"^two activations are named 'logistic'"):
        define("Mine", also=("logistic",))
    assert Activation.catalogue == known


def test_a_cell_that_is_run_again_replaces_its_formula():
    before = list(Activation.entries())
    old = define("Mine", also=("ours", "theirs"))
    new = define("Mine", also=("ours",))
    try:
        assert Activation.find("mine") is new
        assert Activation.find("ours") is new
        assert list(Activation.entries()) == [*before, "mine"]
        with pytest.raises(ValueError, match="no activation is named 'theirs'"):
            Activation.find("theirs")
    finally:
        forget(old, new)
    assert list(Activation.entries()) == before


def test_kinds_have_catalogues_of_their_own():
    class Relu(Loss):
        """Another kind may use the name."""

    try:
        assert Loss.find("relu") is Relu
        assert Activation.find("relu") is not Relu
    finally:
        forget(Relu)


def test_a_field_of_ones_own_is_checked_and_written():
    class Mine(Activation):
        gain: float = between(0, 2, default=1.0, closed="(]")

    try:
        assert repr(Mine(2)) == "Mine(gain=2.0)"
        assert Activation.parse("mine(0.5)") == Mine(0.5)
        with pytest.raises(ValueError, match=r"^Mine: gain must lie in \(0, 2\], got 0$"):
            Mine(0)
    finally:
        forget(Mine)


# Docstrings


@pytest.mark.parametrize("cls", every_formula())
def test_there_is_a_docstring_of_its_own(cls):
    assert cls.__doc__
    assert not cls.__doc__.startswith(f"{cls.__name__}(")  # what dataclass writes where there is none


@pytest.mark.parametrize("cls", [p for kind in PUBLISHED for p in entries(kind)])
def test_what_was_published_names_its_paper(cls):
    assert "Reference:" in cls.__doc__


@pytest.mark.parametrize("cls", [p for p in every_formula() if "Reference:" in (p.values[0].__doc__ or "")])
def test_a_reference_names_authors_and_year(cls):
    paper = cls.__doc__.split("Reference:")[1]
    assert re.match(r" \w[-\w., ]* \((18|19|20)\d\d\), ", paper), paper


@pytest.mark.parametrize("cls", every_formula())
def test_papers_stand_behind_reference(cls):
    before = (cls.__doc__ or "").split("Reference:")[0]
    assert not re.search(r"arXiv|doi:", before)


@pytest.mark.parametrize("cls", [p for kind in SHOWN for p in entries(kind)])
def test_a_value_known_by_hand_is_shown(cls):
    assert ">>>" in cls.__doc__
