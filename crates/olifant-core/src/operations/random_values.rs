//! Random numbers as values on a tape.

use crate::{
    Float, Operation, RandomKey, Shape, ShapeError, Tape, Var,
    kernels::{dispatch::vectorised, functions},
    operation::{BackwardStep, ForwardStep, InputGradients, Inputs},
};

/// Numbers of one distribution, each a pure function of the key and its position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RandomValues {
    key: RandomKey,
    shape: Shape,
    distribution: Distribution,
}

#[derive(Clone, Copy, Debug)]
enum Distribution {
    Uniform,
    Normal,
}

/// What a number costs, counted in additions.
const COST: usize = 20;

/// The normal deviate of 32 random bits: √2 · erf⁻¹ of a number uniform in (−1, 1).
#[inline(always)]
fn normal(bits: u32) -> Float {
    // 23 bits and a half: exact, symmetric, never −1 or 1.
    let uniform = ((bits >> 9) as Float + 0.5) * (1.0 / 4_194_304.0) - 1.0;
    std::f64::consts::SQRT_2 as Float * functions::erfinv(uniform)
}

impl Operation for RandomValues {
    fn output_shape(&self, _: &Inputs<'_>) -> Result<Shape, ShapeError> {
        Ok(self.shape)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let RandomValues { key, distribution, .. } = *self;
        step.team.for_each_rows(step.output, 1, COST, &|start, y: &mut [Float]| {
            vectorised(
                #[inline(always)]
                || {
                    let (key, first) = (key, start as u32);
                    let y = y.iter_mut().enumerate();
                    let index = |i: usize| first.wrapping_add(i as u32);
                    match distribution {
                        Distribution::Uniform => y.for_each(|(i, y)| *y = Float::from(key.uniform(index(i)))),
                        Distribution::Normal => y.for_each(|(i, y)| *y = normal(key.bits(index(i)))),
                    }
                },
            );
        });
    }

    /// There is nothing to send a gradient to.
    fn backward(&self, _: BackwardStep<'_>, _: &mut InputGradients<'_>) {}
}

impl Tape<'_> {
    /// Numbers uniform in [0, 1), for example for the key of [`random_key`](Tape::random_key).
    pub fn random_uniform(&self, key: RandomKey, shape: impl Into<Shape>) -> Var<'_> {
        self.random_values(key, shape.into(), Distribution::Uniform)
    }

    /// Numbers of the normal distribution with mean 0 and variance 1.
    pub fn random_normal(&self, key: RandomKey, shape: impl Into<Shape>) -> Var<'_> {
        self.random_values(key, shape.into(), Distribution::Normal)
    }

    fn random_values(&self, key: RandomKey, shape: Shape, distribution: Distribution) -> Var<'_> {
        self.operate(RandomValues { key, shape, distribution }, &[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mode, Weights, Workspace};

    fn values(fill: impl for<'t> Fn(&'t Tape<'t>, RandomKey) -> Var<'t>) -> Vec<f64> {
        let weights = Weights::default();
        let key = RandomKey::from_seed(3);
        let tape = Tape::record(Workspace::default(), &weights, Mode::Training(key));
        fill(&tape, key).with_value(|y| y.data.iter().map(|&y| f64::from(y)).collect())
    }

    /// The mean of f(x).
    fn mean(x: &[f64], f: impl Fn(f64) -> f64) -> f64 {
        x.iter().map(|&x| f(x)).sum::<f64>() / x.len() as f64
    }

    #[test]
    fn normal_numbers_have_the_moments_and_tails_of_the_distribution() {
        let x = values(|tape, key| tape.random_normal(key, [1000, 400]));
        assert!(mean(&x, |x| x).abs() < 0.01);
        assert!((mean(&x, |x| x * x) - 1.0).abs() < 0.01);
        assert!(mean(&x, |x| x.powi(3)).abs() < 0.03);
        assert!((mean(&x, |x| x.powi(4)) - 3.0).abs() < 0.06);
        for (above, share) in [(0.0, 0.5), (1.0, 0.158_655), (1.959_964, 0.025), (3.090_232, 0.001)] {
            let measured = mean(&x, |x| f64::from(x > above));
            assert!((measured - share).abs() < 4.0 * (share / 400_000.0).sqrt(), "{measured} above {above}");
        }
        assert!(x.iter().all(|x| x.abs() < 5.5));
    }

    #[test]
    fn uniform_numbers_fill_the_interval_evenly() {
        let x = values(|tape, key| tape.random_uniform(key, [400_000]));
        assert!(x.iter().all(|x| (0.0..1.0).contains(x)));
        assert!((mean(&x, |x| x) - 0.5).abs() < 0.002);
        assert!((mean(&x, |x| x * x) - 1.0 / 3.0).abs() < 0.002);
    }

    #[test]
    fn neighbours_are_not_correlated() {
        let x = values(|tape, key| tape.random_normal(key, [100_000]));
        let products: f64 = x.windows(2).map(|pair| pair[0] * pair[1]).sum();
        assert!((products / 100_000.0).abs() < 0.015);
    }
}
