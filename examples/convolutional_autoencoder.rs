//! A network that takes the noise out of images, after Keras's example "Convolutional autoencoder for image denoising".
//!
//! ```sh
//! cargo run --release --example convolutional_autoencoder
//! ```

use std::error::Error;

use article::{Options, expect, write_picture};
use olifant::prelude::*;
use rand::{Rng, SeedableRng, rngs::StdRng};

/// The images, with noise on every pixel.
fn noisy(images: &Array4<f32>, seed: u64) -> Array4<f32> {
    let mut random = StdRng::seed_from_u64(seed);
    images.mapv(|pixel| (pixel + random.random_range(-0.7..0.7)).clamp(0.0, 1.0))
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let ((train, _), (test, _)) = options.load_data()?;
    let train = train.slice_move(s![..4_000, .., ..]).insert_axis(Axis(3));
    let test = test.slice_move(s![..500, .., ..]).insert_axis(Axis(3));
    let (noisy_train, noisy_test) = (noisy(&train, options.seed()), noisy(&test, options.seed() + 1));

    let mut model = Sequential::new([28, 28, 1])
        // The encoder: the image shrinks to 7×7 places, and only what matters fits in.
        .add(Conv2D::new(16, 3).activation(Activation::Relu).padding(Padding::Same))
        .add(MaxPooling2D::new(2).padding(Padding::Same))
        .add(Conv2D::new(16, 3).activation(Activation::Relu).padding(Padding::Same))
        .add(MaxPooling2D::new(2).padding(Padding::Same))
        // The decoder: each step doubles the sides again, and paints what the numbers stand for.
        .add(Conv2DTranspose::new(16, 3).strides(2).activation(Activation::Relu).padding(Padding::Same))
        .add(Conv2DTranspose::new(16, 3).strides(2).activation(Activation::Relu).padding(Padding::Same))
        // Pixels are between 0 and 1, and so is a sigmoid.
        .add(Conv2D::new(1, 3).activation(Activation::Sigmoid).padding(Padding::Same))
        .seed(options.seed())
        .compile(Adam::new(0.003), BinaryCrossentropy::new(), [metrics::MeanSquaredError::new()])?;
    println!("{}", model.summary());

    // The input is the noisy image, the target the clean one.
    let fit = FitOptions::new().epochs(options.epochs(10)).batch_size(64).validation_split(0.1);
    model.fit(&noisy_train, &train, fit)?;

    let result = model.evaluate(&noisy_test, &test)?["mean_squared_error"];
    let before = f64::from((&noisy_test - &test).pow2().mean().unwrap_or(0.0));
    println!("\nmean squared error of a pixel: {before:.4} with noise, {result:.4} without");

    // Ten images, with noise above, without below.
    let clean = model.predict(&noisy_test)?.into_dimensionality::<Ix4>()?;
    let picture = Array2::from_shape_fn((2 * 28, 10 * 28), |(y, x)| {
        let images = if y < 28 { &noisy_test } else { &clean };
        images[[x / 28, y % 28, x % 28, 0]]
    });
    write_picture(&picture, &options.out("convolutional_autoencoder")?.join("denoised.png"))?;
    expect(result < 0.5 * before, "more than half of the noise is gone")
}
