//! Which layers pass masks on, make them, and read them.

#![allow(clippy::unwrap_used)]

use olifant_core::{Float, Mode, RandomKey, Shape, Tape, Var, Workspace};
use olifant_nn::{
    CallOn, Filling, Functional, Input, Layer, Named, Network, Node, Sequential, Trainable, layers::*,
};

/// The mask of what a network makes of an input with a mask.
fn mask_after(network: &Network, shape: impl Into<Shape>, mask: &[Float]) -> Option<Vec<Float>> {
    let shape = shape.into();
    let tape = Tape::record(Workspace::default(), network.weights(), Mode::Inference);
    let mask = tape.input_with([shape[0], shape[1]], |slot| slot.copy_from_slice(mask));
    let x = tape.input_with(shape, |x| x.iter_mut().enumerate().for_each(|(i, x)| *x = i as Float));
    network.call(x.with_mask(Some(mask))).mask().map(values)
}

fn values(x: Var<'_>) -> Vec<Float> {
    x.with_value(|x| x.data.to_vec())
}

fn alone(layer: impl Layer, sample: impl Into<Shape>) -> Network {
    Sequential::new(sample.into()).add(layer).build(0).unwrap()
}

#[test]
fn layers_that_work_number_by_number_pass_masks_on() {
    let mask = [1.0, 0.0, 1.0];
    let passes = |network: Network| mask_after(&network, [1, 3, 4], &mask) == Some(mask.to_vec());
    assert!(passes(alone(BatchNormalization::new(), [3, 4])));
    assert!(passes(alone(LayerNormalization::new(), [3, 4])));
    assert!(passes(alone(RMSNormalization::new(), [3, 4])));
    assert!(passes(alone(GroupNormalization::new().groups(2), [3, 4])));
    assert!(passes(alone(UnitNormalization::new(), [3, 4])));
    assert!(passes(alone(ReLU::new(), [3, 4])));
    assert!(passes(alone(LeakyReLU::new(), [3, 4])));
    assert!(passes(alone(PReLU::new(), [3, 4])));
    assert!(passes(alone(ELU::new(), [3, 4])));
    assert!(passes(alone(Softmax::new(), [3, 4])));
    assert!(passes(alone(Dropout::new(0.5), [3, 4])));
    assert!(passes(alone(SpatialDropout1D::new(0.5), [3, 4])));
    assert!(passes(alone(GaussianNoise::new(0.5), [3, 4])));
    assert!(passes(alone(GaussianDropout::new(0.5), [3, 4])));
    assert!(passes(alone(AlphaDropout::new(0.5), [3, 4])));
    assert!(passes(alone(Identity::new(), [3, 4])));
    assert!(passes(alone(MultiHeadAttention::new(2, 2), [3, 4])));
    assert!(!passes(alone(Permute::new([2, 1]), [3, 4])));
}

