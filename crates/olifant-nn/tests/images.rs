//! Layers that move the pixels of images: against Keras, and what they draw.

#![allow(clippy::unwrap_used)]

#[path = "keras/case.rs"]
mod golden;

use golden::cases;
use olifant_core::{
    FillMode, Float, Interpolation, Mode, RandomKey, Shape, Tape, Tensor, Weights, Workspace,
};
use olifant_nn::{Layer, Sequential, layers::*};

#[test]
#[cfg_attr(
    feature = "f64",
    ignore = "which pixel is the nearest depends on the last digit: Keras computes in single precision"
)]
fn affine_transformations_are_keras() {
    for case in cases(include_str!("keras/affine_transforms.json")) {
        let option = |key: &str| case.get(key).unwrap().clone();
        let interpolation: Interpolation = serde_json::from_value(option("interpolation")).unwrap();
        let fill_mode: FillMode = serde_json::from_value(option("fill_mode")).unwrap();
        let [images, transforms, result] =
            ["images", "transforms", "result"].map(|key| golden::tensor(case.get(key).unwrap()));
        let weights = Weights::default();
        let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
        let images = tape.input(images.view());
        let y = images.affine_transform(tape.input(transforms.view()), interpolation, fill_mode, 0.5);
        y.with_value(|y| {
            for (place, (ours, keras)) in y.data.iter().zip(result.data()).enumerate() {
                assert!(
                    (ours - keras).abs() < 2e-5,
                    "{interpolation:?}, {fill_mode:?}, {place}: {ours}, not {keras}"
                );
            }
        });
    }
}

/// What a layer makes of a batch in training.
fn train(layer: impl Layer, images: &Tensor, step: u64) -> Tensor {
    run(layer, images, Mode::Training(RandomKey::from_seed(4).derive(step)))
}

fn run(layer: impl Layer, images: &Tensor, mode: Mode) -> Tensor {
    let network = Sequential::new(images.shape().without_batch()).add(layer).build(0).unwrap();
    let tape = Tape::record(Workspace::default(), network.weights(), mode);
    let mut result = Tensor::zeros(images.shape());
    network.call(tape.input(images.view())).with_value(|y| result.data_mut().copy_from_slice(y.data));
    result
}

/// Images of one channel, all with the same numbers.
fn images(samples: usize, rows: &[&[Float]]) -> Tensor {
    let mut images = Tensor::zeros([samples, rows.len(), rows[0].len(), 1]);
    let size = rows.len() * rows[0].len();
    for image in images.data_mut().chunks_exact_mut(size) {
        image.iter_mut().zip(rows.concat()).for_each(|(pixel, value)| *pixel = value);
    }
    images
}

/// How often each of some results occurs; there must be no other.
fn shares(result: &Tensor, expected: &[&[Float]]) -> Vec<f64> {
    let size = expected[0].len();
    let mut counts = vec![0.0; expected.len()];
    for image in result.data().chunks_exact(size) {
        let which = expected.iter().position(|expected| {
            image.iter().zip(*expected).all(|(pixel, expected)| (pixel - expected).abs() < 1e-4)
        });
        counts[which.unwrap_or_else(|| panic!("{image:?} is none of {expected:?}"))] += 1.0;
    }
    let total: f64 = counts.iter().sum();
    counts.into_iter().map(|count| count / total).collect()
}

#[track_caller]
fn assert_shares(shares: &[f64], expected: f64) {
    assert!(shares.iter().all(|share| (share - expected).abs() < 0.05), "{shares:?}");
}

#[test]
fn flips_happen_half_the_time_in_each_direction() {
    let x = images(2000, &[&[1.0, 2.0], &[3.0, 4.0]]);
    let (same, left, top, both) = (
        &[1.0, 2.0, 3.0, 4.0][..],
        &[2.0, 1.0, 4.0, 3.0][..],
        &[3.0, 4.0, 1.0, 2.0][..],
        &[4.0, 3.0, 2.0, 1.0][..],
    );
    assert_shares(&shares(&train(RandomFlip::new(FlipMode::Horizontal), &x, 1), &[same, left]), 0.5);
    assert_shares(&shares(&train(RandomFlip::new(FlipMode::Vertical), &x, 1), &[same, top]), 0.5);
    let flip = || RandomFlip::new(FlipMode::HorizontalAndVertical);
    assert_shares(&shares(&train(flip(), &x, 1), &[same, left, top, both]), 0.25);
}

#[test]
fn a_quarter_turn_and_a_fixed_shift_are_exact() {
    let x = images(3, &[&[1.0, 2.0], &[3.0, 4.0]]);
    let turned = train(RandomRotation::new((0.25, 0.25)), &x, 1);
    // As keras.layers.RandomRotation((0.25, 0.25)).
    assert_eq!(shares(&turned, &[&[2.0, 4.0, 1.0, 3.0]]), [1.0]);
    let constant = |layer: RandomTranslation| layer.fill_mode(FillMode::Constant).fill_value(9.0);
    let down = train(constant(RandomTranslation::new((0.5, 0.5), 0.0)), &x, 1);
    assert_eq!(shares(&down, &[&[9.0, 9.0, 1.0, 2.0]]), [1.0]);
    let left = train(constant(RandomTranslation::new(0.0, (-0.5, -0.5))), &x, 1);
    assert_eq!(shares(&left, &[&[2.0, 9.0, 4.0, 9.0]]), [1.0]);
    let half = train(RandomTranslation::new(0.0, (0.25, 0.25)).fill_mode(FillMode::Nearest), &x, 1);
    assert_eq!(shares(&half, &[&[1.0, 1.5, 3.0, 3.5]]), [1.0]);
    let nearest = RandomTranslation::new(0.0, (0.1, 0.1)).interpolation(Interpolation::Nearest);
    assert_eq!(shares(&train(nearest, &x, 1), &[&[1.0, 2.0, 3.0, 4.0]]), [1.0]);
}

