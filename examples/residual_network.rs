//! A residual network for colour images, of the kind of the "toy ResNet" in Keras's guide to the functional API;
//! its blocks normalize batches, and shrink the image by strides.
//!
//! ```sh
//! cargo run --release --example residual_network
//! ```

use std::error::Error;

use article::{Options, expect, plot_metric};
use olifant::prelude::*;
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Images of 32×32 pixels in any colour, and their kind: lying, upright or slanting stripes, or rings.
fn patterns(count: usize, seed: u64) -> (Array4<f32>, Array1<u8>) {
    let mut random = StdRng::seed_from_u64(seed);
    let kinds = Array1::from_shape_fn(count, |row| (row % 4) as u8);
    let mut images = Array4::zeros((count, 32, 32, 3));
    for (mut image, kind) in images.outer_iter_mut().zip(&kinds) {
        let [red, green, blue, phase, frequency]: [f32; 5] = random.random();
        for ((y, x, channel), value) in image.indexed_iter_mut() {
            let (x, y) = (x as f32 - 16.0, y as f32 - 16.0);
            let way = [y, x, 0.7 * (x + y), x.hypot(y)][usize::from(*kind)];
            let wave = 0.5 + 0.5 * ((0.5 + frequency) * way + 6.3 * phase).sin();
            *value = wave * [red, green, blue][channel] + random.random_range(-0.3..0.3);
        }
    }
    (images, kinds)
}

/// Two convolutions whose result is added to what came in: the block has to learn only the difference,
/// and gradients find a straight way through it. With strides of 2 the image shrinks.
fn residual_block(x: &Symbol, filters: usize, strides: usize) -> Symbol {
    let convolution = |x: &Symbol, size: usize, strides: usize| {
        // The bias would be normalized away.
        let layer = Conv2D::new(filters, size).strides(strides).padding(Padding::Same).use_bias(false);
        BatchNormalization::new().momentum(0.9).on(&layer.on(x))
    };
    let y = ReLU::new().on(&convolution(x, 3, strides));
    let y = convolution(&y, 3, 1);
    // What came in needs as many channels and places as what is added to it.
    let shortcut = if strides == 1 { x.clone() } else { convolution(x, 1, strides) };
    ReLU::new().on(&Add::new().on([&y, &shortcut]))
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let (x_train, y_train) = patterns(1_600, options.seed());
    let (x_test, y_test) = patterns(400, options.seed() + 1);

    let image = Input::named("image", [32, 32, 3]);
    let x = Conv2D::new(16, 3).strides(2).padding(Padding::Same).activation(Activation::Relu).on(&image);
    let x = residual_block(&x, 16, 1);
    let x = residual_block(&x, 32, 2);
    let x = residual_block(&x, 64, 2);
    // The mean over all places: what counts is what there is, not where.
    let x = GlobalAveragePooling2D::new().on(&x);
    let kind = Dense::new(4).activation(Activation::Softmax).on(&x);
    let mut model = Functional::new(&image, &kind).seed(options.seed()).compile(
        Adam::new(0.001),
        SparseCategoricalCrossentropy::new(),
        [Accuracy::new()],
    )?;
    println!("{}", model.summary());

    let fit = FitOptions::new().epochs(options.epochs(5)).validation_data(&x_test, &y_test);
    let history = model.fit(&x_train, &y_train, fit)?;
    plot_metric(&history, "accuracy", &options.out("residual_network")?)?;
    expect(model.evaluate(&x_test, &y_test)?["accuracy"] > 0.8, "the network tells the patterns apart")
}
