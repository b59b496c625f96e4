//! How improbable a sequence of labels is, whenever each of them is said.

use crate::{
    Float, Operation, Shape, ShapeError, TensorView, Var,
    axes::check_indices,
    kernels::functions::{exp, softplus},
    operation::{BackwardStep, ForwardStep, GradientMut, InputGradients, Inputs},
};

/// y = −log Σ ∏ₜ p(t, aₜ) over all alignments a: the ways to say the labels in the time there is.
///
/// An alignment has at each time a class or the blank, 0. What it says is what is left when neighbours that are equal
/// become one, and blanks are then left out. Labels end at their first blank.
///
/// The forward pass also computes the gradient: how probable each class is at each time, given the labels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ctc;

const BLANK: usize = 0;

/// Where the parts of a sample's cache lie: the gradient, α of all times, β of two times, and y.
#[derive(Clone, Copy)]
struct Layout {
    times: usize,
    classes: usize,
    /// The states of the longest labels: each of them, and a blank before, between and after them.
    states: usize,
}

impl Layout {
    fn of(inputs: &Inputs<'_>) -> Layout {
        let (probabilities, labels) = (inputs.get(0).shape, inputs.get(1).shape);
        let [_, times, classes] = *probabilities.axes() else { unreachable!("the shapes were checked") };
        Layout { times, classes, states: 2 * labels.axes()[1] + 1 }
    }

    fn size(self) -> usize {
        self.times * self.classes + (self.times + 2) * self.states + 1
    }
}

impl Operation for Ctc {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        let (probabilities, labels) = (inputs.get(0).shape, inputs.get(1));
        match (probabilities.axes(), labels.shape.axes()) {
            ([samples, times, classes], [others, _]) if samples == others && *times > 0 && *classes > 0 => {
                check_indices("CTC: label", labels.data, *classes)?;
                Ok(Shape::from([*samples]))
            }
            _ => Err(ShapeError::Mismatch(format!(
                "CTC needs predictions [batch, time, classes] and labels [batch, length], \
                 but was given {probabilities} and {}",
                labels.shape
            ))),
        }
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let layout = Layout::of(&step.inputs);
        let (probabilities, labels) = (step.inputs.get(0).data, step.inputs.get(1));
        step.cache.clear();
        step.cache.resize(step.output.len() * layout.size(), 0.0);
        let cost = layout.times * (layout.states * 100 + layout.classes);
        step.team.for_each_rows(step.cache, layout.size(), cost, &|first, cache: &mut [Float]| {
            for (sample, cache) in (first..).zip(cache.chunks_exact_mut(layout.size())) {
                let size = layout.times * layout.classes;
                let sample = Sample {
                    layout,
                    probabilities: &probabilities[sample * size..][..size],
                    labels: labels_of(labels, sample),
                };
                sample.align(cache);
            }
        });
        let prices = step.cache.chunks_exact(layout.size()).map(|cache| cache[layout.size() - 1]);
        step.output.iter_mut().zip(prices).for_each(|(y, price)| *y = price);
    }

    /// ∂y/∂log p(t, k) = −(the probability of class k at time t, given the labels). Labels get no gradient.
    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let layout = Layout::of(&step.inputs);
        let Some(GradientMut { data, add }) = gradients.get(0) else { return };
        let size = layout.times * layout.classes;
        let samples = data.chunks_exact_mut(size).zip(step.cache.chunks_exact(layout.size()));
        for ((dx, cache), &dy) in samples.zip(&*step.output_gradient) {
            GradientMut { data: dx, add }.write(|i| cache[i] * dy);
        }
    }
}

/// The labels of a sample, up to the first blank.
fn labels_of(labels: TensorView<'_>, sample: usize) -> &[Float] {
    let length = labels.shape.axes()[1];
    let labels = &labels.data[sample * length..][..length];
    &labels[..labels.iter().position(|&label| label as usize == BLANK).unwrap_or(length)]
}

/// The log-probabilities of one sample, time by time, and its labels.
struct Sample<'a> {
    layout: Layout,
    probabilities: &'a [Float],
    labels: &'a [Float],
}

