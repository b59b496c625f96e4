//! Options and inputs that layers refuse when they are built.

#![allow(clippy::unwrap_used)]

use olifant_core::{Float, Shape};
use olifant_nn::{Layer, Regularizer, Sequential, layers::*};

/// What building a network of this layer says, behind the layer's name.
fn message(layer: impl Layer, sample: impl Into<Shape>) -> String {
    let error = Sequential::new(sample.into()).add(layer).build(0).unwrap_err().to_string();
    error.split_once("): ").unwrap().1.to_string()
}

#[test]
fn normalizations() {
    let batch = BatchNormalization::new;
    assert_eq!(message(batch().momentum(1.5), [4]), "momentum must be between 0 and 1, but is 1.5");
    assert_eq!(message(batch().momentum(Float::NAN), [4]), "momentum must be between 0 and 1, but is NaN");
    assert_eq!(message(batch().epsilon(0.0), [4]), "epsilon must be a number above 0, but is 0");
    let axes = "axis must be axes of [batch, 3, 4], but not the batch axis, but is ";
    assert_eq!(message(batch().axis(3), [3, 4]), format!("{axes}[3]"));
    assert_eq!(message(batch().axis(0), [3, 4]), format!("{axes}[0]"));
    let layer = LayerNormalization::new;
    assert_eq!(message(layer().axis([1, 3]), [3, 4]), format!("{axes}[1, 3]"));
    assert_eq!(message(layer().epsilon(-1.0), [4]), "epsilon must be a number above 0, but is -1");
    assert_eq!(
        message(RMSNormalization::new().epsilon(0.0), [4]),
        "epsilon must be a number above 0, but is 0"
    );
    assert_eq!(message(RMSNormalization::new().axis(-3), [3, 4]), format!("{axes}[-3]"));
    assert_eq!(message(UnitNormalization::new().axis(5), [3, 4]), format!("{axes}[5]"));
    let group = GroupNormalization::new;
    let groups = |channels, given| {
        format!("groups must be -1, or a number that divides the {channels} channels, but is {given}")
    };
    assert_eq!(message(group(), [3, 48]), groups(48, 32));
    assert_eq!(message(group(), [3, 4]), groups(4, 32));
    assert_eq!(message(group().groups(0), [3, 4]), groups(4, 0));
    assert_eq!(message(group().groups(-2), [3, 4]), groups(4, -2));
    assert_eq!(message(group().epsilon(0.0), [32]), "epsilon must be a number above 0, but is 0");
    let wrong = batch().gamma_regularizer(Regularizer::l1(-1.0));
    assert_eq!(message(wrong, [4]), "l1 must be a number from 0, but is -1");
    let wrong = batch().beta_regularizer(Regularizer::l2(-1.0));
    assert_eq!(message(wrong, [4]), "l2 must be a number from 0, but is -1");
}

#[test]
fn noise() {
    let share = |given| format!("rate must be between 0 and 1, but is {given}");
    assert_eq!(message(Dropout::new(-0.1), [4]), share("-0.1"));
    assert_eq!(message(SpatialDropout1D::new(1.5), [4, 4]), share("1.5"));
    let below = |given| format!("rate must be at least 0 and below 1, but is {given}");
    assert_eq!(message(GaussianDropout::new(1.0), [4]), below("1"));
    assert_eq!(message(AlphaDropout::new(Float::NAN), [4]), below("NaN"));
    assert_eq!(message(GaussianNoise::new(1.5), [4]), "stddev must be between 0 and 1, but is 1.5");
    let shape = "noise_shape must be a shape that can be stretched to [3, 4], that of a sample of [batch, 3, 4], but is [2, 1]";
    assert_eq!(message(Dropout::new(0.5).noise_shape([2, 1]), [3, 4]), shape);
    assert_eq!(message(AlphaDropout::new(0.5).noise_shape([2, 1]), [3, 4]), shape);
    let rank = |expected, given| format!("expects inputs of shape {expected} but was given {given}");
    assert_eq!(message(SpatialDropout1D::new(0.5), [4]), rank("[batch, time, channels]", "[batch, 4]"));
    let expected = "[batch, rows, columns, channels]";
    assert_eq!(message(SpatialDropout2D::new(0.5), [4, 4]), rank(expected, "[batch, 4, 4]"));
    let expected = "[batch, depth, rows, columns, channels]";
    assert_eq!(message(SpatialDropout3D::new(0.5), [4, 4]), rank(expected, "[batch, 4, 4]"));
}

#[test]
fn activations() {
    assert_eq!(message(ReLU::new().max_value(-1.0), [4]), "max_value must be a number from 0, but is -1");
    assert_eq!(message(ReLU::new().threshold(-1.0), [4]), "threshold must be a number from 0, but is -1");
    assert_eq!(
        message(ReLU::new().negative_slope(-1.0), [4]),
        "negative_slope must be a number from 0, but is -1"
    );
    assert_eq!(
        message(LeakyReLU::new().negative_slope(-1.0), [4]),
        "negative_slope must be a number from 0, but is -1"
    );
    assert_eq!(message(ELU::new().alpha(Float::NAN), [4]), "alpha must be a number, but is NaN");
    let axes = "axis must be axes of [batch, 3, 4], but not the batch axis, but is [0]";
    assert_eq!(message(Softmax::new().axis(0), [3, 4]), axes);
    let axes = "shared_axes must be axes of [batch, 3, 4], but not the batch axis, but is ";
    assert_eq!(message(PReLU::new().shared_axes([0]), [3, 4]), format!("{axes}[0]"));
    assert_eq!(message(PReLU::new().shared_axes([1, 3]), [3, 4]), format!("{axes}[1, 3]"));
}

#[test]
fn shapes_and_tables() {
    let dims = "dims must be the axes 1 to 2 of [batch, 3, 4], each once, but is ";
    assert_eq!(message(Permute::new([1]), [3, 4]), format!("{dims}[1]"));
    assert_eq!(message(Permute::new([2, 2]), [3, 4]), format!("{dims}[2, 2]"));
    assert_eq!(message(Permute::new([0, 1]), [3, 4]), format!("{dims}[0, 1]"));
    assert_eq!(message(RepeatVector::new(0), [4]), "n must be at least 1, but is 0");
    assert_eq!(
        message(RepeatVector::new(2), [3, 4]),
        "expects inputs of shape [batch, features] but was given [batch, 3, 4]; flatten the samples first"
    );
    assert_eq!(message(Embedding::new(0, 3), [3]), "input_dim must be at least 1, but is 0");
    assert_eq!(message(Embedding::new(3, 0), [3]), "output_dim must be at least 1, but is 0");
}
