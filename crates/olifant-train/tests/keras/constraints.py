"""Ten steps of networks whose weights have constraints.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python constraints.py

Head: `x` and `y` of one batch, and `weights`, those that the network Dense(4, relu), Dense(2) begins with.
The kernels and biases of both layers have the constraints that the case names; the loss is the mean squared
error, the optimizer SGD(0.1, momentum=0.9), with the case's further `options`.
A case: `kernel`, `bias` (class and options), `options`; the `weights` after each step, and at the end of
training, when averages have become the weights.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
import keras
import numpy as np

rng = np.random.default_rng(12)
SHAPES = [[3, 4], [4], [4, 2], [2]]
WEIGHTS = [(0.7 * rng.normal(size=shape)).astype(np.float32) for shape in SHAPES]
X = rng.normal(size=[6, 3]).astype(np.float32)
Y = rng.normal(size=[6, 2]).astype(np.float32)
STEPS = 10


def constraint(name, **options):
    return getattr(keras.constraints, name)(**options)


def train(kernel, bias, **options):
    keras.backend.clear_session()
    limits = {"kernel_constraint": constraint(**kernel), "bias_constraint": constraint(**bias)}
    layers = [keras.layers.Dense(4, "relu", **limits), keras.layers.Dense(2, **limits)]
    model = keras.Sequential([keras.Input([3]), *layers])
    model.set_weights(WEIGHTS)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9, **options), "mse", jit_compile=False)
    after = []
    for _ in range(STEPS):
        model.train_on_batch(X, Y)
        after.append(model.get_weights())
    model.optimizer.finalize_variable_values(model.trainable_variables)
    return {"kernel": kernel, "bias": bias, "options": options, "after": after, "end": model.get_weights()}


NON_NEG = {"name": "NonNeg"}
MAX_NORM = {"name": "MaxNorm", "max_value": 0.7, "axis": 0}
DRAWN = {"name": "MinMaxNorm", "min_value": 0.3, "max_value": 0.5, "rate": 0.4, "axis": 0}
cases = [
    train(NON_NEG, MAX_NORM),
    train(MAX_NORM, NON_NEG),
    train({"name": "UnitNorm", "axis": 1}, NON_NEG),
    train(DRAWN, DRAWN),
    train(DRAWN, NON_NEG, gradient_accumulation_steps=3),
    train(MAX_NORM, NON_NEG, use_ema=True, ema_momentum=0.8),
    train(MAX_NORM, DRAWN, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=3, weight_decay=0.1),
]
golden.write(__file__, cases, x=X, y=Y, weights=WEIGHTS)
