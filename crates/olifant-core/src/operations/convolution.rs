//! A convolution in one operation: kernel, bias, rectifier, and the largest of each window.

use crate::{
    DenseActivation, Operation, Padding, Shape, ShapeError, Var, Weight,
    kernels::{
        bytes::{bytes, bytes_mut},
        convolution::{Forward, KernelGradient, Plan, ResultGradient, forward, input_gradient, kernel_gradient},
        sliding::MAX_AXES,
    },
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
    sliding::{Sliding, between, per_axis},
};

use super::dense::rectify;

/// How a kernel is convolved with images, and what is done with the results at once.
///
/// y\[p, f\] = activation(b\[f\] + Σ x\[p · stride + t · dilation, c\] · K\[t, c, f\]), the sum over all places t of the kernel
/// and all channels c of the filter's group. The kernel is not mirrored.
///
/// Numbers per axis are given for each axis between batch and channels, the last fastest.
///
/// # Defaults
///
/// `strides` and `dilation` 1, `padding` valid, `groups` 1, `activation` linear, no pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    sliding: Sliding,
    groups: usize,
    activation: DenseActivation,
    pool: [usize; MAX_AXES],
}

impl Default for Convolution {
    fn default() -> Convolution {
        Convolution {
            sliding: Sliding::default(),
            groups: 1,
            activation: DenseActivation::Linear,
            pool: [1; MAX_AXES],
        }
    }
}

impl Convolution {
    /// A convolution with the default settings.
    pub fn new() -> Convolution {
        Convolution::default()
    }

    /// How far the kernel moves at a time.
    ///
    /// # Panics
    ///
    /// There are more than three numbers; so for all numbers per axis.
    #[track_caller]
    pub fn strides(mut self, strides: &[usize]) -> Convolution {
        self.sliding.strides = per_axis(strides);
        self
    }

    /// The distance between the places that the kernel sees.
    #[track_caller]
    pub fn dilation(mut self, dilation: &[usize]) -> Convolution {
        self.sliding.dilation = per_axis(dilation);
        self
    }

    /// What is added around the images.
    pub fn padding(mut self, padding: Padding) -> Convolution {
        self.sliding.padding = padding;
        self
    }

    /// Into how many groups channels and filters are divided; filters see only the channels of their group.
    pub fn groups(mut self, groups: usize) -> Convolution {
        self.groups = groups;
        self
    }

    /// What is applied to the results.
    pub fn activation(mut self, activation: DenseActivation) -> Convolution {
        self.activation = activation;
        self
    }

    /// Keeps only the largest result of each window of these sizes; windows stand side by side, and what is left over is dropped.
    ///
    /// The results themselves are never stored.
    #[track_caller]
    pub fn max_pool(mut self, sizes: &[usize]) -> Convolution {
        self.pool = per_axis(sizes);
        self
    }

    /// The shape of the result, for inputs and a kernel of these shapes.
    ///
    /// # Errors
    ///
    /// They do not fit together.
    pub fn output_shape(&self, x: Shape, kernel: Shape) -> Result<Shape, ShapeError> {
        let plan = self.plan(x, kernel)?;
        between(x[0], &plan.output()[MAX_AXES + 2 - x.rank()..], plan.filters)
    }

    fn plan(&self, x: Shape, kernel: Shape) -> Result<Plan, ShapeError> {
        let &[ref sizes @ .., group_channels, filters] = kernel.axes() else { return Err(ShapeError::NoAxes) };
        let axes = self.sliding.axes(x, sizes)?;
        // Whether there can be an image with what is added.
        between(1, &axes.map(|axis| axis.padded()), x.last_axis()?)?;
        let plan = Plan { axes, pool: self.pool, channels: x.last_axis()?, filters, groups: self.groups };
        let groups = self.groups.max(1);
        let fits = plan.channels == group_channels * self.groups && filters.is_multiple_of(groups);
        if !fits || plan.channels == 0 || filters == 0 {
            return Err(ShapeError::Mismatch(format!(
                "convolution: a kernel of shape {kernel} in {} groups does not fit inputs of shape {x}",
                self.groups
            )));
        }
        if plan.windows() == 0 || plan.area() > usize::from(u8::MAX) + 1 {
            return Err(ShapeError::Mismatch(format!(
                "convolution: windows of {:?} do not fit results of {:?}, or have more than 256 places",
                self.pool,
                axes.map(|axis| axis.output())
            )));
        }
        Ok(plan)
    }

    /// The plan for shapes that were checked when the output's shape was asked for.
    fn known_plan(&self, inputs: &Inputs<'_>) -> Plan {
        self.plan(inputs.get(0).shape, inputs.get(1).shape).expect("the shapes were checked before")
    }

