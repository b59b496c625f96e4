"""Models whose layers have penalties on what they return: evaluated, trained, and evaluated again.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python activity_regularizers.py

The models are written out below. Each has 10 samples, in batches of 4, of which the last is not full,
or of 5, where there are states: a penalty is divided by the samples of its batch.
"history" is of two epochs, unshuffled, with sample weights, which do not weigh penalties;
"before" and "after" are what evaluate says of the loss.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
import keras
import numpy as np
from keras import Sequential, layers, regularizers

rng = np.random.default_rng(11)
L1, L2, L1L2 = regularizers.L1, regularizers.L2, regularizers.L1L2
STATEFUL_BATCH = 5


def shared():
    """Called on both inputs, a layer has two penalties; two outputs, and a network inside."""
    a, b = keras.Input([3]), keras.Input([3])
    shared = layers.Dense(4, "tanh", activity_regularizer=L1L2(0.02, 0.05))
    inside = Sequential([layers.Dense(3, activity_regularizer=L2(0.1)), layers.ActivityRegularization(l1=0.1)])
    joined = layers.Add()([shared(a), shared(b)])
    return keras.Model([a, b], [layers.Dense(2)(inside(joined)), layers.Dense(1)(joined)])


def frozen():
    """What is frozen still has its penalty, which the layer before can make smaller."""
    frozen = layers.Dense(3, activity_regularizer=L2(0.5), kernel_regularizer=L2(1.0), trainable=False)
    return Sequential([keras.Input([3]), layers.Dense(4), frozen, layers.Dense(1)])


def pooled():
    """The penalty is on what the convolution returns, before the pooling."""
    convolution = layers.Conv2D(3, 2, activation="relu", activity_regularizer=L1(0.05))
    return Sequential(
        [keras.Input([5, 5, 1]), convolution, layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(1)]
    )


def sequence():
    """Layers that have others inside."""
    lstm = layers.LSTM(3, return_sequences=True, activity_regularizer=L2(0.1))
    step = Sequential([keras.Input([6]), layers.Dense(2, activity_regularizer=L1L2(0.1, 0.2))])
    return Sequential(
        [
            keras.Input([4]),
            layers.Embedding(6, 2, activity_regularizer=L2(0.3), embeddings_regularizer=L2(0)),
            layers.Bidirectional(lstm),
            layers.TimeDistributed(step),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )


def rectified():
    """What the first layer returns has two gradients: that of its penalty, and that of the layer behind."""
    first = layers.Dense(5, "relu", activity_regularizer=L2(0.3))
    second = layers.Dense(3, "relu", activity_regularizer=L1L2(0.1, 0.2))
    return Sequential([keras.Input([4]), first, second, layers.Dense(1)])


def stateful():
    """Outputs and states have the penalty; batches go on from the states of those before."""
    x = keras.Input(batch_shape=[STATEFUL_BATCH, 3, 2])
    options = {"return_sequences": True, "return_state": True, "stateful": True}
    y, h, c = layers.LSTM(4, activity_regularizer=L1L2(0.05, 0.2), **options)(x)
    return keras.Model(x, layers.Dense(1)(layers.Concatenate()([layers.Flatten()(y), h, c])))


def case(build, inputs, outputs, optimizer, batch_size=4, **arguments):
    model = build()
    # Not the states, which begin with zeros.
    model_weights = [weight for weight in model.weights if "state" not in weight.name]
    initial = [rng.uniform(-0.7, 0.7, weight.shape).astype(np.float32) for weight in model_weights]
    for weight, values in zip(model_weights, initial):
        weight.assign(values)
    y = [rng.normal(size=(10, size)).astype(np.float32) for size in outputs]
    sample_weight = rng.uniform(0, 2, 10).astype(np.float32)
    model.compile(optimizer, ["mean_squared_error"] * len(outputs), **arguments)
    x, given = (inputs, y) if len(inputs) > 1 else (inputs[0], y[0])
    evaluate = lambda: np.float32(model.evaluate(x, given, batch_size=batch_size, verbose=0, return_dict=True)["loss"])
    before = evaluate()
    weights = [sample_weight] * len(y) if len(y) > 1 else sample_weight
    history = model.fit(
        x, given, batch_size=batch_size, epochs=2, shuffle=False, verbose=0, sample_weight=weights
    ).history
    return {
        "model": build.__name__,
        "batch_size": batch_size,
        "x": inputs,
        "y": y,
        "sample_weight": sample_weight,
        "weights": initial,
        "before": before,
        "history": np.array(history["loss"], np.float32),
        "after": evaluate(),
        "weights_after": [weight.numpy() for weight in model_weights],
    }


def normal(*shape):
    return rng.normal(size=(10, *shape)).astype(np.float32)


SGD = keras.optimizers.SGD
cases = [
    case(shared, [normal(3), normal(3)], [2, 1], SGD(0.05), loss_weights=[0.5, 2.0]),
    case(frozen, [normal(3)], [1], SGD(0.05)),
    case(pooled, [normal(5, 5, 1)], [1], SGD(0.05, gradient_accumulation_steps=2)),
    case(sequence, [rng.integers(0, 6, (10, 4)).astype(np.float32)], [1], SGD(0.05)),
    case(rectified, [normal(4)], [1], SGD(0.05)),
    case(stateful, [normal(3, 2)], [1], SGD(0.05), batch_size=STATEFUL_BATCH),
]
golden.write(__file__, cases)
