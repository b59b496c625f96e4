//! The way back through a convolution, as a layer of its own.

use crate::{
    Operation, Padding, Shape, ShapeError, Var, Weight,
    kernels::{
        convolution::{Forward, KernelGradient, Plan, ResultGradient, forward, input_gradient, kernel_gradient},
        sliding::MAX_AXES,
    },
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
    sliding::{Sliding, between, per_axis},
};

/// How inputs are spread by a kernel: each number of x is multiplied by the kernel and added where a convolution would have read.
///
/// y\[p · stride + t · dilation, f\] += x\[p, c\] · K\[t, f, c\], for all places t of the kernel. It is the gradient of a convolution
/// with regard to its images; its own gradients are a convolution, and the gradient of that one's kernel.
///
/// # Defaults
///
/// `strides` and `dilation` 1, `padding` valid, and the usual size of the results, see [`Var::convolution_transpose`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ConvolutionTranspose {
    sliding: Sliding,
    output_padding: Option<[usize; MAX_AXES]>,
}

impl ConvolutionTranspose {
    /// A transposed convolution with the default settings.
    pub fn new() -> ConvolutionTranspose {
        ConvolutionTranspose::default()
    }

    /// How far apart the inputs' kernels are.
    ///
    /// # Panics
    ///
    /// There are more than three numbers; so for all numbers per axis.
    #[track_caller]
    pub fn strides(mut self, strides: &[usize]) -> ConvolutionTranspose {
        self.sliding.strides = per_axis(strides);
        self
    }

    /// The distance between the places of a kernel.
    #[track_caller]
    pub fn dilation(mut self, dilation: &[usize]) -> ConvolutionTranspose {
        self.sliding.dilation = per_axis(dilation);
        self
    }

    /// What is cut off around the results.
    pub fn padding(mut self, padding: Padding) -> ConvolutionTranspose {
        self.sliding.padding = padding;
        self
    }

    /// How many places are added behind the results: of several sizes that a convolution makes n of, this chooses one.
    #[track_caller]
    pub fn output_padding(mut self, output_padding: &[usize]) -> ConvolutionTranspose {
        self.output_padding = Some(per_axis(output_padding));
        self
    }

    /// The shape of the result, for inputs and a kernel of these shapes.
    ///
    /// # Errors
    ///
    /// They do not fit together.
    pub fn output_shape(&self, x: Shape, kernel: Shape) -> Result<Shape, ShapeError> {
        let plan = self.plan(x, kernel)?;
        let sizes = plan.axes.map(|axis| axis.input);
        between(x[0], &sizes[MAX_AXES + 2 - x.rank()..], plan.channels)
    }

    /// The convolution that this is the way back through.
    fn plan(&self, x: Shape, kernel: Shape) -> Result<Plan, ShapeError> {
        let misfit = || {
            ShapeError::Mismatch(format!(
                "transposed convolution: a kernel of shape {kernel} does not fit inputs of shape {x}"
            ))
        };
        let &[ref sizes @ .., filters, channels] = kernel.axes() else { return Err(misfit()) };
        let rank = sizes.len();
        if x.rank() != rank + 2 || rank > MAX_AXES || x.last_axis()? != channels || filters * channels == 0 {
            return Err(misfit());
        }
        let mut lengths = [0; MAX_AXES];
        for (i, (&size, &input)) in sizes.iter().zip(&x.axes()[1..]).enumerate() {
            lengths[i] = self.length(input, size, MAX_AXES - rank + i).ok_or_else(misfit)?;
        }
        let axes = self.sliding.axes(between(x[0], &lengths[..rank], filters)?, sizes)?;
        let outputs = axes[MAX_AXES - rank..].iter().map(|axis| axis.output());
        if !outputs.eq(x.axes()[1..=rank].iter().copied()) {
            return Err(misfit());
        }
        Ok(Plan { axes, pool: [1; MAX_AXES], channels: filters, filters: channels, groups: 1 })
    }

