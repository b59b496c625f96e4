"""The order of events, the keys of the logs and the numbers of fit, evaluate, predict and the on_batch methods.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python fit_events.py

Head: `x` [10, 2], `y` [10], classes 0, 1, 2, and `weights` of the model Dense(3, "tanh", kernel
regularizer L2(0.01)), Dense(3, "softmax"), for SGD(0.1), sparse categorical cross-entropy and the
metric "accuracy". Nothing is shuffled. A case holds the method called, its `options` and
  events   each hook with its index and, if the logs are not empty, their keys:
           "epoch_end 0: accuracy, loss"
  history  what fit returns, and `epoch`, the indices of the epochs that ran
  weights  of the model afterwards
  result   what evaluate, predict, train_on_batch or test_on_batch return
  out_of_data  how often Keras warned that the data ran out
`stop_in` names the event in which a callback sets `stop_training`, in evaluate `stop_evaluating`, in predict
`stop_predicting`. A `sample_weight` of true stands for the head's `sample_weight`; `validation_data` holds
the range of samples that it is.
"""

import sys
import warnings
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
import keras
import numpy as np

rng = np.random.default_rng(8)
X = rng.normal(size=(10, 2)).astype(np.float32)
Y = rng.integers(0, 3, 10).astype(np.float32)
WEIGHTS = [rng.normal(size=shape).astype(np.float32) for shape in [(2, 3), (3,), (3, 3), (3,)]]
SAMPLE_WEIGHT = np.array([1, 0.5, 2, 0, 1, 3, 0.25, 1, 1, 4], np.float32)
HOOKS = [
    f"{phase}_{edge}"
    for phase in ["train", "test", "predict", "epoch", "train_batch", "test_batch", "predict_batch"]
    for edge in ["begin", "end"]
]
cases = []


class Recorder(keras.callbacks.Callback):
    def __init__(self, stop_in, switch="stop_training"):
        super().__init__()
        self.events, self.stop_in, self.switch = [], stop_in, switch

    def record(self, hook, index, logs):
        event = " ".join([hook, *map(str, index)])
        self.events.append(event + (": " + ", ".join(logs) if logs else ""))
        if event == self.stop_in:
            setattr(self.model, self.switch, True)


def method(hook):
    if "batch" in hook or "epoch" in hook:
        return lambda self, index, logs=None: self.record(hook, [index], logs)
    return lambda self, logs=None: self.record(hook, [], logs)


for hook in HOOKS:
    setattr(Recorder, f"on_{hook}", method(hook))


def new_model(**compile_options):
    model = keras.Sequential(
        [
            keras.Input([2]),
            keras.layers.Dense(3, "tanh", kernel_regularizer=keras.regularizers.L2(0.01)),
            keras.layers.Dense(3, "softmax"),
        ]
    )
    model.set_weights(WEIGHTS)
    options = {"metrics": ["accuracy"]} | compile_options
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", **options)
    return model


def arguments(options):
    """The options as Keras wants them."""
    options = dict(options)
    if "sample_weight" in options:
        options["sample_weight"] = SAMPLE_WEIGHT
    if "validation_data" in options:
        start, end = options["validation_data"]
        options["validation_data"] = (X[start:end], Y[start:end])
    return options


