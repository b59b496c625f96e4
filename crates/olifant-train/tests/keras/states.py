"""A network of stateful layers, whose states predictions and evaluations move on.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python states.py

Head: `x` and `y` of two batches of two samples, and `weights`, those that the network LSTM(3, return_sequences),
Bidirectional(GRU(2)), Dense(1), begins with.
A case: what was done, and what came of it: the prediction, or the losses. The network goes on from case to case.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
import keras
import numpy as np

rng = np.random.default_rng(12)
BATCH = 2
X = rng.normal(size=[2 * BATCH, 3, 2]).astype(np.float32)
Y = rng.normal(size=[2 * BATCH, 1]).astype(np.float32)

L = keras.layers
model = keras.Sequential(
    [
        keras.Input(batch_shape=[BATCH, 3, 2]),
        L.LSTM(3, stateful=True, return_sequences=True),
        L.Bidirectional(L.GRU(2, stateful=True)),
        L.Dense(1),
    ]
)
WEIGHTS = [(0.7 * rng.normal(size=weight.shape)).astype(np.float32) for weight in model.trainable_weights]
for weight, values in zip(model.trainable_weights, WEIGHTS):
    weight.assign(values)
model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)


def predict():
    return {"did": "predict", "prediction": model.predict(X, batch_size=BATCH, verbose=0)}


def predict_on_batch():
    return {"did": "predict_on_batch", "prediction": model.predict_on_batch(X[:BATCH])}


def evaluate():
    return {"did": "evaluate", "losses": [np.float32(model.evaluate(X, Y, batch_size=BATCH, verbose=0))]}


def fit():
    history = model.fit(X, Y, BATCH, 3, shuffle=False, validation_data=(X[::-1], Y[::-1]), verbose=0).history
    return {"did": "fit", "losses": np.float32(history["loss"]), "val_losses": np.float32(history["val_loss"])}


def reset():
    for layer in model.layers[:2]:
        layer.reset_state()
    return {"did": "reset"}


steps = [predict, predict, reset, predict, predict_on_batch, evaluate, fit, evaluate, predict, reset, evaluate, fit]
golden.write(__file__, [step() for step in steps], x=X, y=Y, weights=WEIGHTS)
