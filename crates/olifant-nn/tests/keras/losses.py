"""Values and gradients of every loss.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python losses.py

A case holds the loss's class, its options, `y_true`, `y_pred`, and what Keras makes of them:
`per_sample` (reduction "none", weights applied; a plain number for a loss over everything), `value`
(the reduction named, else the default mean) and `gradient`, of `value` with respect to `y_pred`.
With an `activation`, `y_pred` are the logits of a model whose last layer has that activation: for
cross-entropies Keras then differentiates from the logits and does not clip.
"""

import golden
import keras
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(6)
cases = []


def add(name, loss, y_true, y_pred, activation=None, sample_weight=None, reduction="sum_over_batch_size", **options):
    y_true, y_pred = np.asarray(y_true, np.float32), np.asarray(y_pred, np.float32)
    weight = None if sample_weight is None else np.asarray(sample_weight, np.float32)
    last_layer = keras.layers.Activation(activation or "linear")

    def value(reduction, prediction):
        return getattr(keras.losses, loss)(reduction=reduction, **options)(y_true, last_layer(prediction), weight)

    variable = tf.Variable(y_pred)
    with tf.GradientTape() as tape:
        reduced = value(reduction, variable)
    case = {"name": name, "loss": loss, "options": options, "y_true": y_true, "y_pred": y_pred}
    if activation:
        case["activation"] = activation
    if weight is not None:
        case |= {"sample_weight": weight, "reduction": reduction}
    case |= {
        "per_sample": value("none", tf.constant(y_pred)),
        "value": reduced,
        "gradient": tape.gradient(reduced, variable),
    }
    cases.append(case)


def normal(*shape):
    return rng.normal(size=shape)


def probabilities(*shape):
    return rng.dirichlet(np.ones(shape[-1]), size=shape[:-1])


def bits(*shape):
    return rng.integers(0, 2, size=shape)


def one_hot(classes, count):
    return np.eye(count)[classes]


# Regression.
for loss in ["MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh"]:
    add("matrix", loss, normal(4, 3), normal(4, 3))
    add("one column", loss, normal(5, 1), normal(5, 1))
    add("labels without the last axis", loss, normal(5), normal(5, 1))
    add("three axes", loss, normal(2, 3, 4), normal(2, 3, 4))
    add("equal", loss, [[1.0, -2.0]], [[1.0, -2.0]])
    add("far apart", loss, [[1e4, -3.0], [0.0, 200.0]], [[-1e4, 3.0], [1e-4, 100.0]])
    add("sample weights", loss, normal(3, 2), normal(3, 2), sample_weight=[0.5, 0.0, 2.0])
for delta in [0.5, 1.0, 2.5]:
    add("around the delta", "Huber", np.zeros((2, 4)), [[-3.0, -delta, -0.1, 0.0], [0.2, delta, 1.5, 4.0]], delta=delta)
