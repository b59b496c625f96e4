"""A model with two inputs, a layer that both share, and two outputs: what its logs say.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python several_outputs.py

The model, for SGD(0.01):
  a [3], b [3] -> Dense(4, tanh) "shared", called on both -> Add -> "class": Dense(3, softmax), "size": Dense(1)
Its losses are sparse categorical cross-entropy and mean squared error, with loss_weights [0.5, 2]; its metrics
accuracy for "class", mean absolute error for "size", and the latter once more among the weighted metrics.
"history" is of two epochs in batches of 3, unshuffled, with sample_weight, validated on the same data without.
All batches are full: of a last one that is not, Keras on TensorFlow counts the loss of each output as if it were.
"evaluate" is of the initial model, "predict" too. The order of the logs is Keras's.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(5)
A, B = rng.normal(size=(2, 6, 3)).astype(np.float32)
CLASSES = rng.integers(0, 3, 6).astype(np.float32)
SIZES = rng.normal(size=6).astype(np.float32)
SAMPLE_WEIGHT = np.array([1, 0.5, 2, 0, 1, 3], np.float32)
SHAPES = [(3, 4), (4,), (4, 3), (3,), (4, 1), (1,)]
WEIGHTS = [rng.normal(size=shape).astype(np.float32) for shape in SHAPES]


def new_model():
    a, b = keras.Input([3], name="a"), keras.Input([3], name="b")
    shared = layers.Dense(4, "tanh", name="shared")
    joined = layers.Add()([shared(a), shared(b)])
    outputs = [layers.Dense(3, "softmax", name="class")(joined), layers.Dense(1, name="size")(joined)]
    model = keras.Model([a, b], outputs)
    model.set_weights(WEIGHTS)
    model.compile(
        keras.optimizers.SGD(0.01),
        ["sparse_categorical_crossentropy", "mean_squared_error"],
        loss_weights=[0.5, 2],
        metrics=[["accuracy"], ["mean_absolute_error"]],
        weighted_metrics=[[], ["mean_absolute_error"]],
    )
    return model


def single(logs):
    return {key: np.float32(value) for key, value in logs.items()}


data = ([A, B], [CLASSES, SIZES])
evaluated = new_model().evaluate(*data, batch_size=3, verbose=0, return_dict=True)
model = new_model()
history = model.fit(
    *data,
    batch_size=3,
    epochs=2,
    shuffle=False,
    verbose=0,
    sample_weight=SAMPLE_WEIGHT,
    validation_data=data,
).history
case = {
    "evaluate": single(evaluated),
    "history": {key: np.array(values, np.float32) for key, values in history.items()},
    "weights_after": model.get_weights(),
    "predict": new_model().predict([A, B], verbose=0),
}
head = {"a": A, "b": B, "classes": CLASSES, "sizes": SIZES, "sample_weight": SAMPLE_WEIGHT, "weights": WEIGHTS}
golden.write(__file__, [case], **head)
