"""Figures from histories, runs, data and formulas; they need matplotlib: ``pip install 'omomi[plots]'``.

Every function draws into the ``ax`` given, or into a new figure, and returns the axes. Nothing is shown and nothing
global is set.

>>> import omomi as om
>>> learning_curves(om.History(seeds=[0])).get_xlabel()
'epoch'
"""

from . import pages  # noqa: F401  how notebooks show things
from .comparisons import comparison_curves, comparison_intervals, comparison_tuning
from .curves import learning_curves
from .diagnosis import diagnosis
from .diagrams import Diagram, diagram
from .films import film
from .fits import fit_1d, function_approximation, predicted_against_true
from .formulas import formula
from .images import confusion_matrix, image_grid
from .landscapes import Landscape
from .maps import decision_map
from .points import scatter
from .rasters import isi_histogram, raster
from .rates import fi_curves
from .saving import save
from .sheets import sheet
from .signed import weight_blocks, weight_growth
from .spiking import network_spikes, surrogate_over_membrane
from .traces import phase_plane, voltage_trace
from .trajectories import races, trajectories, tuned, walk

__all__ = [
    "Diagram",
    "Landscape",
    "comparison_curves",
    "comparison_intervals",
    "comparison_tuning",
    "confusion_matrix",
    "decision_map",
    "diagnosis",
    "diagram",
    "fi_curves",
    "film",
    "fit_1d",
    "formula",
    "function_approximation",
    "image_grid",
    "isi_histogram",
    "learning_curves",
    "network_spikes",
    "phase_plane",
    "predicted_against_true",
    "races",
    "raster",
    "save",
    "scatter",
    "sheet",
    "surrogate_over_membrane",
    "trajectories",
    "tuned",
    "voltage_trace",
    "walk",
    "weight_blocks",
    "weight_growth",
]
