//! Comparing gradients with finite differences.

use crate::{Axes, Float, Mode, RandomKey, Shape, Tape, Var, Weight, Weights, Workspace};

/// Checks the gradients of a computation against central differences, with the default settings.
///
/// One input of uniform random numbers in [−1, 1) is made for each shape; see [`GradientCheck`] for other ranges.
///
/// # Panics
///
/// A gradient is wrong; the message names the input and the element.
///
/// # Examples
///
/// ```
/// use olifant_core::gradient_check;
///
/// gradient_check(&[&[2, 3], &[3]], |_, x| (x[0] * x[1]).sigmoid() + x[0]);
/// ```
#[track_caller]
pub fn gradient_check(shapes: &[&[usize]], compute: impl for<'t> Fn(&'t Tape<'t>, &[Var<'t>]) -> Var<'t>) {
    if let Err(error) = GradientCheck::new().run(shapes, compute) {
        panic!("{error}");
    }
}

/// A comparison of gradients with central differences, (f(x + h) − f(x − h)) / 2h.
///
/// The computation's result, of any shape, is multiplied by random numbers and summed, so that no error can hide.
///
/// # Defaults
///
/// Inputs in [−1, 1), seed 0. In single precision h = 10⁻² and the tolerance is 10⁻² relative to max(1, |gradient|);
/// in double precision (feature `f64`) 10⁻⁵ and 10⁻⁷.
#[derive(Clone, Debug)]
pub struct GradientCheck {
    low: Float,
    high: Float,
    step: Float,
    tolerance: Float,
    seed: u64,
}

/// Where a gradient differs from the finite difference.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "the gradient of element {element} of input {input} is {gradient}, \
     but central differences give {difference}"
)]
#[non_exhaustive]
pub struct GradientError {
    /// The number of the input.
    pub input: usize,
    /// The position in it, row-major.
    pub element: usize,
    /// What the backward pass computed.
    pub gradient: Float,
    /// What finite differences say.
    pub difference: Float,
}

impl Default for GradientCheck {
    fn default() -> GradientCheck {
        let (step, tolerance) = if size_of::<Float>() == 8 { (1e-5, 1e-7) } else { (1e-2, 1e-2) };
        GradientCheck { low: -1.0, high: 1.0, step, tolerance, seed: 0 }
    }
}

impl GradientCheck {
    /// A check with the default settings.
    pub fn new() -> GradientCheck {
        GradientCheck::default()
    }

    /// The range of the random inputs.
    pub fn range(mut self, low: Float, high: Float) -> GradientCheck {
        (self.low, self.high) = (low, high);
        self
    }

    /// The allowed difference, relative to max(1, |gradient|).
    pub fn tolerance(mut self, tolerance: Float) -> GradientCheck {
        self.tolerance = tolerance;
        self
    }

    /// The seed of the inputs.
    pub fn seed(mut self, seed: u64) -> GradientCheck {
        self.seed = seed;
        self
    }

    /// Compares, and returns the largest relative difference.
    ///
    /// # Errors
    ///
    /// The first element whose gradient is wrong.
    pub fn run(
        &self,
        shapes: &[&[usize]],
        compute: impl for<'t> Fn(&'t Tape<'t>, &[Var<'t>]) -> Var<'t>,
    ) -> Result<Float, GradientError> {
        let key = RandomKey::from_seed(self.seed);
        let mut weights = Weights::default();
        let inputs: Vec<Weight> = shapes
            .iter()
            .enumerate()
            .map(|(number, axes)| {
                let shape = Shape::new(axes).expect("shapes of a gradient check are small");
                let weight = weights.add(format!("input {number}"), shape, true);
                let key = key.derive(number as u64);
                for (i, x) in weights.get_mut(weight).iter_mut().enumerate() {
                    *x = self.low + (self.high - self.low) * Float::from(key.uniform(i as u32));
                }
                weight
            })
            .collect();
        let (_, workspace) = evaluate(&weights, &inputs, &compute, true);
        let mut worst: Float = 0.0;
        for (number, &input) in inputs.iter().enumerate() {
            for element in 0..weights.get(input).data.len() {
                let gradient = workspace.gradients()[weights.spec(input).range()][element];
                let mut moved = |by: Float| {
                    let x = weights.get(input).data[element];
                    weights.get_mut(input)[element] = x + by;
                    let (loss, _) = evaluate(&weights, &inputs, &compute, false);
                    weights.get_mut(input)[element] = x;
                    loss
                };
                let difference = (moved(self.step) - moved(-self.step)) / (2.0 * self.step);
                let error = (gradient - difference).abs() / gradient.abs().max(1.0);
                if error.is_nan() || error > self.tolerance {
                    return Err(GradientError { input: number, element, gradient, difference });
                }
                worst = worst.max(error);
            }
        }
        Ok(worst)
    }
}

/// The random combination of all results, and, if asked, its gradients.
fn evaluate(
    weights: &Weights,
    inputs: &[Weight],
    compute: &impl for<'t> Fn(&'t Tape<'t>, &[Var<'t>]) -> Var<'t>,
    backward: bool,
) -> (Float, Workspace) {
    let mode = Mode::Training(RandomKey::from_seed(7));
    let tape = Tape::record(Workspace::default(), weights, mode);
    let loss = {
        let tape = &tape;
        let vars: Vec<Var<'_>> = inputs.iter().map(|&input| tape.weight(input)).collect();
        let result = compute(tape, &vars);
        let factors = RandomKey::from_seed(99);
        let factors = tape.input_with(result.shape(), |slot| {
            slot.iter_mut().enumerate().for_each(|(i, x)| *x = Float::from(factors.uniform(i as u32)) + 0.5);
        });
        let loss = (result * factors).sum(Axes::All);
        if backward {
            tape.backward(loss);
        }
        loss.item()
    };
    (loss, tape.finish())
}
