"""How an error travels back, and what the weights get from it."""

from .rule import Pass, Rule
from .backprop import Backprop
from .feedback_alignment import FeedbackAlignment
from .direct_feedback_alignment import DirectFeedbackAlignment
from .eprop import EProp
from .sign_symmetry import BatchwiseRandomSignFeedback, FixedRandomSignFeedback, UniformSignFeedback
from .kolen_pollack import KolenPollack
from .weight_mirror import WeightMirror
from .target_projection import DirectRandomTargetProjection
from .error_diffusion import (
    ArticleErrorDiffusion, DualStream, ErrorDiffusion, FujitaErrorDiffusion, KanekoErrorDiffusion,
)  # fmt: skip
from .hebbian import Hebb, Oja
from .forward_forward import ForwardForward
from .predictive_coding import PredictiveCoding
from .perturbation import NodePerturbation, WeightPerturbation

__all__ = [
    "ArticleErrorDiffusion", "Backprop", "BatchwiseRandomSignFeedback", "DirectFeedbackAlignment",
    "DirectRandomTargetProjection", "DualStream", "EProp", "ErrorDiffusion", "FeedbackAlignment",
    "FixedRandomSignFeedback", "ForwardForward", "FujitaErrorDiffusion", "Hebb", "KanekoErrorDiffusion", "KolenPollack",
    "NodePerturbation", "Oja", "Pass", "PredictiveCoding", "Rule", "UniformSignFeedback", "WeightMirror",
    "WeightPerturbation",
]  # fmt: skip
