"""Writes what Keras computes as JSON that Rust tests read: one case per line.

Made with keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6.

How values are written:
  numpy array         {"shape": [2, 3], "values": [...]}, row-major
  float32             the shortest decimal that reads back as the same float32
  Python float        the shortest decimal that reads back as the same float64
  not a number, ±∞    the strings "nan", "inf", "-inf", which JSON has no numbers for
  a switch or index   true, false, integers

Import this module before Keras: it chooses the backend and its plain CPU kernels.
"""

import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf


def write(script, cases, **head):
    """Writes `cases`, below the versions and the entries of `head`, to the JSON beside `script`."""
    head = {"keras": keras.__version__, "tensorflow": tf.__version__, **head}
    lines = [f"{json.dumps(name)}: {text(value)}" for name, value in head.items()]
    rows = ",\n".join(text(case) for case in cases)
    lines.append(f'"cases": [\n{rows}\n]')
    Path(script).with_suffix(".json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def text(value):
    """The JSON of one value."""
    if hasattr(value, "numpy"):
        value = value.numpy()
    if isinstance(value, np.ndarray):
        values = ", ".join(text(element) for element in value.ravel())
        return f'{{"shape": {list(value.shape)}, "values": [{values}]}}'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(k))}: {text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(text(element) for element in value) + "]"
    if isinstance(value, (float, np.floating)):
        return number(value)
    if isinstance(value, np.generic):
        value = value.item()
    return json.dumps(value, ensure_ascii=False)


def number(value):
    """A float, so written that a reader of its own precision gets exactly it back."""
    if not np.isfinite(value):
        return f'"{value}"'
    digits = str(value)
    assert type(value)(float(digits)) == value, digits
    return digits
