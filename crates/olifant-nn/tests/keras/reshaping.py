"""Layers that add places to images, or take some away. Run: python reshaping.py"""

import layer_cases as layers
import keras

from keras.layers import Cropping1D, Cropping2D, Cropping3D, UpSampling1D, UpSampling2D, UpSampling3D
from keras.layers import ZeroPadding1D, ZeroPadding2D, ZeroPadding3D

line, image, volume = (5, 2), (4, 5, 3), (3, 4, 5, 2)


def sides(layer, name, ours, keras_layer, shape):
    return layers.case({"layer": layer, name: ours}, keras_layer, [shape])


cases = [
    layers.case({"layer": "up_sampling1d", "size": [3]}, UpSampling1D(3), [line]),
    layers.case({"layer": "up_sampling2d", "size": [2, 3]}, UpSampling2D((2, 3)), [image]),
    layers.case({"layer": "up_sampling2d", "size": [1, 2]}, UpSampling2D((1, 2)), [image]),
    layers.case(
        {"layer": "up_sampling2d", "size": [2, 3], "interpolation": "bilinear"},
        UpSampling2D((2, 3), interpolation="bilinear"),
        [image],
    ),
    layers.case({"layer": "up_sampling3d", "size": [2, 1, 2]}, UpSampling3D((2, 1, 2)), [volume]),
    sides("zero_padding1d", "padding", [[2, 2]], ZeroPadding1D(2), line),
    sides("zero_padding1d", "padding", [[0, 3]], ZeroPadding1D((0, 3)), line),
    sides("zero_padding2d", "padding", [[1, 1], [2, 2]], ZeroPadding2D((1, 2)), image),
    sides("zero_padding2d", "padding", [[1, 0], [0, 2]], ZeroPadding2D(((1, 0), (0, 2))), image),
    sides("zero_padding3d", "padding", [[1, 1]] * 3, ZeroPadding3D(1), volume),
    sides("cropping1d", "cropping", [[1, 2]], Cropping1D((1, 2)), line),
    sides("cropping2d", "cropping", [[1, 1], [1, 1]], Cropping2D(1), image),
    sides("cropping2d", "cropping", [[0, 0], [3, 0]], Cropping2D(((0, 0), (3, 0))), image),
    sides("cropping3d", "cropping", [[1, 1], [0, 1], [2, 0]], Cropping3D(((1, 1), (0, 1), (2, 0))), volume),
]
layers.write(__file__, cases)
