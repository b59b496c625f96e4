"""How well the 784-300-100-10 network learns real MNIST with Keras: a band that Olifant should hit.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python mnist_accuracy.py
Reads the four IDX files from $OLIFANT_DATASETS/mnist.

The first 10,000 training images, scaled to [0, 1]; validation_split 0.2, batches of 64, SGD(0.01),
12 epochs, shuffled, Glorot's uniform weights. A case holds the `seed` (keras.utils.set_random_seed)
and, per epoch, `loss`, `accuracy`, `val_loss`, `val_accuracy`. The head has the mean and the
standard deviation of the last epoch over the seeds.
"""

import gzip
import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
import keras
import numpy as np

SAMPLES, SEEDS = 10_000, [1, 2, 3, 4, 5]
KEYS = ["loss", "accuracy", "val_loss", "val_accuracy"]


def idx(name, header):
    path = Path(os.environ["OLIFANT_DATASETS"]) / "mnist" / name
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header)


def train(seed, x, y):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input([28, 28]),
            keras.layers.Flatten(),
            keras.layers.Dense(300, activation="relu"),
            keras.layers.Dense(100, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=12, batch_size=64, validation_split=0.2, verbose=0).history
    return {"seed": seed, **{key: [np.float32(value) for value in history[key]] for key in KEYS}}


x = idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)[:SAMPLES] / np.float32(255)
y = idx("train-labels-idx1-ubyte.gz", 8)[:SAMPLES]
cases = [train(seed, x, y) for seed in SEEDS]
last = {key: np.array([case[key][-1] for case in cases], np.float64) for key in KEYS}
head = {f"final_{key}": {"mean": float(values.mean()), "stddev": float(values.std(ddof=1))} for key, values in last.items()}
golden.write(__file__, cases, **head)
