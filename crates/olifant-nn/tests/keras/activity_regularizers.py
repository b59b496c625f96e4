"""Layers with a penalty on what they return: gradients, and where ten steps lead. Run: python activity_regularizers.py"""

import layer_cases as layers
import keras

K = keras.layers
cases = []


def add(ours, layer, shapes, l1=0.0, l2=0.5, **arguments):
    """One case; `layer` makes Keras's layer from the regularizer."""
    ours = ours | {"activity_regularizer": {"l1": l1, "l2": l2}}
    theirs = layer(activity_regularizer=keras.regularizers.L1L2(l1, l2))
    if isinstance(theirs, K.SimpleRNN):
        # It takes the argument and forgets it.
        theirs.activity_regularizer = keras.regularizers.L1L2(l1, l2)
    cases.append(layers.case(ours, theirs, shapes, **arguments))


dense = {"layer": "dense", "units": 4}
add(dense, lambda **o: K.Dense(4, **o), [(3,)], l1=0.5, l2=0.0)
add(dense | {"activation": "relu"}, lambda **o: K.Dense(4, "relu", **o), [(3,)], l1=0.25)
add(dense | {"activation": "softmax"}, lambda **o: K.Dense(4, "softmax", **o), [(2, 3)])
add(
    dense | {"kernel_regularizer": {"l1": 0.0, "l2": 0.125}},
    lambda **o: K.Dense(4, kernel_regularizer=keras.regularizers.L2(0.125), **o),
    [(3,)],
)
conv = {"filters": 3, "kernel_size": [2]}
add(conv | {"layer": "conv1d"}, lambda **o: K.Conv1D(3, 2, **o), [(4, 2)], l1=0.125)
add(
    conv | {"layer": "conv2d", "kernel_size": [2, 2], "activation": "relu"},
    lambda **o: K.Conv2D(3, 2, activation="relu", **o),
    [(4, 3, 2)],
    l1=0.125,
)
add(
    conv | {"layer": "conv3d", "kernel_size": [2, 1, 2]},
    lambda **o: K.Conv3D(3, [2, 1, 2], **o),
    [(3, 2, 3, 2)],
)
add(conv | {"layer": "conv1d_transpose"}, lambda **o: K.Conv1DTranspose(3, 2, **o), [(4, 2)])
add({"layer": "depthwise_conv1d", "kernel_size": [2]}, lambda **o: K.DepthwiseConv1D(2, **o), [(4, 2)])
add(
    conv | {"layer": "separable_conv2d", "kernel_size": [2, 2]},
    lambda **o: K.SeparableConv2D(3, 2, **o),
    [(4, 3, 2)],
)
for name, layer in [("lstm", K.LSTM), ("gru", K.GRU), ("simple_rnn", K.SimpleRNN)]:
    ours = {"layer": name, "units": 3}
    add(ours, lambda **o: layer(3, **o), [(4, 2)], l1=0.25)
    # All outputs have the penalty, the states too, and those of masked time steps.
    options = {"return_sequences": True, "return_state": True}
    add(ours | options, lambda **o: layer(3, **options, **o), [(4, 2)], l1=0.25, mask=True)
add(
    {"layer": "embedding", "input_dim": 5, "output_dim": 3},
    lambda **o: K.Embedding(5, 3, **o),
    [(4,)],
    l1=0.125,
    ids=5,
)
add(
    {"layer": "multi_head_attention", "num_heads": 2, "key_dim": 3},
    lambda **o: K.MultiHeadAttention(2, 3, **o),
    [(4, 2), (3, 2)],
    l2=0.125,
    call=lambda layer, tensors, arguments: layer(*tensors, **arguments),
)


# Both directions have their own. A layer inside another is compared with all its fields.
lstm = {
    "layer": "lstm",
    "units": 3,
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "use_bias": True,
    "unit_forget_bias": True,
    "kernel_initializer": "glorot_uniform",
    "recurrent_initializer": {"orthogonal": {"gain": 1.0}},
    "bias_initializer": "zeros",
    "kernel_regularizer": None,
    "recurrent_regularizer": None,
    "bias_regularizer": None,
    "activity_regularizer": {"l1": 0.25, "l2": 0.5},
    "dropout": 0.0,
    "recurrent_dropout": 0.0,
    "return_sequences": True,
    "return_state": False,
    "go_backwards": False,
    "stateful": None,
    "zero_output_for_mask": True,
}
theirs = K.LSTM(3, return_sequences=True, activity_regularizer=keras.regularizers.L1L2(0.25, 0.5))
cases.append(
    layers.case(
        {"layer": "bidirectional", "forward_layer": lstm, "merge_mode": "sum"},
        K.Bidirectional(theirs, merge_mode="sum"),
        [(4, 2)],
    )
)
for l1, l2 in [(0.5, 0.0), (0.0, 0.25), (0.5, 0.25)]:
    ours = {"layer": "activity_regularization", "l1": l1, "l2": l2}
    cases.append(layers.case(ours, K.ActivityRegularization(l1, l2), [(2, 3)]))
layers.write(__file__, cases)
