"""Layers that order, repeat and join. Run: python orders.py"""

import layer_cases as layers
import keras

L = keras.layers
concatenate, dot = {"layer": "concatenate"}, {"layer": "dot"}
cases = [
    layers.case({"layer": "permute", "dims": [2, 1]}, L.Permute((2, 1)), [(4, 3)]),
    layers.case({"layer": "permute", "dims": [3, 1, 2]}, L.Permute((3, 1, 2)), [(2, 3, 4)]),
    layers.case({"layer": "repeat_vector", "n": 3}, L.RepeatVector(3), [(4,)]),
    layers.case({"layer": "reshape", "target_shape": [-1, 2]}, L.Reshape((-1, 2)), [(4, 3)]),
    layers.case({"layer": "reshape", "target_shape": [-1]}, L.Reshape((-1,)), [(4, 3)]),
    layers.case({"layer": "identity"}, L.Identity(), [(4, 3)]),
    layers.case(concatenate, L.Concatenate(), [(4, 3), (4, 2)]),
    layers.case(concatenate, L.Concatenate(), [(3,), (2,), (4,)]),
    layers.case(concatenate | {"axis": 1}, L.Concatenate(axis=1), [(4, 3), (1, 3)]),
    layers.case(concatenate | {"axis": -2}, L.Concatenate(axis=-2), [(2, 4, 3), (2, 1, 3)]),
    layers.case(concatenate, L.Concatenate(), [(1,)] * 18),
    layers.case(dot | {"axes": [1, 1]}, L.Dot(1), [(4,), (4,)]),
    layers.case(dot | {"axes": [-1, -1]}, L.Dot(-1), [(3, 4), (5, 4)]),
    layers.case(dot | {"axes": [1, 2]}, L.Dot((1, 2)), [(4, 3), (5, 4)]),
    layers.case(dot | {"axes": [1, 1]}, L.Dot(1), [(4,), (4, 3)]),
    layers.case(dot | {"axes": [2, 1]}, L.Dot((2, 1)), [(3, 4), (4,)]),
    layers.case(dot | {"axes": [2, 1]}, L.Dot((2, 1)), [(2, 4, 3), (4, 2, 2)]),
    layers.case(dot | {"axes": [-1, -1], "normalize": True}, L.Dot(-1, normalize=True), [(3, 4), (5, 4)]),
    layers.case(dot | {"axes": [1, 1], "normalize": True}, L.Dot(1, normalize=True), [(4, 2), (4, 3)]),
]
layers.write(__file__, cases)
