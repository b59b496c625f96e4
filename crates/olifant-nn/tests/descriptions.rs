//! How layers are described in files: these are promises to files that were written before.

#![allow(clippy::unwrap_used)]

use olifant_nn::{
    Layer, Regularizer,
    layers::{
        AdditiveAttention, Attention, BatchNormalization, Conv2D, Conv2DTranspose, DepthwiseConv1D,
        Embedding, GRU, LSTM, MultiHeadAttention, PReLU, SeparableConv1D, SimpleRNN,
    },
};
use serde_json::{Value, json};

/// The description of a layer, with what it adds to that of another.
fn with(mut description: Value, more: Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        description[key] = value.clone();
    }
    description
}

#[track_caller]
fn assert_described(layer: &dyn Layer, expected: &Value) {
    assert_eq!(&serde_json::to_value(layer).unwrap(), expected);
    let again: Box<dyn Layer> = serde_json::from_value(expected.clone()).unwrap();
    assert_eq!(&serde_json::to_value(&*again).unwrap(), expected);
}

fn kernel_and_bias() -> Value {
    json!({
        "use_bias": true,
        "kernel_initializer": "glorot_uniform", "kernel_regularizer": null,
        "bias_initializer": "zeros", "bias_regularizer": null,
    })
}

#[test]
fn convolutions() {
    let sliding = json!({
        "kernel_size": [3, 3], "strides": [1, 1], "padding": "valid", "dilation_rate": [1, 1], "activation": "linear",
        "filters": 4,
    });
    let all = with(sliding, kernel_and_bias());
    let conv = with(all.clone(), json!({"layer": "conv2d", "groups": 1}));
    assert_described(&Conv2D::new(4, 3), &conv);
    let transposed = with(all, json!({"layer": "conv2d_transpose", "output_padding": null}));
    assert_described(&Conv2DTranspose::new(4, 3), &transposed);

    let depthwise = json!({
        "layer": "depthwise_conv1d", "kernel_size": [3], "strides": [1], "padding": "valid", "dilation_rate": [1],
        "depth_multiplier": 1, "activation": "linear", "use_bias": true,
        "depthwise_initializer": "glorot_uniform", "depthwise_regularizer": null,
        "bias_initializer": "zeros", "bias_regularizer": null,
    });
    assert_described(&DepthwiseConv1D::new(3), &depthwise);
    let pointwise = json!({
        "layer": "separable_conv1d", "filters": 4,
        "pointwise_initializer": "glorot_uniform", "pointwise_regularizer": null,
    });
    assert_described(&SeparableConv1D::new(4, 3), &with(depthwise, pointwise));
}

#[test]
fn recurrent_layers() {
    let recurrent = json!({
        "units": 2, "activation": "tanh",
        "recurrent_initializer": {"orthogonal": {"gain": 1.0}}, "recurrent_regularizer": null,
        "dropout": 0.0, "recurrent_dropout": 0.0, "return_sequences": false, "return_state": false,
        "go_backwards": false, "stateful": null, "zero_output_for_mask": false,
    });
    let simple = with(with(recurrent, kernel_and_bias()), json!({"layer": "simple_rnn"}));
    assert_described(&SimpleRNN::new(2), &simple);
    let lstm = json!({"layer": "lstm", "recurrent_activation": "sigmoid", "unit_forget_bias": true});
    assert_described(&LSTM::new(2), &with(simple.clone(), lstm));
    let gru = json!({"layer": "gru", "recurrent_activation": "sigmoid", "reset_after": true});
    assert_described(&GRU::new(2), &with(simple, gru));
}

#[test]
fn attentions() {
    let weighing = json!({"dropout": 0.0, "use_causal_mask": false, "return_attention_scores": false});
    let additive = with(weighing.clone(), json!({"layer": "additive_attention", "use_scale": true}));
    assert_described(&AdditiveAttention::new(), &additive);
    let dot = json!({"layer": "attention", "use_scale": false, "score_mode": "dot"});
    assert_described(&Attention::new(), &with(weighing.clone(), dot));
    let heads = json!({
        "layer": "multi_head_attention", "num_heads": 2, "key_dim": 3, "value_dim": null, "output_shape": null,
        "use_attention_mask": false,
    });
    assert_described(&MultiHeadAttention::new(2, 3), &with(with(weighing, kernel_and_bias()), heads));
}

#[test]
fn layers_with_one_kind_of_weights() {
    let embedding = json!({
        "layer": "embedding", "input_dim": 5, "output_dim": 2, "mask_zero": false,
        "embeddings_initializer": {"random_uniform": {"minval": -0.05, "maxval": 0.05}},
        "embeddings_regularizer": {"l1": 0.0, "l2": 0.5},
    });
    let layer = Embedding::new(5, 2).embeddings_regularizer(Regularizer::l2(0.5));
    let written = serde_json::to_value(&layer as &dyn Layer).unwrap();
    assert_eq!(written["embeddings_regularizer"], embedding["embeddings_regularizer"]);
    assert_eq!(written.as_object().unwrap().len(), embedding.as_object().unwrap().len());
    let prelu = json!({
        "layer": "prelu", "alpha_initializer": "zeros", "alpha_regularizer": null, "shared_axes": [1],
    });
    assert_described(&PReLU::new().shared_axes([1]), &prelu);
    let normalization = json!({
        "layer": "batch_normalization", "axis": -1, "momentum": 0.5, "epsilon": 0.5, "center": true, "scale": true,
        "gamma_initializer": "ones", "gamma_regularizer": null,
        "beta_initializer": "zeros", "beta_regularizer": null,
        "moving_mean_initializer": "zeros", "moving_variance_initializer": "ones",
    });
    assert_described(&BatchNormalization::new().momentum(0.5).epsilon(0.5), &normalization);
}
