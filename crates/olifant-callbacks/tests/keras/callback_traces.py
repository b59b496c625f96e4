"""What each callback decides, prints and writes when it is shown given logs.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python callback_traces.py

Nothing is trained. `fits` is a list of fits with one callback object; a fit is a list of epochs; an
epoch has the `logs` of its end and `batches`, the logs of each batch's end. The loop sends the hooks
of `fit` to the callback and to a History and stops when asked to, after a batch or an epoch. The
model has one weight, set to the epoch's number (from 1) before `on_epoch_end`, learning rate 0.01
unless `learning_rate` is given, and the metrics "accuracy" (up) and "mae" (down).

`results` has one entry per fit:
  epochs         one entry per epoch that ran: `printed` (all that went to standard output since the
                 last entry), `warnings`, `stop`, `learning_rate` after the epoch (float32) and the
                 callback's own attributes, named as in Keras
  train_begin    what was printed before the first epoch, if anything; likewise `train_end`
  history        what History has: the logs and what the callback added to them
  weight         the one weight at the end: the number of the epoch whose weights the model has
  saved          ModelCheckpoint: the path and the weight of each file written, in order
  error          the text of the exception that ended the fit, if one did
Cases of CSVLogger have `existing`, the file's text beforehand or null, and `files`, its exact text
after each fit. The schedules of LearningRateScheduler are named; `SCHEDULES` says what they compute.
"""

import contextlib
import io
import sys
import tempfile
import warnings
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
import keras
import numpy as np
from keras.callbacks import CallbackList

NAN, INFINITY = float("nan"), float("inf")
ATTRIBUTES = ["wait", "best", "best_epoch", "stopped_epoch", "cooldown_counter"]
SCHEDULES = {
    "epoch < 2 ? 0.1 : 0.01": lambda epoch: 0.1 if epoch < 2 else 0.01,
    "lr * 0.9": lambda epoch, lr: lr * 0.9,
    "epoch < 2 ? lr : lr * exp(-0.1)": lambda epoch, lr: lr if epoch < 2 else lr * float(np.exp(-0.1)),
    "the integer 1": lambda epoch: 1,
}
cases = []


def new_model(learning_rate):
    model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(learning_rate), "mse", metrics=["accuracy", "mae"], run_eagerly=True)
    model.train_on_batch(np.zeros([1, 1]), np.zeros([1, 1]))
    set_weight(model, 0)
    return model


def set_weight(model, value):
    model.set_weights([np.full([1, 1], value, np.float32)])


class Fit:
    """One fit of the given epochs, and what was seen of it."""

    def __init__(self, model, callback, epochs):
        self.model, self.callback, self.epochs = model, callback, epochs
        self.output = io.StringIO()
        self.history = keras.callbacks.History()
        self.result = {"epochs": []}

    def run(self):
        with contextlib.redirect_stdout(self.output), warnings.catch_warnings(record=True) as self.warnings:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", UserWarning)
            try:
                self.loop()
            except Exception as error:
                self.result["error"] = f"{type(error).__name__}: {error}"
        self.result |= {"history": self.history.history, "weight": float(self.model.get_weights()[0].item())}
        return self.result

    def loop(self):
        steps = len(self.epochs[0]["batches"])
        params = {"verbose": 0, "epochs": len(self.epochs), "steps": steps}
        callbacks = CallbackList([self.callback, self.history], model=self.model, **params)
        self.model.stop_training = False
        callbacks.on_train_begin()
        self.note("train_begin")
        for number, epoch in enumerate(self.epochs):
            callbacks.on_epoch_begin(number)
            for batch, logs in enumerate(epoch["batches"]):
                callbacks.on_train_batch_begin(batch)
                callbacks.on_train_batch_end(batch, dict(logs))
                if self.model.stop_training:
                    break
            set_weight(self.model, number + 1)
            callbacks.on_epoch_end(number, dict(epoch["logs"]))
            self.result["epochs"].append(self.epoch_trace())
            if self.model.stop_training:
                break
        callbacks.on_train_end()
        self.note("train_end")

    def epoch_trace(self):
        trace = {"printed": self.printed()}
        if self.warnings:
            trace["warnings"] = [str(warning.message) for warning in self.warnings]
            self.warnings.clear()
        trace["stop"] = self.model.stop_training
        trace["learning_rate"] = self.model.optimizer.learning_rate.numpy()
        own = {name: getattr(self.callback, name) for name in ATTRIBUTES if hasattr(self.callback, name)}
        return trace | own

    def note(self, moment):
        if text := self.printed():
            self.result[moment] = text

    def printed(self):
        text = self.output.getvalue()
        self.output.seek(0)
        self.output.truncate()
        return text