#[test]
fn embedding_and_masking_make_masks() {
    let ids = alone(Embedding::new(5, 2).mask_zero(true), [3]);
    let tape = Tape::record(Workspace::default(), ids.weights(), Mode::Inference);
    let x = tape.input_with([2, 3], |x| x.copy_from_slice(&[1.0, 0.0, 4.0, 0.0, 0.0, 2.0]));
    assert_eq!(values(ids.call(x).mask().unwrap()), [1.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
    let plain = alone(Embedding::new(5, 2), [3]);
    let tape = Tape::record(Workspace::default(), plain.weights(), Mode::Inference);
    assert!(plain.call(tape.input_with([1, 3], |x| x.fill(0.0))).mask().is_none());

    let masking = alone(Masking::new().mask_value(7.0), [3, 2]);
    let tape = Tape::record(Workspace::default(), masking.weights(), Mode::Inference);
    let x = tape.input_with([1, 3, 2], |x| x.copy_from_slice(&[7.0, 7.0, 7.0, 1.0, 0.0, 0.0]));
    let y = masking.call(x);
    assert_eq!(values(y), [0.0, 0.0, 7.0, 1.0, 0.0, 0.0]);
    assert_eq!(values(y.mask().unwrap()), [0.0, 1.0, 1.0]);
}

/// The mask of two embedded inputs joined along an axis; the second has no mask if not asked for.
fn joined(axis: isize, second_has_mask: bool) -> Option<Vec<Float>> {
    let (a, b) = (Input::new([2]), Input::new([2]));
    let embed = |has_mask| Embedding::new(5, 3).mask_zero(has_mask);
    let y = Concatenate::new().axis(axis).on([&embed(true).on(&a), &embed(second_has_mask).on(&b)]);
    let network = Functional::new([&a, &b], &y).build(0).unwrap();
    let tape = Tape::record(Workspace::default(), network.weights(), Mode::Inference);
    let ids = |ids: [Float; 2]| tape.input_with([1, 2], |slot| slot.copy_from_slice(&ids));
    let inputs = tape.list_of(&[ids([1.0, 0.0]), ids([0.0, 0.0])]);
    network.call_several(&inputs).get(0).mask().map(values)
}

#[test]
fn concatenate_joins_masks() {
    assert_eq!(joined(1, true), Some(vec![1.0, 0.0, 0.0, 0.0]));
    assert_eq!(joined(-2, false), Some(vec![1.0, 0.0, 1.0, 1.0]));
    assert_eq!(joined(-1, true), Some(vec![1.0, 0.0]));
    assert_eq!(joined(2, false), Some(vec![1.0, 1.0]));
}

/// What attention makes of a query and a value whose last step is hidden, and of the value without that step.
fn with_hidden_step(layer: impl Layer + Clone) -> [Vec<Float>; 2] {
    [3, 2].map(|steps| {
        let (query, value) = (Input::new([2, 4]), Input::new([steps, 4]));
        let y = layer.clone().on([&query, &value]);
        let network = Functional::new([&query, &value], &y).build(3).unwrap();
        let tape = Tape::record(Workspace::default(), network.weights(), Mode::Inference);
        let random = |shape: [usize; 3], number: u64| tape.random_normal(RandomKey::from_seed(number), shape);
        let value = random([1, steps, 4], 2);
        let mask = tape.input_with([1, steps], |mask| {
            mask.iter_mut().enumerate().for_each(|(i, mask)| *mask = (i < 2).into());
        });
        let inputs = tape.list_of(&[random([1, 2, 4], 1), value.with_mask(Some(mask))]);
        values(network.call_several(&inputs).get(0))
    })
}

#[test]
fn attention_does_not_see_the_steps_that_a_mask_hides() {
    let check = |[hidden, absent]: [Vec<Float>; 2]| {
        assert!(hidden.iter().zip(&absent).all(|(a, b)| (a - b).abs() < 1e-6), "{hidden:?} and {absent:?}");
    };
    check(with_hidden_step(Attention::new()));
    check(with_hidden_step(AdditiveAttention::new()));
    check(with_hidden_step(MultiHeadAttention::new(2, 3)));
}

#[test]
fn a_frozen_batch_normalization_is_as_in_use() {
    let run = |network: &Network, mode: Mode| {
        let tape = Tape::record(Workspace::default(), network.weights(), mode);
        let x =
            tape.input_with([4, 3], |x| x.iter_mut().enumerate().for_each(|(i, x)| *x = (i * i) as Float));
        let y = values(network.call(x));
        let mut after = network.weights().clone();
        tape.finish().commit(&mut after);
        (y, after.state() == network.weights().state())
    };
    let training = Mode::Training(RandomKey::from_seed(0));
    for has_weights in [true, false] {
        let layer = || BatchNormalization::new().center(has_weights).scale(has_weights);
        // Alone, and where a layer of its own has no name.
        let inside = || TimeDistributed::new(Sequential::new([3]).add(layer()));
        let in_time = |x: Node| Sequential::new([3]).add(Reshape::new([1, 3])).add(x).build(0).unwrap();
        for (mut network, name) in [
            (Sequential::new([3]).add(layer()).build(0).unwrap(), "batch_normalization"),
            (in_time(inside().into()), "time_distributed"),
        ] {
            let in_use = run(&network, Mode::Inference);
            let trained = run(&network, training);
            assert!(in_use.1 && !trained.1 && trained.0 != in_use.0);
            network.set_trainable(name, false).unwrap();
            assert_eq!(run(&network, training), in_use);
            let copy =
                Network::from_architecture(&network.architecture().unwrap(), Filling::Initial(0)).unwrap();
            assert_eq!(run(&copy, training), in_use, "it is part of the description");
            network.set_trainable(name, true).unwrap();
            assert_eq!(run(&network, training), trained);
        }
        let frozen = TimeDistributed::new(Sequential::new([3]).add(layer().trainable(false)));
        let mut network = in_time(frozen.into());
        network.set_trainable("time_distributed", true).unwrap();
        assert!(run(&network, training).1, "what was built frozen within stays so");
    }
}

#[test]
fn ids_outside_the_vocabulary_are_named_by_row_and_value() {
    let a = Input::new([2]);
    let y = Embedding::new(5, 3).named("words").on(&a);
    let network = Functional::new(&a, &y).build(0).unwrap();
    let check = |ids: &[Float]| {
        let mut x = olifant_core::Tensor::zeros([ids.len() / 2, 2]);
        x.data_mut().copy_from_slice(ids);
        // The batch's second row is the data's twelfth.
        network.check_numbers(&[x.view()]).map_err(|error| error.in_rows(&[3, 11]).to_string())
    };
    assert_eq!(check(&[0.0, 1.0, 2.0, 4.0]), Ok(()));
    let message = |value| {
        Err(format!(
            "layer 0 (words): row 11 contains the id {value}: ids are whole numbers from 0 to below 5"
        ))
    };
    assert_eq!(check(&[0.0, 1.0, 2.0, 5.0]), message("5"));
    assert_eq!(check(&[0.0, 1.0, -1.0, 7.0]), message("-1"));
    assert_eq!(check(&[0.0, 1.0, 2.5, 4.0]), message("2.5"));
    assert_eq!(check(&[0.0, 1.0, 2.0, Float::NAN]), message("NaN"));
}

#[test]
fn rms_normalization_reaches_any_axis() {
    let network = alone(RMSNormalization::new().axis(1), [2, 3]);
    assert_eq!(network.weights().trainable_parameters(), 2);
    let tape = Tape::record(Workspace::default(), network.weights(), Mode::Inference);
    let x = tape.input_with([1, 2, 3], |x| x.copy_from_slice(&[3.0, 0.0, 1.0, 4.0, 2.0, 1.0]));
    let y = values(network.call(x));
    // The columns are (3, 4), (0, 2), (1, 1): divided by √12.5, √2 and 1.
    let (numbers, roots) = ([3.0, 0.0, 1.0, 4.0, 2.0, 1.0], [12.5_f64.sqrt(), 2.0_f64.sqrt(), 1.0]);
    for (place, y) in y.iter().enumerate() {
        let expected = numbers[place] / roots[place % 3];
        assert!((f64::from(*y) - expected).abs() < 1e-5, "{place}: {y} instead of {expected}");
    }
}
