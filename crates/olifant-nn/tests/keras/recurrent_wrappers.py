"""Bidirectional and TimeDistributed. Run: python recurrent_wrappers.py"""

import layer_cases as layers
import keras

SHAPE = (4, 2)
UNITS = 3


def recurrent(name, **options):
    """All fields of our description."""
    ours = {
        "layer": name,
        "units": UNITS,
        "activation": "tanh",
        "use_bias": True,
        "kernel_initializer": "glorot_uniform",
        "recurrent_initializer": {"orthogonal": {"gain": 1.0}},
        "bias_initializer": "zeros",
        "kernel_regularizer": None,
        "recurrent_regularizer": None,
        "bias_regularizer": None,
        "dropout": 0.0,
        "recurrent_dropout": 0.0,
        "return_sequences": False,
        "return_state": False,
        "go_backwards": False,
        "stateful": None,
        "zero_output_for_mask": options.get("return_sequences", False),
    }
    if name == "lstm":
        ours |= {"recurrent_activation": "sigmoid", "unit_forget_bias": True}
    if name == "gru":
        ours |= {"recurrent_activation": "sigmoid", "reset_after": True}
    return ours | options


KERAS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "simple_rnn": keras.layers.SimpleRNN}
STATES = {"lstm": 2, "gru": 1, "simple_rnn": 1}
MODES = {"concat": "concat", "sum": "sum", "mul": "mul", "ave": "ave", "none": None}


def from_states(layer, tensors, arguments):
    # Keras forgets the mask of the sequence when initial states are given, unless it is given itself.
    mask = keras.src.backend.get_keras_mask(tensors[0])
    return layer(tensors[0], initial_state=tensors[1:], mask=mask, **arguments)


cases = []


def add(name, mode, inputs=[SHAPE], arguments={}, **options):
    ours = {"layer": "bidirectional", "forward_layer": recurrent(name, **options), "merge_mode": mode}
    theirs = keras.layers.Bidirectional(KERAS[name](UNITS, **options), merge_mode=MODES[mode])
    cases.append(layers.case(ours, theirs, inputs, **arguments))


for name in KERAS:
    states = [SHAPE] + 2 * STATES[name] * [(UNITS,)]
    for mode in MODES:
        add(name, mode)
        add(name, mode, return_sequences=True)
        add(name, mode, arguments={"mask": True}, return_sequences=True)
    add(name, "concat", arguments={"mask": True})
    if name != "lstm":
        add(name, "none", return_sequences=True, return_state=True)
    add(name, "sum", states, {"call": from_states}, return_state=True)
    add(name, "concat", states, {"call": from_states, "mask": True}, return_sequences=True, return_state=True)

for options in [{}, {"return_sequences": True}]:
    cases.append(
        layers.case(
            {
                "layer": "bidirectional",
                "forward_layer": recurrent("lstm", **options),
                "backward_layer": recurrent("gru", units=2, go_backwards=True, **options),
            },
            keras.layers.Bidirectional(
                keras.layers.LSTM(UNITS, **options),
                backward_layer=keras.layers.GRU(2, go_backwards=True, **options),
            ),
            [SHAPE],
        )
    )

dense = {
    "layer": "dense",
    "units": 4,
    "activation": "tanh",
    "use_bias": True,
    "kernel_initializer": "glorot_uniform",
    "bias_initializer": "zeros",
    "kernel_regularizer": None,
    "bias_regularizer": None,
}
for shape, mask in [((6, 3), False), ((6, 3), True), ((4, 2, 3), False)]:
    cases.append(
        layers.case(
            {"layer": "time_distributed", "inner": dense},
            keras.layers.TimeDistributed(keras.layers.Dense(4, "tanh")),
            [shape],
            mask=mask,
        )
    )
cases.append(
    layers.case(
        {"layer": "time_distributed", "inner": {"layer": "flatten"}},
        keras.layers.TimeDistributed(keras.layers.Flatten()),
        [(4, 2, 3)],
    )
)
cases.append(
    layers.case(
        {"layer": "time_distributed", "inner": recurrent("gru")},
        keras.layers.TimeDistributed(keras.layers.GRU(UNITS)),
        [(4, 6, 3)],
    )
)
layers.write(__file__, cases)
