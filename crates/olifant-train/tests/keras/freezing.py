"""A few steps of networks of which some layers are frozen.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python freezing.py

Head: `x` and `y` of one batch, and `weights`, those that the network Dense(4, relu), Dense(3, tanh), Dense(2)
begins with. Each kernel has an L2 penalty of 0.05. The loss is the mean squared error, the optimizer
SGD(0.1, momentum=0.9), with the case's further `options`.
A case: the layers that are `frozen`; `loss` of each step on the batch, and the `weights` after the last.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
import keras
import numpy as np

rng = np.random.default_rng(11)
SHAPES = [[3, 4], [4], [4, 3], [3], [3, 2], [2]]
WEIGHTS = [(0.7 * rng.normal(size=shape)).astype(np.float32) for shape in SHAPES]
X = rng.normal(size=[6, 3]).astype(np.float32)
Y = rng.normal(size=[6, 2]).astype(np.float32)
STEPS = 5


def train(frozen, **options):
    keras.backend.clear_session()
    penalty = keras.regularizers.L2(0.05)
    layers = [
        keras.layers.Dense(4, "relu", kernel_regularizer=penalty),
        keras.layers.Dense(3, "tanh", kernel_regularizer=penalty),
        keras.layers.Dense(2, kernel_regularizer=penalty),
    ]
    model = keras.Sequential([keras.Input([3]), *layers])
    model.set_weights(WEIGHTS)
    for layer in model.layers:
        layer.trainable = layer.name not in frozen
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9, **options), "mse", jit_compile=False)
    losses = [np.float32(model.train_on_batch(X, Y)) for _ in range(STEPS)]
    return {"frozen": frozen, "options": options, "loss": losses, "weights": model.get_weights()}


cases = [
    train([]),
    train(["dense"]),
    train(["dense_1"]),
    train(["dense", "dense_2"]),
    train(["dense"], global_clipnorm=0.5),
]
golden.write(__file__, cases, x=X, y=Y, weights=WEIGHTS)
