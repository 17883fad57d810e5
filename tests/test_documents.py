"""Every code block of README, CONTRIBUTING and the docs runs, and every example."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys
from functools import wraps
from pathlib import Path

import pytest
from typer.testing import CliRunner

import omomi as om
from omomi.cli import app

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md"))]


def blocks(language: str) -> list:
    found = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf8")
        for number, block in enumerate(re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL), 1):
            found.append(pytest.param(block, id=f"{path.name}-{number}"))
    return found


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty folder to work in, and no window."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    return tmp_path


@pytest.fixture
def briefly(monkeypatch):
    """What trains for long trains for two epochs: here it has to run, other tests say how well it learns."""
    fit = om.fit

    @wraps(fit)
    def short(*given, epochs=10, **options):
        return fit(*given, epochs=min(epochs, 2), **options)

    monkeypatch.setattr(om, "fit", short)


@pytest.mark.parametrize("block", blocks("python"))
def test_python_block_runs(block, elsewhere, briefly):
    (elsewhere / "block.py").write_text(block, encoding="utf8")
    runpy.run_path(str(elsewhere / "block.py"), run_name="__main__")


@pytest.mark.parametrize("block", blocks("sh"))
def test_shell_block_runs(block, elsewhere):
    """Commands of omomi are run; targets of make must exist; nothing else is promised."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in block.strip().splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["omomi"]:
            done = CliRunner().invoke(app, words[1:], catch_exceptions=False)
            assert done.exit_code == 0, done.stderr
        elif words[:1] == ["make"]:
            assert set(words[1:]) <= targets
        elif words:
            assert words[0] in ("git", "cd", "pip")


def test_what_blocks_and_examples_use_is_there_after_import_alone():
    """In a process of its own: here other tests have imported all there is."""
    texts = [p.values[0] for p in blocks("python")] + [path.read_text(encoding="utf8") for path in EXAMPLES]
    names = {name for text in texts for name in re.findall(r"\bom(?:\.[A-Za-z_]+)+", text)}
    assert len(names) > 30
    program = f"import omomi as om\nfor name in {sorted(names)}: eval(name)"
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


@pytest.mark.parametrize("path", [pytest.param(p, id=p.stem) for p in EXAMPLES])
def test_example_runs(path, elsewhere, briefly, capsys):
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out
    for figure in elsewhere.glob("*.png"):
        assert figure.read_bytes().startswith(b"\x89PNG")


def test_examples_are_listed():
    listed = (ROOT / "examples" / "README.md").read_text(encoding="utf8")
    assert EXAMPLES
    assert all(path.name in listed for path in EXAMPLES)
