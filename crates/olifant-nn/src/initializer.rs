//! The first values of weights.

mod orthogonal;

use ndarray::Array1;
use ndarray_rand::{
    RandomExt,
    rand::{Rng, SeedableRng},
    rand_distr::{Distribution, StandardNormal, Uniform},
};
use olifant_core::{Float, RandomKey, Shape};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::BuildError;

/// How a weight is filled before training.
///
/// Several initializers look at the *fans* of a weight: how many inputs each output depends on, and the reverse.
/// A kernel of shape `[fan_in, fan_out]` is the simple case; the axes of a convolution's kernel before the last two
/// multiply both; a weight with one axis of size n has `fan_in` = `fan_out` = n.
///
/// Truncated normal distributions are cut at two standard deviations; what lies outside is drawn again.
///
/// # Defaults
///
/// As in Keras. Kernels start with [`GlorotUniform`](Initializer::GlorotUniform).
/// Variants with options have a function for the defaults, such as [`Initializer::random_normal`].
///
/// # Examples
///
/// ```
/// use olifant_core::{RandomKey, Shape};
/// use olifant_nn::Initializer;
///
/// let mut kernel = [0.0; 12];
/// Initializer::HeNormal.fill(&Shape::from([4, 3]), RandomKey::from_seed(42), &mut kernel)?;
/// Initializer::RandomNormal { mean: 0.0, stddev: 0.1 }.fill(&Shape::from([12]), RandomKey::from_seed(1), &mut kernel)?;
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
///
/// # References
///
/// Glorot, Bengio (2010), [Understanding the difficulty of training deep feedforward neural networks](https://proceedings.mlr.press/v9/glorot10a.html).
/// He, Zhang, Ren, Sun (2015), [Delving Deep into Rectifiers](https://arxiv.org/abs/1502.01852).
/// LeCun, Bottou, Orr, Müller (1998), Efficient BackProp.
/// Saxe, McClelland, Ganguli (2013), [Exact solutions to the nonlinear dynamics of learning in deep linear neural networks](https://arxiv.org/abs/1312.6120):
/// orthogonal matrices.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Initializer {
    /// 0
    Zeros,
    /// 1
    Ones,
    /// The same number everywhere.
    Constant(Float),
    /// `gain` on the diagonal, 0 elsewhere; for weights with two axes.
    Identity {
        /// What stands on the diagonal.
        gain: Float,
    },
    /// U(minval, maxval)
    RandomUniform {
        /// The lower bound.
        minval: Float,
        /// The upper bound.
        maxval: Float,
    },
    /// N(mean, stddev²)
    RandomNormal {
        /// The centre.
        mean: Float,
        /// The standard deviation.
        stddev: Float,
    },
    /// N(mean, stddev²), cut at mean ± 2 · stddev.
    TruncatedNormal {
        /// The centre.
        mean: Float,
        /// The standard deviation before the cut.
        stddev: Float,
    },
    /// Random numbers with the variance scale / fan.
    VarianceScaling {
        /// The factor of the variance.
        scale: Float,
        /// Which fan.
        mode: Fan,
        /// Which distribution.
        distribution: Scaled,
    },
    /// U(±√(6 / (fan_in + fan_out)))
    #[default]
    GlorotUniform,
    /// A truncated normal distribution with the variance 2 / (fan_in + fan_out).
    GlorotNormal,
    /// U(±√(6 / fan_in)), for layers with relu.
    HeUniform,
    /// A truncated normal distribution with the variance 2 / fan_in, for layers with relu.
    HeNormal,
    /// U(±√(3 / fan_in)), for layers with selu.
    LecunUniform,
    /// A truncated normal distribution with the variance 1 / fan_in, for layers with selu.
    LecunNormal,
    /// A matrix with orthonormal rows or columns, whichever are fewer, times `gain`.
    ///
    /// The matrix has a column for each element of the last axis; all other axes count as rows.
    Orthogonal {
        /// The factor.
        gain: Float,
    },
}

/// The number that [`Initializer::VarianceScaling`] divides by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fan {
    /// How many inputs each output depends on.
    #[default]
    #[serde(rename = "fan_in")]
    In,
    /// How many outputs each input has a part in.
    #[serde(rename = "fan_out")]
    Out,
    /// The mean of the two.
    #[serde(rename = "fan_avg")]
    Average,
}

