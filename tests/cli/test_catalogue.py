"""`omomi list`, `show`, `plot` and `data`."""

import json

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

import omomi as om
from omomi.cli import app, tables
from omomi.cli.entries import entries, file_name, kinds

KINDS = [*om.Formula.kinds, "data"]


def omomi(*args):
    return CliRunner().invoke(app, [str(a) for a in args], catch_exceptions=False)


def refused(*args):
    result = omomi(*args)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    return line


def test_the_list_names_everything():
    said = json.loads(omomi("list", "--json").stdout)
    assert list(said) == KINDS
    for kind, cls in om.Formula.kinds.items():
        assert [row["name"] for row in said[kind]] == list(cls.entries())
    table = omomi("list").stdout
    assert all(row["name"] in table for rows in said.values() for row in rows)


@pytest.mark.parametrize("spelling", ["loss", "losses", "Loss"])
def test_kinds_are_found_in_one_and_many(spelling):
    assert "softmax_cross_entropy" in omomi("list", spelling).stdout
    assert "adam" not in omomi("list", spelling).stdout


def test_an_unknown_kind():
    assert "did you mean 'optimizer'?" in refused("list", "optimiser")


@pytest.mark.parametrize("entry", [e for kind in kinds() for e in entries(kind)], ids=lambda e: f"{e.kind} {e.name}")
def test_everything_can_be_shown(entry):
    result = omomi("show", entry.name, "--kind", entry.kind)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{entry.name} ({entry.kind})")
    assert entry.summary.split(".")[0] in result.stdout
    assert ">>>" not in result.stdout
    (said,) = json.loads(omomi("show", entry.name, "--kind", entry.kind, "--json").stdout)
    assert all(p["name"] in result.stdout for p in said["parameters"])


def test_show_gives_defaults_ranges_and_reference():
    (adam,) = json.loads(omomi("show", "ADAM", "--json").stdout)
    assert adam["parameters"][1] == {"name": "beta1", "default": 0.9, "required": False, "range": "[0, 1)"}
    assert "arXiv:1412.6980" in adam["reference"]


def test_a_name_of_several_kinds_shows_all():
    found = json.loads(omomi("show", "constant", "--json").stdout)
    assert {e["kind"] for e in found} == {"schedule", "initializer", "current"}
    assert len(json.loads(omomi("show", "constant", "--kind", "schedules", "--json").stdout)) == 1


def test_show_prints_the_code_when_asked():
    shown = omomi("show", "adam", "--source").stdout
    assert "def update(t, w, g, m, v, lr, beta1, beta2" in shown
    assert "def update" not in omomi("show", "adam").stdout


def test_the_list_tells_who_found_it():
    said = json.loads(omomi("list", "optimizers", "--json").stdout)["optimizer"]
    assert next(row["source"] for row in said if row["name"] == "adam") == "Kingma, Ba 2015"
    assert "Kingma, Ba 2015" in omomi("list", "optimizers").stdout


@pytest.mark.parametrize("columns", [60, 80, 100, 120])
@pytest.mark.parametrize("kind", KINDS)
def test_the_list_fits_the_terminal(kind, columns, monkeypatch):
    monkeypatch.setattr(tables, "width", lambda: columns)
    lines = omomi("list", kind).stdout.splitlines()[:-1]
    assert max(map(cell_len, lines)) <= columns  # m̂ is two characters wide as one
    assert all(any(e.name in line for line in lines) for e in entries(kind))


def test_near_misses_come_from_every_kind():
    assert "did you mean 'momentum'?" in refused("show", "momentm")
    assert "did you mean 'spiral'?" in refused("show", "spirl")
    assert "loss: there is nothing named 'relu'" in refused("show", "relu", "--kind", "loss")


