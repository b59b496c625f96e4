"""Poolings. Run: python pooling.py"""

import re

import layer_cases as layers
import keras


def pooling(name, shape, **options):
    ours = {"layer": re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(), **options}
    if "pool_size" in options:
        axes = len(shape) - 1
        for key in ["pool_size", "strides"]:
            if isinstance(ours.get(key), int):
                ours[key] = [ours[key]] * axes
    return layers.case(ours, getattr(keras.layers, name)(**options), [shape])


cases = []
for kind in ["Max", "Average"]:
    cases += [
        pooling(kind + "Pooling1D", (7, 2), pool_size=2),
        pooling(kind + "Pooling1D", (8, 2), pool_size=3, strides=2, padding="same"),
        pooling(kind + "Pooling2D", (6, 7, 3), pool_size=2),
        pooling(kind + "Pooling2D", (7, 6, 17), pool_size=[3, 2], strides=[1, 2]),
        pooling(kind + "Pooling2D", (7, 8, 2), pool_size=3, strides=2, padding="same"),
        pooling(kind + "Pooling2D", (5, 5, 1), pool_size=2, padding="same"),
        pooling(kind + "Pooling3D", (4, 5, 3, 2), pool_size=[2, 2, 1]),
        pooling(kind + "Pooling3D", (4, 5, 3, 2), pool_size=2, strides=[1, 2, 2], padding="same"),
    ]
    for keepdims in [False, True]:
        cases += [
            pooling(f"Global{kind}Pooling1D", (4, 3), keepdims=keepdims),
            pooling(f"Global{kind}Pooling2D", (4, 3, 2), keepdims=keepdims),
            pooling(f"Global{kind}Pooling3D", (2, 3, 4, 2), keepdims=keepdims),
        ]
for keepdims in [False, True]:
    ours = {"layer": "global_average_pooling1d", "keepdims": keepdims}
    cases.append(layers.case(ours, keras.layers.GlobalAveragePooling1D(keepdims=keepdims), [(6, 3)], mask=True))
layers.write(__file__, cases)
