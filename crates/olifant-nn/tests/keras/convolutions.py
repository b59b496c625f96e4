"""Convolutions over one to three axes. Run: python convolutions.py"""

import re

import layer_cases as layers
import keras


PER_AXIS = ["kernel_size", "strides", "dilation_rate", "output_padding"]


def case(name, shape, **options):
    """Our description has a number for each axis; Keras is given the options as they are."""
    axes = len(shape) - 1
    ours = {key: [value] * axes if isinstance(value, int) and key in PER_AXIS else value for key, value in options.items()}
    layer = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=D)(?=T)", "_", name).lower()
    return layers.case({"layer": layer, **ours}, getattr(keras.layers, name)(**options), [shape])


def conv(axes, filters, kernel_size, shape, **options):
    return case(f"Conv{axes}D", shape, filters=filters, kernel_size=kernel_size, **options)


def transpose(axes, filters, kernel_size, shape, **options):
    return case(f"Conv{axes}DTranspose", shape, filters=filters, kernel_size=kernel_size, **options)


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
    transpose(1, 4, 3, (5, 2)),
    transpose(1, 3, 2, (4, 3), strides=3, activation="relu"),
    transpose(1, 3, 3, (4, 2), strides=2, padding="same", use_bias=False),
    transpose(1, 3, 3, (4, 2), strides=3, padding="same", output_padding=1),
    transpose(2, 4, 3, (4, 5, 2), strides=2, padding="same", activation="relu"),
    transpose(2, 3, [4, 2], (3, 4, 2), strides=[2, 3], padding="same"),
    transpose(2, 3, [2, 3], (4, 3, 17), strides=[1, 2], activation="tanh"),
    transpose(2, 3, 3, (4, 3, 2), strides=2, output_padding=1),
    transpose(2, 3, [3, 5], (3, 3, 2), strides=[3, 2], padding="same", output_padding=[1, 0]),
    transpose(3, 2, 2, (2, 3, 2, 2), strides=[1, 2, 2]),
    transpose(3, 2, [2, 3, 1], (3, 2, 3, 2), strides=2, padding="same"),
    case("DepthwiseConv1D", (7, 3), kernel_size=3),
    case("DepthwiseConv1D", (8, 3), kernel_size=2, strides=2, padding="same", depth_multiplier=2),
    case("DepthwiseConv2D", (6, 7, 3), kernel_size=3, activation="relu"),
    case("DepthwiseConv2D", (6, 7, 4), kernel_size=[2, 3], strides=2, padding="same", depth_multiplier=3, use_bias=False),
    case("DepthwiseConv2D", (7, 7, 2), kernel_size=3, dilation_rate=2, padding="same"),
    case("SeparableConv1D", (7, 3), filters=4, kernel_size=3, activation="tanh"),
    case("SeparableConv1D", (8, 3), filters=4, kernel_size=3, strides=2, padding="same", depth_multiplier=2),
    case("SeparableConv2D", (6, 7, 3), filters=4, kernel_size=3, activation="relu"),
    case("SeparableConv2D", (6, 7, 2), filters=4, kernel_size=[2, 3], padding="same", depth_multiplier=2, use_bias=False),
    case("SeparableConv2D", (7, 7, 2), filters=3, kernel_size=2, dilation_rate=2),
    case(
        "Conv2D", (4, 5, 2), filters=3, kernel_size=2, kernel_initializer="he_normal", bias_initializer="ones"
    ),
]
layers.write(__file__, cases)