/// The distribution that [`Initializer::VarianceScaling`] draws from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaled {
    /// U(±√(3 · variance))
    Uniform,
    /// A normal distribution cut at two standard deviations, widened so that it has the variance after the cut.
    #[default]
    TruncatedNormal,
    /// N(0, variance)
    UntruncatedNormal,
}

/// The standard deviation of a standard normal distribution that is cut at ±2.
const CUT_DEVIATION: f64 = 0.879_625_661_034_239_8;

impl Initializer {
    /// The identity matrix: `gain` 1.
    pub fn identity() -> Initializer {
        Initializer::Identity { gain: 1.0 }
    }

    /// U(−0.05, 0.05)
    pub fn random_uniform() -> Initializer {
        Initializer::RandomUniform { minval: -0.05, maxval: 0.05 }
    }

    /// N(0, 0.05²)
    pub fn random_normal() -> Initializer {
        Initializer::RandomNormal { mean: 0.0, stddev: 0.05 }
    }

    /// N(0, 0.05²), cut at ±0.1.
    pub fn truncated_normal() -> Initializer {
        Initializer::TruncatedNormal { mean: 0.0, stddev: 0.05 }
    }

    /// A truncated normal distribution with the variance 1 / fan_in.
    pub fn variance_scaling() -> Initializer {
        Initializer::VarianceScaling { scale: 1.0, mode: Fan::default(), distribution: Scaled::default() }
    }

    /// Orthonormal rows or columns: `gain` 1.
    pub fn orthogonal() -> Initializer {
        Initializer::Orthogonal { gain: 1.0 }
    }

    /// Fills a weight of this shape from a random stream of its own: the same key gives the same numbers everywhere.
    ///
    /// # Errors
    ///
    /// The initializer cannot fill this shape, or one of its numbers is outside its range.
    pub fn fill(&self, shape: &Shape, key: RandomKey, values: &mut [Float]) -> Result<(), BuildError> {
        self.check(shape)?;
        let scaled = |scale: f64, mode, distribution| Draw::scaled(scale, fan(shape, mode), distribution);
        let draw = match *self {
            Initializer::Zeros => return fill_with(values, 0.0),
            Initializer::Ones => return fill_with(values, 1.0),
            Initializer::Constant(value) => return fill_with(values, value),
            Initializer::Identity { gain } => return fill_diagonal(shape, gain, values),
            Initializer::Orthogonal { gain } => {
                let normal = Draw::Normal { mean: 0.0, stddev: 1.0 }.numbers(key, values.len());
                return orthogonal::fill(shape, gain, normal, values);
            }
            Initializer::RandomUniform { minval, maxval } => {
                Draw::Uniform { low: minval.into(), high: maxval.into() }
            }
            Initializer::RandomNormal { mean, stddev } => {
                Draw::Normal { mean: mean.into(), stddev: stddev.into() }
            }
            Initializer::TruncatedNormal { mean, stddev } => {
                Draw::Truncated { mean: mean.into(), stddev: stddev.into() }
            }
            Initializer::VarianceScaling { scale, mode, distribution } => {
                scaled(scale.into(), mode, distribution)
            }
            Initializer::GlorotUniform => scaled(1.0, Fan::Average, Scaled::Uniform),
            Initializer::GlorotNormal => scaled(1.0, Fan::Average, Scaled::TruncatedNormal),
            Initializer::HeUniform => scaled(2.0, Fan::In, Scaled::Uniform),
            Initializer::HeNormal => scaled(2.0, Fan::In, Scaled::TruncatedNormal),
            Initializer::LecunUniform => scaled(1.0, Fan::In, Scaled::Uniform),
            Initializer::LecunNormal => scaled(1.0, Fan::In, Scaled::TruncatedNormal),
        };
        let numbers = draw.numbers(key, values.len());
        values.iter_mut().zip(numbers).for_each(|(value, number)| *value = number as Float);
        Ok(())
    }

