//! A transformer that reads reviews, after Keras's example "Text classification with Transformer".
//!
//! ```sh
//! cargo run --release --example text_classification_with_transformer
//! ```

use std::error::Error;

use article::{Options, expect, plot_metric, reviews};
use olifant::prelude::*;
use serde::{Deserialize, Serialize};

const WORDS: usize = 10;
const WIDTH: usize = 32;

/// Adds a vector that is learnt for each place: attention by itself does not know the order of words.
#[derive(Debug, Default, Serialize, Deserialize)]
struct PositionEmbedding {
    #[serde(skip)]
    positions: Weight,
}

#[typetag::serde(name = "examples/position_embedding")]
impl Layer for PositionEmbedding {
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        self.positions = weights.add("positions", *input, &Initializer::Zeros)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        x + x.tape().weight(self.positions)
    }

    // Which words are padding is still known behind this layer.
    fn supports_masking(&self) -> bool {
        true
    }
}

/// Every word looks at all others, then thinks by itself; both times what comes out is added to what went in.
fn transformer_block(x: &Symbol, heads: usize) -> Symbol {
    let attended = MultiHeadAttention::new(heads, WIDTH).on([x, x]);
    let attended = Dropout::new(0.1).on(&attended);
    let x = LayerNormalization::new().epsilon(1e-6).on(&Add::new().on([x, &attended]));
    let thought = Dense::new(WIDTH).activation(Activation::Relu).on(&x);
    let thought = Dropout::new(0.1).on(&Dense::new(WIDTH).on(&thought));
    LayerNormalization::new().epsilon(1e-6).on(&Add::new().on([&x, &thought]))
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let (texts, is_friendly) = reviews();
    let (train, test) = texts.split_at(4_000);
    let (y_train, y_test) = is_friendly.view().split_at(Axis(0), 4_000);
    let vectorize = TextVectorization::new().output_sequence_length(WORDS).adapt(train)?;

    let words = Input::named("words", [WORDS]);
    let x = Embedding::new(vectorize.get_vocabulary().len(), WIDTH).mask_zero(true).on(&words);
    let x = transformer_block(&PositionEmbedding::default().on(&x), 2);
    // The mean over the words, without padding.
    let x = Dropout::new(0.1).on(&GlobalAveragePooling1D::new().on(&x));
    let x = Dense::new(20).activation(Activation::Relu).on(&x);
    let score = Dense::new(1).activation(Activation::Sigmoid).on(&Dropout::new(0.1).on(&x));
    let mut model = Functional::new(&words, &score).seed(options.seed()).compile(
        Adam::new(0.001),
        BinaryCrossentropy::new(),
        [Accuracy::new()],
    )?;
    println!("{}", model.summary());

    let fit = FitOptions::new().epochs(options.epochs(3)).batch_size(16).validation_split(0.1);
    let history = model.fit(&vectorize.apply(train)?, y_train, fit)?;
    plot_metric(&history, "accuracy", &options.out("text_classification_with_transformer")?)?;
    let result = model.evaluate(&vectorize.apply(test)?, y_test)?;
    println!("\non texts it has never seen: {result}");
    expect(result["accuracy"] > 0.9, "the network understands what `not` does")
}
