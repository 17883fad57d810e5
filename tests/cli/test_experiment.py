"""Experiment files: every mistake is named."""

import pytest

from omomi.cli.experiment import check, read

BAD = """
task = "spirl"
net = "128, rleu, dropout(2), 4"
optimizer = "adma"
loss = "mse"
epochs = "ten"
epoch = 3
clip-norm = 1
batch = 0
test = 1.5
lr = inf
drop_last = 1
diagnose = "yes"
dtype = "float16"
data = 3
schedule = "step(every=-1)"
replicas = true
scale = "std"
"""
MISTAKES = [
    "task: no data set is named 'spirl'; did you mean 'spiral'?",
    "net: no layer, activation or neuron is named 'rleu'; did you mean 'relu'?",
    "net: Dropout: rate must lie in [0, 1), got 2",
    "optimizer: no optimizer is named 'adma'; did you mean 'adam'?",
    "lr must be a number > 0, got inf",
    "schedule: Step: every must lie in (0, inf), got -1",
    'epochs must be a whole number ≥ 1, got "ten"',
    "batch must be a whole number ≥ 1, or 'all', got 0",
    "replicas must be a whole number ≥ 1, got true",
    "dtype must be 'float32' or 'float64', got \"float16\"",
    "test must be a number ≥ 0 and < 1, or 'own' for the test part that comes with the data, got 1.5",
    "drop_last must be true or false, got 1",
    'diagnose must be true or false, got "yes"',
    "scale must be 'none', 'standardise' or 'min-max', got \"std\"",
    "data must be options of the data set, such as {noise = 0.2}, got 3",
    "there is no 'epoch'; did you mean 'epochs'?",
    "there is no 'clip-norm'; did you mean 'clip_norm'?",
]


def test_every_mistake_has_its_line(tmp_path):
    path = tmp_path / "experiment.toml"
    path.write_text(BAD)
    with pytest.raises(ValueError) as caught:
        check({}, path)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(MISTAKES)
    for line, mistake in zip(lines, MISTAKES, strict=True):
        assert line.startswith(f"experiment.toml: {mistake}")


def test_mistakes_on_the_command_line_are_called_by_their_option(tmp_path):
    path = tmp_path / "e.toml"
    path.write_text('task = "xor"\nepochs = 0\n')
    with pytest.raises(ValueError) as caught:
        check({"weight_decay": -1.0}, path)
    assert str(caught.value).splitlines() == [
        "e.toml: epochs must be a whole number ≥ 1, got 0",
        "--weight-decay must be a number ≥ 0, got -1.0",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('task = "xor"\nepochs = = 3', "e.toml: this is not TOML: Invalid value (at line 2"),
        ("epochs = 3", "e.toml: task is missing"),
    ],
)
def test_a_file_that_says_nothing(text, words, tmp_path):
    path = tmp_path / "e.toml"
    path.write_text(text)
    with pytest.raises(ValueError) as caught:
        check({}, path)
    assert str(caught.value).startswith(words)


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "e.toml").write_bytes(b'task = "xor\xff"')
    with pytest.raises(ValueError, match=r"e\.toml: the text must be UTF-8"):
        read(tmp_path / "e.toml")


def test_options_go_over_the_file_and_data_options_into_it(tmp_path):
    path = tmp_path / "e.toml"
    path.write_text('task = "spiral"\nepochs = 3\nlr = 0.1\ndata = {n = 20, noise = 0.1}\n')
    e = check({"epochs": 5, "data": {"noise": 0.3}}, path)
    assert (e.epochs, e.lr, e.data) == (5, 0.1, {"n": 20, "noise": 0.3})
    assert check({"optimizer": "sgd"}, path).lr is None  # the rate in the file was for another optimizer


def test_a_path_in_a_file_starts_from_its_folder(tmp_path):
    (tmp_path / "mine.csv").write_text("a,b\n1,2\n")
    (tmp_path / "spiral").mkdir()
    (tmp_path / "e.toml").write_text('task = "mine.csv"')
    assert read(tmp_path / "e.toml")["task"] == str(tmp_path / "mine.csv")
    (tmp_path / "e.toml").write_text('task = "spiral"')
    assert read(tmp_path / "e.toml")["task"] == "spiral"  # a name wins over a folder