    fn check(&self, shape: &Shape) -> Result<(), BuildError> {
        let number =
            |option, given: Float| BuildError::check_option(option, "a number", given, given.is_finite());
        let deviation = |given: Float| {
            let is_right = given.is_finite() && given >= 0.0;
            BuildError::check_option("stddev", "a number from 0", given, is_right)
        };
        match *self {
            Initializer::Constant(value) => number("the constant of an initializer", value),
            Initializer::Identity { gain } => {
                let remedy = "initializer identity can only fill a weight with two axes";
                if shape.rank() == 2 { number("gain", gain) } else { Err(cannot_fill(remedy, shape)) }
            }
            Initializer::Orthogonal { gain } => {
                let remedy = "initializer orthogonal can only fill a weight with two axes or more";
                if shape.rank() >= 2 { number("gain", gain) } else { Err(cannot_fill(remedy, shape)) }
            }
            Initializer::RandomUniform { minval, maxval } => {
                number("minval", minval)?;
                let is_right = maxval.is_finite() && maxval > minval;
                BuildError::check_option(
                    "maxval",
                    &format!("a number above minval = {minval}"),
                    maxval,
                    is_right,
                )
            }
            Initializer::RandomNormal { mean, stddev } | Initializer::TruncatedNormal { mean, stddev } => {
                number("mean", mean)?;
                deviation(stddev)
            }
            Initializer::VarianceScaling { scale, .. } => {
                let is_right = scale.is_finite() && scale > 0.0;
                BuildError::check_option("scale", "a number above 0", scale, is_right)
            }
            _ => Ok(()),
        }
    }
}

/// What numbers are drawn from.
enum Draw {
    Uniform { low: f64, high: f64 },
    Normal { mean: f64, stddev: f64 },
    Truncated { mean: f64, stddev: f64 },
}

impl Draw {
    /// The distribution with mean 0 and the variance scale / fan.
    fn scaled(scale: f64, fan: f64, distribution: Scaled) -> Draw {
        let variance = scale / fan;
        match distribution {
            Scaled::Uniform => {
                let limit = (3.0 * variance).sqrt();
                Draw::Uniform { low: -limit, high: limit }
            }
            Scaled::TruncatedNormal => Draw::Truncated { mean: 0.0, stddev: variance.sqrt() / CUT_DEVIATION },
            Scaled::UntruncatedNormal => Draw::Normal { mean: 0.0, stddev: variance.sqrt() },
        }
    }

    /// Draws in double precision; the numbers are rounded when they are stored.
    fn numbers(&self, key: RandomKey, count: usize) -> Array1<f64> {
        let mut generator = ChaCha8Rng::seed_from_u64(key.value());
        match *self {
            Draw::Uniform { low, high } => {
                let uniform = Uniform::new(low, high).expect("the bounds were checked before");
                Array1::random_using(count, uniform, &mut generator)
            }
            Draw::Normal { mean, stddev } => {
                Array1::<f64>::random_using(count, StandardNormal, &mut generator) * stddev + mean
            }
            Draw::Truncated { mean, stddev } => {
                Array1::random_using(count, TruncatedNormal, &mut generator) * stddev + mean
            }
        }
    }
}

/// The standard normal distribution, cut at ±2.
struct TruncatedNormal;

impl Distribution<f64> for TruncatedNormal {
    fn sample<R: Rng + ?Sized>(&self, generator: &mut R) -> f64 {
        loop {
            let number: f64 = StandardNormal.sample(generator);
            if number.abs() <= 2.0 {
                return number;
            }
        }
    }
}

/// The fan of a weight, at least 1.
fn fan(shape: &Shape, mode: Fan) -> f64 {
    let (fan_in, fan_out) = match *shape.axes() {
        [] => (1, 1),
        [size] => (size, size),
        [ref field @ .., inputs, outputs] => {
            let field: usize = field.iter().product();
            (field * inputs, field * outputs)
        }
    };
    let fan = match mode {
        Fan::In => fan_in as f64,
        Fan::Out => fan_out as f64,
        Fan::Average => (fan_in as f64 + fan_out as f64) / 2.0,
    };
    fan.max(1.0)
}

fn fill_with(values: &mut [Float], value: Float) -> Result<(), BuildError> {
    values.fill(value);
    Ok(())
}

