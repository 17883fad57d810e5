"""omomi without any extra: it imports, trains, and names what is missing."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# What the extras bring, by the names under which it is imported.
BROUGHT = (
    "matplotlib", "sklearn", "joblib", "cloudpickle", "threadpoolctl", "jinja2", "pyarrow", "anywidget", "torch",
    "onnx", "nir", "h5py", "tensorboardX", "mlflow", "cupy", "pandas", "polars", "IPython",
)  # fmt: skip
WITHOUT = f"""
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {BROUGHT!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
import omomi as om
"""
DOORS = {
    "om.plots.formula(om.Relu())": "plots",
    "om.data.digits()": "datasets",
    "om.widgets.FIExplorer": "notebook",
    "om.fit(net, x, y, epochs=1, device='cuda')": "cuda",
    "import omomi.adapters.torch": "torch",
    "import omomi.adapters.sklearn": "sklearn",
    "import omomi.adapters.onnx as o; o.export(net, net.init([0]))": "onnx",
    "import omomi.adapters.nir as n; n.write(spiking, spiking.init([0]), 'net.nir')": "nir",
    "from omomi.adapters.tensorboard import TensorBoard; om.fit(net, x, y, log=TensorBoard('logs'))": "tensorboard",
    "from omomi.adapters.mlflow import MLflow; om.fit(net, x, y, log=MLflow('names'))": "mlflow",
}


def said_by(program, folder):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_it_trains_and_names_what_is_missing(tmp_path):
    lines = said_by(
        WITHOUT
        + f"""
import numpy as np
rng = np.random.default_rng(0)
y = np.arange(500) % 10
x = rng.normal(size=(10, 64))[y] + rng.normal(size=(500, 64))  # ten classes of 64 numbers, as digits are
net = om.Network(64, om.Dense(16), om.Relu(), om.Dense(10))
spiking = om.Network(64, om.Dense(16), om.Spiking("lif(tau=2)", steps=5))
print(om.fit(net, x, y, epochs=10, seeds=[0]).evaluate(x, y)["accuracy"][0])
for door in {list(DOORS)!r}:
    try:
        exec(door)
        print("open:", door)
    except ImportError as error:
        print(error)
""",
        tmp_path,
    )
    assert float(lines[0]) > 0.95
    for line, (door, extra) in zip(lines[1:], DOORS.items(), strict=True):
        assert f"pip install 'omomi[{extra}]'" in line, door
        assert line.count(". ") == 0
    assert not list(tmp_path.iterdir())


def test_each_extra_has_a_door():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    gathered = {"all", "adapters", "dev", "docs", "bench"}
    assert extras.keys() - gathered - {"compare"} == set(DOORS.values())


@pytest.mark.parametrize("name", ["omomi", "omomi.cli"])
def test_importing_it_imports_nothing_heavy(name, tmp_path):
    program = f"import sys, {name}; print(*sorted({{m.partition('.')[0] for m in sys.modules}} & set({BROUGHT!r})))"
    assert said_by(program, tmp_path) == [""]
