//! A layer of your own: its weights, and its formula; the gradient follows, and so does saving.

use article::{Options, wave};
use olifant::prelude::*;
use serde::{Deserialize, Serialize};

/// y = x · σ(βx), with a slope β that each unit learns (Ramachandran, Zoph, Le 2017).
#[derive(Debug, Default, Serialize, Deserialize)]
struct Swish {
    #[serde(skip)]
    beta: Weight,
}

#[typetag::serde(name = "examples/swish")]
impl Layer for Swish {
    fn build(&mut self, input: &Shape, weights: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        self.beta = weights.add("beta", *input, &Initializer::Ones)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        x * (x.tape().weight(self.beta) * x).sigmoid()
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::read();
    let (x, y) = wave();
    let network = Sequential::new([1]).add(Dense::new(16)).add(Swish::default()).add(Dense::new(1));
    let mut model = network.seed(options.seed()).compile(Adam::new(0.01), MeanSquaredError::new(), ())?;
    let fit = || FitOptions::new().epochs(options.epochs(30)).verbose(Verbose::Epochs);
    model.fit(&x, &y, fit())?;

    let path = options.out("custom_layer")?.join("model.olifant");
    model.save(&path)?;
    Model::load(&path)?.fit(&x, &y, fit())?; // goes on where the other ended
    Ok(())
}
