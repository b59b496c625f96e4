"""Writes and reads safetensors files with the Python library, to compare with ours.

    python safetensors_file.py write ../files/from_python.safetensors
    python safetensors_file.py read some_model.safetensors
"""

import sys

import numpy
from safetensors import safe_open
from safetensors.numpy import save_file


def write(path):
    kernel = numpy.array([[1, 2, 3], [4, 5, 6]], dtype=numpy.float32) / 8
    bias = numpy.array([0.5, -0.25, 1e-3], dtype=numpy.float64)
    save_file({"dense/kernel": kernel, "dense/bias": bias}, path, metadata={"written_by": "Python"})


def read(path):
    with safe_open(path, framework="numpy") as file:
        print(file.metadata())
        for name in sorted(file.keys()):
            tensor = file.get_tensor(name)
            print(name, tensor.dtype, list(tensor.shape), tensor.flatten().tolist())


{"write": write, "read": read}[sys.argv[1]](sys.argv[2])
