"""The class at (x1, x2) stands at (x1, x2): to the right is x1, upwards is x2."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

import omomi as om
from omomi.plots import decision_map
from omomi.plots.style import colours

DATA = om.data.Dataset([[-2.0, 0.0], [4.0, 1.0], [1.0, 3.0]], [0, 1, 1], "three", ("width", "height"), ("no", "yes"))


def linear(weights, **options):
    """A run whose replica r says class 1 where weights[r] · x > 0."""
    net = om.Network(2, om.Dense(2))
    run = om.Run(net, [[0.0, 1.0], [1.0, 0.0]], [0, 1], seeds=range(len(weights)), **options)
    run.theta[...] = 0
    for r, w in enumerate(weights):
        run.params[0]["W"][r, :, 1] = w
    return run


def drawn(ax, x1, x2):
    """The value that the picture shows at a point of its axes, by what imshow itself says is there."""
    image = ax.get_images()[0]
    left, right, bottom, top = image.get_extent()
    rows, columns = image.get_array().shape
    column, row = int((x1 - left) / (right - left) * columns), int((x2 - bottom) / (top - bottom) * rows)
    return int(image.get_array()[row if image.origin == "lower" else rows - 1 - row, column])


@pytest.mark.parametrize("what", ["function", "run"])
def test_a_classifier_that_looks_at_x1_alone_gives_a_vertical_border(ax, what):
    classify = (lambda x: x[:, 0] > 0) if what == "function" else linear([(1, 0)])
    decision_map(classify, DATA, ax=ax, n=50)
    image = ax.get_images()[0]
    assert image.origin == "lower"
    np.testing.assert_allclose(image.get_extent(), [-2.6, 4.6, -0.3, 3.3])  # a tenth of 6 and of 3 around
    assert image.get_array().shape == (50, 50)
    assert (np.diff(image.get_array(), axis=0) == 0).all()
    for x1, x2, expected in [(-1, 0.1, 0), (-1, 3, 0), (3, 0.1, 1), (3, 3, 1)]:
        assert drawn(ax, x1, x2) == expected


def test_a_classifier_that_looks_at_x2_alone_gives_a_horizontal_border(ax):
    decision_map(lambda x: x[:, 1] > 1, DATA, ax=ax, n=20)
    assert (np.diff(ax.get_images()[0].get_array(), axis=1) == 0).all()
    assert (drawn(ax, 0, 0), drawn(ax, 0, 3)) == (0, 1)


def test_pixels_on_the_canvas_have_the_colour_of_their_class(ax):
    decision_map(lambda x: (x[:, 0] > 0) + 2 * (x[:, 1] > 0), ax=ax, n=10)
    ax.figure.canvas.draw()
    shot = np.asarray(ax.figure.canvas.buffer_rgba())
    for x1, x2, c in [(-0.5, -0.5, 0), (0.5, -0.5, 1), (-0.5, 0.5, 2), (0.5, 0.5, 3)]:
        column, row = ax.transData.transform((x1, x2)).astype(int)
        seen = shot[len(shot) - 1 - row, column, :3] / 255
        full = np.array([int(colours(4)[c][i : i + 2], 16) for i in (1, 3, 5)]) / 255
        np.testing.assert_allclose(seen, 0.4 * full + 0.6, atol=0.01)


def test_points_are_asked_at_the_centres_of_their_pixels():
    asked = []
    decision_map(lambda x: asked.append(x) or x[:, 0] > 0, n=4)
    assert sorted(set(asked[0][:, 0])) == [-0.75, -0.25, 0.25, 0.75]
    assert sorted(set(asked[0][:, 1])) == [-0.75, -0.25, 0.25, 0.75]


def test_replicas_vote_and_disagreement_is_pale(ax):
    run = linear([(1, 0), (1, 0), (0, 1)])
    decision_map(run, ax=ax, n=10)
    np.testing.assert_array_equal(ax.get_images()[0].get_array(), np.tile([0] * 5 + [1] * 5, (10, 1)))
    strength = ax.get_images()[0].get_alpha()
    assert strength[9, 9] == strength[0, 0] > strength[0, 9] == strength[9, 0]
    assert ax.get_title(loc="left") == "Majority of 3 replicas"


def test_one_replica(ax):
    decision_map(linear([(1, 0), (1, 0), (0, 1)]), ax=ax, replica=2, n=10)
    np.testing.assert_array_equal(ax.get_images()[0].get_array(), np.tile([0] * 5 + [1] * 5, (10, 1)).T)
    assert ax.get_title(loc="left") == "Replica 2"


def test_diverged_replicas_have_no_vote(ax, words):
    run = linear([(1, 0), (0, 1), (0, 1)])
    run.theta[1:] = np.nan
    decision_map(run, ax=ax, n=10)
    np.testing.assert_array_equal(ax.get_images()[0].get_array()[0], [0] * 5 + [1] * 5)
    run.theta[0] = np.nan
    assert "diverged: there is nothing to draw" in words(decision_map(run, n=10))


def test_data_and_names(ax, words):
    decision_map(lambda x: x[:, 0] > 0, DATA, ax=ax, n=5)
    assert words(ax)[1:] == ["width", "height", "no", "yes"]
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), DATA.x[:1])
    np.testing.assert_array_equal(ax.collections[1].get_offsets(), DATA.x[1:])
    assert to_hex(ax.collections[1].get_facecolor()[0]) == colours(2)[1].lower()


def test_names_given_and_without_data(words):
    assert words(decision_map(lambda x: x[:, 0] > 0, n=5, classes=["left"]))[3:] == ["left", "1"]


def test_regression_is_drawn_as_contours_of_the_mean(ax):
    data = om.data.plane(n=20)
    run = om.Run(om.Network(2, om.Dense(1)), data.x, data.y, seeds=range(3))
    run.theta[...] = 0
    for r, slope in enumerate((1.0, 3.0, np.nan)):
        run.params[0]["W"][r, 0] = slope  # the mean of the finite ones is 2 x1
    decision_map(run, data, ax=ax, n=40, extent=(-1, 1, -2, 2))
    contours = ax.collections[0]
    for level, path in zip(contours.levels, contours.get_paths(), strict=False):
        for x1, _ in path.vertices if -1.9 < level < 1.8 else ():
            assert level - 1e-6 <= 2 * x1 <= contours.levels[list(contours.levels).index(level) + 1] + 1e-6
    np.testing.assert_array_equal(ax.collections[1].get_array(), data.y[:, 0])


def test_labels_learnt_with_squared_error_are_classes(ax):
    run = om.Run(om.Network(2, om.Dense(1)), [[0.0, 1.0]], [[1.0]], loss="squared_error", seeds=[0])
    run.theta[...] = 0
    run.params[0]["W"][0, 0] = 1.0
    decision_map(run, DATA, ax=ax, n=20, extent=(0, 1, 0, 1))
    np.testing.assert_array_equal(ax.get_images()[0].get_array()[0], [0] * 10 + [1] * 10)  # the threshold is ½


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"n": 1}, "n must be a whole number ≥ 2, got 1"),
        ({"n": 2.5}, "n must be a whole number ≥ 2, got 2.5"),
        ({"margin": -0.1}, "margin must be ≥ 0, got -0.1"),
        ({"replica": 3}, "replica must lie in 0 … 0, got 3"),
        ({"extent": (1, 0, 0, 1)}, "extent must be"),
        ({"data": om.data.iris()}, r"draws data with 2 inputs, got x of shape \(150, 4\)"),
    ],
)
def test_errors(options, sentence):
    with pytest.raises(ValueError, match=f"^decision_map:? {sentence}"):
        decision_map(lambda x: x[:, 0] > 0, **options)


def test_errors_of_the_answers():
    with pytest.raises(
        ValueError, match=r"must give one number per point, \(16,\) or \(R, 16\), got bool of shape \(2"
    ):
        decision_map(lambda x: x[:2, 0] > 0, n=4)
    with pytest.raises(ValueError, match="classes are numbered from 0, got -1"):
        decision_map(lambda x: np.full(len(x), -1), n=4)
    with pytest.raises(ValueError, match=r"draws networks with 2 inputs, this one takes \(3,\)"):
        decision_map(om.Run(om.Network(3, om.Dense(2)), np.eye(3), [0, 1, 1]))
    with pytest.raises(ValueError, match="draws classes or one number, this network has 3 outputs"):
        decision_map(om.Run(om.Network(2, om.Dense(3)), np.eye(2), np.ones((2, 3)) / 2))