def add(name, callback, *fits, learning_rate=0.01, **options):
    head = {"name": name, "callback": callback, "options": options, "learning_rate": learning_rate, "fits": fits}
    arguments = options | ({"schedule": SCHEDULES[options["schedule"]]} if "schedule" in options else {})
    try:
        subject = getattr(keras.callbacks, callback)(**arguments)
    except ValueError as error:
        cases.append({**head, "error": f"ValueError: {error}"})
        return
    model, saved = new_model(learning_rate), []

    def save(path, overwrite):
        saved.append({"path": path, "weight": float(model.get_weights()[0].item())})

    model.save = model.save_weights = save
    results = []
    for fit in fits:
        results.append(Fit(model, subject, fit).run())
        if callback == "ModelCheckpoint":
            results[-1]["saved"] = saved.copy()
            saved.clear()
    cases.append({**head, "results": results})


def add_csv(name, *fits, existing=None, **options):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "log.csv"
        if existing is not None:
            path.write_bytes(existing.encode())
        subject = keras.callbacks.CSVLogger(str(path), **options)
        files = []
        for fit in fits:
            Fit(new_model(0.01), subject, fit).run()
            files.append(path.read_bytes().decode())
    head = {"name": name, "callback": "CSVLogger", "options": options}
    cases.append({**head, "fits": fits, "existing": existing, "files": files})


def epochs(**series):
    """Epochs whose logs hold the n-th value of every series; None leaves the key out."""
    rows = zip(*series.values())
    return [{"logs": {k: v for k, v in zip(series, row) if v is not None}, "batches": []} for row in rows]


def val_loss(*values):
    return epochs(val_loss=values)


def early_stopping():
    name = "EarlyStopping"
    bumpy = val_loss(2.0, 1.5, 1.6, 1.4, 1.4, 1.5, 1.45, 1.3, 1.35, 1.36, 1.37, 1.38, 1.39)
    for patience in [0, 1, 2, 3, 20]:
        add("patience", name, bumpy, patience=patience, verbose=1)
        add("restore", name, bumpy, patience=patience, verbose=1, restore_best_weights=True)
    add("defaults", name, bumpy)
    add("first epoch never stops", name, val_loss(1.0, 1.0), patience=0)
    slow = val_loss(1.0, 0.95, 0.9, 0.85, 0.8, 0.75)
    for min_delta in [0.05, 0.1, -0.1, 0.2]:
        add("least improvement", name, slow, min_delta=min_delta, patience=2)
    add("below float32", name, val_loss(1.0, 1 - 1e-9, 1 - 2e-9), patience=2)
    rising = epochs(val_accuracy=[0.5, 0.6, 0.6, 0.55, 0.7, 0.6, 0.6], val_mae=[3.0, 2.0, 2.5, 1.0, 1.0, 1.5, 0.5])
    for monitor in ["val_accuracy", "val_mae"]:
        for mode in ["auto", "min", "max"]:
            add("mode", name, rising, monitor=monitor, mode=mode, patience=1, verbose=1)
    add("least improvement upwards", name, rising, monitor="val_accuracy", min_delta=0.1, patience=2)
    for baseline in [0.5, 1.45, 1.55, 3.0]:
        add("baseline", name, bumpy, baseline=baseline, patience=2)
    add("baseline upwards", name, rising, monitor="val_accuracy", baseline=0.65, patience=2)
    for start in [0, 1, 3, 20]:
        add("late start", name, bumpy, start_from_epoch=start, patience=1, verbose=1, restore_best_weights=True)
    add("first is not a number", name, val_loss(NAN, 1.0, 0.5, 0.4), patience=2, restore_best_weights=True, verbose=1)
    add("later is not a number", name, val_loss(1.0, NAN, 0.5, NAN, NAN, 0.1), patience=2)
    add("infinite", name, val_loss(INFINITY, 1.0, -INFINITY, -INFINITY, 0.0), patience=2)
    add("monitor missing", name, epochs(loss=[1.0, 2.0, 3.0], accuracy=[0.5, 0.5, 0.5]))
    add("monitor missing at times", name, epochs(loss=[5.0] * 6, val_loss=[1.0, None, 2.0, None, 3.0, None]), patience=2)
    add("direction unknown", name, epochs(speed=[1.0, 2.0]), monitor="speed")
    add("direction given", name, epochs(speed=[1.0, 2.0, 1.5]), monitor="speed", mode="max")
    add("used twice", name, val_loss(1.0, 0.5, 0.6), val_loss(2.0, 1.0, 0.9, 1.5), patience=1, restore_best_weights=True)


