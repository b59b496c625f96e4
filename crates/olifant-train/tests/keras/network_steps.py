"""Thirty training steps of five small networks for images and sequences.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python network_steps.py

Nothing is drawn at random, so nothing has to be stored: all comes from the formula in unit.py.

Weights. Biases, and all of one axis, keep Keras's initial values. Of the others the l-th (0, 1, ...), all axes but the last
taken as rows, has at row-major index i
    float32((2 * unit(10 + l, i) - 1) * sqrt(6 / (rows + columns)))      computed in float64

Data. Sample s (0 .. 479) has label(s) = floor(10 * unit(3, s)), and
  numbers of 12 steps with 12 features (an image of 12 x 12 pixels): at p of 0 .. 143
    lit(c, p) = unit(4, 144 * c + p) < 1/4
    x(s, p)   = float32(unit(6, 144 * s + p) - 1/2 + lit(label(s), p))
  ids of 12 steps, of 40: at t of 0 .. 11
    length(s) = 4 + floor(9 * unit(7, s)), behind which all ids are 0
    id(s, t)  = 1 + 3 * label(s) + floor(3 * unit(5, 12 * s + t)) if unit(4, 12 * s + t) < 1/2,
                else 1 + floor(39 * unit(6, 12 * s + t))
Step b (0 .. 29) trains on the samples 16 b .. 16 b + 15, in this order.

Embeddings have a regularizer of strength 0, which changes nothing but the form of their gradient. Without it, TensorFlow
hands Keras's optimizers one gradient for each id of the batch instead of one for each row; Adam squares them before those
of the same row are added, and so computes another step than Keras on JAX does, or than its paper says.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
import keras
import numpy as np
from keras import layers
from unit import unit

STEPS, BATCH, CLASSES, TIME, FEATURES, IDS = 30, 16, 10, 12, 12, 40
SAMPLES, NUMBERS = STEPS * BATCH, TIME * FEATURES
LABELS = np.floor(CLASSES * unit(3, np.arange(SAMPLES))).astype(np.int32)


def numbers():
    lit = unit(4, np.arange(CLASSES * NUMBERS)).reshape(CLASSES, NUMBERS) < 1 / 4
    x = unit(6, np.arange(SAMPLES * NUMBERS)).reshape(SAMPLES, NUMBERS) - 1 / 2 + lit[LABELS]
    return x.astype(np.float32).reshape(SAMPLES, TIME, FEATURES)


def ids():
    index = np.arange(SAMPLES * TIME).reshape(SAMPLES, TIME)
    of_class = 1 + 3 * LABELS[:, None] + np.floor(3 * unit(5, index))
    of_all = 1 + np.floor(39 * unit(6, index))
    length = 4 + np.floor(9 * unit(7, np.arange(SAMPLES)))
    x = np.where(unit(4, index) < 1 / 2, of_class, of_all)
    return np.where(np.arange(TIME) < length[:, None], x, 0).astype(np.int32)


def convolutional():
    return [
        keras.Input([TIME, FEATURES]),
        layers.Reshape([TIME, FEATURES, 1]),
        layers.Conv2D(8, 3, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 3),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.GlobalAveragePooling2D(),
        layers.Dense(CLASSES, activation="softmax"),
    ]


def recurrent(layer):
    return [keras.Input([TIME, FEATURES]), layer, layers.Dense(CLASSES, activation="softmax")]


def embedding():
    return layers.Embedding(IDS, 16, mask_zero=True, embeddings_regularizer=keras.regularizers.L2(0))


def embedded():
    return [
        keras.Input([TIME]),
        embedding(),
        layers.LayerNormalization(),
        layers.GlobalAveragePooling1D(),
        layers.Dense(CLASSES, activation="softmax"),
    ]


def transformer():
    x = inputs = keras.Input([TIME])
    x = embedding()(x)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(4, 4)(x, x))
    y = layers.Dense(16)(layers.Dense(32, activation="gelu")(x))
    x = layers.LayerNormalization()(x + y)
    outputs = layers.Dense(CLASSES, activation="softmax")(layers.GlobalAveragePooling1D()(x))
    return keras.Model(inputs, outputs)


def initialize(model):
    number = 0
    for weight in model.weights:
        if len(weight.shape) == 1 or weight.name == "bias":
            continue
        rows, columns = int(np.prod(weight.shape[:-1])), weight.shape[-1]
        values = (2 * unit(10 + number, np.arange(rows * columns)) - 1) * np.sqrt(6 / (rows + columns))
        weight.assign(values.astype(np.float32).reshape(weight.shape))
        number += 1


def train(name, network, x, optimizer):
    model = network if isinstance(network, keras.Model) else keras.Sequential(network)
    initialize(model)
    model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=False)
    losses = [
        model.train_on_batch(x[start : start + BATCH], LABELS[start : start + BATCH])
        for start in range(0, SAMPLES, BATCH)
    ]
    sums = [{"name": w.path, "sum": float(w.numpy().sum(dtype=np.float64))} for w in model.weights]
    return {"network": name, "loss": [np.float32(loss) for loss in losses], "weights": sums}


cases = [
    train("convolutional", convolutional(), numbers(), keras.optimizers.SGD(0.1, momentum=0.9)),
    train("lstm", recurrent(layers.LSTM(24)), numbers(), keras.optimizers.Adam(0.01)),
    train("gru", recurrent(layers.GRU(24)), numbers(), keras.optimizers.RMSprop(0.01)),
    train("embedded", embedded(), ids(), keras.optimizers.Adam(0.03)),
    train("transformer", transformer(), ids(), keras.optimizers.AdamW(0.01)),
]
golden.write(__file__, cases)
