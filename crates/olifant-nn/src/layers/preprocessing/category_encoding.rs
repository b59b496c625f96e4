//! Categories that are numbered already, as vectors.

use olifant_core::{Shape, TensorView, Var};
use serde::{Deserialize, Serialize};

use super::OutputMode;
use crate::{BuildError, Layer, WeightBuilder, layers::ids::check_ids};

/// Turns numbers of categories into vectors of zeros and ones, or of counts.
///
/// # Shapes
///
/// Inputs `[batch, …, numbers]` of whole numbers below `num_tokens`. Outputs `[batch, …, num_tokens]`,
/// and for [`OutputMode::OneHot`] `[batch, …, numbers, num_tokens]`, unless `numbers` is 1.
///
/// # Defaults
///
/// `output_mode` multi-hot.
///
/// # Errors
///
/// When built: no tokens, [`OutputMode::Int`], samples without an axis. Numbers in the data that are no category are refused
/// before a step begins; those that are computed inside a network leave no trace.
///
/// # Examples
///
/// Counts in which each number has a weight, Keras's `count_weights`:
///
/// ```
/// use olifant_core::{Mode, Tape, Workspace};
/// use olifant_nn::{CallOn, Functional, Input, layers::{CategoryEncoding, Dot, OutputMode}};
///
/// let (numbers, weights) = (Input::new([3]), Input::new([3]));
/// let codes = CategoryEncoding::new(2).output_mode(OutputMode::OneHot).on(&numbers);
/// let counts = Dot::new(1).on([&codes, &weights]);
/// let network = Functional::new([&numbers, &weights], &counts).build(0)?;
///
/// let tape = Tape::record(Workspace::default(), network.weights(), Mode::Inference);
/// let [numbers, weights] = [[0.0, 1.0, 1.0], [0.25, 2.0, 1.0]].map(|row| tape.input_with([1, 3], |x| x.copy_from_slice(&row)));
/// let counts = network.call_several(&tape.list_of(&[numbers, weights])).get(0);
/// counts.with_value(|counts| assert_eq!(counts.data, [0.25, 3.0]));
/// # Ok::<(), olifant_nn::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct CategoryEncoding {
    num_tokens: usize,
    #[serde(default)]
    output_mode: OutputMode,
}

impl CategoryEncoding {
    /// The layer for so many categories.
    pub fn new(num_tokens: usize) -> CategoryEncoding {
        CategoryEncoding { num_tokens, output_mode: OutputMode::default() }
    }

    /// What comes out.
    pub fn output_mode(mut self, output_mode: OutputMode) -> CategoryEncoding {
        self.output_mode = output_mode;
        self
    }
}

#[typetag::serde(name = "category_encoding")]
impl Layer for CategoryEncoding {
    fn build(&mut self, input: &Shape, _: &mut WeightBuilder<'_>) -> Result<Shape, BuildError> {
        BuildError::check_option("num_tokens", "at least 1", self.num_tokens, self.num_tokens > 0)?;
        let is_right = self.output_mode != OutputMode::Int;
        BuildError::check_option("output_mode", "one_hot, multi_hot or count", "int", is_right)?;
        self.output_mode.output_shape(input, self.num_tokens)
    }

    fn call<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.output_mode.encode(x, self.num_tokens)
    }

    fn check_input(&self, _: usize, x: TensorView<'_>) -> Result<(), BuildError> {
        check_ids("category", self.num_tokens, x)
    }
}
