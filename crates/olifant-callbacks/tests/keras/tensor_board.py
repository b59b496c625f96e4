"""What Keras's TensorBoard callback writes: event files, histograms, images.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python tensor_board.py

Head: `x` [10, 4, 1], `y` [10] and `weights` of the model Flatten, Dense(3, "relu"), Dense(1) with the
loss "mse", the metric "mae", SGD(0.125). Nothing is shuffled. `graph` is the model's JSON in the tag
"keras", without `compile_config`. There are three kinds of cases:

  fit        the `options` of the callback and of `fit`; `train` and `validation` hold what stands in
             the event files there: [tag, step, plugin, content of the plugin, type, shape, value].
             The value is there if it is one float32. Files end with a call of `evaluate`.
  histogram  `data` and the `buckets` [30, 3] of tf.summary.histogram
  image      a `weight` and what the callback shows of it: `texts`, the width and height, and
             `images`, each [height, width, channels] of bytes; no images if it shows nothing
"""

import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
import json
import keras
import numpy as np
import tensorflow as tf
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto import event_pb2, types_pb2

rng = np.random.default_rng(11)
X = rng.normal(size=(10, 4, 1)).astype(np.float32)
Y = rng.normal(size=10).astype(np.float32)
WEIGHTS = [rng.normal(size=shape).astype(np.float32) for shape in [(4, 3), (3,), (3, 1), (1,)]]
cases = []


def new_model():
    layers = [keras.layers.Flatten(), keras.layers.Dense(3, "relu"), keras.layers.Dense(1)]
    for layer, name in zip(layers, ["flatten", "dense", "dense_1"]):
        layer.name = name
    model = keras.Sequential([keras.Input([4, 1], name="input_layer"), *layers], name="sequential")
    model.compile(keras.optimizers.SGD(0.125), "mse", metrics=["mae"])
    model.set_weights(WEIGHTS)
    return model


def records(directory):
    """All values in the event files of a directory, in order."""
    found = []
    for path in sorted(directory.glob("*")):
        for raw in RawEventFileLoader(str(path)).Load():
            event = event_pb2.Event.FromString(raw)
            found += [record(event.step, value) for value in event.summary.value]
    return found


def record(step, value):
    plugin = value.metadata.plugin_data
    kind = types_pb2.DataType.Name(value.tensor.dtype)
    tensor = tf.make_ndarray(value.tensor)
    head = [value.tag, step, plugin.plugin_name, plugin.content.decode(), kind, list(tensor.shape)]
    return head + ([tensor[()]] if kind == "DT_FLOAT" else [])


def add_fit(fit={}, **options):
    with tempfile.TemporaryDirectory() as directory:
        callback = keras.callbacks.TensorBoard(directory, **options)
        model = new_model()
        model.fit(X, Y, epochs=3, batch_size=3, shuffle=False, verbose=0, callbacks=[callback], **fit)
        train = records(Path(directory) / "train")
        model.evaluate(X, Y, verbose=0, callbacks=[callback])
        validation = records(Path(directory) / "validation")
    cases.append({"kind": "fit", "options": options, "fit": fit, "train": train, "validation": validation})


def graph():
    model = json.loads(new_model().to_json())
    del model["compile_config"]
    return model


def add_histogram(*values):
    data = np.array(values, np.float32)
    with tempfile.TemporaryDirectory() as directory:
        with tf.summary.create_file_writer(directory).as_default():
            tf.summary.histogram("data", data, step=0)
        [path] = Path(directory).glob("*")
        [_, raw] = RawEventFileLoader(str(path)).Load()
        buckets = tf.make_ndarray(event_pb2.Event.FromString(raw).summary.value[0].tensor)
    cases.append({"kind": "histogram", "data": data, "buckets": buckets})


def add_image(*shape):
    weight = rng.normal(0.5, 0.5, size=shape).astype(np.float32)
    with tempfile.TemporaryDirectory() as directory:
        callback = keras.callbacks.TensorBoard(directory, write_graph=False)
        callback.set_model(new_model())
        with callback._train_writer.as_default():
            callback._log_weight_as_image(tf.constant(weight), "weight", 0)
        callback._close_writers()
        [path] = Path(directory).glob("train/*")
        events = [event_pb2.Event.FromString(raw) for raw in RawEventFileLoader(str(path)).Load()]
        strings = [list(value.tensor.string_val) for event in events for value in event.summary.value]
    texts, images = [], []
    for [width, height, *encoded] in strings:
        texts = [width.decode(), height.decode()]
        images = [tf.io.decode_png(image) for image in encoded]
    cases.append({"kind": "image", "weight": weight, "texts": texts, "images": images})


add_fit()
add_fit(write_graph=False, histogram_freq=2, write_images=True)
add_fit(update_freq="batch", fit={"validation_split": 0.3})
add_fit(update_freq=2, fit={"validation_split": 0.3, "validation_freq": 2})
add_fit(write_steps_per_second=True)
add_fit(write_steps_per_second=True, update_freq="batch")

add_histogram()
add_histogram(0.5)
add_histogram(-0.25, -0.25, -0.25)
add_histogram(0.0, -0.0)
add_histogram(0.0, 1.0)
add_histogram(*range(31))
add_histogram(*np.linspace(-1, 1, 200))
add_histogram(*rng.normal(size=500))
add_histogram(*(0.05 * rng.normal(size=500)))
add_histogram(1.0, np.nextafter(np.float32(1), np.float32(2)))
add_histogram(-3e38, 1.0, 3e38)
add_histogram(1.0, np.nan, 2.0)
add_histogram(np.nan)
add_histogram(1.0, np.inf, 2.0)
add_histogram(-np.inf, 1.0, 2.0)
add_histogram(-np.inf, np.inf)
add_histogram(np.inf, np.inf)

for shape in [[1], [5], [3, 4], [4, 3], [1, 6], [6, 1], [2, 3, 2], [3, 2, 5], [2, 3, 1, 2], [2, 2, 2, 3]]:
    add_image(*shape)
for shape in [[4, 2, 3, 4], [2, 2, 2, 2], [2, 2, 2, 2, 3]]:
    add_image(*shape)

golden.write(__file__, cases, x=X, y=Y, weights=WEIGHTS, graph=graph())
