//! Options and inputs that layers refuse when they are built.

#![allow(clippy::unwrap_used)]

use olifant_core::{Float, Shape};
use olifant_nn::{CallOn, Constraint, Functional, Input, Layer, Regularizer, Sequential, Symbol, layers::*};

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
fn limits_of_axes_that_a_weight_has_not() {
    let limit = || Constraint::unit_norm().axis([9]);
    for (reason, shape) in [
        (message(Dense::new(3).kernel_constraint(limit()), [4]), "[4, 3]"),
        (message(Dense::new(3).bias_constraint(limit()), [4]), "[3]"),
        (message(Conv1D::new(3, 2).kernel_constraint(limit()), [4, 2]), "[2, 2, 3]"),
        (message(Conv1D::new(3, 2).bias_constraint(limit()), [4, 2]), "[3]"),
        (message(Conv1DTranspose::new(3, 2).kernel_constraint(limit()), [4, 2]), "[2, 3, 2]"),
        (message(DepthwiseConv1D::new(3).depthwise_constraint(limit()), [4, 2]), "[3, 2, 1]"),
        (message(SeparableConv1D::new(3, 2).depthwise_constraint(limit()), [4, 2]), "[2, 2, 1]"),
        (message(SeparableConv1D::new(3, 2).pointwise_constraint(limit()), [4, 2]), "[1, 2, 3]"),
        (message(GRU::new(3).kernel_constraint(limit()), [4, 2]), "[2, 9]"),
        (message(LSTM::new(3).recurrent_constraint(limit()), [4, 2]), "[3, 12]"),
        (message(SimpleRNN::new(3).bias_constraint(limit()), [4, 2]), "[3]"),
        (message(Embedding::new(5, 2).embeddings_constraint(limit()), [4]), "[5, 2]"),
        (message(BatchNormalization::new().gamma_constraint(limit()), [4]), "[4]"),
        (message(LayerNormalization::new().beta_constraint(limit()), [4]), "[4]"),
        (message(PReLU::new().alpha_constraint(limit()), [3, 4]), "[3, 4]"),
        (message(MultiHeadAttention::new(2, 3).kernel_constraint(limit()), [4, 5]), "[5, 2, 3]"),
        (message(MultiHeadAttention::new(2, 3).bias_constraint(limit()), [4, 5]), "[2, 3]"),
    ] {
        assert_eq!(reason, format!("axis must be axes of a weight of shape {shape}, but is [9]"));
    }
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
    assert_eq!(
        message(Embedding::new(5, 3).mask_zero(true), [3, 4]),
        "expects inputs of shape [batch, time] but was given [batch, 3, 4]; only time steps can be masked: set mask_zero to false"
    );
    assert_eq!(
        message(Masking::new().mask_value(Float::NAN), [3, 4]),
        "mask_value must be a number, but is NaN"
    );
    assert_eq!(
        message(Masking::new(), [4]),
        "expects inputs of shape [batch, time, features] but was given [batch, 4]"
    );
    assert_eq!(message(Embedding::new(0, 3), [3]), "input_dim must be at least 1, but is 0");
    assert_eq!(message(Embedding::new(3, 0), [3]), "output_dim must be at least 1, but is 0");
}

/// What building a layer on inputs of these shapes says, behind the layer's name.
fn message_of_several(layer: impl Layer, shapes: &[&[usize]]) -> String {
    let inputs: Vec<Symbol> = shapes.iter().map(|shape| Input::new(Shape::new(shape).unwrap())).collect();
    let y = layer.on(&inputs);
    let error = Functional::new(&inputs, &y).build(0).unwrap_err().to_string();
    error.split_once("): ").unwrap().1.to_string()
}

