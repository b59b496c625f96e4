"""Weights of samples and of time steps, in the loss and in weighted metrics.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python weighting.py

The model is Dense(units, activation) on `x` [6, 3, 2]: six samples of three time steps, for SGD(0.5). A case holds
the `loss`, the targets `y`, the sample_weight, the metrics that count all alike and those that weigh, and
  evaluate        what evaluate returns with batches of 4
  history         what fit returns for 2 epochs with batches of 4, unshuffled, validated on the same data and weights
  weights         of the model afterwards
  train_on_batch  what it returns for the first four samples, and test_on_batch after it
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
import keras
import numpy as np

rng = np.random.default_rng(18)
X = rng.normal(size=(6, 3, 2)).astype(np.float32)
WEIGHTS = [rng.normal(size=shape).astype(np.float32) for shape in [(2, 3), (3,)]]
LABELS = rng.integers(0, 3, (6, 3)).astype(np.float32)
SAMPLES = np.array([1, 0.5, 2, 0, 1, 3], np.float32)
STEPS = np.array([[1, 1, 0], [2, 0.5, 1], [1, 0, 0], [0, 0, 0], [3, 1, 0.25], [1, 1, 1]], np.float32)
cases = []


def new_model(loss, activation, metrics, weighted_metrics):
    model = keras.Sequential([keras.Input(X.shape[1:]), keras.layers.Dense(3, activation)])
    model.set_weights(WEIGHTS)
    model.compile(keras.optimizers.SGD(0.5), loss, metrics=metrics, weighted_metrics=weighted_metrics)
    return model


def single(logs):
    return {key: np.float32(value) for key, value in logs.items()}


def case(name, loss, activation, y, sample_weight, metrics, weighted_metrics):
    arguments = loss, activation, metrics, weighted_metrics
    evaluated = new_model(*arguments).evaluate(
        X, y, 4, verbose=0, sample_weight=sample_weight, return_dict=True
    )
    model = new_model(*arguments)
    history = model.fit(
        X,
        y,
        batch_size=4,
        epochs=2,
        shuffle=False,
        verbose=0,
        sample_weight=sample_weight,
        validation_data=(X, y, sample_weight),
    ).history
    stepped = new_model(*arguments)
    batch = {"sample_weight": None if sample_weight is None else sample_weight[:4], "return_dict": True}
    head = {
        "name": name,
        "loss": loss,
        "activation": activation,
        "y": y,
        "sample_weight": sample_weight,
        "metrics": metrics,
        "weighted_metrics": weighted_metrics,
    }
    cases.append(
        head
        | {
            "evaluate": single(evaluated),
            "history": {key: [np.float32(value) for value in values] for key, values in history.items()},
            "weights": model.get_weights(),
            "train_on_batch": single(stepped.train_on_batch(X[:4], y[:4], **batch)),
            "test_on_batch": single(stepped.test_on_batch(X[:4], y[:4], **batch)),
        }
    )


SPARSE = "sparse_categorical_crossentropy", "softmax"
ONE_HOT = keras.ops.convert_to_numpy(keras.ops.one_hot(LABELS.astype(int), 3))
TARGETS = rng.normal(size=(6, 3, 3)).astype(np.float32)
case("no weights", *SPARSE, LABELS, None, ["accuracy"], ["accuracy"])
case("a weight in a column", *SPARSE, LABELS, SAMPLES[:, None], ["accuracy"], ["accuracy"])
case("a weight for each time step", *SPARSE, LABELS, STEPS, ["accuracy"], ["accuracy"])
case("names that come again", *SPARSE, LABELS, STEPS, ["accuracy", "accuracy"], ["accuracy", "accuracy"])
case("only weighted metrics", *SPARSE, LABELS, STEPS, [], ["accuracy"])
case("one-hot", "categorical_crossentropy", "softmax", ONE_HOT, STEPS, ["accuracy"], ["accuracy"])
case(
    "regression",
    "mean_squared_error",
    "tanh",
    TARGETS,
    STEPS,
    ["mean_absolute_error"],
    ["mean_absolute_error", "mean_squared_error"],
)
case("a weight of zero for all", *SPARSE, LABELS, 0 * STEPS, ["accuracy"], ["accuracy"])
golden.write(__file__, cases, x=X, weights=WEIGHTS)
