"""`python -m omomi.formulas.activations` and its neighbours draw their own chapters."""

import runpy
from pathlib import Path

import pytest

import omomi as om
from omomi.cli.entries import find_kind

PACKAGES = sorted(path.parent.name for path in Path(om.__file__).parent.glob("formulas/*/__main__.py"))


def test_each_package_of_formulas_has_one():
    modules = [kind.__module__.split(".") for kind in om.Formula.kinds.values()]
    assert sorted(m[2] for m in modules if m[1] == "formulas" and len(m) > 3) == PACKAGES


@pytest.mark.parametrize("package", PACKAGES)
def test_chapter(package, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    runpy.run_module(f"omomi.formulas.{package}", run_name="__main__")
    said = capsys.readouterr().out
    assert said.splitlines()[-1] == f"{package}.png"
    assert (tmp_path / f"{package}.png").read_bytes().startswith(b"\x89PNG")
    names = om.Formula.kinds[find_kind(package)].entries()
    assert all(name in said for name in names)