#[test]
fn zooming_out_shows_what_lies_around() {
    let x = images(1, &[&[1.0, 2.0, 3.0]]);
    let zoom = |layer: RandomZoom| train(layer.fill_mode(FillMode::Constant), &x, 1).data().to_vec();
    // Twice as far from the centre.
    assert_eq!(zoom(RandomZoom::new((1.0, 1.0))), [0.0, 2.0, 0.0]);
    assert_eq!(zoom(RandomZoom::new((-0.5, -0.5))), [1.5, 2.0, 2.5]);
    assert_eq!(zoom(RandomZoom::new((1.0, 1.0)).width_factor((0.0, 0.0))), [1.0, 2.0, 3.0]);
    // Without a factor of its own, the width has that of the height.
    let column = images(50, &[&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]]);
    let y = train(RandomZoom::new(0.5), &column, 3);
    assert!(y.data().chunks_exact(3).all(|row| (row[1] - 2.0).abs() < 1e-5));
}

#[test]
fn what_is_drawn_differs_between_samples_and_steps_and_stays_in_range() {
    let x = images(400, &[&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]]);
    let shift = || RandomTranslation::new(0.0, (0.1, 0.2)).fill_mode(FillMode::Nearest);
    let y = train(shift(), &x, 1);
    // In the middle of the image, the value is the position less the shift.
    let shifts: Vec<f64> = y.data().chunks_exact(10).map(|row| f64::from(5.0 - row[5])).collect();
    assert!(shifts.iter().all(|shift| (1.0..2.0).contains(shift)));
    let mean = shifts.iter().sum::<f64>() / 400.0;
    assert!((mean - 1.5).abs() < 0.06, "{mean}");
    assert!(shifts.windows(2).any(|pair| pair[0] != pair[1]));
    assert_eq!(train(shift(), &x, 1).data(), y.data());
    assert_ne!(train(shift(), &x, 2).data(), y.data());
}

#[test]
fn nothing_happens_in_use() {
    let x = images(5, &[&[1.0, 2.0], &[3.0, 4.0]]);
    let same = |layer: Tensor| layer.data() == x.data();
    assert!(same(run(RandomFlip::default(), &x, Mode::Inference)));
    assert!(same(run(RandomRotation::new(0.5), &x, Mode::Inference)));
    assert!(same(run(RandomTranslation::new(0.5, 0.5), &x, Mode::Inference)));
    assert!(same(run(RandomZoom::new(0.5), &x, Mode::Inference)));
}

#[test]
fn a_saved_layer_comes_back() {
    let layers: [Box<dyn Layer>; 4] = [
        Box::new(RandomFlip::new(FlipMode::Vertical)),
        Box::new(RandomRotation::new(0.25).fill_mode(FillMode::Wrap)),
        Box::new(RandomTranslation::new(0.25, (-0.5, 0.125)).interpolation(Interpolation::Nearest)),
        Box::new(RandomZoom::new(0.25).width_factor(0.5).fill_value(2.0)),
    ];
    for layer in layers {
        let json = serde_json::to_string(&layer).unwrap();
        let again: Box<dyn Layer> = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), json);
    }
    let short: Box<dyn Layer> =
        serde_json::from_str(r#"{"layer":"random_rotation","factor":[-0.1,0.1]}"#).unwrap();
    assert_eq!(format!("{short:?}"), format!("{:?}", RandomRotation::new(0.1)));
}

#[test]
fn ranges_and_ranks_are_checked() {
    fn message(layer: impl Layer, sample: impl Into<Shape>) -> String {
        let error = Sequential::new(sample.into()).add(layer).build(0).unwrap_err().to_string();
        error.split_once("): ").unwrap().1.to_string()
    }
    let range = |option, low, given| format!("{option} must be between {low} and 1, but is {given}");
    let image = [4, 4, 1];
    assert_eq!(message(RandomRotation::new(1.5), image), range("factor", "-1", "-1.5 to 1.5"));
    assert_eq!(message(RandomTranslation::new(2.0, 0.0), image), range("height_factor", "-1", "-2 to 2"));
    assert_eq!(
        message(RandomTranslation::new(0.0, (0.0, 1.5)), image),
        range("width_factor", "-1", "0 to 1.5")
    );
    assert_eq!(message(RandomZoom::new(-1.0), image), range("height_factor", "-0.999999", "-1 to 1"));
    let wide = RandomZoom::new(0.1).width_factor(1.5);
    assert_eq!(message(wide, image), range("width_factor", "-0.999999", "-1.5 to 1.5"));
    let rank = "expects inputs of shape [batch, rows, columns, channels] but was given [batch, 4, 4]; reshape the data: one channel is an axis of size 1";
    assert_eq!(message(RandomFlip::default(), [4, 4]), rank);
    assert_eq!(message(RandomRotation::new(0.1), [4, 4]), rank);
    assert_eq!(message(RandomTranslation::new(0.1, 0.1), [4, 4]), rank);
    assert_eq!(message(RandomZoom::new(0.1), [4, 4]), rank);
}
