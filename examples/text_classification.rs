//! Texts as sequences of words, read from both ends, after Keras's examples "Text classification from scratch"
//! and "Bidirectional LSTM".
//!
//! ```sh
//! cargo run --release --example text_classification
//! ```

use std::error::Error;

use article::{Options, expect, plot_metric, reviews};
use olifant::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let (texts, is_friendly) = reviews();
    let (train, test) = texts.split_at(4_000);
    let (y_train, y_test) = is_friendly.view().split_at(Axis(0), 4_000);

    // Each word becomes a number: the frequent ones have low numbers, 0 is padding, 1 a word never seen before.
    let vectorize = TextVectorization::new().output_sequence_length(10).adapt(train)?;
    let words = vectorize.get_vocabulary();
    println!("{} words, among them {:?}", words.len(), &words[2..8]);
    let (x_train, x_test) = (vectorize.apply(train)?, vectorize.apply(test)?);
    println!("{:?} is {}\n", train[0], x_train.row(0));

    let mut model = Sequential::new([10])
        // Each number becomes a vector that is learnt. Padding is masked: the layers behind leave it out.
        .add(Embedding::new(words.len(), 16).mask_zero(true))
        // One LSTM reads from the first word to the last, another from the last to the first.
        .add(Bidirectional::new(LSTM::new(16)))
        .add(Dropout::new(0.2))
        .add(Dense::new(1).activation(Activation::Sigmoid))
        .seed(options.seed())
        .compile(Adam::new(0.01), BinaryCrossentropy::new(), [Accuracy::new()])?;
    let fit = FitOptions::new().epochs(options.epochs(3)).batch_size(16).validation_split(0.1);
    let history = model.fit(&x_train, y_train, fit)?;
    plot_metric(&history, "accuracy", &options.out("text_classification")?)?;

    let result = model.evaluate(&x_test, y_test)?;
    println!("\non texts it has never seen: {result}");
    let texts = ["The music was not at all dull!", "I think the cast was boring.", "A charming story"];
    for (text, score) in texts.iter().zip(&model.predict(&vectorize.apply(texts)?)?) {
        println!("{text:32} {}", if *score > 0.5 { "friendly" } else { "unfriendly" });
    }
    expect(result["accuracy"] > 0.9, "the network understands what `not` does")
}
