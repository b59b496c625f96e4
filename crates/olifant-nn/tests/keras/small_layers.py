"""Layers of one or two lines of arithmetic. Run: python small_layers.py"""

import layer_cases as layers
import keras

dense = {"layer": "dense", "units": 4}
cases = [
    layers.case(dense, keras.layers.Dense(4), [(3,)]),
    layers.case(dense | {"activation": "relu", "use_bias": False}, keras.layers.Dense(4, "relu", use_bias=False), [(3,)]),
    layers.case(dense | {"activation": "tanh"}, keras.layers.Dense(4, "tanh"), [(2, 3)]),
    layers.case({"layer": "flatten"}, keras.layers.Flatten(), [(2, 3)]),
    layers.case({"layer": "reshape", "target_shape": [3, 2]}, keras.layers.Reshape((3, 2)), [(2, 3)]),
]
merging = {
    "add": keras.layers.Add,
    "subtract": keras.layers.Subtract,
    "multiply": keras.layers.Multiply,
    "average": keras.layers.Average,
    "maximum": keras.layers.Maximum,
    "minimum": keras.layers.Minimum,
}
for name, layer in merging.items():
    cases.append(layers.case({"layer": name}, layer(), [(4, 3), (4, 3)]))
    cases.append(layers.case({"layer": name}, layer(), [(4, 3), (1, 3)]))
    cases.append(layers.case({"layer": name}, layer(), [(4, 3), (3,)]))
    if name != "subtract":
        cases.append(layers.case({"layer": name}, layer(), [(2, 3), (2, 3), (2, 3)]))
layers.write(__file__, cases)
