//! A model that is saved in the midst of its training goes on to the same bits, whatever its optimizer keeps.
#![allow(clippy::unwrap_used)]

use ndarray::{Array2, array};
use olifant_nn::{Activation, Optimizer, Sequential, layers::Dense, losses::MeanSquaredError, optimizers::*};
use olifant_train::{Compile, Model};

fn model(optimizer: impl Optimizer) -> Model {
    Sequential::new([3])
        .add(Dense::new(4).activation(Activation::Tanh))
        .add(Dense::new(2))
        .seed(1)
        .compile(optimizer, MeanSquaredError::new(), ())
        .unwrap()
}

fn train(model: &mut Model, steps: usize) {
    let x = array![[0.1, 0.5, -0.3], [0.7, -0.2, 0.4], [-0.6, 0.3, 0.9]];
    let y: Array2<f64> = array![[1.0, 0.0], [0.5, -1.0], [0.0, 2.0]];
    for _ in 0..steps {
        model.train_on_batch(&x, &y).unwrap();
    }
}

fn goes_on_after_saving(build: impl Fn() -> Model) {
    let (mut undisturbed, mut first) = (build(), build());
    train(&mut undisturbed, 7);
    train(&mut first, 4);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.olifant");
    first.save(&path).unwrap();
    let mut second = Model::load(&path).unwrap();
    train(&mut second, 3);
    assert_eq!(second.get_weights(), undisturbed.get_weights(), "{:?}", first.optimizer());
    let (ours, theirs) = (second.optimizer_state(), undisturbed.optimizer_state());
    assert_eq!(ours.slot_names(), theirs.slot_names());
    assert!(ours.slots().iter().zip(theirs.slots()).all(|(a, b)| a[..] == b[..]));
}

macro_rules! all {
    ($($optimizer:expr),+ $(,)?) => { $( goes_on_after_saving(|| model($optimizer)); )+ };
}

#[test]
fn the_slots_of_every_optimizer_are_saved() {
    all!(
        Adadelta::new(1.0),
        Adafactor::new(0.1),
        Adagrad::new(0.1),
        Adam::new(0.1).amsgrad(true),
        Adamax::new(0.1),
        AdamW::new(0.1),
        Ftrl::new(0.1),
        Lamb::new(0.1),
        Lion::new(0.1),
        Muon::new(0.1),
        Nadam::new(0.1),
        Nadam::new(0.1).gradient_accumulation_steps(2).use_ema(true),
        RmsProp::new(0.1).centered(true).momentum(0.9),
        ScheduleFreeAdamW::new(0.1).warmup_steps(6),
        Sgd::new(0.1).momentum(0.9),
    );
}