def watched(call, *given, **options):
    """What a call returns, and how often it warned that the data ran out."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call(*given, **options)
    return result, sum("ran out of data" in str(warning.message) for warning in caught)


def fit(name, stop_in=None, compile_options={}, **options):
    model, recorder = new_model(**compile_options), Recorder(stop_in)
    given = arguments(options) | {"shuffle": False, "verbose": 0, "callbacks": [recorder]}
    history, out_of_data = watched(model.fit, X, Y, **given)
    head = {"name": name, "method": "fit", "options": options}
    if stop_in:
        head["stop_in"] = stop_in
    if compile_options:
        head["compile"] = compile_options
    values = {key: [np.float32(value) for value in series] for key, series in history.history.items()}
    after = {"events": recorder.events, "epoch": history.epoch, "history": values, "weights": model.get_weights()}
    after["out_of_data"] = out_of_data
    cases.append(head | after)


def evaluate(name, stop_in=None, compile_options={}, **options):
    model, recorder = new_model(**compile_options), Recorder(stop_in, "stop_evaluating")
    given = arguments(options) | {"verbose": 0, "callbacks": [recorder]}
    result, out_of_data = watched(model.evaluate, X, Y, **given)
    head = {"name": name, "method": "evaluate", "options": options}
    if stop_in:
        head["stop_in"] = stop_in
    if compile_options:
        head["compile"] = compile_options
    cases.append(head | {"events": recorder.events, "result": singles(result), "out_of_data": out_of_data})


def predict(name, stop_in=None, **options):
    recorder = Recorder(stop_in, "stop_predicting")
    result, out_of_data = watched(new_model().predict, X, verbose=0, callbacks=[recorder], **options)
    head = {"name": name, "method": "predict", "options": options}
    if stop_in:
        head["stop_in"] = stop_in
    cases.append(head | {"events": recorder.events, "result": result, "out_of_data": out_of_data})


def on_batch(name, method, **options):
    """Three calls with the samples 0 to 3, 4 to 7 and 8 to 9."""
    model, result = new_model(), []
    for start in range(0, 10, 4):
        batch = slice(start, start + 4)
        given = {key: value[batch] if key == "sample_weight" else value for key, value in arguments(options).items()}
        result.append(singles(getattr(model, method)(X[batch], Y[batch], **given)))
    head = {"name": name, "method": method, "options": options}
    cases.append(head | {"result": result, "weights": model.get_weights()})


def singles(result):
    """Keras returns float32 values as Python floats."""
    if isinstance(result, dict):
        return {key: np.float32(value) for key, value in result.items()}
    return [np.float32(value) for value in np.atleast_1d(result)]


fit("plain", epochs=3, batch_size=4)
fit("default batch size")
fit("no epoch", epochs=0)
fit("later first epoch", epochs=4, initial_epoch=2, batch_size=5)
fit("first epoch too late", epochs=2, initial_epoch=2)
fit("validation split", epochs=2, batch_size=3, validation_split=0.3)
fit("validation split rounds down", epochs=1, batch_size=4, validation_split=0.25)
fit("validation data", epochs=2, batch_size=4, validation_data=[2, 9], validation_batch_size=2)
fit("validation data wins", epochs=1, batch_size=4, validation_data=[0, 4], validation_split=0.5)
fit("some validation steps", epochs=2, batch_size=4, validation_data=[0, 10], validation_batch_size=2, validation_steps=2)
fit("every second epoch is validated", epochs=5, batch_size=5, validation_split=0.5, validation_freq=2)
fit("listed epochs are validated", epochs=4, batch_size=5, validation_split=0.5, validation_freq=[1, 4])
fit("stop in a batch", "train_batch_end 1", epochs=3, batch_size=3, validation_split=0.2)
fit("stop as a batch begins", "train_batch_begin 1", epochs=3, batch_size=3)
fit("stop as an epoch begins", "epoch_begin 1", epochs=3, batch_size=3)
fit("stop as an epoch ends", "epoch_end 1", epochs=4, batch_size=5)
fit("stop as training begins", "train_begin", epochs=3, batch_size=5)
fit("stop in validation", "test_batch_end 0", epochs=3, batch_size=4, validation_split=0.4)
fit("stop as validation begins", "test_begin", epochs=3, batch_size=4, validation_split=0.4)
fit("stop as validation ends", "test_end", epochs=3, batch_size=4, validation_split=0.4)
fit("stop in long validation", "test_batch_end 0", epochs=3, batch_size=4, validation_split=0.4, validation_batch_size=1)
fit("class weights", epochs=3, batch_size=4, class_weight={0: 0.5, 1: 2.0})
fit("class weights are for training", epochs=2, batch_size=4, class_weight={0: 0.5, 1: 2.0}, validation_split=0.4)
fit("sample weights", epochs=3, batch_size=4, sample_weight=True)
fit("sample weights are split", epochs=2, batch_size=4, sample_weight=True, validation_split=0.4)
fit("weighted metrics", compile_options={"weighted_metrics": ["accuracy"]}, epochs=2, batch_size=4, sample_weight=True)
fit("loss weights", compile_options={"loss_weights": [0.25]}, epochs=2, batch_size=4, sample_weight=True, validation_split=0.4)
fit("no metrics", compile_options={"metrics": None}, epochs=1, batch_size=5, validation_split=0.5)
fit("several metrics", compile_options={"metrics": ["acc", "sparse_categorical_accuracy"]}, epochs=2, batch_size=4)
fit("same metric twice", compile_options={"metrics": ["accuracy", "accuracy"]}, epochs=1, batch_size=5)
fit("some steps per epoch", epochs=4, batch_size=2, steps_per_epoch=2)
fit("too many steps per epoch", epochs=2, batch_size=4, steps_per_epoch=5)
fit("steps that go on in mid-data", epochs=5, batch_size=3, steps_per_epoch=3)
fit("steps that end with the data", epochs=3, batch_size=3, steps_per_epoch=2)
fit("stop in mid-data", "train_batch_end 1", epochs=3, batch_size=2, steps_per_epoch=3)
fit("batch size from steps", epochs=2, steps_per_epoch=4)
fit("batch size from steps, not that of validation", epochs=3, steps_per_epoch=2, validation_split=0.4)
fit("batch size from validation steps", epochs=2, validation_data=[0, 10], validation_steps=3)
fit("too many validation steps", epochs=2, batch_size=4, validation_data=[0, 10], validation_steps=4)
evaluate("plain")
evaluate("last batch is short", batch_size=4)
evaluate("dictionary", batch_size=4, return_dict=True)
evaluate("some steps", batch_size=3, steps=2)
evaluate("sample weights", batch_size=4, sample_weight=True)
evaluate("weighted metrics", compile_options={"weighted_metrics": ["accuracy"]}, batch_size=4, sample_weight=True, return_dict=True)
evaluate("loss weights", compile_options={"loss_weights": [0.25]}, batch_size=4)
evaluate("no metrics", compile_options={"metrics": None})
evaluate("batch size from steps", steps=4)
evaluate("too many steps", batch_size=4, steps=5)
evaluate("stop in a batch", "test_batch_end 1", batch_size=3)
evaluate("stop as it begins", "test_begin", batch_size=3)
evaluate("stop in the last batch", "test_batch_end 3", batch_size=3)
predict("plain")
predict("last batch is short", batch_size=4)
predict("some steps", batch_size=3, steps=2)
predict("batch size from steps", steps=4)
predict("too many steps", batch_size=4, steps=5)
predict("stop in a batch", "predict_batch_begin 1", batch_size=3)
predict("stop as it begins", "predict_begin", batch_size=3)
on_batch("plain", "train_on_batch")
on_batch("dictionary", "train_on_batch", return_dict=True)
on_batch("class weights", "train_on_batch", class_weight={0: 0.5, 1: 2.0})
on_batch("sample weights", "train_on_batch", sample_weight=True)
on_batch("plain", "test_on_batch")
on_batch("sample weights", "test_on_batch", sample_weight=True)
golden.write(__file__, cases, x=X, y=Y, weights=WEIGHTS, sample_weight=SAMPLE_WEIGHT)
