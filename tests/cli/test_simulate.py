"""`omomi simulate` and `omomi fi-curve`, from the words typed to what is printed and written."""

import csv
import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from typer.testing import CliRunner

import omomi as om
from omomi.cli import app
from truth import reference


def omomi(*args):
    return CliRunner().invoke(app, [str(a) for a in args], catch_exceptions=False)


def table(result):
    """The rows of the table that was printed, without its head."""
    lines = result.stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if "──" in line)
    return [line.split() for line in lines[at + 1 :] if line.strip()]


def test_simulate_prints_a_table():
    """11 and 32 ms, as in the article."""
    result = omomi("simulate", "lif", "--current", "1.5", "--T", "50", "--tau-ref", "10")
    assert result.exit_code == 0
    assert "Lif(tau_ref=10.0), 50 ms in steps of 0.1 ms" in result.stdout
    assert table(result) == [["0", "2", "11", "40", "21"]]


def test_several_values_are_several_neurons():
    result = omomi("simulate", "lif(tau=20)", "--rm", "1,2,5", "--TAU_REF=1,1,1", "--json")
    said = json.loads(result.stdout)
    run = om.simulate("lif(tau=20)", 1.0, T=100, each={"Rm": [1, 2, 5], "tau_ref": [1, 1, 1]})
    assert said["neuron"] == "Lif(tau=20.0)"
    assert [n["Rm"] for n in said["neurons"]] == [1, 2, 5]
    assert [n["spikes"] for n in said["neurons"]] == run.counts().tolist()
    assert_allclose(said["neurons"][2]["spike_times"], run.train(2))
    assert said["neurons"][0]["first"] is said["neurons"][0]["cv"] is None


def test_several_currents_and_words():
    result = omomi("simulate", "lif", "--current", "1.5,3", "--exact", "true", "--subtract", "false", "--json")
    said = json.loads(result.stdout)
    assert said["neuron"] == "Lif(exact=True)"
    assert [n["current"] for n in said["neurons"]] == [1.5, 3]


def test_noise_has_a_seed_and_long_tables_end():
    args = ("simulate", "lif", "--current", "ou(1.5, sigma=1)", "--n", "25", "--T", "20", "--seed")
    first = omomi(*args, 1)
    assert len(table(first)) == 21
    assert "… and 5 more" in first.stdout
    assert first.stdout == omomi(*args, 1).stdout != omomi(*args, 2).stdout


def test_fi_curve_is_that_of_the_article(tmp_path):
    file = tmp_path / "curve.csv"
    result = omomi("fi-curve", "lif", "--Rm", "1,10", "--tau-ref", "1", "--out", file)
    grid = reference("neurons")["FI_curve"]["grid"]
    wanted = [grid[f"Rm={rm},tau_ref=1"]["counts"] for rm in (1, 10)]
    rows = list(csv.reader(file.read_text().splitlines()))
    assert rows[0] == ["current", "Rm 1", "Rm 10"]
    assert_array_equal(np.array(rows[1:], float)[:, 1:].T, wanted)
    assert [int(row[2]) for row in table(result)[:10]] == wanted[1]


def test_fi_curve_as_json():
    said = json.loads(omomi("fi-curve", "lif", "--currents", "1.5,2", "--T", "500", "--json").stdout)
    curve = om.fi_curve("lif", [1.5, 2], T=500)
    assert said["currents"] == [1.5, 2]
    assert said["curves"] == [{"counts": curve.counts.tolist(), "rates": curve.rates().tolist()}]


def test_numbers_are_written(tmp_path):
    wanted = om.simulate("lif", 1.5, T=20, record=("v", "i"))
    for name in ("a.csv", "a.npz"):
        omomi("simulate", "lif", "--current", "1.5", "--T", "20", "--record", "v, i", "--out", tmp_path / name)
    rows = list(csv.reader((tmp_path / "a.csv").read_text().splitlines()))
    assert rows[0] == ["t", "v", "i"]
    assert_allclose(np.array(rows[1:], float)[:, 1], wanted.voltages, rtol=1e-9)
    with np.load(tmp_path / "a.npz") as kept:
        assert_array_equal(kept["v"], wanted.states["v"])
        assert_array_equal(kept["spike_times"], wanted.spike_times)


@pytest.mark.parametrize(
    "words", [("simulate", "lif", "--T", "20"), ("fi-curve", "lif", "--T", "50")], ids=lambda words: words[0]
)
def test_pictures_are_drawn(words, tmp_path):
    file = tmp_path / "picture.png"
    assert omomi(*words, "--out", file).exit_code == 0
    assert file.read_bytes().startswith(b"\x89PNG")


def test_a_file_is_not_replaced_unasked(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("mine")
    result = omomi("simulate", "lif", "--out", file)
    assert (result.exit_code, file.read_text()) == (2, "mine")
    assert "is there already; --force replaces it" in result.stderr
    assert omomi("simulate", "lif", "--out", file, "--force").exit_code == 0
    assert file.read_text().startswith("t,v")


def test_an_interrupt_shows_what_there_is(monkeypatch):
    simulate = om.simulate

    def until(*args, **given):
        stop = KeyboardInterrupt("interrupted after 20 of 100 ms")
        stop.simulation = simulate("lif", 1.5, 20.0)
        raise stop

    monkeypatch.setattr("omomi.simulation.simulate", until)
    result = omomi("simulate", "lif")
    assert result.exit_code == 130
    assert table(result)[0][:3] == ["0", "1", "11"]
    assert result.stderr == "interrupted after 20 of 100 ms\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("simulate", "lof"), "no neuron is named 'lof'"),
        (("simulate", "lif", "--taux", "1"), "Lif has no option '--taux'; did you mean 'tau'?"),
        (("simulate", "lif", "1.5"), "Lif has no option '1.5'"),
        (("simulate", "lif", "--tau"), "--tau needs a value"),
        (("simulate", "lif", "--tau", "x"), "--tau must be a number, or numbers with commas between, got 'x'"),
        (("simulate", "lif", "--tau", "-3"), "Lif: tau must lie in (0, inf), got -3.0"),
        (("simulate", "lif", "--Rm", "1,2", "--tau", "1,2,3"), "what is given for each neuron must be as much for all"),
        (("simulate", "lif", "--current", "1,x"), "--current must be a number, or numbers with commas between"),
        (("simulate", "lif", "--current", "wave"), "no current is named 'wave'"),
        (("simulate", "lif", "--out", "a.txt"), "--out must end in .csv, .npz, .png, .svg, .pdf, got 'a.txt'"),
        (("fi-curve", "lif", "--currents", "0:2"), "--currents must be first:last:how many, as 0:2:10, got '0:2'"),
    ],
    ids=lambda x: "_".join(x[1:]) if isinstance(x, tuple) else "",
)
def test_mistakes_are_one_sentence(words, said):
    result = omomi(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert said in result.stderr
