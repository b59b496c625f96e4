"""Values and gradients of every activation.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python activations.py

A case holds the activation's function, its options, `x`, `y` and `gradient`, of sum(upstream * y)
with respect to `x`. `upstream` is all ones where it is absent. Elementwise activations see the
shared `x` at the head of the file.

Where Keras is wrong:
  sparsemax   this version sums the thresholds of all supports, so that outputs do not add up to one
              unless a single one is positive; the values here come from the definition instead
  celu        at zero it counts both sides of a tie: gradient 2 where 1 is meant
"""

import golden
import keras
import numpy as np
import tensorflow as tf

GRID = np.arange(-8, 8.01, 0.25)
SPECIAL = [-0.0, 1e-8, -1e-8, 1e-4, -1e-4, 12.5, -12.5, 20, -20, 30, -30, 88, -88, 100, -100]
X = np.concatenate([GRID, SPECIAL]).astype(np.float32)
ELEMENTWISE = [
    ("celu", {}), ("celu", {"alpha": 0.5}),
    ("elu", {}), ("elu", {"alpha": 0.5}),
    ("exponential", {}),
    ("gelu", {}), ("gelu", {"approximate": True}),
    ("hard_shrink", {}), ("hard_shrink", {"threshold": 1.5}),
    ("hard_sigmoid", {}),
    ("hard_silu", {}),
    ("hard_tanh", {}),
    ("leaky_relu", {}), ("leaky_relu", {"negative_slope": 0.3}),
    ("linear", {}),
    ("log_sigmoid", {}),
    ("mish", {}),
    ("relu", {}), ("relu", {"negative_slope": 0.1}), ("relu", {"max_value": 4.0}), ("relu", {"threshold": 1.0}),
    ("relu", {"negative_slope": 0.1, "max_value": 4.0, "threshold": 1.0}),
    ("relu6", {}),
    ("selu", {}),
    ("sigmoid", {}),
    ("silu", {}),
    ("soft_shrink", {}), ("soft_shrink", {"threshold": 1.5}),
    ("softplus", {}),
    ("softsign", {}),
    ("sparse_plus", {}),
    ("sparse_sigmoid", {}),
    ("squareplus", {}), ("squareplus", {"b": 1.0}),
    ("tanh", {}),
    ("tanh_shrink", {}),
    ("threshold", {"threshold": 1.0, "default_value": 0.5}),
]  # fmt: skip


def sparsemax(x, axis=-1):
    """The point of the probability simplex nearest to `x`."""
    descending = tf.sort(x, axis=axis, direction="DESCENDING")
    size = x.shape[axis]
    rank = tf.reshape(tf.range(1.0, size + 1), [-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])
    support = tf.cast(1 + rank * descending > tf.cumsum(descending, axis=axis), tf.float32)
    count = tf.reduce_sum(support, axis=axis, keepdims=True)
    threshold = (tf.reduce_sum(support * descending, axis=axis, keepdims=True) - 1) / count
    return tf.nn.relu(x - threshold)


def differentiate(function, x, upstream, **options):
    activation = sparsemax if function == "sparsemax" else getattr(keras.activations, function)
    variable = tf.Variable(x)
    with tf.GradientTape() as tape:
        y = activation(tf.convert_to_tensor(variable), **options)
    gradient = tape.gradient(y, variable, output_gradients=tf.constant(upstream))
    return {"y": y, "gradient": gradient}


def along_axis(name, function, x, y_shape=None, **options):
    upstream = rng.normal(size=y_shape or x.shape).astype(np.float32)
    result = differentiate(function, x, upstream, **options)
    return {"activation": function, "name": name, "options": options, "x": x, "upstream": upstream, **result}


rng = np.random.default_rng(9)
cases = [
    {"activation": function, "options": options, **differentiate(function, X, np.ones_like(X), **options)}
    for function, options in ELEMENTWISE
]
for function in ["softmax", "log_softmax", "sparsemax"]:
    matrix = 2 * rng.normal(size=(3, 5)).astype(np.float32)
    cube = rng.normal(size=(2, 3, 4)).astype(np.float32)
    extreme = np.array([[100, 0, -100], [1000, 1000, 0], [-1000, -1001, -1e4], [0, 0, 0]], np.float32)
    cases += [
        along_axis("matrix", function, matrix),
        along_axis("three axes", function, cube),
        along_axis("middle axis", function, cube, axis=1),
        along_axis("extreme", function, extreme),
        along_axis("one column", function, matrix[:, :1]),
    ]
pairs = 2 * rng.normal(size=(3, 6)).astype(np.float32)
cases += [
    along_axis("matrix", "glu", pairs, (3, 3)),
    along_axis("three axes", "glu", rng.normal(size=(2, 3, 4)).astype(np.float32), (2, 3, 2)),
    along_axis("middle axis", "glu", rng.normal(size=(2, 4, 3)).astype(np.float32), (2, 2, 3), axis=1),
]
golden.write(__file__, cases, x=X)
