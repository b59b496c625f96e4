//! Every optimizer makes the same bits with any number of threads, and leaves the gaps between weights alone.
#![allow(clippy::unwrap_used)]

use olifant_core::{Float, Shape, Team, Weights};
use olifant_nn::{Optimizer, OptimizerState, optimizers::*};

fn all_optimizers() -> Vec<Box<dyn Optimizer>> {
    vec![
        Box::new(Adadelta::new(1.0).weight_decay(0.1)),
        Box::new(Adafactor::new(0.01).weight_decay(0.1)),
        Box::new(Adagrad::new(0.01)),
        Box::new(Adam::new(0.01).amsgrad(true)),
        Box::new(Adamax::new(0.01)),
        Box::new(AdamW::new(0.01)),
        Box::new(Ftrl::new(0.01).l1_regularization_strength(0.01)),
        Box::new(Ftrl::new(0.01).learning_rate_power(-0.3)),
        Box::new(Lamb::new(0.01).weight_decay(0.1).exclude_from_weight_decay(["bias"])),
        Box::new(Lion::new(0.01)),
        Box::new(Muon::new(0.01).global_clipnorm(1.0)),
        Box::new(Nadam::new(0.01).use_ema(true)),
        Box::new(RmsProp::new(0.01).centered(true).momentum(0.9)),
        Box::new(ScheduleFreeAdamW::new(0.01).weight_decay(0.1)),
        Box::new(Sgd::new(0.01).momentum(0.9).nesterov(true)),
    ]
}

/// Weights of which the first is large enough to be shared among threads.
fn weights() -> Weights {
    let mut weights = Weights::default();
    for (name, shape) in [
        ("kernel", Shape::from([450, 301])),
        ("bias", Shape::from([301])),
        ("stack", Shape::from([2, 3, 5])),
        ("nothing", Shape::from([0])),
        ("column", Shape::from([7, 1])),
    ] {
        let weight = weights.add(name, shape, true);
        weights.get_mut(weight).iter_mut().enumerate().for_each(|(i, w)| *w = (i as Float).sin());
    }
    weights
}

/// All weights after three steps.
fn after_three_steps(optimizer: &dyn Optimizer, threads: usize) -> Weights {
    let mut weights = weights();
    let mut state = OptimizerState::new(optimizer, &weights);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    for step in 1..4 {
        let mut gradients = vec![0.0; weights.trainable().len()];
        for (_, spec) in weights.iter() {
            let numbers = gradients[spec.range()].iter_mut().enumerate();
            numbers.for_each(|(i, g)| *g = ((step * i) as Float).cos());
        }
        pool.install(|| state.step(optimizer, &mut weights, &mut gradients, &Team::default()));
    }
    weights
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let before = weights();
    for optimizer in all_optimizers() {
        optimizer.check().unwrap();
        optimizer.check_names(&before).unwrap();
        let alone = after_three_steps(&*optimizer, 1);
        assert!(alone.trainable() == after_three_steps(&*optimizer, 4).trainable(), "{optimizer:?}");
        for (weight, spec) in alone.iter().filter(|(_, spec)| spec.shape.size() > 0) {
            let (now, then) = (alone.get(weight).data, before.get(weight).data);
            assert!(now != then && now.iter().all(|w| w.is_finite()), "{optimizer:?} moves {}", spec.name);
        }
        let mut gaps = alone.trainable().to_vec();
        alone.iter().for_each(|(_, spec)| gaps[spec.range()].fill(0.0));
        assert!(gaps.iter().all(|&gap| gap == 0.0), "{optimizer:?}");
    }
}

#[test]
fn every_optimizer_survives_saving() {
    for optimizer in all_optimizers() {
        let json = serde_json::to_string(&optimizer).unwrap();
        let loaded: Box<dyn Optimizer> = serde_json::from_str(&json).unwrap();
        assert_eq!(format!("{loaded:?}"), format!("{optimizer:?}"));
    }
}
