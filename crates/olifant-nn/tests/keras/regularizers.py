"""Penalties of the regularizers and their gradients.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python regularizers.py

A case holds the regularizer's class, its options, the tensor `x`, the `penalty` and its `gradient`.
"""

import golden
import keras
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(8)


def penalize(regularizer, x, **options):
    variable = tf.Variable(np.asarray(x, np.float32))
    with tf.GradientTape() as tape:
        penalty = getattr(keras.regularizers, regularizer)(**options)(variable)
    return {
        "regularizer": regularizer,
        "options": options,
        "x": variable,
        "penalty": penalty,
        "gradient": tape.gradient(penalty, variable, unconnected_gradients="zero"),
    }


cases = []
for x in [rng.normal(size=(3, 4)), rng.normal(size=(2, 3, 2)), [0.0, -0.0, 1.0, -2.0]]:
    cases += [
        penalize("L1", x),
        penalize("L1", x, l1=0.3),
        penalize("L2", x),
        penalize("L2", x, l2=0.3),
        penalize("L1L2", x),
        penalize("L1L2", x, l1=0.1, l2=0.2),
    ]
cases += [
    penalize("OrthogonalRegularizer", rng.normal(size=(3, 4))),
    penalize("OrthogonalRegularizer", rng.normal(size=(3, 4)), factor=0.1, mode="columns"),
]
golden.write(__file__, cases)