for loss in ["MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "Poisson"]:
    add("matrix", loss, rng.uniform(0.1, 3, (4, 3)), rng.uniform(0.1, 3, (4, 3)))
    add("three axes", loss, rng.uniform(0.1, 3, (2, 2, 3)), rng.uniform(0.1, 3, (2, 2, 3)))
    add("zeros", loss, [[0.0, 1.0, 0.0]], [[0.5, 0.0, 0.0]])
add("negative labels", "MeanAbsolutePercentageError", [[-2.0, 4.0, -0.5]], [[-1.0, 5.0, 0.5]])
add("negative predictions", "MeanSquaredLogarithmicError", [[0.5, 2.0]], [[-1.0, -0.25]])
add("matrix", "CosineSimilarity", normal(4, 3), normal(4, 3))
add("three axes", "CosineSimilarity", normal(2, 3, 4), normal(2, 3, 4))
add("zero vectors", "CosineSimilarity", [[0.0, 0.0], [1.0, 2.0]], [[1.0, 2.0], [0.0, 0.0]])
add("first axis", "CosineSimilarity", normal(3, 2), normal(3, 2), axis=0)

# Reductions.
for reduction in ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"]:
    add("vector of weights", "MeanSquaredError", normal(3, 2), normal(3, 2), sample_weight=[0.5, 0.0, 2.0], reduction=reduction)
    add("column of weights", "MeanAbsoluteError", normal(3, 2), normal(3, 2), sample_weight=[[0.5], [1.0], [2.0]], reduction=reduction)
    add("weight per time step", "MeanSquaredError", normal(2, 3, 2), normal(2, 3, 2), sample_weight=[[1, 0, 2], [0.5, 1, 3]], reduction=reduction)
    add("integer labels", "SparseCategoricalCrossentropy", [2, 0, 1], probabilities(3, 4), sample_weight=[0.5, 1.0, 3.0], reduction=reduction)

# Margins.
for loss in ["Hinge", "SquaredHinge"]:
    add("labels 0 and 1", loss, bits(4, 3), normal(4, 3))
    add("labels -1 and 1", loss, 2 * bits(4, 3) - 1, normal(4, 3))
    add("labels of both kinds", loss, [[0.0, 1.0, -1.0]], [[0.5, -0.5, 0.25]])
    add("on the margin", loss, [[1.0, -1.0]], [[1.0, -1.0]])
add("matrix", "CategoricalHinge", one_hot([0, 2, 1, 1], 3), normal(4, 3))
add("tied classes", "CategoricalHinge", one_hot([1], 3), [[0.5, 0.25, 0.5]])

# Two classes.
for loss in ["BinaryCrossentropy", "BinaryFocalCrossentropy"]:
    add("probabilities", loss, bits(5, 1), rng.uniform(size=(5, 1)))
    add("several outputs", loss, bits(3, 4), rng.uniform(size=(3, 4)))
    add("three axes", loss, bits(2, 2, 3), rng.uniform(size=(2, 2, 3)))
    add("labels without the last axis", loss, bits(5), rng.uniform(size=(5, 1)))
    add("exact probabilities", loss, [[0, 0, 1, 1]], [[0.0, 1.0, 0.0, 1.0]])
    add("nearly exact probabilities", loss, [[0, 0, 1, 1]], [[1e-8, 1 - 6e-8, 1e-6, 0.999999]])
    add("soft labels", loss, rng.uniform(size=(3, 2)), rng.uniform(size=(3, 2)))
    add("label smoothing", loss, bits(4, 2), rng.uniform(size=(4, 2)), label_smoothing=0.2)
    add("logits", loss, bits(3, 4), 3 * normal(3, 4), from_logits=True)
    add("large logits", loss, [[0, 1, 0, 1]], [[100.0, -100.0, -30.0, 30.0]], from_logits=True)
    add("smoothed logits", loss, bits(3, 2), normal(3, 2), from_logits=True, label_smoothing=0.1)
    add("sample weights", loss, bits(3, 1), rng.uniform(size=(3, 1)), sample_weight=[2.0, 0.0, 0.5])
    add("model ending in sigmoid", loss, bits(4, 1), 3 * normal(4, 1), activation="sigmoid")
    add("saturated sigmoid", loss, [[0], [1], [0], [1]], [[40.0], [-40.0], [-40.0], [40.0]], activation="sigmoid")
add("smoothed sigmoid", "BinaryCrossentropy", bits(4, 1), normal(4, 1), activation="sigmoid", label_smoothing=0.2)
add("class balancing", "BinaryFocalCrossentropy", bits(4, 2), rng.uniform(size=(4, 2)), apply_class_balancing=True)
add("alpha and gamma", "BinaryFocalCrossentropy", bits(4, 2), rng.uniform(size=(4, 2)), apply_class_balancing=True, alpha=0.4, gamma=3.0)
add("gamma zero", "BinaryFocalCrossentropy", bits(4, 2), rng.uniform(size=(4, 2)), gamma=0.0)

# Several classes.
for loss in ["CategoricalCrossentropy", "CategoricalFocalCrossentropy"]:
    add("probabilities", loss, one_hot([0, 2, 1, 3], 4), probabilities(4, 4))
    add("three axes", loss, one_hot([[0, 2], [1, 1]], 3), probabilities(2, 2, 3))
    add("rows that do not sum to one", loss, one_hot([1, 0], 3), [[0.2, 0.4, 0.1], [2.0, 1.0, 1.0]])
    add("exact probabilities", loss, one_hot([0, 1], 3), [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    add("nearly exact probabilities", loss, one_hot([0, 1], 2), [[1 - 6e-8, 1e-8], [0.999999, 1e-6]])
    add("soft labels", loss, probabilities(3, 4), probabilities(3, 4))
    add("label smoothing", loss, one_hot([0, 2, 1], 3), probabilities(3, 3), label_smoothing=0.1)
    add("logits", loss, one_hot([0, 2, 1], 4), 3 * normal(3, 4), from_logits=True)
    add("large logits", loss, one_hot([0, 1], 3), [[-60.0, 30.0, 40.0], [-100.0, 100.0, 0.0]], from_logits=True)
    add("smoothed logits", loss, one_hot([0, 2, 1], 3), normal(3, 3), from_logits=True, label_smoothing=0.3)
    add("sample weights", loss, one_hot([0, 2, 1], 3), probabilities(3, 3), sample_weight=[2.0, 0.0, 0.5])
    add("model ending in softmax", loss, one_hot([0, 2, 1], 4), 3 * normal(3, 4), activation="softmax")
    add("saturated softmax", loss, one_hot([0, 1], 3), [[-60.0, 30.0, 40.0], [-100.0, 100.0, 0.0]], activation="softmax")
add("smoothed softmax", "CategoricalCrossentropy", one_hot([0, 2, 1], 4), normal(3, 4), activation="softmax", label_smoothing=0.1)
add("alpha and gamma", "CategoricalFocalCrossentropy", one_hot([0, 2, 1], 3), probabilities(3, 3), alpha=0.6, gamma=1.5)

sparse = "SparseCategoricalCrossentropy"
add("probabilities", sparse, [0, 2, 1, 3], probabilities(4, 4))
add("column of labels", sparse, [[0], [2], [1]], probabilities(3, 3))
add("three axes", sparse, [[0, 2], [1, 1]], probabilities(2, 2, 3))
add("rows that do not sum to one", sparse, [1, 0], [[0.2, 0.4, 0.1], [2.0, 1.0, 1.0]])
add("exact probabilities", sparse, [0, 1], [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
add("nearly exact probabilities", sparse, [0, 1], [[1 - 6e-8, 1e-8], [0.999999, 1e-6]])
add("logits", sparse, [0, 2, 1], 3 * normal(3, 4), from_logits=True)
add("large logits", sparse, [0, 1], [[-60.0, 30.0, 40.0], [-100.0, 100.0, 0.0]], from_logits=True)
add("ignored class", sparse, [0, 2, -1], probabilities(3, 3), ignore_class=-1)
add("model ending in softmax", sparse, [0, 2, 1], 3 * normal(3, 4), activation="softmax")
add("saturated softmax", sparse, [0, 1], [[-60.0, 30.0, 40.0], [-100.0, 100.0, 0.0]], activation="softmax")
add("softmax over three axes", sparse, [[0, 2], [1, 1]], normal(2, 2, 3), activation="softmax")
add("weighted softmax", sparse, [0, 2, 1], normal(3, 4), activation="softmax", sample_weight=[2.0, 0.0, 0.5])

# Distributions and overlaps.
add("distributions", "KLDivergence", probabilities(3, 4), probabilities(3, 4))
add("three axes", "KLDivergence", probabilities(2, 2, 3), probabilities(2, 2, 3))
add("exact probabilities", "KLDivergence", [[0.0, 1.0], [0.5, 0.5]], [[1.0, 0.0], [0.0, 1.0]])
for loss in ["Dice", "Tversky"]:
    add("masks", loss, bits(2, 3, 3, 1), rng.uniform(size=(2, 3, 3, 1)))
    add("one value per sample", loss, bits(2, 3, 3, 1), rng.uniform(size=(2, 3, 3, 1)), axis=[1, 2, 3])
add("alpha and beta", "Tversky", bits(2, 3, 3, 1), rng.uniform(size=(2, 3, 3, 1)), alpha=0.3, beta=0.7)


# Sequences, from a generator of their own. The targets are padded with 0, which is the blank.
rng = np.random.default_rng(16)
add("several lengths", "CTC", [[1, 2, 3], [2, 2, 0], [3, 0, 0], [0, 0, 0]], 2 * normal(4, 6, 4))
add("no time to spare", "CTC", [[1, 2, 1], [1, 1, 0]], normal(2, 3, 3))
add("large logits", "CTC", [[1, 2], [2, 1]], 40 * normal(2, 5, 3))
add("sample weights", "CTC", [[1, 2], [2, 0]], normal(2, 4, 3), sample_weight=[0.5, 2.0])
add("a single time step", "CTC", [[1], [0]], normal(2, 1, 2))
add("probabilities", "CategoricalGeneralizedCrossEntropy", [0, 2, 1], probabilities(3, 4))
add("three axes", "CategoricalGeneralizedCrossEntropy", [[0, 2], [1, 1]], probabilities(2, 2, 3), q=0.8)
add("sample weights", "CategoricalGeneralizedCrossEntropy", [0, 2], probabilities(2, 3), sample_weight=[0.5, 2.0], q=0.2)

# Pairs within a batch, from a generator of their own: vectors of length 1.
rng = np.random.default_rng(28)


def directions(*shape):
    x = rng.normal(size=shape)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


add("pairs", "Circle", [0, 1, 0, 2, 1, 2], directions(6, 4))
add("a column of labels", "Circle", [[0], [1], [0], [1]], directions(4, 3))
add("gamma and margin", "Circle", [0, 1, 0, 2, 1, 2], directions(6, 4), gamma=5.0, margin=0.25)
add("with the diagonal", "Circle", [0, 1, 0, 2], directions(4, 4), gamma=10.0, remove_diagonal=False)
add("one of its kind", "Circle", [0, 1, 0, 2], directions(4, 4), gamma=10.0)
add("opposite vectors", "Circle", [0, 1, 1], [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], gamma=2.0)
add("sample weights", "Circle", [0, 1, 0, 1], directions(4, 3), gamma=4.0, sample_weight=[0.5, 1.0, 0.0, 2.0])

golden.write(__file__, cases)