def reduce_learning_rate():
    name = "ReduceLROnPlateau"
    flat = val_loss(*[1.0] * 12)
    for patience in [0, 1, 2]:
        for cooldown in [0, 1, 2, 3]:
            add("constant", name, flat, patience=patience, cooldown=cooldown, verbose=1, learning_rate=1.0, factor=0.5)
    add("defaults", name, flat, learning_rate=0.01)
    add("lowest rate", name, flat, patience=1, factor=0.2, min_lr=0.001, verbose=1)
    add("already lowest", name, flat, patience=1, min_lr=0.01, verbose=1)
    add("lowest above", name, flat, patience=1, min_lr=0.1, verbose=1)
    slow = val_loss(1.0, 0.99995, 0.9999, 0.9998, 0.9, 0.85, 0.8)
    for min_delta in [0, 1e-4, 0.1]:
        add("least improvement", name, slow, patience=1, min_delta=min_delta, verbose=1)
    rising = epochs(val_accuracy=[0.5, 0.6, 0.6, 0.55, 0.7, 0.6, 0.6])
    for mode in ["auto", "min", "max"]:
        add("mode", name, rising, monitor="val_accuracy", mode=mode, patience=1, factor=0.5)
    bumpy = val_loss(2.0, 1.5, 1.6, 1.4, 1.4, 1.5, 1.45, 1.3, 1.35, 1.36, 1.37, 1.38, 1.39)
    add("bumpy", name, bumpy, patience=2, factor=0.3, cooldown=2, verbose=1)
    add("first is not a number", name, val_loss(NAN, 1.0, 0.5, 0.4), patience=2, verbose=1)
    add("later is not a number", name, val_loss(1.0, NAN, 0.5, NAN, NAN, 0.1), patience=2, verbose=1)
    add("monitor missing", name, epochs(loss=[1.0, 2.0], accuracy=[0.5, 0.5]), patience=1)
    add("improving while cooling", name, val_loss(1.0, 1.0, 0.5, 0.5, 0.5, 0.5), patience=1, cooldown=3, verbose=1)
    add("used twice", name, val_loss(1.0, 1.0), val_loss(2.0, 2.0, 2.0), patience=1, factor=0.5, verbose=1)
    add("factor of one", name, factor=1.0)


def model_checkpoint():
    name = "ModelCheckpoint"
    bumpy = epochs(val_loss=[2.0, 1.5, 1.5, 1.6, 1.25], accuracy=[0.1, 0.2, 0.3, 0.4, 0.5])
    add("every epoch", name, bumpy, filepath="model.keras", verbose=1)
    add("best only", name, bumpy, filepath="best.keras", save_best_only=True, verbose=1)
    add("weights only", name, bumpy, filepath="best.weights.h5", save_best_only=True, save_weights_only=True, verbose=1)
    add("silent", name, bumpy, filepath="best.keras", save_best_only=True)
    for template in ["{epoch}.keras", "{epoch:02d}-{val_loss:.2f}.keras", "e{epoch:04d}_a{accuracy:.3e}.keras"]:
        add("template", name, bumpy, filepath=template)
    add("template of the best", name, bumpy, filepath="{epoch}-{val_loss:.3f}.keras", save_best_only=True, verbose=1)
    add("template missing", name, bumpy, filepath="{epoch}-{val_mae:.2f}.keras", save_best_only=True)
    add("upwards", name, bumpy, filepath="best.keras", monitor="accuracy", save_best_only=True, verbose=1)
    add("mode", name, bumpy, filepath="best.keras", monitor="accuracy", mode="min", save_best_only=True, verbose=1)
    for threshold in [1.0, 1.5, 1.75]:
        add("threshold", name, bumpy, filepath="b.keras", save_best_only=True, initial_value_threshold=threshold, verbose=1)
    add("first is not a number", name, val_loss(NAN, 1.0, 0.5), filepath="b.keras", save_best_only=True, verbose=1)
    add("later is not a number", name, val_loss(1.0, NAN, 0.5), filepath="b.keras", save_best_only=True, verbose=1)
    add("monitor missing", name, epochs(loss=[1.0, 2.0]), filepath="b.keras", save_best_only=True, verbose=1)
    add("direction unknown", name, epochs(speed=[1.0]), filepath="b.keras", monitor="speed")
    add("used twice", name, val_loss(1.0, 0.5), val_loss(0.8, 0.4), filepath="b.keras", save_best_only=True, verbose=1)
    batches = [{"logs": {"loss": 0.5}, "batches": [{"loss": 1 / (b + 1)} for b in range(5)]} for _ in range(4)]
    for save_freq in [1, 2, 3, 5, 7, 40]:
        add("every few batches", name, batches, filepath="{epoch}-{batch}-{loss:.2f}.keras", save_freq=save_freq, verbose=1)
    add("batch field at the epoch's end", name, bumpy, filepath="{epoch}-{batch}.keras")
    for options in [{"filepath": "model"}, {"filepath": "m.keras", "save_weights_only": True}]:
        add("file name", name, **options)
    add("frequency", name, filepath="m.keras", save_freq="batch")


