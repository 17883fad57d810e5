"""Record where optax's optimizers go, in double, into tests/reference/optax.json.

python benchmarks/record_optax.py        (numpy, jax, optax)
"""

import json
from pathlib import Path

import jax
import numpy as np
import optax
import optax.contrib

OUT = Path(__file__).parent.parent / "tests" / "reference" / "optax.json"
STEPS, P = 50, 10
LOOKED_AT = [1, 2, 3, 5, 8, 9, 10, 20, 50]
GIVEN = (  # optimizers that go where given gradients send them
    "sgd(0.1, momentum=0.8, nesterov=True)",
    "adagrad(0.1, initial_accumulator_value=0, eps=1e-300)",
    "rmsprop(0.01, decay=0.9, eps=1e-4, eps_in_sqrt=True)",
    "rmsprop(0.01, decay=0.9, eps=1e-4, centered=True, eps_in_sqrt=True)",
    "adam(0.01, eps=0, eps_root=1e-4)",
    "adamax(2e-3)",
    "nadam(2e-3)",
    "nadam(0.01 / 0.999**0.5, 0.975, 0.999, eps=0, eps_root=1e-8 / 0.999)",
    "adabelief(1e-3)",
    "lion(1e-4, weight_decay=0.01)",
    "contrib.adopt(1e-3)",
    "lookahead(optax.sgd(0.1), 4, 0.3)",
)
DOWNHILL = (  # on a parabola; they answer with other weights than they learn at
    "contrib.schedule_free_adamw(0.05, weight_decay=0.0)",
    "contrib.schedule_free_adamw(0.05, weight_decay=0.1)",
)


def gradients(rng):
    """Of many sizes, with zeros, sometimes all of them; short numbers, for they are kept."""
    g_TP = rng.normal(size=(STEPS, P)) * 10.0 ** rng.integers(-6, 4, (STEPS, P)) * (rng.random((STEPS, P)) > 0.1)
    g_TP[:10, 3] = g_TP[7] = 0
    return np.array([[float(f"{g:.3g}") for g in g_P] for g_P in g_TP])


def walk(text, start_P, slope):
    """Where `optax.text` was after some steps down `slope(t, w)`, and where it answers in the end."""
    optimizer, w = eval(f"optax.{text}"), jax.numpy.asarray(start_P)
    two = text.startswith("lookahead")  # fast weights and slow ones
    if two:
        w = optax.LookaheadParams.init_synced(w)
    state, path = optimizer.init(w), []
    for t in range(STEPS):
        g = slope(t, w.fast if two else w)
        updates, state = optimizer.update(jax.numpy.asarray(g), state, w)
        w = optax.apply_updates(w, updates)
        path.append(np.asarray(w.fast if two else w).tolist())
    answer = optax.contrib.schedule_free_eval_params(state, w) if "schedule_free" in text else path[-1]
    return [path[t - 1] for t in LOOKED_AT], np.asarray(answer).tolist()


def main():
    start_P, a_P = np.random.default_rng(1).normal(size=P), np.linspace(0.5, 3, P)
    g_TP = gradients(np.random.default_rng(0))
    calm_TP = np.random.default_rng(4).normal(size=(STEPS, P)).round(3)
    known = {
        "meta": {
            "made_by": "benchmarks/record_optax.py",
            "with": f"optax {optax.__version__}, jax {jax.__version__}, in double",
            "paths": "weights after `steps`; yogi goes by `calm` from 0, the others by `gradients` from `start`",
            "schedule_free": "it goes down ½ a w²; then, where it answers after the last step",
        },
        "steps": LOOKED_AT,
        "start": start_P.tolist(),
        "gradients": g_TP.tolist(),
        "calm": calm_TP.tolist(),
        "a": a_P.tolist(),
        "paths": {text: walk(text, start_P, lambda t, w: g_TP[t])[0] for text in GIVEN},
        "yogi": walk("yogi(1e-2)", np.zeros(P), lambda t, w: calm_TP[t])[0],
        "schedule_free": {text: walk(text, start_P, lambda t, w: a_P * w) for text in DOWNHILL},
    }
    OUT.write_text(json.dumps(known, ensure_ascii=False) + "\n", encoding="utf8")


if __name__ == "__main__":
    with jax.enable_x64(True):
        main()
