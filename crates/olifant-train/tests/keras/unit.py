"""Numbers between 0 and 1 that look random and come from a formula, so that no file has to hold them.

One integer hash (arithmetic modulo 2^32):

    hash(x):  x ^= x >> 16;  x *= 0x7feb352d;  x ^= x >> 15;  x *= 0x846ca68b;  x ^= x >> 16
    unit(stream, i) = (hash(stream * 0x9e3779b9 + i) >> 8) / 2^24        in [0, 1), exact in float32
"""

import numpy as np


def unit(stream, index):
    x = (np.uint64(stream) * np.uint64(0x9E3779B9) + index.astype(np.uint64)) & np.uint64(0xFFFFFFFF)
    x = x.astype(np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return (x >> np.uint32(8)) / 2.0**24
