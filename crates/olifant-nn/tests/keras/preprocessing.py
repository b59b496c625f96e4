"""Layers that prepare data. Run: python preprocessing.py"""

import layer_cases as layers
import keras
import tensorflow as tf

L = keras.layers


def as_float(layer, inputs, arguments):
    return tf.cast(layer(inputs[0], **arguments), tf.float32)


rescaling, normalization = {"layer": "rescaling"}, {"layer": "normalization"}
encoding, bins = {"layer": "category_encoding", "num_tokens": 5}, [-0.5, 0.0, 0.25]
discretization = {"layer": "discretization", "bin_boundaries": bins}
moments = {"mean": [0.5, -0.25, 0.125], "variance": [4.0, 0.25, 0.0625]}
single = {"mean": [0.5], "variance": [4.0]}
six = {"mean": [0.5, 0.25, 1.0, -0.5, 0.0, 2.0], "variance": [4.0, 0.25, 1.0, 9.0, 2.25, 0.0625]}
keras_six = {name: tf.reshape(tf.constant(values), (2, 3)).numpy() for name, values in six.items()}
cases = [
    layers.case(rescaling | {"scale": 2.0}, L.Rescaling(2.0), [(4, 3)]),
    layers.case(rescaling | {"scale": -0.5, "offset": 3.0}, L.Rescaling(-0.5, 3.0), [(3,)]),
    layers.case(normalization | moments, L.Normalization(**moments), [(4, 3)]),
    layers.case(normalization | moments | {"axis": [1]}, L.Normalization(axis=1, **moments), [(3, 2)]),
    layers.case(normalization | six | {"axis": [1, 3]}, L.Normalization(axis=(1, 3), **keras_six), [(2, 4, 3)]),
    layers.case(normalization | single | {"axis": []}, L.Normalization(axis=None, mean=0.5, variance=4.0), [(4, 3)]),
    layers.case(normalization | moments | {"invert": True}, L.Normalization(invert=True, **moments), [(4, 3)]),
    layers.case(encoding, L.CategoryEncoding(5), [(4,)], ids=5),
    layers.case(encoding | {"output_mode": "count"}, L.CategoryEncoding(5, output_mode="count"), [(4,)], ids=5),
    layers.case(encoding | {"output_mode": "one_hot"}, L.CategoryEncoding(5, output_mode="one_hot"), [(4,)], ids=5),
    layers.case(encoding | {"output_mode": "one_hot"}, L.CategoryEncoding(5, output_mode="one_hot"), [(1,)], ids=5),
    layers.case(encoding | {"output_mode": "one_hot"}, L.CategoryEncoding(5, output_mode="one_hot"), [(4, 1)], ids=5),
    layers.case(discretization, L.Discretization(bins), [(4, 3)], call=as_float),
    layers.case(discretization | {"output_mode": "one_hot"}, L.Discretization(bins, output_mode="one_hot"), [(3,)]),
    layers.case(discretization | {"output_mode": "multi_hot"}, L.Discretization(bins, output_mode="multi_hot"), [(3,)]),
    layers.case(discretization | {"output_mode": "count"}, L.Discretization(bins, output_mode="count"), [(3,)]),
]
layers.write(__file__, cases)
