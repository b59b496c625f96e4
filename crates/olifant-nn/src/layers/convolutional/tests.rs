//! What convolutional layers refuse, and what a convolution takes over. Their numbers are compared with Keras's in `tests/layers`.

use olifant_core::{Float, Mode, Padding, RandomKey, Shape, Tape, Workspace};

use super::*;
use crate::{
    Activation, Filling, Layer, Network, Regularizer, Sequential,
    layers::{ActivationLayer, Flatten, MaxPooling1D, MaxPooling2D, SeparableConv1D, UpSampling1D},
};

/// The reason why a layer cannot be built for such samples, without the layer's name.
fn reason(input: &[usize], layer: impl Layer) -> String {
    let input = Shape::new(input).unwrap();
    let error = Sequential::new(input).add(layer).build(0).unwrap_err().to_string();
    error.split_once(": ").unwrap().1.to_owned()
}

#[test]
fn options_out_of_range_are_refused() {
    let conv = || Conv2D::new(4, 3);
    for (layer, expected) in [
        (Conv2D::new(0, 3), "filters must be at least 1, but is 0"),
        (Conv2D::new(4, [3, 0]), "kernel_size must be at least 1 along each axis, but is [3, 0]"),
        (conv().strides([0, 1]), "strides must be at least 1 along each axis, but is [0, 1]"),
        (conv().dilation_rate(0), "dilation_rate must be at least 1 along each axis, but is [0, 0]"),
        (
            conv().strides([1, 2]).dilation_rate([2, 1]),
            "strides must be 1 along each axis, for dilation_rate is above 1, but is [1, 2]",
        ),
        (conv().groups(0), "groups must be at least 1, but is 0"),
        (conv().groups(4), "groups must be a divisor of 6 channels and of 4 filters, but is 4"),
        (conv().groups(3), "groups must be a divisor of 6 channels and of 4 filters, but is 3"),
        (
            conv().padding(Padding::Causal),
            "padding must be valid or same: causal is for one axis, but is causal",
        ),
        (
            Conv2D::new(4, [3, 9]),
            "a window over 9 places does not fit into 8: use a smaller one, or padding same",
        ),
        (
            conv().dilation_rate([1, 4]),
            "a window over 9 places does not fit into 8: use a smaller one, or padding same",
        ),
    ] {
        assert_eq!(reason(&[8, 8, 6], layer), expected);
    }
    assert!(reason(&[8, 6], conv()).contains("expects inputs of shape [batch, rows, columns, channels]"));
    assert!(reason(&[0, 8, 6], conv()).contains("does not fit into 0"));
}

#[test]
fn sizes_beyond_all_memory_are_refused() {
    for layer in [Conv2D::new(4, usize::MAX), Conv2D::new(usize::MAX, 3), Conv2D::new(4, 1 << 40)] {
        let same = layer.clone().padding(Padding::Same);
        assert!(!reason(&[8, 8, 6], layer).is_empty());
        assert!(!reason(&[8, 8, 6], same).is_empty());
    }
    for dilation in [usize::MAX, 1 << 62, 1 << 40] {
        let layer = Conv2D::new(4, 3).dilation_rate(dilation);
        assert!(!reason(&[8, 8, 6], layer.clone()).is_empty());
        assert!(!reason(&[8, 8, 6], layer.padding(Padding::Same)).is_empty());
        assert!(
            !reason(&[8, 6], Conv1D::new(4, 3).dilation_rate(dilation).padding(Padding::Causal)).is_empty()
        );
        assert!(!reason(&[8, 6], Conv1DTranspose::new(4, 3).dilation_rate(dilation)).is_empty());
    }
    assert!(!reason(&[8, 6], Conv1DTranspose::new(4, 3).strides(usize::MAX)).is_empty());
    assert!(!reason(&[8, 6], UpSampling1D::new(usize::MAX)).is_empty());
}

#[test]
fn options_of_the_other_convolutions_are_checked() {
    let causal = "padding must be valid or same, but is causal";
    let multiplier = "depth_multiplier must be at least 1, but is 0";
    assert_eq!(reason(&[8, 6], DepthwiseConv1D::new(3).padding(Padding::Causal)), causal);
    assert_eq!(reason(&[8, 6], SeparableConv1D::new(2, 3).padding(Padding::Causal)), causal);
    assert_eq!(reason(&[8, 6], Conv1DTranspose::new(2, 3).padding(Padding::Causal)), causal);
    assert_eq!(reason(&[8, 6], DepthwiseConv1D::new(3).depth_multiplier(0)), multiplier);
    assert_eq!(reason(&[8, 6], SeparableConv1D::new(2, 3).depth_multiplier(0)), multiplier);
    assert_eq!(reason(&[8, 6], SeparableConv1D::new(0, 3)), "filters must be at least 1, but is 0");
    assert_eq!(reason(&[8, 6], Conv1DTranspose::new(0, 3)), "filters must be at least 1, but is 0");
    assert_eq!(
        reason(&[8, 6], Conv1DTranspose::new(2, 3).strides(2).output_padding(2)),
        "output_padding must be below the strides [2] along each axis, but is [2]"
    );
    assert!(
        reason(&[8, 6], Conv1DTranspose::new(2, 3).strides(2).dilation_rate(2)).contains("strides must be 1")
    );
    assert!(
        reason(&[8], DepthwiseConv1D::new(3)).contains("expects inputs of shape [batch, steps, channels]")
    );
    // A convolution makes 3 places of the 5 there would be, not 4.
    let impossible = Conv1DTranspose::new(2, 4).strides(2).padding(Padding::Same).output_padding(0);
    assert!(reason(&[4, 6], impossible).contains("does not fit inputs"));
    assert!(reason(&[8, 6], DepthwiseConv1D::new(9)).contains("does not fit into 8"));
}

