"""Thirty training steps of the 784-300-100-10 network with three optimizers.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python training_steps.py

Nothing is drawn at random, so no weight and no pixel has to be stored: all come from the formula in unit.py.

Weights. The kernel of layer l (0, 1, 2), of shape [inputs, outputs], has at row-major index i
    float32((2 * unit(l, i) - 1) * sqrt(6 / (inputs + outputs)))         computed in float64
and every bias is zero: Glorot's uniform rule.

Data. Sample s (0 .. 1919) has
    label(s)    = floor(10 * unit(3, s))
    mask(c, p)  = unit(4, 784 * c + p) < 3/16          the pixels that class c lights
    noise(s, p) = unit(5, 784 * s + p) < 1/16          the pixels that sample s flips
    x(s, p)     = unit(6, 784 * s + p) if mask(label(s), p) != noise(s, p), else 0
Step b (0 .. 29) trains on the samples 64 b .. 64 b + 63, in this order.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
import keras
import numpy as np
from unit import unit

UNITS = [784, 300, 100, 10]
STEPS, BATCH, PIXELS, CLASSES = 30, 64, 784, 10
LABELS, MASK, NOISE, SHADE = 3, 4, 5, 6


def initial_weights():
    weights = []
    for layer, (inputs, outputs) in enumerate(zip(UNITS, UNITS[1:])):
        limit = np.sqrt(6 / (inputs + outputs))
        kernel = (2 * unit(layer, np.arange(inputs * outputs)) - 1) * limit
        weights += [kernel.astype(np.float32).reshape(inputs, outputs), np.zeros(outputs, np.float32)]
    return weights


def samples():
    index = np.arange(STEPS * BATCH * PIXELS).reshape(-1, PIXELS)
    labels = np.floor(CLASSES * unit(LABELS, np.arange(STEPS * BATCH))).astype(np.int32)
    mask = unit(MASK, np.arange(CLASSES * PIXELS)).reshape(CLASSES, PIXELS) < 3 / 16
    noise = unit(NOISE, index) < 1 / 16
    x = np.where(mask[labels] != noise, unit(SHADE, index), 0).astype(np.float32)
    return x, labels


def network():
    keras.backend.clear_session()
    model = keras.Sequential(
        [
            keras.Input([UNITS[0]]),
            keras.layers.Dense(UNITS[1], activation="relu"),
            keras.layers.Dense(UNITS[2], activation="relu"),
            keras.layers.Dense(UNITS[3], activation="softmax"),
        ]
    )
    model.set_weights(initial_weights())
    return model


def sampled(tensor):
    """Sums, in float64, and up to 64 elements; the prime stride visits all rows and columns alike."""
    flat = tensor.ravel()
    indices = [k * 104729 % flat.size for k in range(min(flat.size, 64))]
    return {
        "sum": float(flat.sum(dtype=np.float64)),
        "sum_of_squares": float(np.square(flat, dtype=np.float64).sum()),
        "indices": indices,
        "values": list(flat[indices]),
    }


def train(name, optimizer):
    model = network()
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    x, labels = samples()
    steps = [
        model.train_on_batch(x[start : start + BATCH], labels[start : start + BATCH])
        for start in range(0, STEPS * BATCH, BATCH)
    ]
    return {
        "optimizer": name,
        "loss": [np.float32(loss) for loss, _ in steps],
        "accuracy": [np.float32(accuracy) for _, accuracy in steps],
        "weights": [{"path": w.path.split("/", 1)[-1], **sampled(w.numpy())} for w in model.weights],
    }


def self_check():
    x, labels = samples()
    drawn = [(0, 0), (0, 1), (2, 999), (6, 1505279)]
    return {
        "units": [[stream, i, float(unit(stream, np.array([i]))[0])] for stream, i in drawn],
        "kernels": [list(kernel.ravel()[:4]) for kernel in initial_weights()[::2]],
        "labels": labels[:16].tolist(),
        "lit_pixels": int(np.count_nonzero(x)),
        "sum_of_pixels": float(x.sum(dtype=np.float64)),
        "first_lit": [[int(i), x[0, i]] for i in np.flatnonzero(x[0])[:8]],
        "label_counts": np.bincount(labels).tolist(),
    }


cases = [
    train("SGD(0.01)", keras.optimizers.SGD(0.01)),
    train("SGD(0.01, momentum=0.9, nesterov=True)", keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True)),
    train("Adam(0.001)", keras.optimizers.Adam(0.001)),
]
golden.write(__file__, cases, self_check=self_check())