#[test]
fn joining() {
    let concatenate = Concatenate::new;
    assert_eq!(
        message_of_several(concatenate(), &[&[4, 3], &[5, 3]]),
        "expects inputs that differ along axis -1 only, but was given [batch, 4, 3] and [batch, 5, 3]"
    );
    assert_eq!(
        message_of_several(concatenate().axis(1), &[&[4, 3], &[4]]),
        "expects inputs that differ along axis 1 only, but was given [batch, 4, 3] and [batch, 4]"
    );
    let axis = "axis must be an axis of [batch, 4], but not the batch axis, but is ";
    assert_eq!(message_of_several(concatenate().axis(0), &[&[4], &[4]]), format!("{axis}0"));
    assert_eq!(message_of_several(concatenate().axis(2), &[&[4], &[4]]), format!("{axis}2"));
    assert_eq!(
        message_of_several(Dot::new((1, 2)), &[&[4, 3], &[4, 3]]),
        "expects axes of the same size, but axis 1 of [batch, 4, 3] has 4 and axis 2 of [batch, 4, 3] has 3"
    );
    assert_eq!(message_of_several(Dot::new(1), &[&[4]]), "expects exactly 2 inputs but was given 1");
    let axis = "axis must be axes of [batch, 4], but not the batch axis, but is [2]";
    assert_eq!(message_of_several(Dot::new(2), &[&[4], &[4]]), axis);
}

#[test]
fn attention() {
    let inputs = "expects [query, value] or [query, value, key] but was given ";
    assert_eq!(message_of_several(Attention::new(), &[&[4, 3]]), format!("{inputs}1"));
    assert_eq!(message_of_several(AdditiveAttention::new(), &[&[4usize, 3][..]; 4]), format!("{inputs}4"));
    assert_eq!(
        message_of_several(MultiHeadAttention::new(2, 3), &[&[4usize, 3][..]; 4]),
        format!("{inputs}4")
    );
    assert_eq!(
        message_of_several(Attention::new(), &[&[4, 3], &[3]]),
        "expects inputs of shape [batch, time, features] but was given [batch, 3]"
    );
    assert_eq!(
        message_of_several(Attention::new(), &[&[4, 3], &[5, 2]]),
        "expects queries and keys with as many features, but was given queries [batch, 4, 3] and keys [batch, 5, 2]"
    );
    assert_eq!(
        message_of_several(MultiHeadAttention::new(2, 3), &[&[4, 3], &[5, 2], &[4, 2]]),
        "expects a key for each value, but was given values [batch, 5, 2] and keys [batch, 4, 2]"
    );
    let masked = MultiHeadAttention::new(2, 3).use_attention_mask(true);
    assert_eq!(
        message_of_several(masked.clone(), &[&[4, 3], &[5, 3], &[5, 4]]),
        "expects inputs of shape [batch, 4, 5] but was given [batch, 5, 4]; the attention mask has a number for each pair of query and key"
    );
    assert_eq!(
        message_of_several(masked, &[&[4, 3]]),
        "expects query and value, and an attention mask behind them, but was given 1"
    );
    let two: [&[usize]; 2] = [&[4, 3]; 2];
    let share = |given| format!("dropout must be between 0 and 1, but is {given}");
    assert_eq!(message_of_several(Attention::new().dropout(1.5), &two), share("1.5"));
    assert_eq!(message_of_several(AdditiveAttention::new().dropout(-0.5), &two), share("-0.5"));
    assert_eq!(message_of_several(MultiHeadAttention::new(2, 3).dropout(2.0), &two), share("2"));
    let size = |option| format!("{option} must be at least 1, but is 0");
    assert_eq!(message_of_several(MultiHeadAttention::new(0, 3), &two), size("num_heads"));
    assert_eq!(message_of_several(MultiHeadAttention::new(2, 0), &two), size("key_dim"));
    assert_eq!(message_of_several(MultiHeadAttention::new(2, 3).value_dim(0), &two), size("value_dim"));
    assert_eq!(message_of_several(MultiHeadAttention::new(2, 3).output_shape(0), &two), size("output_shape"));
    let wrong = MultiHeadAttention::new(2, 3).kernel_regularizer(Regularizer::l1(-1.0));
    assert_eq!(message_of_several(wrong, &two), "l1 must be a number from 0, but is -1");
    let wrong = MultiHeadAttention::new(2, 3).bias_regularizer(Regularizer::l2(-1.0));
    assert_eq!(message_of_several(wrong, &two), "l2 must be a number from 0, but is -1");
}

