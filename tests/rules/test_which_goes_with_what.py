"""The table of rules, networks and losses in docs/rules.md is what the rules themselves say."""

from pathlib import Path

import pytest

import omomi as om
from omomi.formulas.losses import Loss
from omomi.rules import Rule
from omomi.training.targets import check_output

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
NETWORKS = {
    "dense layers": ("squared_error", 6, "8, sigmoid, 6, sigmoid, 3, sigmoid"),
    "one dense layer": ("squared_error", 6, "3"),
    "dropout": ("squared_error", 6, "8, relu, dropout(0.2), 3, sigmoid"),
    "layer norm": ("squared_error", 6, "8, layer_norm, relu, 3, sigmoid"),
    "maxout, gated units": ("squared_error", 6, "maxout(8), 8, glu, 3, sigmoid"),
    "images": ("squared_error", (2, 3), "flatten, 8, relu, 3, sigmoid"),
    "spiking": ("squared_error", 6, "8, spiking(lif, steps=4), 6, lif, spike_count, 3, sigmoid"),
    "excitatory and inhibitory": (
        "squared_error",
        6,
        "signed_dense(8, nets=3), sigmoid, signed_dense(1, readout=True)",
    ),
}
LOSSES = {
    "softmax cross-entropy": ("softmax_cross_entropy", 6, "8, relu, 3"),
    "counts": ("poisson", 6, "8, relu, 3"),
}
COLUMNS = NETWORKS | LOSSES


def answer(rule, loss, n_in, text):
    """yes, wired or no."""
    net = om.Network.parse(n_in, text)
    try:
        rule.check(net, Loss.parse(loss))
        return "yes"
    except ValueError:
        pass
    try:
        wired = rule.wired(net)
        check_output(wired, Loss.parse(loss))
        rule.check(wired, Loss.parse(loss))
        return "wired"
    except ValueError:
        return "no"


def table():
    lines = ["| rule | " + " | ".join(COLUMNS) + " |", "|" + "---|" * (len(COLUMNS) + 1)]
    for name, cls in Rule.entries().items():
        if cls.__module__.startswith("omomi."):
            short = name if len(name) < 12 else cls.also[0]
            lines.append(f"| `{short}` | " + " | ".join(answer(cls(), *given) for given in COLUMNS.values()) + " |")
    return "\n".join(lines)


def test_the_page_has_the_table():
    assert table() in PAGE.read_text(encoding="utf8"), f"docs/rules.md needs this table:\n\n{table()}"


@pytest.mark.parametrize("name", Rule.entries())
def test_the_page_speaks_of_every_rule(name):
    spellings = {name, *Rule.entries()[name].__dict__.get("also", ())}
    assert any(f"`{s}`" in PAGE.read_text(encoding="utf8") for s in spellings)
