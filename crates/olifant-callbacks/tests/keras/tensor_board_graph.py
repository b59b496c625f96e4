"""The JSON of a model that is a graph, which TensorBoard's page of graphs is made of.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python tensor_board_graph.py

Head: `graph`, the model's JSON. Two inputs go through one shared chain, and one of them on through a graph
with two outputs, which is a layer; the model has two outputs, and its last layer is frozen.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
import json
import keras
from keras import layers

left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
tower = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu", name="dense")], name="tower")
a = keras.Input((3,), name="a")
x = layers.Dense(3, name="inner")(a)
block = keras.Model(a, [layers.Add(name="sum")([x, a]), x], name="block")
first, second = block(tower(left))
total = layers.Add(name="total")([first, tower(right), second])
score = layers.Dense(1, name="score")(total)
model = keras.Model([left, right], [score, total], name="functional")
model.get_layer("score").trainable = False
golden.write(__file__, [], graph=json.loads(model.to_json()))
