"""Cells from texts, and what is refused before anything is trained."""

import pytest

import omomi as om
from omomi.comparisons.compare import plan
from omomi.comparisons.grid import texts
from omomi.formulas.formula import of_kind
from omomi.rules import Rule

XOR = om.data.xor()
SETTINGS = {
    "epochs": 1, "batch_size": None, "seeds": [0], "splits": 1, "test": None, "validation": None, "scale": None,
    "tuning": 1, "tuning_seeds": 1, "target": None, "baseline": False, "dtype": "float32",
}  # fmt: skip


def planned(task=XOR, rules="backprop", optimizers="sgd", nets=None, losses=None, **settings):
    return plan(task, rules=rules, optimizers=optimizers, nets=nets, losses=losses, **SETTINGS | settings)


def test_texts_part_at_commas_outside_parentheses():
    assert texts("a, b(1, c(2, 3)) ,, d") == ["a", "b(1, c(2, 3))", "d"]
    assert texts("8, relu, 2; 3, 2;", ";") == ["8, relu, 2", "3, 2"]


def test_formulas_and_networks_do_as_well_and_each_counts_once():
    assert texts([om.Adam(lr=0.1), "sgd", " sgd"]) == ["Adam(lr=0.1)", "sgd"]
    assert texts(om.Network(2, om.Dense(3), om.Tanh(), om.Dense(2))) == ["Dense(3), Tanh(), Dense(2)"]
    with pytest.raises(ValueError, match="a formula, a network or a text is needed, got 3"):
        texts([3])


def test_the_grid_is_a_product_in_order():
    cells = [p.cell for p in planned(optimizers="sgd, adam", nets="3, tanh, 2; 2", rules="bp, backprop").cells]
    assert [(c.rule, c.optimizer, c.net) for c in cells] == [
        (rule, optimizer, net)
        for rule in ("bp", "backprop")
        for optimizer in ("sgd", "adam")
        for net in ("3, tanh, 2", "2")
    ]
    assert {c.loss for c in cells} == {"softmax_cross_entropy"}


def test_a_task_brings_its_own_settings():
    xor = planned(epochs=None)
    assert [p.cell.net for p in xor.cells] == ["8, tanh, 2"]
    assert (xor.settings["epochs"], xor.settings["batch_size"], xor.settings["test"]) == (300, "all", 0)
    iris = planned("iris", epochs=None)
    assert (iris.settings["scale"], iris.settings["test"], iris.settings["target"]) == ("standardise", 0.2, 0.9)
    assert planned(om.data.plane()).settings["target"] is None


def test_the_search_starts_where_the_rule_or_the_reader_says():
    class Louder(om.Backprop):
        usual = "sgd(lr=3)"

    starts = {p.cell.optimizer: p.start for p in planned(rules="louder", optimizers="sgd, sgd(lr=0.5), adam").cells}
    assert starts == {"sgd": 3.0, "sgd(lr=0.5)": 0.5, "adam": 0.001}
    assert {p.start for p in planned(optimizers="lookahead(adam(lr=0.2))").cells} == {0.2}


def test_mistakes_come_all_at_once():
    with pytest.raises(ValueError) as error:
        planned(rules="backpropp", optimizers="", nets="3, rel, 2", epochs=0, target=2, scale="big", batch_size=0)
    lines = str(error.value).splitlines()
    for words in (
        "did you mean 'backprop'",
        "optimizers: at least one",
        "did you mean 'relu'",
        "epochs must",
        "target must",
    ):
        assert sum(words in line for line in lines) == 1, words
    assert len(lines) == 7


def test_what_makes_no_sense_is_refused_by_name():
    class Picky(Rule):
        def check(self, net, loss):
            raise ValueError("Picky teaches nobody")

        def send_back(self, at, delta, seen):
            return delta

    with pytest.raises(ValueError) as error:
        planned(rules="backprop, picky", nets="2, softmax; 2", losses="softmax_cross_entropy")
    lines = str(error.value).splitlines()
    assert "backprop with 2, softmax and softmax_cross_entropy: SoftmaxCrossEntropy takes logits" in lines[0]
    assert "picky with 2 and softmax_cross_entropy: Picky teaches nobody" in lines
    assert not any(line.startswith("backprop with 2 and softmax_cross_entropy") for line in lines)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"splits": 2}, "splits must be 1 where no share is held back"),
        ({"test": "own"}, "without a test part of their own"),
        ({"test": 1}, "test must be a number ≥ 0 and < 1, got 1"),
        ({"validation": -0.1}, "validation must be a number ≥ 0 and < 1, got -0.1"),
        ({"seeds": [1, 1]}, "seeds must be distinct"),
        ({"dtype": "float16"}, "dtype must be float32 or float64"),
        ({"task": 3}, "task must be a name, a file, a Dataset or"),
        ({"nets": "1", "losses": "poisson"}, "does not tell classes apart, so there is no accuracy"),
        ({"task": om.data.plane(), "target": 0.9}, "these data are numbers"),
        (
            {"task": om.data.plane(), "nets": "1, sigmoid", "losses": "binary_cross_entropy"},
            "BinaryCrossEntropy takes targets in",
        ),
    ],
    ids=["splits", "own", "test", "validation", "seeds", "dtype", "task", "counts", "target", "classes"],
)
def test_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        planned(**settings)


def test_classes_of_the_users_own_are_found_wherever_they_stand():
    class Mine(om.Sgd):
        pass

    class Around(om.Optimizer):
        inner: om.Optimizer = of_kind(om.Optimizer, default=om.Sgd())

        rate = 0.1

    (cell,) = planned(optimizers="around(mine)").cells
    assert set(cell.own) == {Mine, Around}
    assert planned().cells[0].own == ()
