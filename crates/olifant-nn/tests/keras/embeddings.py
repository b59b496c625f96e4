"""Embedding and masking. Run: python embeddings.py"""

import layer_cases as layers
import keras

L = keras.layers
embedding = {"layer": "embedding", "input_dim": 7, "output_dim": 4}
masking = {"layer": "masking"}
# With few different numbers, steps that are all zero or all one occur.
cases = [
    layers.case(embedding, L.Embedding(7, 4), [(3,)], ids=7),
    layers.case(embedding | {"mask_zero": True}, L.Embedding(7, 4, mask_zero=True), [(6,)], ids=7),
    layers.case(embedding, L.Embedding(7, 4), [(3, 2)], ids=7),
    layers.case(embedding | {"input_dim": 30}, L.Embedding(30, 4), [(2,)], ids=30),
    layers.case(masking, L.Masking(), [(6, 2)], ids=2),
    layers.case(masking | {"mask_value": 1.0}, L.Masking(1.0), [(6, 2)], ids=2),
    layers.case(masking, L.Masking(), [(6, 2)]),
]
layers.write(__file__, cases)
