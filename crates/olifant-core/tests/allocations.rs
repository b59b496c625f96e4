//! A step that was seen before allocates nothing, whatever operations it uses.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use olifant_core::{
    Axes, BackwardStep, Convolution, DenseActivation, ForwardStep, IfNoneCounts, InputGradients, Inputs,
    Mode, Operation, Padding, Pooling, RandomKey, RecurrentOptions, RecurrentWeights, Shape, ShapeError,
    Tape, Var, Weight, Weights, Workspace,
};

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator with a counter.
struct Counting;

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// y = x
#[derive(Debug)]
struct Identity;

impl Operation for Identity {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        Ok(inputs.get(0).shape)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        step.output.copy_from_slice(step.inputs.get(0).data);
    }

    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        if let Some(mut dx) = gradients.get(0) {
            dx.write_from(step.output_gradient.iter().copied());
        }
    }
}

struct Model {
    weights: Weights,
    kernel: Weight,
    bias: Weight,
    table: Weight,
    filters: Weight,
    identity: Arc<dyn Operation>,
}

impl Model {
    fn new() -> Model {
        let mut weights = Weights::default();
        let kernel = weights.add("kernel", [8, 8], true);
        let bias = weights.add("bias", [8], true);
        let table = weights.add("table", [5, 8], true);
        let filters = weights.add("filters", [2, 2, 8, 8], true);
        for (i, w) in weights.trainable_mut().iter_mut().enumerate() {
            *w = (i % 13) as olifant_core::Float / 13.0 - 0.4;
        }
        Model { weights, kernel, bias, table, filters, identity: Arc::new(Identity) }
    }

    /// A forward and a backward pass with every operation there is; `samples` sets the size.
    fn step(&self, workspace: Workspace, number: u64, samples: usize) -> Workspace {
        let mode = Mode::Training(RandomKey::from_seed(1).derive(number));
        let tape = Tape::record(workspace, &self.weights, mode);
        let labels = tape.input_with([samples], |labels| labels.fill(3.0));
        let x = tape.weight(self.table).gather(labels, 0);
        let h = x.dense(self.kernel, Some(self.bias), DenseActivation::Relu).dropout(0.5);
        let smooth = (-h).exp().expm1().tanh().sigmoid().softplus().erf().square().pow(1.5) + x.relu().abs();
        let positive = (smooth + 1.0).sqrt().log() / 2.0;
        let bounded = positive.clip(0.1, 0.9).minimum(0.8).maximum(h - 1.0);
        let flags = bounded.greater(0.5) + bounded.less(0.2) * bounded.equal(x);
        let chosen = flags.select(bounded, x);
        let batches = chosen.reshape([samples / 4, 4, 8]).flip(1);
        let scores = batches.matmul_transposed(batches).softmax().matmul(batches);
        let moved = scores.transpose([0, 2, 1]).transposed_matmul(tape.weight(self.kernel)).flatten();
        let joined = Var::concatenate(&[moved, moved.log_softmax()], 1).slice(1, 3..40);
        let centred = joined - joined.mean_keepdims(0) + joined.max_keepdims([0, 1]) + joined.sum_keepdims(1);
        let gamma = Some(tape.weight(self.bias));
        let normal = x.batch_normalization(gamma, gamma, 0.1, Some(labels)).0.normalize(
            tape.weight(self.bias),
            tape.weight(self.bias).square(),
            gamma,
            None,
            0.1,
        );
        let normal = normal.layer_normalization(gamma, gamma, 0.1) + normal.rms_normalization(gamma, 0.1);
        let normal = normal
            + normal.group_normalization(2, gamma, gamma, 0.1)
            + tape.weight(self.table).embedding(labels);
        let key = RandomKey::from_seed(2);
        let normal = normal * tape.random_normal(key, normal.shape()) + tape.random_uniform(key, [8]);
        let scores = normal.reshape([samples / 4, 2, 2, 8]);
        let scores = scores.masked_softmax(0.5, None, true, IfNoneCounts::Zero);
        let centred = centred + normal.mean(Axes::All) + scores.square().mean(Axes::All);
        let weights = RecurrentWeights {
            kernel: tape.weight(self.kernel),
            recurrent_kernel: tape.weight(self.kernel).slice(0, ..2),
            bias: Some(tape.weight(self.bias)),
        };
        let options = RecurrentOptions { return_state: true, ..RecurrentOptions::default() };
        let lstm = batches.lstm(weights, options);
        let [kernel, recurrent_kernel] = [weights.kernel, weights.recurrent_kernel].map(|w| w.slice(1, ..6));
        let weights = RecurrentWeights { kernel, recurrent_kernel, bias: None };
        let gru = batches.gru(weights, true, options).output + batches.gru(weights, false, options).output;
        let carry = lstm.states[1].expect("the states were asked for");
        let custom = tape.apply(&self.identity, &[centred]);
        let images = chosen.reshape([samples / 4, 2, 2, 8]);
        let same = Convolution::new().padding(Padding::Same).activation(DenseActivation::Relu);
        let maps = images.convolution(self.filters, Some(self.bias), same);
        let pooled = maps.convolution(self.filters, None, same.max_pool(&[2, 2]));
        let loss = custom.mean_per_sample().mean(0)
            + (pooled + maps.convolution(self.filters, None, Convolution::new())).sum(Axes::All)
            + (maps.max_pool(Pooling::new(&[2, 2])) * maps.average_pool(Pooling::new(&[2, 2])))
                .sum(Axes::All)
            + custom.max(1).sum(Axes::All)
            + (lstm.output * carry + gru).mean(Axes::All)
            + x.softmax_cross_entropy(labels).mean(Axes::All)
            + x.sigmoid_cross_entropy(h.sigmoid()).mean(Axes::All);
        tape.backward(loss);
        let workspace = tape.finish();
        assert!(workspace.gradients().iter().all(|gradient| gradient.is_finite()));
        workspace
    }
}

/// One test only: the counter belongs to the whole process.
#[test]
fn a_second_step_allocates_nothing() {
    let model = Model::new();
    // Small; large on one thread; large on two, where a helper that has gone because a step took long is called again,
    // which takes two allocations of rayon's.
    for (samples, threads, calls) in [(8, 2, 0), (1 << 14, 1, 0), (1 << 14, 2, 8)] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut workspace = model.step(Workspace::default(), 0, samples);
            for samples in [samples, samples / 2, samples] {
                // The test harness, and a thread of the pool that takes over its first work, may allocate meanwhile:
                // the fewest of some steps are the step's own.
                let mut fewest = usize::MAX;
                for number in 1..=5 {
                    let before = ALLOCATIONS.load(Ordering::Relaxed);
                    workspace = model.step(workspace, number, samples);
                    fewest = fewest.min(ALLOCATIONS.load(Ordering::Relaxed) - before);
                }
                assert!(fewest <= calls, "{samples} samples on {threads} threads: {fewest} allocations");
            }
        });
    }
}