fn fill_diagonal(shape: &Shape, gain: Float, values: &mut [Float]) -> Result<(), BuildError> {
    values.fill(0.0);
    values.iter_mut().step_by(shape[1] + 1).take(shape[0].min(shape[1])).for_each(|value| *value = gain);
    Ok(())
}

fn cannot_fill(what: &str, shape: &Shape) -> BuildError {
    BuildError::Other(format!("{what}, but was given the shape {shape}: choose another initializer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(initializer: &Initializer, shape: impl Into<Shape>, seed: u64) -> Vec<Float> {
        let shape = shape.into();
        let mut values = vec![Float::NAN; shape.size()];
        initializer.fill(&shape, RandomKey::from_seed(seed), &mut values).unwrap();
        values
    }

    #[test]
    fn the_same_key_gives_the_same_numbers_and_another_gives_others() {
        let initializer = Initializer::truncated_normal();
        assert_eq!(filled(&initializer, 9, 1), filled(&initializer, 9, 1));
        assert_ne!(filled(&initializer, 9, 1), filled(&initializer, 9, 2));
    }

    #[test]
    #[cfg(not(feature = "f64"))]
    fn the_numbers_never_change_between_versions() {
        assert_eq!(filled(&Initializer::GlorotUniform, [2, 1], 42), UNIFORM);
        assert_eq!(filled(&Initializer::HeNormal, [2, 1], 42), NORMAL);
    }

    /// A run that is repeated from its seed starts with these very numbers.
    #[cfg(not(feature = "f64"))]
    const UNIFORM: [Float; 2] = [0.051617604, 0.86105996];
    #[cfg(not(feature = "f64"))]
    const NORMAL: [Float; 2] = [0.063145645, 1.1342142];

    #[test]
    fn an_empty_weight_is_filled() {
        for initializer in [Initializer::identity(), Initializer::orthogonal(), Initializer::HeNormal] {
            assert!(filled(&initializer, [0, 3], 0).is_empty());
            assert!(filled(&initializer, [3, 0], 0).is_empty());
        }
    }

    #[test]
    fn a_normal_without_deviation_is_its_mean() {
        assert_eq!(filled(&Initializer::RandomNormal { mean: 0.5, stddev: 0.0 }, 3, 0), [0.5; 3]);
    }

    #[test]
    fn options_out_of_range_are_refused() {
        let message = |initializer: Initializer, axes: &[usize]| {
            let shape = Shape::new(axes).unwrap();
            let mut values = vec![0.0; shape.size()];
            initializer.fill(&shape, RandomKey::from_seed(0), &mut values).unwrap_err().to_string()
        };
        assert_eq!(
            message(Initializer::Constant(Float::NAN), &[1]),
            "the constant of an initializer must be a number, but is NaN"
        );
        assert_eq!(
            message(Initializer::identity(), &[2, 2, 2]),
            "initializer identity can only fill a weight with two axes, but was given the shape [2, 2, 2]: \
             choose another initializer"
        );
        assert_eq!(
            message(Initializer::orthogonal(), &[2]),
            "initializer orthogonal can only fill a weight with two axes or more, but was given the shape [2]: \
             choose another initializer"
        );
        assert_eq!(
            message(Initializer::RandomUniform { minval: 1.0, maxval: 0.5 }, &[1]),
            "maxval must be a number above minval = 1, but is 0.5"
        );
        assert_eq!(
            message(Initializer::TruncatedNormal { mean: 0.0, stddev: -1.0 }, &[1]),
            "stddev must be a number from 0, but is -1"
        );
        let scaling =
            Initializer::VarianceScaling { scale: 0.0, mode: Fan::In, distribution: Scaled::Uniform };
        assert_eq!(message(scaling, &[1]), "scale must be a number above 0, but is 0");
        assert_eq!(
            message(Initializer::Orthogonal { gain: Float::INFINITY }, &[1, 1]),
            "gain must be a number, but is inf"
        );
    }

    #[test]
    fn descriptions_are_kerass_words() {
        let json = |initializer| serde_json::to_string(&initializer).unwrap();
        assert_eq!(json(Initializer::GlorotUniform), r#""glorot_uniform""#);
        assert_eq!(
            json(Initializer::variance_scaling()),
            r#"{"variance_scaling":{"scale":1.0,"mode":"fan_in","distribution":"truncated_normal"}}"#
        );
    }
}
