"""Layers whose weights have penalties and limits: where ten steps lead. Run: python weight_options.py"""

import layer_cases as layers
import keras

LIMITS = {
    "max_norm": (lambda axis: {"max_norm": {"max_value": 0.5, "axis": axis}}, lambda axis: keras.constraints.MaxNorm(0.5, axis)),
    "unit_norm": (lambda axis: {"unit_norm": {"axis": axis}}, lambda axis: keras.constraints.UnitNorm(axis)),
    "non_neg": (lambda axis: "non_neg", lambda axis: keras.constraints.NonNeg()),
    "min_max_norm": (
        lambda axis: {"min_max_norm": {"min_value": 0.25, "max_value": 0.5, "rate": 0.5, "axis": axis}},
        lambda axis: keras.constraints.MinMaxNorm(0.25, 0.5, 0.5, axis),
    ),
}


def options(**weights):
    """Ours and Keras's; for each weight a limit, its axes, and the factors of a penalty."""
    ours, theirs = {}, {}
    for weight, (limit, axis, l1, l2) in weights.items():
        our_limit, their_limit = LIMITS[limit]
        ours |= {f"{weight}_constraint": our_limit(axis), f"{weight}_regularizer": {"l1": l1, "l2": l2}}
        theirs |= {
            f"{weight}_constraint": their_limit(axis),
            f"{weight}_regularizer": keras.regularizers.L1L2(l1, l2),
        }
    return ours, theirs


cases = []


def add(ours, layer, shapes, weights, **arguments):
    our_options, their_options = options(**weights)
    cases.append(layers.case(ours | our_options, layer(**their_options), shapes, **arguments))


def of_kernel_and_bias(limit, axis):
    return {"kernel": (limit, axis, 0.0, 0.125), "bias": ("non_neg", [0], 0.25, 0.0)}


K = keras.layers
add({"layer": "dense", "units": 4}, lambda **o: K.Dense(4, **o), [(3,)], of_kernel_and_bias("max_norm", [0]))
for limit in ["max_norm", "min_max_norm"]:
    add(
        {"layer": "conv2d", "filters": 3, "kernel_size": [2, 2]},
        lambda **o: K.Conv2D(3, 2, **o),
        [(4, 3, 2)],
        of_kernel_and_bias(limit, [0, 1, 2]),
    )
add(
    {"layer": "conv1d_transpose", "filters": 3, "kernel_size": [2]},
    lambda **o: K.Conv1DTranspose(3, 2, **o),
    [(4, 2)],
    of_kernel_and_bias("unit_norm", [0, 2]),
)
depthwise = {"depthwise": ("max_norm", [0, 1], 0.125, 0.0), "bias": ("max_norm", [0], 0.0, 0.25)}
add(
    {"layer": "depthwise_conv2d", "kernel_size": [2, 2]},
    lambda **o: K.DepthwiseConv2D(2, **o),
    [(4, 3, 2)],
    depthwise,
)
add(
    {"layer": "separable_conv1d", "filters": 3, "kernel_size": [2]},
    lambda **o: K.SeparableConv1D(3, 2, **o),
    [(4, 2)],
    depthwise | {"pointwise": ("non_neg", [0], 0.0, 0.5)},
)
recurrent = of_kernel_and_bias("max_norm", [0]) | {"recurrent": ("unit_norm", [1], 0.25, 0.125)}
for name, layer in [("lstm", K.LSTM), ("gru", K.GRU), ("simple_rnn", K.SimpleRNN)]:
    add({"layer": name, "units": 3}, lambda **o: layer(3, **o), [(4, 2)], recurrent)
add(
    {"layer": "embedding", "input_dim": 5, "output_dim": 3},
    lambda **o: K.Embedding(5, 3, **o),
    [(4,)],
    {"embeddings": ("max_norm", [1], 0.0, 0.125)},
    ids=5,
)
gamma_and_beta = {"gamma": ("max_norm", [0], 0.0, 0.25), "beta": ("non_neg", [0], 0.125, 0.0)}
add({"layer": "batch_normalization"}, K.BatchNormalization, [(4,)], gamma_and_beta, training=True)
add({"layer": "layer_normalization"}, K.LayerNormalization, [(3, 4)], gamma_and_beta)
add({"layer": "group_normalization", "groups": 2}, lambda **o: K.GroupNormalization(2, **o), [(3, 4)], gamma_and_beta)
add({"layer": "prelu"}, K.PReLU, [(3, 4)], {"alpha": ("min_max_norm", [-1], 0.125, 0.125)})
add(
    {"layer": "multi_head_attention", "num_heads": 2, "key_dim": 3},
    lambda **o: K.MultiHeadAttention(2, 3, **o),
    [(4, 2), (3, 2)],
    of_kernel_and_bias("max_norm", [0]),
    call=lambda layer, tensors, arguments: layer(*tensors, **arguments),
)
layers.write(__file__, cases)