@pytest.mark.parametrize("name", ["leaky_relu(0.2)", "squared_error", "cosine", "he_normal", "xor", "digits"])
def test_pictures(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = omomi("plot", name)
    assert result.stdout == f"{file_name(name)}.png\n"
    assert (tmp_path / f"{file_name(name)}.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_is_replaced_only_by_force(tmp_path):
    out = tmp_path / "relu.png"
    out.write_text("mine")
    assert "--force replaces it" in refused("plot", "relu", "--out", out)
    assert out.read_text() == "mine"
    assert omomi("plot", "relu", "--out", out, "--force").exit_code == 0
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", ["schedules", "Schedule"])
def test_a_sheet_of_a_kind(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert omomi("plot", kind).stdout == f"{kind.lower()}.png\n"
    assert (tmp_path / f"{kind.lower()}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("args", "walked"),
    [
        (["optimizers", "--only", "sgd, adam(lr=0.1, beta1=0.5)"], ["sgd", "adam(lr=0.1, beta1=0.5)"]),
        (["optimizers"], []),
        (["adam"], ["sgd", "adam"]),
        (["sgd"], ["sgd"]),
        (["adam(lr=0.1)", "--only", "momentum"], ["momentum", "adam(lr=0.1)"]),
    ],
)
def test_the_ways_of_optimizers(args, walked, tmp_path, monkeypatch):
    asked, races = [], om.plots.races

    def note(optimizers, functions, **options):
        asked.append((list(optimizers), list(functions), options))
        return races(["sgd(lr=0.001)"], functions, **options)

    monkeypatch.setattr(om.plots, "races", note)
    out = tmp_path / "ways.png"
    assert omomi("plot", *args, "--on", "saddle,beale", "--steps", 2, "--out", out).exit_code == 0
    assert asked == [(walked, ["saddle", "beale"], {"steps": 2})]
    assert out.read_bytes().startswith(b"\x89PNG")


def test_the_ways_of_optimizers_as_a_film(tmp_path):
    out = tmp_path / "ways.gif"
    args = ("optimizers", "--only", "sgd(lr=0.1)", "--on", "saddle", "--steps", 3)
    assert omomi("plot", *args, "--out", out).stdout == f"{out}\n"
    assert out.read_bytes().startswith(b"GIF8")


def test_what_has_no_picture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refused("plot", "dropout") == "error: there is no picture of a layer"
    assert refused("plot", "dense") == "error: Dense needs n_out"
    assert refused("plot", "layers").startswith("error: sheet: kind must be one of activation")
    assert refused("plot", "relu", "--steps", 3) == "error: --only, --on and --steps belong to optimizers"
    assert "did you mean 'beale'?" in refused("plot", "optimizers", "--on", "bale")
    assert "no optimizer is named 'nonsense'" in refused("plot", "optimizers", "--only", "nonsense")
    assert "there are no trajectories" in refused("plot", "relu", "--out", "relu.gif")
    assert "must end in .png, .svg or .pdf" in refused("plot", "relu", "--out", "relu.jpg")
    assert "alpha" in refused("plot", "leaky_relu(beta=1)")


def test_file_names():
    assert file_name("LeakyRelu(alpha=0.2)") == "leaky_relu_alpha_0.2"
    assert file_name("folder/my data.csv") == "my_data"


def test_the_table_of_data_sets():
    rows = json.loads(omomi("data", "--json").stdout)
    assert [row["name"] for row in rows] == list(om.data.catalogue())
    assert next(row for row in rows if row["name"] == "digits")["inputs"] == "8×8"
    assert "1797" in omomi("data").stdout


def test_one_data_set():
    said = json.loads(omomi("data", "iris", "--json").stdout)
    assert said["samples"] == 150
    assert said["classes"][0] == {"name": "setosa", "samples": 50}
    assert said["features"][0] == pytest.approx(
        {"name": "sepal length (cm)", "min": 4.3, "mean": 5.8433333, "max": 7.9}
    )
    assert "pictures of 8×8 pixels" in omomi("data", "digits").stdout
    assert "sin x" in omomi("data", "sine").stdout


def test_data_of_one_s_own(tmp_path):
    (tmp_path / "mine.csv").write_text("a,b,kind\n1,2,x\n3,4,y\n5,6,y\n")
    said = json.loads(omomi("data", tmp_path / "mine.csv", "--json").stdout)
    assert [c["samples"] for c in said["classes"]] == [1, 2]
    assert omomi("plot", tmp_path / "mine.csv", "--out", tmp_path / "mine.svg").exit_code == 0
    assert "did you mean 'kind'?" in refused("data", tmp_path / "mine.csv", "--target", "kin")


def test_help_answers():
    assert "train" in omomi("--help").stdout
    for command in ("train", "resume", "list", "show", "plot", "data"):
        assert omomi(command, "--help").exit_code == 0