    /// How many places n inputs are spread over along an axis; `None` if that is not a number.
    fn length(&self, n: usize, size: usize, axis: usize) -> Option<usize> {
        let (stride, dilation) = (self.sliding.strides[axis], self.sliding.dilation[axis]);
        let extent = size.checked_sub(1)?.checked_mul(dilation)?.checked_add(1)?;
        let spread = n.checked_sub(1)?.checked_mul(stride)?;
        let behind = match (self.sliding.padding, self.output_padding) {
            (Padding::Same, None) => stride,
            (Padding::Same, Some(padding)) => (extent % 2).checked_add(padding[axis])?,
            (_, None) => extent.max(stride),
            (_, Some(padding)) => extent.checked_add(padding[axis])?,
        };
        spread.checked_add(behind)
    }

    /// The plan for shapes that were checked when the output's shape was asked for.
    fn known_plan(&self, inputs: &Inputs<'_>) -> Plan {
        self.plan(inputs.get(0).shape, inputs.get(1).shape).expect("the shapes were checked before")
    }
}

impl Operation for ConvolutionTranspose {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        ConvolutionTranspose::output_shape(self, inputs.get(0).shape, inputs.get(1).shape)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let plan = self.known_plan(&step.inputs);
        let y = GradientMut { data: step.output, add: false };
        let x = ResultGradient { dy: step.inputs.get(0).data, y: None, winners: &[] };
        input_gradient(&plan, step.inputs.get(1).data, x, y, None, step.team, &mut step.scratch.convolution);
    }

    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let plan = self.known_plan(&step.inputs);
        let (x, kernel) = (step.inputs.get(0).data, step.inputs.get(1).data);
        let (dy, team, scratch) = (&*step.output_gradient, step.team, &mut step.scratch.convolution);
        if let Some(GradientMut { data, add }) = gradients.get(0) {
            let convolution =
                Forward { x: dy, kernel, bias: None, relu: false, output: data, add, winners: &mut [] };
            forward(&plan, convolution, team, scratch);
        }
        if let Some(dk) = gradients.get(1) {
            let x = ResultGradient { dy: x, y: None, winners: &[] };
            kernel_gradient(&plan, dy, x, KernelGradient { dk: Some(dk), db: None }, team, scratch);
        }
    }
}

impl<'t> Var<'t> {
    /// Spreads each number of the inputs by a kernel.
    ///
    /// # Shapes
    ///
    /// x `[batch, …, channels]` with one to three axes in the middle, kernel `[…, filters, channels]`; result `[batch, …, filters]`.
    /// Along an axis n places become n · stride with padding same, and (n − 1) · stride + max(k, stride) with padding valid,
    /// where k = (size − 1) · dilation + 1.
    ///
    /// # Panics
    ///
    /// The shapes do not fit.
    ///
    /// # Examples
    ///
    /// ```
    /// use olifant_core::{ConvolutionTranspose, Mode, Tape, Weights, Workspace};
    ///
    /// let mut weights = Weights::default();
    /// let kernel = weights.add("kernel", [3, 1, 1], true);
    /// weights.get_mut(kernel).copy_from_slice(&[1.0, 10.0, 100.0]);
    /// let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
    /// let x = tape.input_with([1, 2, 1], |x| x.copy_from_slice(&[1.0, 2.0]));
    /// let y = x.convolution_transpose(kernel, ConvolutionTranspose::new().strides(&[2]));
    /// assert_eq!(y.with_value(|y| y.data.to_vec()), [1.0, 10.0, 102.0, 20.0, 200.0]);
    /// ```
    #[track_caller]
    pub fn convolution_transpose(self, kernel: Weight, convolution: ConvolutionTranspose) -> Var<'t> {
        self.tape.operate(convolution, &[self, self.tape.weight(kernel)])
    }
}
