"""Normalization layers. Run: python normalizations.py"""

import layer_cases as layers
import keras

L = keras.layers
batch = {"layer": "batch_normalization"}
options = {"momentum": 0.9, "epsilon": 0.01}
plain = {"center": False, "scale": False}
cases = []
for training in [False, True]:
    mode = {"training": training}
    cases += [
        layers.case(batch, L.BatchNormalization(), [(3,)], **mode),
        layers.case(batch | options, L.BatchNormalization(**options), [(4, 5, 3)], **mode),
        layers.case(batch | {"center": False}, L.BatchNormalization(center=False), [(4, 3)], **mode),
        layers.case(batch | {"scale": False}, L.BatchNormalization(scale=False), [(4, 3)], **mode),
        layers.case(batch | plain, L.BatchNormalization(**plain), [(4, 3)], **mode),
        layers.case(batch | {"axis": 1}, L.BatchNormalization(axis=1), [(4, 3)], **mode),
        layers.case(batch | {"axis": 2}, L.BatchNormalization(axis=2), [(3, 4, 2)], **mode),
        layers.case(batch, L.BatchNormalization(), [(6, 3)], mask=True, **mode),
    ]
# Large values, for which a variance computed as mean(x²) − mean(x)² would be wrong.
cases.append(layers.case(batch, L.BatchNormalization(), [(4, 3)], training=True, low=5.0, high=8.0))

layer = {"layer": "layer_normalization"}
cases += [
    layers.case(layer, L.LayerNormalization(), [(7,)]),
    layers.case(layer | {"epsilon": 0.1}, L.LayerNormalization(epsilon=0.1), [(4, 19)]),
    layers.case(layer | {"center": False}, L.LayerNormalization(center=False), [(4, 3)]),
    layers.case(layer | {"scale": False}, L.LayerNormalization(scale=False), [(4, 3)]),
    layers.case(layer | plain, L.LayerNormalization(**plain), [(4, 3)]),
    layers.case(layer | {"axis": [1]}, L.LayerNormalization(axis=1), [(4, 3)]),
    layers.case(layer | {"axis": [1, 2]}, L.LayerNormalization(axis=[1, 2]), [(4, 3)]),
    layers.case(layer | {"axis": [1, 3]}, L.LayerNormalization(axis=[1, 3]), [(4, 2, 3)]),
    layers.case(layer, L.LayerNormalization(), [(6, 3)], mask=True),
]
rms = {"layer": "rms_normalization"}
cases += [
    layers.case(rms, L.RMSNormalization(), [(7,)]),
    layers.case(rms | {"epsilon": 0.1}, L.RMSNormalization(epsilon=0.1), [(4, 19)]),
    layers.case(rms | {"axis": [1, 2]}, L.RMSNormalization(axis=[1, 2]), [(4, 3)]),
]
group = {"layer": "group_normalization"}
cases += [
    layers.case(group | {"groups": 2}, L.GroupNormalization(2), [(5, 4)]),
    layers.case(group, L.GroupNormalization(), [(3, 64)]),
    layers.case(group | {"groups": 3, "epsilon": 0.1}, L.GroupNormalization(3, epsilon=0.1), [(4, 2, 6)]),
    layers.case(group | {"groups": -1}, L.GroupNormalization(-1), [(4, 3, 2)]),
    layers.case(group | {"groups": 1}, L.GroupNormalization(1), [(4, 3)]),
    layers.case(group | {"groups": 2, "axis": 1}, L.GroupNormalization(2, axis=1), [(4, 3, 2)]),
    layers.case(group | {"groups": 2} | plain, L.GroupNormalization(2, **plain), [(5, 4)]),
    layers.case(group | {"groups": 2, "center": False}, L.GroupNormalization(2, center=False), [(5, 4)]),
    layers.case(group | {"groups": 2, "scale": False}, L.GroupNormalization(2, scale=False), [(4,)]),
]
unit = {"layer": "unit_normalization"}
cases += [
    layers.case(unit, L.UnitNormalization(), [(7,)]),
    layers.case(unit | {"axis": [1]}, L.UnitNormalization(axis=1), [(4, 3)]),
    layers.case(unit | {"axis": [1, 2]}, L.UnitNormalization(axis=[1, 2]), [(4, 3)]),
]
layers.write(__file__, cases)