def learning_rate_scheduler():
    name = "LearningRateScheduler"
    for schedule in SCHEDULES:
        add(schedule, name, val_loss(*[1.0] * 6), schedule=schedule, verbose=1, learning_rate=0.1)
        add(schedule, name, val_loss(*[1.0] * 6), schedule=schedule)


def csv_logger():
    validated = epochs(loss=[1.0, 0.5], accuracy=[0.25, 1 / 3], val_loss=[2.0, 1e-8], val_accuracy=[0.0, 1.0])
    trained = epochs(loss=[1.0, 0.1], accuracy=[0.25, 0.75])
    add_csv("with validation", validated)
    add_csv("without validation", trained)
    add_csv("other separator", validated, separator=";")
    add_csv("values", epochs(loss=[NAN, INFINITY, -INFINITY, -0.0, 1e16, 123456789.0, 1e-5, 1e-4, 0.009999999776482582]))
    add_csv("float32 values", epochs(loss=[np.float32(0.1).item(), np.float32(1 / 3).item(), np.float32(1e-7).item()]))
    add_csv("key missing later", epochs(loss=[1.0, None], val_loss=[2.0, 2.5]))
    add_csv("key appears later", epochs(loss=[1.0, 0.5], val_loss=[None, 2.0], learning_rate=[None, 0.1]))
    add_csv("extra key", epochs(loss=[1.0, 0.5], val_loss=[2.0, 2.5], learning_rate=[0.1, 0.1]))
    add_csv("extra key without validation", epochs(loss=[1.0, 0.5], learning_rate=[0.1, 0.1]))
    add_csv("key with the separator", epochs(**{"loss": [1.0], 'a,b "c"': [2.0], "val_loss": [3.0]}))
    add_csv("truncates", trained, existing="old\r\n")
    add_csv("appends", trained, existing="epoch,accuracy,loss,val_accuracy,val_loss\r\n0,0.5,1.0,NA,NA\r\n", append=True)
    add_csv("appends to nothing", trained, append=True)
    add_csv("appends to an empty file", trained, existing="", append=True)
    add_csv("used twice", trained, trained)
    add_csv("used twice, appending", trained, trained, append=True)


def terminate_on_nan():
    good = {"logs": {"loss": 0.5}, "batches": [{"loss": 1.0}, {"loss": 0.5}, {"loss": 0.4}]}
    for value in [NAN, INFINITY, -INFINITY]:
        bad = {"logs": {"loss": value, "val_loss": 1.0}, "batches": [{"loss": 1.0}, {"loss": value}, {"loss": value}]}
        add("second epoch", "TerminateOnNaN", [good, bad, good])
        add("raising", "TerminateOnNaN", [good, bad, good], raise_error=True)
    add("validation is not watched", "TerminateOnNaN", val_loss(1.0, NAN, 1.0))


def recorder(hook, events):
    """A hook's function: `fit` passes the index, if there is one, by position and the logs either way."""
    return lambda *index, logs=None: events.append([hook, *index] + ([] if logs is None else [logs]))


def lambda_callback():
    hooks = ["train_begin", "train_end", "epoch_begin", "epoch_end"]
    hooks += ["train_batch_begin", "train_batch_end", "batch_begin", "batch_end"]
    fit = [{"logs": {"loss": 0.5}, "batches": [{"loss": 1.0}, {"loss": 0.5}]} for _ in range(2)]
    for chosen in [hooks, hooks[:4] + hooks[6:]]:
        events = []
        record = {f"on_{hook}": recorder(f"on_{hook}", events) for hook in chosen}
        Fit(new_model(0.01), keras.callbacks.LambdaCallback(**record), fit).run()
        options = [f"on_{hook}" for hook in chosen]
        cases.append({"name": "hooks", "callback": "LambdaCallback", "options": options, "fits": [fit], "events": events})


with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
    early_stopping()
    reduce_learning_rate()
    model_checkpoint()
    learning_rate_scheduler()
    csv_logger()
    terminate_on_nan()
    lambda_callback()
golden.write(__file__, cases)
