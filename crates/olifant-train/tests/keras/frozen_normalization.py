"""A batch normalization without gamma and beta, which is trained, frozen, and trained again.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python frozen_normalization.py

Head: `x` and `y` of one batch, and `weights`, those that the model begins with: Dense(4),
BatchNormalization(momentum=0.5, center=False, scale=False), Dense(1). The loss is the mean squared error, the optimizer SGD(0.1).
The cases follow one another: whether the normalization is `trainable`, `loss` of each step, `evaluate` after the last, and the `weights` then.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
import keras
import numpy as np

rng = np.random.default_rng(17)
X = rng.normal(2.0, 3.0, [6, 3]).astype(np.float32)
Y = rng.normal(size=[6, 1]).astype(np.float32)

normalization = keras.layers.BatchNormalization(momentum=0.5, center=False, scale=False)
model = keras.Sequential([keras.Input([3]), keras.layers.Dense(4), normalization, keras.layers.Dense(1)])
draw = lambda weights: [(0.7 * rng.normal(size=weight.shape)).astype(np.float32) for weight in weights]
AVERAGES = [np.full(4, 0.5, np.float32), np.full(4, 2.0, np.float32)]
model.set_weights(draw(model.weights[:2]) + AVERAGES + draw(model.weights[4:]))
WEIGHTS = model.get_weights()


def train(trainable):
    normalization.trainable = trainable
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
    losses = [np.float32(model.train_on_batch(X, Y)) for _ in range(3)]
    evaluated = np.float32(model.test_on_batch(X, Y))
    return {"trainable": trainable, "loss": losses, "evaluate": evaluated, "weights": model.get_weights()}


golden.write(__file__, [train(trainable) for trainable in [True, False, True]], x=X, y=Y, weights=WEIGHTS)