impl Sample<'_> {
    /// Writes gradient and price, with α and β of the paper as logarithms.
    fn align(&self, cache: &mut [Float]) {
        let Layout { times, classes, states } = self.layout;
        let (gradient, rest) = cache.split_at_mut(times * classes);
        let (alphas, rest) = rest.split_at_mut(times * states);
        let [betas @ .., price] = rest else { unreachable!("the price is the last number") };
        let (mut beta, mut later) = betas.split_at_mut(states);
        let used = 2 * self.labels.len() + 1;

        self.fill_alphas(alphas, used);
        let last = &alphas[(times - 1) * states..];
        let said = if used > 1 { log_sum(last[used - 1], last[used - 2]) } else { last[0] };
        *price = -said;
        if said == Float::NEG_INFINITY {
            return;
        }
        for time in (0..times).rev() {
            for state in 0..used {
                beta[state] = if time == times - 1 {
                    if state + 2 >= used { 0.0 } else { Float::NEG_INFINITY }
                } else {
                    let next = |to: usize| later[to] + self.probability(time + 1, to);
                    let mut sum = next(state);
                    if state + 1 < used {
                        sum = log_sum(sum, next(state + 1));
                    }
                    if state + 2 < used && self.may_skip_to(state + 2) {
                        sum = log_sum(sum, next(state + 2));
                    }
                    sum
                };
                let posterior = exp(alphas[time * states + state] + beta[state] - said);
                gradient[time * classes + self.class(state)] -= posterior;
            }
            (beta, later) = (later, beta);
        }
    }

    /// α: how probable it is to be in a state at a time, having said what comes before it.
    fn fill_alphas(&self, alphas: &mut [Float], used: usize) {
        let states = self.layout.states;
        let (first, _) = alphas.split_at_mut(states);
        first.fill(Float::NEG_INFINITY);
        (0..used.min(2)).for_each(|state| first[state] = self.probability(0, state));
        for time in 1..self.layout.times {
            let (before, now) = alphas.split_at_mut(time * states);
            let before = &before[(time - 1) * states..];
            for state in 0..used {
                let mut sum = before[state];
                if state >= 1 {
                    sum = log_sum(sum, before[state - 1]);
                }
                if state >= 2 && self.may_skip_to(state) {
                    sum = log_sum(sum, before[state - 2]);
                }
                now[state] = sum + self.probability(time, state);
            }
        }
    }

    /// The class of a state: a blank before each label, and after the last.
    fn class(&self, state: usize) -> usize {
        if state.is_multiple_of(2) { BLANK } else { self.labels[state / 2] as usize }
    }

    /// Whether a label may follow the one before it without a blank: if it is another one.
    fn may_skip_to(&self, state: usize) -> bool {
        !state.is_multiple_of(2) && self.class(state) != self.class(state - 2)
    }

    /// The log-probability of a state's class at a time.
    fn probability(&self, time: usize, state: usize) -> Float {
        self.probabilities[time * self.layout.classes + self.class(state)]
    }
}

/// log(eᵃ + eᵇ)
fn log_sum(a: Float, b: Float) -> Float {
    let (small, large) = if a < b { (a, b) } else { (b, a) };
    if small == Float::NEG_INFINITY { large } else { large + softplus(small - large) }
}

impl<'t> Var<'t> {
    /// How improbable labels are, −log p(labels), whenever each of them is said: connectionist temporal classification.
    ///
    /// `self` are log-probabilities, as [`log_softmax`](Var::log_softmax) gives them; class 0 is the blank.
    /// Labels are classes from 1, padded with 0. They get no gradient.
    /// Labels that take more time than there is are impossible: infinity, without a gradient.
    ///
    /// # Shapes
    ///
    /// Log-probabilities `[batch, time, classes]`, labels `[batch, length]`; result `[batch]`.
    ///
    /// # Panics
    ///
    /// The shapes do not fit, there is no time, or a label is not below the number of classes.
    ///
    /// # References
    ///
    /// Graves et al. (2006), [Connectionist Temporal Classification](https://www.cs.toronto.edu/~graves/icml_2006.pdf).
    #[track_caller]
    pub fn ctc(self, labels: Var<'t>) -> Var<'t> {
        self.tape.operate(Ctc, &[self, labels])
    }
}

#[cfg(test)]
mod tests {
    use crate::{Float, Mode, Tape, TensorView, Weights, Workspace};

    /// −log p(labels) by adding up all alignments.
    fn by_hand(probabilities: &[Vec<f64>], labels: &[usize]) -> f64 {
        let classes = probabilities[0].len();
        let mut total = 0.0;
        for number in 0..classes.pow(probabilities.len() as u32) {
            let alignment: Vec<usize> =
                (0..probabilities.len()).map(|time| number / classes.pow(time as u32) % classes).collect();
            let mut said = alignment.clone();
            said.dedup();
            said.retain(|&class| class != 0);
            if said == labels {
                total += alignment.iter().zip(probabilities).map(|(&class, p)| p[class]).product::<f64>();
            }
        }
        -total.ln()
    }

    fn price(probabilities: &[Vec<f64>], labels: &[Float]) -> f64 {
        let weights = Weights::default();
        let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
        let logarithms: Vec<Float> = probabilities.iter().flatten().map(|p| p.ln() as Float).collect();
        let shape = [1, probabilities.len(), probabilities[0].len()].into();
        let x = tape.input(TensorView { data: &logarithms, shape });
        let labels = tape.input(TensorView { data: labels, shape: [1, labels.len()].into() });
        f64::from(x.ctc(labels).item())
    }

    #[test]
    fn all_alignments_add_up() {
        let probabilities: Vec<Vec<f64>> = (0..5)
            .map(|time| {
                let row: Vec<f64> = (0..3).map(|class| 1.0 + ((time * 3 + class) as f64).sin().abs()).collect();
                let sum: f64 = row.iter().sum();
                row.iter().map(|p| p / sum).collect()
            })
            .collect();
        for labels in [&[1, 2][..], &[1, 1], &[2, 2, 1], &[1], &[], &[1, 2, 1, 2, 1]] {
            let padded: Vec<Float> =
                labels.iter().map(|&label| label as Float).chain([0.0, 0.0, 0.0, 0.0, 0.0]).take(5).collect();
            let (ours, expected) = (price(&probabilities, &padded), by_hand(&probabilities, labels));
            assert!((ours - expected).abs() < 1e-5, "{labels:?}: {ours} instead of {expected}");
        }
        assert_eq!(price(&probabilities, &[1.0, 1.0, 1.0, 1.0]), f64::INFINITY, "it would take seven steps");
    }
}
