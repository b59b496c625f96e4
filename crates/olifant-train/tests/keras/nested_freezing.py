"""Which weights are trained when networks that are layers of others, and layers in them, are frozen and thawed.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python nested_freezing.py

The model is a chain of "tower" and Dense(1, name="head"); the tower is one of Dense(3, name="first"), a
BatchNormalization(name="norm") and "inner", a chain of Dense(2, name="second").
Each case sets, in order, `set`: pairs of a layer, by its path, and whether it is trained.
None sets what is so already, which on TensorFlow, and only there, does nothing to the layers inside.
Then `trained` lists the weights that are trained, by their paths, and `flags` the attribute of each layer.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
import keras
from keras import layers

cases = []


def add(*changes):
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="second")], name="inner")
    norm = layers.BatchNormalization(name="norm")
    tower = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="first"), norm, inner], name="tower")
    model = keras.Sequential([keras.Input((4,)), tower, layers.Dense(1, name="head")])
    found = {
        "tower": tower,
        "tower/first": tower.get_layer("first"),
        "tower/norm": norm,
        "tower/inner": inner,
        "tower/inner/second": inner.get_layer("second"),
        "head": model.get_layer("head"),
    }
    for path, trainable in changes:
        found[path].trainable = trainable
    trained_variables = {id(variable) for variable in model.trainable_weights}
    trained = []
    for path, layer in found.items():
        if not isinstance(layer, keras.Sequential):
            kept = [weight for weight in layer.weights if id(weight) in trained_variables]
            trained += [f"{path}/{weight.name}" for weight in kept]
    flags = {path: layer.trainable for path, layer in found.items()}
    cases.append({"set": changes, "trained": trained, "flags": flags})


add()
add(("tower", False))
add(("tower", False), ("tower", True))
add(("tower/first", False))
add(("tower", False), ("tower/first", True))
add(("tower", False), ("tower/first", True), ("tower", True))
add(("tower/inner", False))
add(("tower/inner", False), ("tower/inner/second", True))
add(("tower/norm", False), ("head", False))
golden.write(__file__, cases)
