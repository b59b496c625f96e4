//! A small convolutional network that reads digits; Keras's example "Simple MNIST convnet".
//!
//! ```sh
//! cargo run --release --example mnist_convnet
//! ```

use std::error::Error;

use article::{Options, expect, plot_metric};
use olifant::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let out = options.out("mnist_convnet")?;
    let ((x_train, y_train), (x_test, y_test)) = options.load_data()?;
    // A convolution expects an axis of channels; grey images have one: [28, 28, 1].
    let (x_train, x_test) = (x_train.insert_axis(Axis(3)), x_test.insert_axis(Axis(3)));

    let mut model = Sequential::new([28, 28, 1])
        // Each of 32 filters slides over the image and looks at 3×3 pixels at a time.
        .add(Conv2D::new(32, 3).activation(Activation::Relu))
        // Of 2×2 neighbours only the largest goes on: what was found matters, and less where exactly.
        .add(MaxPooling2D::new(2))
        .add(Conv2D::new(64, 3).activation(Activation::Relu))
        .add(MaxPooling2D::new(2))
        .add(Flatten::new())
        // In training, half of the numbers are hidden, others each time, so that none is relied on too much.
        .add(Dropout::new(0.5))
        .add(Dense::new(10).activation(Activation::Softmax))
        .seed(options.seed())
        .compile(Adam::new(0.001), SparseCategoricalCrossentropy::new(), [Accuracy::new()])?;
    println!("{}", model.summary());

    let fit = FitOptions::new().epochs(options.epochs(15)).batch_size(128).validation_split(0.1);
    let history = model.fit(&x_train, &y_train, fit)?;
    plot_metric(&history, "accuracy", &out)?;

    let test = model.evaluate(&x_test, &y_test)?;
    println!("\non the test set: {test}");
    // The answer is the class with the highest score. Row i, column j: how many of class i were taken for j.
    let answers = metrics::argmax(&model.predict(&x_test)?)?;
    println!("{:4}", metrics::confusion_matrix(&y_test, &answers, Some(10), None)?);
    expect(test["accuracy"] > 0.7, "the network reads most digits")
}
