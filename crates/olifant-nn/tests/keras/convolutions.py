"""Convolutions over one to three axes. Run: python convolutions.py"""

import layer_cases as layers
import keras


def conv(axes, filters, kernel_size, shape, **options):
    """Our description has a number for each axis; Keras is given the options as they are."""
    each = {"kernel_size": kernel_size, **options}
    ours = {key: [value] * axes if isinstance(value, int) and key in PER_AXIS else value for key, value in each.items()}
    name = ["Conv1D", "Conv2D", "Conv3D"][axes - 1]
    layer = getattr(keras.layers, name)(filters, **each)
    return layers.case({"layer": name.lower(), "filters": filters, **ours}, layer, [shape])


PER_AXIS = ["kernel_size", "strides", "dilation_rate"]

cases = [
    conv(1, 4, 3, (7, 2)),
    conv(1, 4, 3, (8, 2), strides=2, padding="same"),
    conv(1, 4, 3, (7, 2), padding="causal", dilation_rate=2),
    conv(1, 4, 2, (6, 3), padding="causal", strides=2, activation="tanh"),
    conv(1, 6, 2, (6, 4), groups=2, use_bias=False),
    conv(2, 4, 3, (7, 6, 3)),
    conv(2, 4, [3, 2], (7, 6, 1), activation="relu"),
    conv(2, 4, [2, 3], (6, 7, 2), padding="same", activation="relu"),
    conv(2, 4, 3, (8, 7, 2), strides=2, padding="same"),
    conv(2, 4, 3, (7, 8, 2), strides=[2, 3]),
    conv(2, 4, [4, 2], (8, 7, 2), strides=[1, 3], padding="same"),
    conv(2, 4, 2, (6, 7, 2), dilation_rate=2),
    conv(2, 4, 3, (6, 7, 2), dilation_rate=[1, 2], padding="same", activation="sigmoid"),
    conv(2, 6, 3, (6, 5, 4), groups=2, padding="same", activation="relu"),
    conv(2, 4, 2, (5, 5, 4), groups=4, strides=2, use_bias=False),
    conv(2, 20, 1, (4, 3, 18), activation="softmax"),
    conv(2, 17, 3, (6, 6, 16), use_bias=False),
    conv(3, 3, 2, (4, 5, 3, 2)),
    conv(3, 3, [1, 2, 3], (3, 4, 5, 2), padding="same", activation="relu"),
    conv(3, 4, [2, 1, 2], (4, 4, 5, 2), strides=[2, 1, 2], groups=2, padding="same"),
    conv(3, 3, 2, (4, 3, 4, 1), dilation_rate=[1, 2, 1]),
]
layers.write(__file__, cases)
