"""LSTM, GRU and SimpleRNN. Run: python recurrent.py"""

import layer_cases as layers
import keras

SHAPE = (4, 2)
UNITS = 3

kinds = [
    ("lstm", keras.layers.LSTM, 2, {}),
    ("gru", keras.layers.GRU, 1, {}),
    ("gru", keras.layers.GRU, 1, {"reset_after": False}),
    ("simple_rnn", keras.layers.SimpleRNN, 1, {}),
]

# Our options and Keras's have the same names; activations are written the same.
plain = [
    {},
    {"return_sequences": True},
    {"go_backwards": True},
    {"return_sequences": True, "go_backwards": True},
    {"return_state": True},
    {"return_sequences": True, "return_state": True, "go_backwards": True},
    {"use_bias": False},
    {"activation": "relu"},
    {"activation": "softsign", "return_sequences": True},
    # Not among the activations of the one operation.
    {"activation": "silu", "return_sequences": True, "return_state": True},
    {"activation": "gelu", "go_backwards": True},
    {"activation": "softmax", "use_bias": False},
    # Nothing is forgotten outside of training.
    {"dropout": 0.5, "recurrent_dropout": 0.25},
]
gated = [
    {"recurrent_activation": "hard_sigmoid"},
    {"recurrent_activation": "mish", "return_sequences": True},
    {"activation": "linear", "recurrent_activation": "relu6"},
]
masked = [
    {},
    {"return_sequences": True},
    {"return_sequences": True, "go_backwards": True},
    {"return_sequences": True, "return_state": True},
    {"return_state": True, "go_backwards": True},
    {"return_sequences": True, "zero_output_for_mask": True},
    {"zero_output_for_mask": True},
    {"activation": "silu", "return_sequences": True, "return_state": True, "zero_output_for_mask": True},
    {"activation": "silu", "return_sequences": True, "go_backwards": True},
]
with_states = [
    {},
    {"return_sequences": True, "return_state": True},
    {"activation": "silu", "return_state": True},
]


def from_states(layer, tensors, arguments):
    # Keras forgets the mask of the sequence when initial states are given, unless it is given itself.
    mask = keras.src.backend.get_keras_mask(tensors[0])
    return layer(tensors[0], initial_state=tensors[1:], mask=mask, **arguments)


cases = []
for name, layer, states, more in kinds:

    def add(options, inputs=[SHAPE], **arguments):
        ours = {"layer": name, "units": UNITS} | more | options
        ours["activation"] = {"gelu": {"gelu": {"approximate": False}}}.get(
            options.get("activation"), options.get("activation", "tanh")
        )
        cases.append(layers.case(ours, layer(UNITS, **more, **options), inputs, **arguments))

    for options in plain + (gated if name != "simple_rnn" else []):
        add(options)
    for options in masked:
        add(options, mask=True)
    inputs = [SHAPE] + states * [(UNITS,)]
    for options in with_states:
        add(options, inputs, call=from_states)
        add(options, inputs, call=from_states, mask=True)

cases.append(
    layers.case(
        {"layer": "lstm", "units": UNITS, "unit_forget_bias": False, "kernel_initializer": "he_normal"},
        keras.layers.LSTM(UNITS, unit_forget_bias=False),
        [SHAPE],
    )
)
layers.write(__file__, cases)