#[test]
fn preprocessing() {
    assert_eq!(message(Rescaling::new(Float::NAN), [4]), "scale must be a number, but is NaN");
    assert_eq!(
        message(Rescaling::new(1.0).offset(Float::INFINITY), [4]),
        "offset must be a number, but is inf"
    );
    let one_each = "one number, or one for each of the 3 positions along the axes of [batch, 4, 3]: give both or call `adapt`";
    let normalization = Normalization::new;
    assert_eq!(message(normalization(), [4, 3]), format!("mean must be {one_each}, but is 0 numbers"));
    let half = normalization().mean([1.0, 2.0, 3.0]).variance([1.0, 2.0]);
    assert_eq!(message(half, [4, 3]), format!("variance must be {one_each}, but is 2 numbers"));
    let negative = normalization().mean([1.0]).variance([-1.0]);
    assert_eq!(message(negative, [4, 3]), "variance must be at least 0, but is -1");
    let axis = "axis must be axes of [batch, 3], but not the batch axis, but is [2]";
    assert_eq!(message(normalization().axis(2), [3]), axis);
    assert_eq!(message(CategoryEncoding::new(0), [3]), "num_tokens must be at least 1, but is 0");
    let int = CategoryEncoding::new(2).output_mode(OutputMode::Int);
    assert_eq!(message(int, [3]), "output_mode must be one_hot, multi_hot or count, but is int");
    assert_eq!(
        message(CategoryEncoding::new(2), Shape::SCALAR),
        "expects inputs of shape [batch, numbers] but was given [batch]; or use one_hot"
    );
    let bins = "bin_boundaries must be numbers in increasing order, but is ";
    assert_eq!(message(Discretization::new([]), [3]), format!("{bins}[]"));
    assert_eq!(message(Discretization::new([1.0, 1.0]), [3]), format!("{bins}[1.0, 1.0]"));
    assert_eq!(message(Discretization::new([1.0, Float::NAN]), [3]), format!("{bins}[1.0, NaN]"));
    assert_eq!(message(Hashing::new(0), [3]), "num_bins must be at least 1, but is 0");
}

#[test]
fn penalties_on_what_is_returned() {
    let wrong = Regularizer::l1(-1.0);
    for reason in [
        message(Dense::new(2).activity_regularizer(wrong), [3]),
        message(Embedding::new(2, 2).activity_regularizer(wrong), [3]),
        message(Conv1D::new(2, 1).activity_regularizer(wrong), [3, 2]),
        message(Conv1DTranspose::new(2, 1).activity_regularizer(wrong), [3, 2]),
        message(DepthwiseConv1D::new(1).activity_regularizer(wrong), [3, 2]),
        message(SeparableConv1D::new(2, 1).activity_regularizer(wrong), [3, 2]),
        message(LSTM::new(2).activity_regularizer(wrong), [3, 2]),
        message(GRU::new(2).activity_regularizer(wrong), [3, 2]),
        message(SimpleRNN::new(2).activity_regularizer(wrong), [3, 2]),
        message(MultiHeadAttention::new(1, 2).activity_regularizer(wrong), [3, 2]),
        message(ActivityRegularization::new().l1(-1.0), [3]),
    ] {
        assert_eq!(reason, "l1 must be a number from 0, but is -1");
    }
    let wrong = ActivityRegularization::new().l2(Float::NAN);
    assert_eq!(message(wrong, [3]), "l2 must be a number from 0, but is NaN");
}
