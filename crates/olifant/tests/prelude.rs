//! Whoever writes parts of their own needs the prelude, serde and typetag, and nothing else.

use olifant::prelude::*;
use serde::{Deserialize, Serialize};

/// a · b, which takes two values.
#[derive(Debug, Serialize, Deserialize)]
struct Product;

#[typetag::serde(name = "prelude/product")]
impl Layer for Product {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        x
    }

    fn build_several(
        &mut self,
        inputs: &[Shape],
        weights: &mut WeightBuilder<'_>,
    ) -> Result<Vec<Shape>, BuildError> {
        Ok(vec![self.build(&inputs[0], weights)?])
    }

    fn call_several<'t>(&self, inputs: &VarList<'t>) -> VarList<'t> {
        inputs.tape().list_of(&[inputs.get(0) * inputs.get(1)])
    }

    fn check_input(&self, _: usize, x: TensorView<'_>) -> Result<(), BuildError> {
        assert_eq!(x.shape.rank(), 2);
        Ok(())
    }
}

/// The squared error, for targets that are not negative; all samples of a batch cost the same.
#[derive(Debug, Serialize, Deserialize)]
struct MeanOfBatch;

#[typetag::serde(name = "prelude/mean_of_batch")]
impl Loss for MeanOfBatch {
    fn call<'t>(&self, y_true: Var<'t>, y_pred: Var<'t>) -> Var<'t> {
        let errors = (y_true - y_pred).square();
        errors.mean(-1) * 0.0 + errors.mean(Axes::All)
    }

    fn check(&self, y_true: TensorView<'_>, y_pred: Shape) -> Result<(), TargetError> {
        match y_true.data.iter().any(|&target| target < 0.0) {
            true => Err(TargetError::shape(y_true.shape, y_pred, "no targets below 0", "")),
            false => Ok(()),
        }
    }
}

/// The rate in the first step, and half of it afterwards.
#[derive(Debug, Serialize, Deserialize)]
struct Halved(Float);

#[typetag::serde(name = "prelude/halved")]
impl Schedule for Halved {
    fn learning_rate(&self, step: u64) -> Float {
        if step == 0 { self.0 } else { self.0 / 2.0 }
    }
}

fn network() -> Functional {
    let (a, b) = (Input::named("a", [1]), Input::named("b", [1]));
    Functional::new([&a, &b], &Dense::new(1).on(&Product.on([&a, &b])))
}

#[test]
fn parts_of_ones_own_need_only_the_prelude() {
    let mut model = network().seed(1).compile(SGD::new(Halved(0.5)), MeanOfBatch, ()).unwrap();
    model.set_weight("dense/kernel", &array![[0.0]]).unwrap();
    let (a, b) = (array![[1.0], [2.0]], array![[3.0], [1.0]]);
    model.train_on_batch([&a, &b], &array![[1.0], [1.0]]).unwrap();
    // The gradient of the kernel is −2 · (3 + 2) / 2 of two samples.
    assert_eq!(model.weight("dense/kernel").unwrap(), array![[2.5]].into_dyn());
    assert_eq!(model.learning_rate(), 0.25);
    let message = model.train_on_batch([&a, &b], &array![[-1.0], [1.0]]).unwrap_err().to_string();
    assert!(message.contains("no targets below 0"), "{message}");
}

#[test]
fn the_schedules_are_there() {
    let optimizer = RMSprop::new(CosineDecay::new(0.1, 100));
    let model = network().compile(optimizer, MeanSquaredError::new(), ()).unwrap();
    assert_eq!(model.learning_rate(), 0.1);
}
