"""The exact text of model.summary().

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python summary.py

A case holds `name`, the table's `width` in a terminal four columns wider, as Keras has it by
default, and `text`, without colours. The models:
  article    Flatten, Dense(300), Dense(100), Dense(10) on [28, 28]: as built, compiled with SGD
             whose state is built, compiled with Adam whose state is not built, and is;
             with averages, and with averages and accumulated gradients; with its first layer frozen
  unbuilt    the same layers without an input shape
  mixed      BatchNormalization and Dropout between Dense layers, the first layer frozen
  long       layers whose names do not fit their column
  huge       millions of parameters
  empty      no layer with weights
  graph      two inputs, a layer that is called twice, two outputs; 108 columns wide by default
  line       a functional model that is a chain, with a chain inside
"""

import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
import keras
from keras import layers

cases = []


def add(name, model, **options):
    for width in [80, 88]:
        os.environ["COLUMNS"] = str(width + 4)
        lines = []
        model.summary(line_length=width, print_fn=lines.append, **options)
        cases.append({"name": name, "width": width, **options, "text": "".join(lines)})


def sequential(name, *stack):
    """Auto names count from the start, as in a fresh process."""
    return keras.Sequential(list(stack), name=name)


def article(*input_layer):
    keras.backend.clear_session()
    dense = [layers.Dense(300, "relu"), layers.Dense(100, "relu"), layers.Dense(10, "softmax")]
    return sequential(None, *input_layer, layers.Flatten(), *dense)


def compiled(model, optimizer, build):
    model.compile(optimizer, "sparse_categorical_crossentropy")
    if build:
        model.optimizer.build(model.trainable_variables)
    return model


add("article", article(keras.Input([28, 28])))
add("article, SGD", compiled(article(keras.Input([28, 28])), "sgd", True))
add("article, SGD with momentum", compiled(article(keras.Input([28, 28])), keras.optimizers.SGD(momentum=0.9), True))
add("article, Adam before training", compiled(article(keras.Input([28, 28])), "adam", False))
add("article, Adam", compiled(article(keras.Input([28, 28])), "adam", True))
averaging = keras.optimizers.SGD(use_ema=True)
add("article, SGD with averages", compiled(article(keras.Input([28, 28])), averaging, True))
accumulating = keras.optimizers.Adam(use_ema=True, gradient_accumulation_steps=4)
add("article, Adam with averages and accumulation", compiled(article(keras.Input([28, 28])), accumulating, True))
frozen = article(keras.Input([28, 28]))
frozen.layers[1].trainable = False
add("article, first layer frozen", compiled(frozen, keras.optimizers.SGD(momentum=0.9), True))
add("unbuilt", article())

keras.backend.clear_session()
mixed = sequential(
    "mixed",
    keras.Input([16]),
    layers.Dense(8, "relu"),
    layers.BatchNormalization(),
    layers.Dropout(0.5),
    layers.Dense(8, "relu"),
    layers.Dense(1),
)
mixed.layers[0].trainable = False
add("mixed", mixed)
add("mixed", mixed, show_trainable=True)

keras.backend.clear_session()
long = sequential(
    "a_model_with_a_name_that_is_longer_than_one_would_expect_of_a_model_in_a_summary_of_this_width",
    keras.Input([4]),
    layers.Dense(3, name="exactly_thirty_characters_here"),
    layers.Dense(3, name="a_layer_whose_name_is_far_too_long_to_fit_into_its_column"),
    layers.BatchNormalization(name="normalization_of_the_hidden_layer"),
)
add("long", long)

keras.backend.clear_session()
huge = sequential("huge", keras.Input([5000]), layers.Dense(4000), layers.Dense(2))
add("huge", huge)

keras.backend.clear_session()
add("empty", sequential("empty", keras.Input([2, 3]), layers.Flatten(), layers.Activation("relu")))

keras.backend.clear_session()
a, b = keras.Input([4], name="a"), keras.Input([6], name="b")
x, y = layers.Dense(3)(a), layers.Dense(3)(b)
z = layers.Add()([x, y])
shared = layers.Dense(3)
joined = layers.Multiply()([shared(z), shared(x), z])
one, two = layers.Dense(1, name="one")(joined), layers.Dense(2, name="two")(joined)
os.environ["COLUMNS"] = "112"
lines = []
keras.Model([a, b], [one, two]).summary(print_fn=lines.append)
cases.append({"name": "graph", "width": 88, "text": "".join(lines)})

keras.backend.clear_session()
inner = keras.Sequential([keras.Input([4]), layers.Dense(2)])
a = keras.Input([4], name="x")
add("line", keras.Model(a, layers.Dense(1, name="head")(inner(a)), name="line"))
golden.write(__file__, cases)
