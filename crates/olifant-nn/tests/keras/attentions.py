"""Attention. Run: python attentions.py"""

import layer_cases as layers
import keras

L = keras.layers
attention, additive = {"layer": "attention"}, {"layer": "additive_attention"}
causal = {"use_causal_mask": True}
two, three = [(4, 3), (5, 3)], [(4, 3), (5, 2), (5, 3)]


def with_causal_mask(layer, inputs, arguments):
    return layer(inputs, use_causal_mask=True, **arguments)


cases = [
    layers.case(attention, L.Attention(), two),
    layers.case(attention, L.Attention(), three),
    layers.case(attention, L.Attention(), three, mask=True),
    layers.case(attention | {"use_scale": True}, L.Attention(use_scale=True), three),
    layers.case(attention | {"score_mode": "concat"}, L.Attention(score_mode="concat"), three),
    layers.case(
        attention | {"score_mode": "concat", "use_scale": True}, L.Attention(score_mode="concat", use_scale=True), two
    ),
    layers.case(attention | causal, L.Attention(), three, call=with_causal_mask),
    layers.case(attention | causal, L.Attention(), [(6, 3), (4, 3)], call=with_causal_mask),
    layers.case(attention | {"dropout": 0.5}, L.Attention(dropout=0.5), three),
    layers.case(additive, L.AdditiveAttention(), two),
    layers.case(additive, L.AdditiveAttention(), three, mask=True),
    layers.case(additive | {"use_scale": False}, L.AdditiveAttention(use_scale=False), three),
    layers.case(additive | causal, L.AdditiveAttention(), three, call=with_causal_mask),
    layers.case(additive | {"dropout": 0.5}, L.AdditiveAttention(dropout=0.5), two),
]


def heads(ours, shapes, *, options={}, attention_mask=False, ids=None, **arguments):
    """A case of MultiHeadAttention with two heads of four features."""

    def call(layer, inputs, more):
        if attention_mask:
            *inputs, more["attention_mask"] = inputs
        query, value, *key = inputs if len(inputs) > 1 else inputs * 2
        more |= {name: ours.get(name, False) for name in ["use_causal_mask", "return_attention_scores"]}
        return layer(query, value, *key, **more)

    ours = {"layer": "multi_head_attention", "num_heads": 2, "key_dim": 4} | options | ours
    return layers.case(ours, L.MultiHeadAttention(2, 4, **options), shapes, call=call, ids=ids, **arguments)


shaped = {"output_shape": [2, 3]}
cases += [
    heads({}, two),
    heads({}, three),
    heads({}, [(5, 3)]),
    heads({}, [(5, 3)], mask=True),
    heads({}, three, mask=True),
    heads({}, two, options={"value_dim": 3, "use_bias": False}),
    heads({}, three, options={"value_dim": 5, "output_shape": [6]}),
    heads({}, two, options={"output_shape": [2, 3]}),
    heads({}, three, options={"dropout": 0.5}),
    heads({}, [(5, 3)], options={"dropout": 0.5}, mask=True),
    heads(causal, [(5, 3)]),
    heads(causal, [(6, 3), (4, 3)]),
    heads(causal, [(5, 3)], mask=True),
    heads(causal, two, options={"dropout": 0.5}),
    # Whole numbers, so that the last input is a mask.
    heads({"use_attention_mask": True}, [(4, 3), (5, 3), (4, 5)], attention_mask=True, ids=2),
    heads({"use_attention_mask": True}, [(4, 3), (5, 2), (5, 3), (4, 5)], attention_mask=True, ids=2),
    heads({"use_attention_mask": True}, [(4, 3), (5, 3), (4, 5)], attention_mask=True, ids=2, mask=True),
    heads({"use_attention_mask": True} | causal, [(4, 3), (5, 3), (4, 5)], attention_mask=True, ids=2),
]


def with_scores(layer, inputs, arguments):
    return layer(inputs, return_attention_scores=True, **arguments)


scores = {"return_attention_scores": True}
cases += [
    layers.case(attention | scores, L.Attention(), three, mask=True, call=with_scores),
    layers.case(
        attention | scores | {"score_mode": "concat"}, L.Attention(score_mode="concat"), two, call=with_scores
    ),
    layers.case(attention | scores | {"dropout": 0.5}, L.Attention(dropout=0.5), two, call=with_scores),
    layers.case(additive | scores, L.AdditiveAttention(), three, mask=True, call=with_scores),
    heads(scores, two),
    heads(scores, three, mask=True),
    heads(scores | causal, [(5, 3)], mask=True),
    heads(scores, two, options={"dropout": 0.5, "value_dim": 3}),
    heads(scores | {"use_attention_mask": True}, [(4, 3), (5, 3), (4, 5)], attention_mask=True, ids=2),
]
layers.write(__file__, cases)
