"""Activation functions as layers. Run: python activation_layers.py"""

import layer_cases as layers
import keras

L = keras.layers
relu, leaky, elu = {"layer": "relu"}, {"layer": "leaky_relu"}, {"layer": "elu"}
prelu, softmax = {"layer": "prelu"}, {"layer": "softmax"}
both = {"negative_slope": 0.5, "threshold": 0.25}
every = both | {"max_value": 0.75}
cases = [
    layers.case(relu, L.ReLU(), [(4, 3)]),
    layers.case(relu | {"max_value": 0.5}, L.ReLU(max_value=0.5), [(4, 3)]),
    layers.case(relu | {"negative_slope": 0.5}, L.ReLU(negative_slope=0.5), [(4, 3)]),
    layers.case(relu | {"threshold": 0.25}, L.ReLU(threshold=0.25), [(4, 3)]),
    layers.case(relu | both, L.ReLU(**both), [(4, 3)]),
    layers.case(relu | every, L.ReLU(**every), [(4, 3)]),
    layers.case(leaky, L.LeakyReLU(), [(4, 3)]),
    layers.case(leaky | {"negative_slope": 0.1}, L.LeakyReLU(negative_slope=0.1), [(4, 3)]),
    layers.case(elu, L.ELU(), [(4, 3)]),
    layers.case(elu | {"alpha": 0.5}, L.ELU(alpha=0.5), [(4, 3)]),
    layers.case(prelu, L.PReLU(), [(4, 3)]),
    layers.case(prelu | {"shared_axes": [1]}, L.PReLU(shared_axes=1), [(4, 3)]),
    layers.case(prelu | {"shared_axes": [1, 2]}, L.PReLU(shared_axes=[1, 2]), [(4, 3, 2)]),
    layers.case(softmax, L.Softmax(), [(4, 3)]),
    layers.case(softmax | {"axis": [1]}, L.Softmax(axis=1), [(4, 3)]),
    layers.case(softmax | {"axis": [1, 2]}, L.Softmax(axis=[1, 2]), [(4, 3)]),
    layers.case(softmax, L.Softmax(), [(6,)], mask=True),
]
layers.write(__file__, cases)
