//! Gradients against central differences, in double precision, where they are exact enough.

use olifant_core::{Float, Weight, Workspace};

use crate::{golden::Case, subject::Subject};

/// Compares the gradient of a share of all elements; which ones depends on nothing but their number.
pub fn check(subject: &Subject, case: &Case) {
    const STEP: Float = 1e-5;
    const TOLERANCE: Float = 2e-6;
    let gradients = subject.step(Workspace::default()).gradients().to_vec();
    let trained: Vec<Weight> =
        subject.weights.iter().filter(|(_, spec)| spec.trainable).map(|(w, _)| w).collect();
    let mut moved = Subject::new(case);
    for weight in trained {
        let spec = subject.weights.spec(weight).clone();
        for element in (0..spec.shape.size()).step_by(spec.shape.size().div_ceil(12).max(1)) {
            let value = subject.weights.get(weight).data[element];
            let mut at = |x: Float| {
                moved.weights.get_mut(weight)[element] = x;
                moved.loss_value()
            };
            let difference = (at(value + STEP) - at(value - STEP)) / (2.0 * STEP);
            at(value);
            let gradient = gradients[spec.range()][element];
            let close = (gradient - difference).abs() <= TOLERANCE * difference.abs().max(1.0);
            assert!(
                close,
                "{case}: {} element {element}: {gradient}, differences give {difference}",
                spec.name
            );
        }
    }
}
