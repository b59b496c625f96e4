"""The exact text of the progress logger, second by second.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python progress.py

A case holds `verbose` (1 bar, 2 one line per epoch), `epochs` and `steps` (null: unknown) of the
logger, and `events`: the hook, its index if it has one, the clock's `time` in seconds, the logs if
there are any, and the `text` that Keras prints, escape sequences and backspaces included. The clock
stands still within an event. Logs have the order in which Keras prints them.
"""

import contextlib
import io
import sys
from pathlib import Path
from unittest import mock

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
from keras.callbacks import ProgbarLogger

START = 1000.0
cases = []


def add(name, verbose, epochs, steps, events):
    """An event is (seconds since the start, hook, index or None, logs)."""
    logger, rows = ProgbarLogger(), []
    logger.set_params({"verbose": verbose, "epochs": epochs, "steps": steps})
    for seconds, hook, index, logs in events:
        arguments = [logs] if index is None else [index, logs]
        output = io.StringIO()
        with mock.patch("time.time", lambda: START + seconds), contextlib.redirect_stdout(output):
            getattr(logger, f"on_{hook}")(*arguments)
        row = {"hook": hook, "time": START + seconds, "text": output.getvalue()}
        rows.append(row | ({} if index is None else {"index": index}) | ({"logs": logs} if logs else {}))
    cases.append({"name": name, "verbose": verbose, "epochs": epochs, "steps": steps, "events": rows})


def fit(epochs, steps, seconds, logs, final):
    """Epochs of equally long steps; `logs` of each step follow from the number of steps done."""
    now = 0.0
    yield now, "train_begin", None, {}
    for epoch in range(epochs):
        yield now, "epoch_begin", epoch, {}
        for batch in range(steps):
            now += seconds
            yield now, "train_batch_end", batch, logs(batch + 1)
        now += seconds
        yield now, "epoch_end", epoch, final
    yield now, "train_end", None, final


def falling(done):
    return {"accuracy": 1 - 1 / (done + 1), "loss": 2 / done}


VALIDATED = {"accuracy": 0.875, "loss": 0.4, "val_accuracy": 0.8125, "val_loss": 0.5}
for verbose in [0, 1, 2]:
    add("two epochs", verbose, 2, 5, fit(2, 5, 0.5, falling, VALIDATED))
    add("one epoch has no heading", verbose, 1, 3, fit(1, 3, 0.25, falling, falling(3)))
    add("fast steps", verbose, 1, 12, fit(1, 12, 0.013, falling, falling(12)))
    add("very fast steps", verbose, 1, 125, fit(1, 125, 0.0001, falling, falling(125)))
    add("slow steps", verbose, 1, 3, fit(1, 3, 47.0, falling, falling(3)))
    add("hours", verbose, 1, 4, fit(1, 4, 4000.0, falling, falling(4)))
    add("no time passes", verbose, 1, 2, fit(1, 2, 0.0, falling, falling(2)))
    add("unknown number of steps", verbose, 2, None, fit(2, 3, 0.5, falling, VALIDATED))
    add("wide numbers", verbose, 1, 1000, [
        (0.0, "train_begin", None, {}),
        (0.0, "epoch_begin", 0, {}),
        (1.0, "train_batch_end", 0, {"loss": 1.0}),
        (2.0, "train_batch_end", 99, {"loss": 0.5}),
        (20.0, "train_batch_end", 999, {"loss": 0.25}),
        (20.5, "epoch_end", 0, {"loss": 0.25, "learning_rate": 0.0010000000474974513}),
    ])  # fmt: skip
    add("stopped in the middle", verbose, 3, 10, [
        (0.0, "train_begin", None, {}),
        (0.0, "epoch_begin", 0, {}),
        (0.5, "train_batch_end", 0, {"loss": 1.0}),
        (1.0, "train_batch_end", 1, {"loss": float("nan")}),
        (1.5, "epoch_end", 0, {"loss": float("nan"), "val_loss": 2.5}),
    ])  # fmt: skip
    add("line becomes shorter", verbose, 1, 2, [
        (0.0, "train_begin", None, {}),
        (0.0, "epoch_begin", 0, {}),
        (70.0, "train_batch_end", 0, {"loss": 12345.678}),
        (71.0, "train_batch_end", 1, {"loss": 1.5}),
        (71.5, "epoch_end", 0, {"loss": 1.5}),
    ])  # fmt: skip
    for value in [1.0, 0.00100001, 0.001, 0.0005, 1e-8, 0.0, -0.0, -0.0005, -0.5, -12.25, 99999.5, 1e10, float("inf")]:
        add("value", verbose, 1, 1, fit(1, 1, 0.5, lambda done: {"loss": value}, {"loss": value}))
    add("evaluate", verbose, 1, 3, [
        (0.0, "test_begin", None, {}),
        (0.5, "test_batch_end", 0, {"accuracy": 0.5, "loss": 1.0}),
        (0.52, "test_batch_end", 1, {"accuracy": 0.75, "loss": 0.5}),
        (0.6, "test_batch_end", 2, {"accuracy": 0.8, "loss": 0.4}),
        (0.7, "test_end", None, {"accuracy": 0.8, "loss": 0.4}),
    ])  # fmt: skip
    add("predict", verbose, 1, 2, [
        (0.0, "predict_begin", None, {}),
        (0.5, "predict_batch_end", 0, {}),
        (1.0, "predict_batch_end", 1, {}),
        (1.0, "predict_end", None, {}),
    ])  # fmt: skip
    add("validation is silent", verbose, 1, 1, [
        (0.0, "train_begin", None, {}),
        (0.0, "epoch_begin", 0, {}),
        (0.5, "train_batch_end", 0, {"loss": 1.0}),
        (0.6, "test_begin", None, {}),
        (0.7, "test_batch_end", 0, {"loss": 2.0}),
        (0.8, "test_end", None, {"loss": 2.0}),
        (0.9, "epoch_end", 0, {"loss": 1.0, "val_loss": 2.0}),
    ])  # fmt: skip
golden.write(__file__, cases)
