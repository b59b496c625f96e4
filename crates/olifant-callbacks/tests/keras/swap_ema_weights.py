"""What SwapEMAWeights does to the weights that are validated, seen by other callbacks, and left at the end.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6. Run: python swap_ema_weights.py

Head: `x`, `y`, of six samples, and `weights`, those that a Dense(2) begins with. The loss is the mean squared
error, the optimizer SGD(0.1, momentum=0.5, use_ema=True, ema_momentum=0.6).
The cases of `fit` train three epochs in batches of two, in order, and validate on the same samples; `stop` is the
epoch at whose end a later callback stops, or null. `callback` holds the options of SwapEMAWeights, or is null.
  loss, val_loss  of each epoch
  begin, end      the kernel that a later callback sees in on_epoch_begin and on_epoch_end, of each epoch
  kernel          the kernel after fit
The case of `use` makes three steps on all samples by hand, then calls `evaluate` (`loss`), and `evaluate` and
`predict` with the callback (`ema_loss`, `ema_predictions`); `kernel` is from before them all.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "olifant-nn/tests/keras"))
import golden
import keras
import numpy as np
from keras.callbacks import SwapEMAWeights

rng = np.random.default_rng(3)
X = rng.normal(size=[6, 3]).astype(np.float32)
Y = rng.normal(size=[6, 2]).astype(np.float32)
WEIGHTS = [rng.normal(size=shape).astype(np.float32) for shape in ([3, 2], [2])]


def new_model():
    keras.backend.clear_session()
    model = keras.Sequential([keras.Input([3]), keras.layers.Dense(2)])
    model.set_weights(WEIGHTS)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.5, use_ema=True, ema_momentum=0.6), "mse", jit_compile=False)
    return model


def kernel(model):
    return model.get_weights()[0]


class Witness(keras.callbacks.Callback):
    def __init__(self, stop):
        super().__init__()
        self.stop, self.begin, self.end = stop, [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.begin.append(kernel(self.model))

    def on_epoch_end(self, epoch, logs=None):
        self.end.append(kernel(self.model))
        if epoch == self.stop:
            self.model.stop_training = True


def fit(callback, stop=None):
    model, witness = new_model(), Witness(stop)
    swap = [] if callback is None else [SwapEMAWeights(**callback)]
    options = {"epochs": 3, "batch_size": 2, "shuffle": False, "verbose": 0, "validation_data": (X, Y)}
    history = model.fit(X, Y, callbacks=[*swap, witness], **options).history
    return {
        "call": "fit",
        "callback": callback,
        "stop": stop,
        **{name: np.float32(values) for name, values in history.items()},
        "begin": witness.begin,
        "end": witness.end,
        "kernel": kernel(model),
    }


def use():
    model = new_model()
    for _ in range(3):
        model.train_on_batch(X, Y)
    return {
        "call": "use",
        "kernel": kernel(model),
        "loss": np.float32(model.evaluate(X, Y, verbose=0)),
        "ema_loss": np.float32(model.evaluate(X, Y, verbose=0, callbacks=[SwapEMAWeights()])),
        "ema_predictions": model.predict(X, verbose=0, callbacks=[SwapEMAWeights()]),
    }


cases = [
    fit(None),
    fit({}),
    fit({"swap_on_epoch": True}),
    fit({}, stop=1),
    fit({"swap_on_epoch": True}, stop=1),
    use(),
]
golden.write(__file__, cases, x=X, y=Y, weights=WEIGHTS)