    /// Whether the gradient begins with zeros where the output is not positive.
    pub(crate) fn is_rectifier(&self) -> bool {
        self.activation == DenseActivation::Relu
    }
}

impl Operation for Convolution {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let (x, kernel) = (inputs.get(0).shape, inputs.get(1).shape);
        let output = Convolution::output_shape(self, x, kernel)?;
        if inputs.len() == 3 && inputs.get(2).shape.axes() != [output.last_axis()?] {
            let bias = inputs.get(2).shape;
            return Err(ShapeError::Mismatch(format!(
                "convolution: a bias of shape {bias} does not fit a kernel of shape {kernel}"
            )));
        }
        Ok(output)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let plan = self.known_plan(&step.inputs);
        let winners = if plan.is_pooled() { step.output.len().div_ceil(size_of::<crate::Float>()) } else { 0 };
        step.cache.resize(winners, 0.0);
        let bias = (step.inputs.len() == 3).then(|| step.inputs.get(2).data);
        let winners = bytes_mut(step.cache);
        let forward_step = Forward {
            x: step.inputs.get(0).data,
            kernel: step.inputs.get(1).data,
            bias,
            relu: self.is_rectifier(),
            output: step.output,
            add: false,
            winners,
        };
        forward(&plan, forward_step, step.team, &mut step.scratch.convolution);
    }

    /// The formulas stand in `kernels/convolution.rs`.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let plan = self.known_plan(&step.inputs);
        let (x, kernel) = (step.inputs.get(0).data, step.inputs.get(1).data);
        let (team, scratch) = (step.team, &mut step.scratch.convolution);
        let y = (self.is_rectifier() && !step.rectified).then_some(step.output.data);
        if let Some(y) = y.filter(|_| !plan.is_pooled()) {
            rectify(step.output_gradient, y, team);
        }
        let results = ResultGradient {
            dy: step.output_gradient,
            y: y.filter(|_| plan.is_pooled()),
            winners: bytes(step.cache),
        };
        let from_rectifier = gradients.is_from_rectifier(0);
        if let Some(dx) = gradients.get(0) {
            let rectified = from_rectifier.then_some(x);
            input_gradient(&plan, kernel, results, dx, rectified, team, scratch);
            if from_rectifier {
                gradients.set_rectified(0);
            }
        }
        let mut write = |dk: Option<GradientMut<'_>>, db: Option<GradientMut<'_>>| {
            if dk.is_some() || db.is_some() {
                kernel_gradient(&plan, x, results, KernelGradient { dk, db }, team, scratch);
            }
        };
        match gradients.get_disjoint([1, 2]) {
            Some([dk, db]) => write(dk, db),
            // The bias is the kernel in another shape.
            None => {
                write(gradients.get(1), None);
                write(None, gradients.get(2));
            }
        }
    }
}

impl<'t> Var<'t> {
    /// Convolves images with a kernel.
    ///
    /// # Shapes
    ///
    /// x `[batch, …, channels]` with one to three axes in the middle, kernel `[…, channels / groups, filters]`, bias `[filters]`;
    /// result `[batch, …, filters]`.
    ///
    /// # Panics
    ///
    /// The shapes do not fit, or the kernel is larger than the images.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{Convolution, Mode, Tape, Weights, Workspace};
    ///
    /// let mut weights = Weights::default();
    /// let kernel = weights.add("kernel", [2, 1, 1], true);
    /// weights.get_mut(kernel).copy_from_slice(&[-1.0, 1.0]);
    /// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    /// let x = tape.input_with([1, 4, 1], |x| x.copy_from_slice(&[1.0, 2.0, 4.0, 8.0]));
    /// let y = x.convolution(kernel, None, Convolution::new());
    /// assert_eq!(y.with_value(|y| y.data.to_vec()), [1.0, 2.0, 4.0]);
    /// ```
    #[track_caller]
    pub fn convolution(self, kernel: Weight, bias: Option<Weight>, convolution: Convolution) -> Var<'t> {
        let weight = |weight| self.tape.weight(weight);
        self.convolution_with(weight(kernel), bias.map(weight), convolution)
    }

    /// The same with a kernel and a bias that are values: weights in another shape, or what was computed.
    ///
    /// # Panics
    ///
    /// The shapes do not fit, or the kernel is larger than the images.
    #[track_caller]
    pub fn convolution_with(
        self,
        kernel: Var<'t>,
        bias: Option<Var<'t>>,
        convolution: Convolution,
    ) -> Var<'t> {
        match bias {
            Some(bias) => self.tape.operate(convolution, &[self, kernel, bias]),
            None => self.tape.operate(convolution, &[self, kernel]),
        }
    }
}
