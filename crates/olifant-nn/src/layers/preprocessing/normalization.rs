//! Features with mean 0 and variance 1, as the data has them.

use ndarray::{ArrayBase, Data, Dimension};
use olifant_core::{Axes, Element, Float, Shape, Tape, Var};
use serde::{Deserialize, Serialize};

use crate::{
    BuildError, Layer, WeightBuilder,
    layers::{defaults::last_axis, last_axes::LastAxes},
    with_batch,
};

/// Subtracts the mean of each feature and divides by its standard deviation, both of which are known beforehand.
///
/// y = (x − mean) / max(√variance, 10⁻⁷); inverted, y = mean + x · max(√variance, 10⁻⁷).
///
/// Mean and variance are given, or found in data with [`adapt`](Normalization::adapt).
/// They are part of the layer's description, not weights: training does not change them.
///
/// # Shapes
///
/// Outputs have the shape of the inputs. Mean and variance have a number for each position along the axes, or a single one.
///
/// # Defaults
///
/// `axis` −1, `invert` false. An empty list of axes, `[]`, means a single mean for all numbers.
///
/// # Errors
///
/// When built: mean or variance are missing or of another size, an axis that does not exist or is the batch axis.
///
/// # Examples
///
/// ```
/// use ndarray::array;
/// use olifant_nn::{Sequential, layers::Normalization};
///
/// let data = array![[1.0, 200.0], [3.0, 600.0]];
/// let network = Sequential::new([2]).add(Normalization::new().adapt(&data)?).build(0)?;
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Normalization {
    #[serde(default = "last_axis")]
    axis: Axes,
    #[serde(default)]
    mean: Vec<Float>,
    #[serde(default)]
    variance: Vec<Float>,
    #[serde(default)]
    invert: bool,
    /// Nothing if all numbers have the same mean.
    #[serde(skip)]
    axes: Option<LastAxes>,
}

/// What a standard deviation is at least.
const LEAST: Float = 1e-7;

impl Default for Normalization {
    fn default() -> Normalization {
        Normalization { axis: last_axis(), mean: Vec::new(), variance: Vec::new(), invert: false, axes: None }
    }
}

impl Normalization {
    /// The layer without mean and variance.
    pub fn new() -> Normalization {
        Normalization::default()
    }

    /// The axis or the axes whose positions have a mean each, counted with the batch axis; −1 is the last.
    pub fn axis(mut self, axis: impl Into<Axes>) -> Normalization {
        self.axis = axis.into();
        self
    }

    /// The mean of each feature, or of all.
    pub fn mean(mut self, mean: impl Into<Vec<Float>>) -> Normalization {
        self.mean = mean.into();
        self
    }

    /// The variance of each feature, or of all.
    pub fn variance(mut self, variance: impl Into<Vec<Float>>) -> Normalization {
        self.variance = variance.into();
        self
    }

    /// Whether what another layer did is undone.
    pub fn invert(mut self, invert: bool) -> Normalization {
        self.invert = invert;
        self
    }

    /// Takes mean and variance from data with a batch axis, along the axes that were set before.
    ///
    /// # Errors
    ///
    /// The data has no such axis, or no samples.
    pub fn adapt<S, D>(mut self, data: &ArrayBase<S, D>) -> Result<Normalization, BuildError>
    where
        S: Data<Elem: Element>,
        D: Dimension,
    {
        let shape = Shape::new(data.shape())?;
        if shape.size() == 0 {
            return Err(BuildError::Other(format!(
                "a mean needs samples, but was given data of shape {shape}"
            )));
        }
        let kept = self.axis.positions(shape)?;
        let count: usize = kept.iter().map(|&axis| shape[axis]).product();
        let (mut sums, mut squares) = (vec![0.0; count], vec![0.0; count]);
        let each = |add: &mut dyn FnMut(usize, f64)| {
            for (position, value) in data.view().into_dyn().indexed_iter() {
                let place = kept.iter().fold(0, |place, &axis| place * shape[axis] + position[axis]);
                add(place, f64::from(value.to_float()));
            }
        };
        let share = count as f64 / shape.size() as f64;
        each(&mut |place, x| sums[place] += x * share);
        each(&mut |place, x| squares[place] += (x - sums[place]) * (x - sums[place]) * share);
        self.mean = sums.into_iter().map(|mean| mean as Float).collect();
        self.variance = squares.into_iter().map(|variance| variance as Float).collect();
        Ok(self)
    }

    /// Mean and standard deviation, each of its only axis.
    fn moments<'t>(&self, tape: &'t Tape<'t>) -> [Var<'t>; 2] {
        let mean = tape.input_with([self.mean.len()], |slot| slot.copy_from_slice(&self.mean));
        let deviation = tape.input_with([self.variance.len()], |slot| {
            slot.iter_mut()
                .zip(&self.variance)
                .for_each(|(slot, variance)| *slot = variance.sqrt().max(LEAST));
        });
        [mean, deviation]
    }
}

#[typetag::serde(name = "normalization")]
impl Layer for Normalization {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        let is_for_all = self.axis == Axes::new(&[])?;
        let (axes, sizes) = match is_for_all {
            true => (None, Shape::SCALAR),
            false => {
                let (axes, sizes) = LastAxes::new(self.axis, input)?;
                (Some(axes), sizes)
            }
        };
        self.axes = axes;
        for (option, numbers) in [("mean", &self.mean), ("variance", &self.variance)] {
            let expected = format!(
                "one number, or one for each of the {} positions along the axes of {}: give both or call `adapt`",
                sizes.size(),
                with_batch(input)
            );
            let is_right = [1, sizes.size()].contains(&numbers.len());
            BuildError::check_option(option, &expected, format!("{} numbers", numbers.len()), is_right)?;
        }
        let least = self.variance.iter().copied().fold(0.0, Float::min);
        BuildError::check_option("variance", "at least 0", least, least >= 0.0)?;
        Ok(*input)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        let [mean, deviation] = self.moments(x.tape());
        let change = |x: Var<'t>| if self.invert { mean + x * deviation } else { (x - mean) / deviation };
        match &self.axes {
            Some(axes) => axes.apply(x, change),
            None => change(x),
        }
    }

    fn supports_masking(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn mean_and_variance_are_those_of_the_data() {
        let data = array![[[1.0, 20.0], [3.0, 40.0]], [[5.0, 60.0], [7.0, 80.0]]];
        let adapted = |axis: Axes| {
            let layer = Normalization::new().axis(axis).adapt(&data).unwrap();
            (layer.mean, layer.variance)
        };
        // Keras: Normalization(axis).adapt(data).
        assert_eq!(adapted((-1).into()), (vec![4.0, 50.0], vec![5.0, 500.0]));
        assert_eq!(adapted(1.into()), (vec![21.5, 32.5], vec![544.25, 958.25]));
        let both = vec![3.0, 40.0, 5.0, 60.0];
        assert_eq!(adapted([2, 1].into()), (both, vec![4.0, 400.0, 4.0, 400.0]));
        assert_eq!(adapted(Axes::new(&[]).unwrap()), (vec![27.0], vec![781.5]));
        let error = Normalization::new().axis(3).adapt(&data).unwrap_err();
        assert_eq!(error.to_string(), "axis 3 does not exist in shape [2, 2, 2]");
        let nothing = ndarray::Array2::<f32>::zeros((0, 3));
        let error = Normalization::new().adapt(&nothing).unwrap_err().to_string();
        assert_eq!(error, "a mean needs samples, but was given data of shape [0, 3]");
    }
}