#[test]
fn penalties_are_those_of_the_weights() {
    let network = Sequential::new([6, 2])
        .add(
            Conv1D::new(3, 2).kernel_regularizer(Regularizer::l1(0.5)).bias_regularizer(Regularizer::l1(2.0)),
        )
        .add(SeparableConv1D::new(3, 2).pointwise_regularizer(Regularizer::l1(0.25)))
        .build(1)
        .unwrap();
    let sum = |name: &str| {
        let weights = network.weights();
        weights.get(weights.find(name).unwrap()).data.iter().map(|w| w.abs()).sum::<Float>()
    };
    let tape = Tape::record(Workspace::default(), network.weights(), Mode::Inference);
    let penalty = network.penalty(&tape).unwrap().item();
    let expected = 0.5 * sum("conv1d/kernel") + 0.25 * sum("separable_conv1d/pointwise_kernel");
    assert!((penalty - expected).abs() < 1e-5, "{penalty}, not {expected}");
}

/// Values and gradients of a network.
fn call(network: &Network, input: &[usize]) -> (Vec<Float>, Vec<Float>) {
    let key = RandomKey::from_seed(4);
    let tape = Tape::record(Workspace::default(), network.weights(), Mode::Inference);
    let x = tape.input_with(Shape::new(input).unwrap(), |x| {
        x.iter_mut().enumerate().for_each(|(i, x)| *x = Float::from(key.uniform(i as u32)) - 0.5);
    });
    let y = network.call(x);
    tape.backward(y.square());
    (y.with_value(|y| y.data.to_vec()), tape.finish().gradients().to_vec())
}

#[test]
fn a_pooling_that_is_taken_over_changes_nothing() {
    let conv = |activation| Conv2D::new(5, 3).activation(activation).padding(Padding::Same);
    for activation in [Activation::Relu, Activation::Linear, Activation::Tanh] {
        let fused = Sequential::new([9, 8, 2]).add(conv(activation)).add(MaxPooling2D::new([2, 3]));
        // The rectifier of a layer of its own keeps the pooling apart.
        let apart = Sequential::new([9, 8, 2])
            .add(conv(activation))
            .add(ActivationLayer::new(Activation::Linear))
            .add(MaxPooling2D::new([2, 3]));
        let (fused, apart) = (fused.build(3).unwrap(), apart.build(3).unwrap());
        let ((y, gradients), (expected, others)) = (call(&fused, &[4, 9, 8, 2]), call(&apart, &[4, 9, 8, 2]));
        let close = |a: &[Float], b: &[Float]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(y.len() == expected.len() && close(&y, &expected), "{activation:?}");
        assert!(gradients.len() == others.len() && close(&gradients, &others), "{activation:?}");
    }
}

#[test]
fn only_what_is_the_same_is_taken_over() {
    let takes = |mut conv: Conv2D, pooling: &dyn Layer| conv.fuse(pooling);
    let conv = |activation| Conv2D::new(5, 3).activation(activation);
    let plain = conv(Activation::Linear);
    assert!(takes(plain.clone(), &MaxPooling2D::new(2)));
    assert!(takes(conv(Activation::Relu), &MaxPooling2D::new([2, 3]).strides([2, 3])));
    assert!(!takes(conv(Activation::Tanh), &MaxPooling2D::new(2)));
    assert!(!takes(plain.clone(), &MaxPooling2D::new(2).strides(1)));
    assert!(!takes(plain.clone(), &MaxPooling2D::new(2).padding(Padding::Same)));
    assert!(!takes(plain.clone(), &MaxPooling2D::new(17)));
    assert!(!takes(plain.clone(), &MaxPooling2D::new(1)));
    assert!(!takes(plain.clone(), &MaxPooling1D::new(2)));
    assert!(!takes(plain.clone().activity_regularizer(Regularizer::l2(0.1)), &MaxPooling2D::new(2)));
    assert!(!takes(plain, &Flatten::new()));
}

#[test]
fn a_description_may_leave_out_what_is_usual() {
    let json = r#"{"name":"x","input":[8,2],"layers":[{"name":null,"layer":{"layer":"conv1d","filters":3,"kernel_size":2}}]}"#;
    let network = Network::from_architecture(json, Filling::Initial(0)).unwrap();
    assert_eq!(network.output(), Shape::from([7, 3]));
    assert_eq!(network.weights().trainable_parameters(), 2 * 2 * 3 + 3);
}
