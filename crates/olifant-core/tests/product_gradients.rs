//! The gradients of matrix products, softmaxes, losses and dropout, against finite differences.

use std::sync::Arc;

use olifant_core::{
    Axes, BackwardStep, DenseActivation, Float, ForwardStep, GradientCheck, InputGradients, Inputs, Mode,
    Operation, RandomKey, Shape, ShapeError, Tape, Var, Weights, Workspace, gradient_check,
};

#[test]
fn products_of_two_matrices() {
    gradient_check(&[&[2, 3], &[3, 4]], |_, x| x[0].matmul(x[1]));
    gradient_check(&[&[2, 3], &[4, 3]], |_, x| x[0].matmul_transposed(x[1]));
    gradient_check(&[&[3, 2], &[3, 4]], |_, x| x[0].transposed_matmul(x[1]));
    gradient_check(&[&[1, 1], &[1, 1]], |_, x| x[0].matmul(x[1]));
}

#[test]
fn products_of_a_matrix_with_itself() {
    gradient_check(&[&[3, 3]], |_, x| x[0].matmul(x[0]));
    gradient_check(&[&[2, 3]], |_, x| x[0].matmul_transposed(x[0]));
    gradient_check(&[&[2, 3]], |_, x| x[0].transposed_matmul(x[0]));
}

#[test]
fn products_of_batches() {
    // Equal batches, one matrix for all on either side, stretched and missing axes.
    let batches: [(&[usize], &[usize]); 8] = [
        (&[5], &[5]),
        (&[5], &[]),
        (&[5], &[1]),
        (&[], &[5]),
        (&[1], &[5]),
        (&[2, 3], &[3]),
        (&[2, 1], &[1, 3]),
        (&[2, 1], &[3]),
    ];
    for (a, b) in batches {
        let shape = |batch: &[usize], rows, columns| [batch, &[rows, columns]].concat();
        gradient_check(&[&shape(a, 2, 3), &shape(b, 3, 4)], |_, x| x[0].matmul(x[1]));
        gradient_check(&[&shape(a, 2, 3), &shape(b, 4, 3)], |_, x| x[0].matmul_transposed(x[1]));
        gradient_check(&[&shape(a, 3, 2), &shape(b, 3, 4)], |_, x| x[0].transposed_matmul(x[1]));
    }
}

#[test]
fn softmaxes() {
    let shapes: [&[usize]; 4] = [&[3, 4], &[5], &[2, 3, 4], &[3, 1]];
    for shape in shapes {
        gradient_check(&[shape], |_, x| x[0].softmax());
        gradient_check(&[shape], |_, x| x[0].log_softmax());
        gradient_check(&[shape], |_, x| x[0].softmax() * x[0] + x[0].log_softmax());
    }
}

#[test]
fn cross_entropies_from_logits() {
    gradient_check(&[&[3, 4]], |tape, x| {
        let classes = tape.input_with([3], |classes| classes.copy_from_slice(&[0.0, 3.0, 1.0]));
        x[0].softmax_cross_entropy(classes) * x[0].mean_per_sample()
    });
    gradient_check(&[&[2, 3]], |tape, x| {
        let targets = tape.input_with([2, 3], |t| t.copy_from_slice(&[0.2, 0.3, 0.5, 0.0, 2.0, 0.0]));
        x[0].softmax_cross_entropy(targets)
    });
    gradient_check(&[&[2, 3]], |tape, x| {
        let targets = tape.input_with([2, 3], |t| t.copy_from_slice(&[0.2, 0.3, 0.5, 0.0, 1.0, 0.0]));
        x[0].sigmoid_cross_entropy(targets)
    });
}

#[test]
fn sequences_at_unknown_times() {
    gradient_check(&[&[2, 5, 3]], |tape, x| {
        let labels =
            tape.input_with([2, 3], |labels| labels.copy_from_slice(&[1.0, 1.0, 2.0, 2.0, 0.0, 0.0]));
        x[0].log_softmax().ctc(labels)
    });
    gradient_check(&[&[1, 2, 2]], |tape, x| x[0].ctc(tape.input_with([1, 1], |labels| labels.fill(1.0))));
}

#[test]
fn dense_layers() {
    for (train_kernel, train_bias) in [(true, true), (true, false), (false, true)] {
        dense_layers_with(train_kernel, train_bias);
    }
}

fn dense_layers_with(train_kernel: bool, train_bias: bool) {
    // A dense layer's weights are handles, so its gradients are compared with those of the operations it is made of.
    let mut weights = Weights::default();
    let kernel = weights.add("kernel", [3, 4], train_kernel);
    let bias = weights.add("bias", [4], train_bias);
    // The input depends on a weight, so that its gradient is seen as well.
    let scale = weights.add("scale", [3], true);
    let key = RandomKey::from_seed(3);
    for weight in [kernel, bias, scale] {
        for (i, w) in weights.get_mut(weight).iter_mut().enumerate() {
            *w = Float::from(key.uniform(i as u32)) - 0.5;
        }
    }
    let gradients = |compute: &dyn for<'t> Fn(&'t Tape<'t>, Var<'t>) -> Var<'t>| {
        let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
        let x = tape.input_with([2, 5, 3], |x| {
            x.iter_mut().enumerate().for_each(|(i, x)| *x = (i % 7) as Float / 7.0 - 0.4);
        });
        let y = compute(&tape, x * tape.weight(scale));
        tape.backward(y.square().sum(Axes::All));
        tape.finish().gradients().to_vec()
    };
    for (activation, use_bias) in [
        (DenseActivation::Linear, false),
        (DenseActivation::Linear, true),
        (DenseActivation::Relu, false),
        (DenseActivation::Relu, true),
    ] {
        let fused = gradients(&|_, x| x.dense(kernel, use_bias.then_some(bias), activation));
        let plain = gradients(&|tape, x| {
            let product = x.matmul(tape.weight(kernel));
            let sum = if use_bias { product + tape.weight(bias) } else { product };
            if activation == DenseActivation::Relu { sum.relu() } else { sum }
        });
        for (fused, plain) in fused.iter().zip(&plain) {
            assert!((fused - plain).abs() < 1e-5, "{activation:?}, bias {use_bias}: {fused} {plain}");
        }
    }
}

/// A layer that follows a rectifier sends its gradient on through the rectifier at once; others that use the same output do not.
#[test]
fn a_rectified_gradient_is_right_whoever_else_uses_the_output() {
    const SIDE: usize = 20;
    let mut weights = Weights::default();
    let layers: Vec<_> = (0..3)
        .map(|layer| {
            let kernel = weights.add(format!("kernel_{layer}"), [SIDE, SIDE], true);
            (kernel, weights.add(format!("bias_{layer}"), [SIDE], true))
        })
        .collect();
    let key = RandomKey::from_seed(4);
    weights
        .trainable_mut()
        .iter_mut()
        .enumerate()
        .for_each(|(i, w)| *w = Float::from(key.uniform(i as u32)) - 0.5);
    type Network = for<'t> fn(Var<'t>, &dyn Fn(usize, Var<'t>) -> Var<'t>) -> Var<'t>;
    let networks: [(&str, Network); 6] = [
        ("a chain", |x, layer| layer(2, layer(1, layer(0, x)))),
        ("used again after", |x, layer| {
            let h = layer(0, x);
            layer(1, h) + h * 2.0
        }),
        ("used again before", |x, layer| {
            let h = layer(0, x);
            let twice = h * 2.0;
            layer(1, h) + twice
        }),
        ("two layers", |x, layer| {
            let h = layer(0, x);
            layer(1, h) + layer(2, h)
        }),
        ("a layer between two others", |x, layer| {
            let h = layer(0, x);
            h.square() + layer(1, h) + h * 3.0
        }),
        ("under another shape", |x, layer| {
            let h = layer(0, x).reshape([2, 4, SIDE]);
            layer(1, h) + h
        }),
    ];
    for (name, network) in networks {
        let gradients = |fused: bool| {
            let tape = Tape::record(Workspace::default(), &weights, Mode::Inference);
            let x = tape.input_with([8, SIDE], |x| {
                x.iter_mut().enumerate().for_each(|(i, x)| *x = (i % 7) as Float / 7.0 - 0.4);
            });
            let y = network(x, &|number, x| {
                let (kernel, bias) = layers[number];
                if fused {
                    return x.dense(kernel, Some(bias), DenseActivation::Relu);
                }
                (x.matmul(tape.weight(kernel)) + tape.weight(bias)).relu()
            });
            tape.backward(y.square().sum(Axes::All));
            tape.finish().gradients().to_vec()
        };
        let (fused, plain) = (gradients(true), gradients(false));
        assert!(plain.iter().any(|&gradient| gradient != 0.0));
        for (i, (fused, plain)) in fused.iter().zip(&plain).enumerate() {
            assert!(
                (fused - plain).abs() <= 1e-4 * plain.abs().max(1.0),
                "{name}, weight {i}: {fused} {plain}"
            );
        }
    }
}

#[test]
fn dropout_sends_back_what_it_let_through() {
    // The key depends on the step only, so the differences see the same mask as the gradient.
    gradient_check(&[&[4, 5]], |_, x| x[0].dropout(0.4).square() + x[0]);
    gradient_check(&[&[4, 5]], |_, x| x[0].dropout(0.0).square());
    gradient_check(&[&[4, 5]], |_, x| x[0].dropout(1.0) + x[0]);
}

/// y = x₀ · x₁ + x₁, written by somebody else.
#[derive(Debug)]
struct MultiplyAndAdd;

impl Operation for MultiplyAndAdd {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        if inputs.get(0).shape == inputs.get(1).shape {
            Ok(inputs.get(0).shape)
        } else {
            Err(ShapeError::Mismatch("multiply-and-add needs equal shapes".to_owned()))
        }
    }

    fn forward(&self, step: ForwardStep<'_>) {
        let (a, b) = (step.inputs.get(0).data, step.inputs.get(1).data);
        step.output.iter_mut().zip(a.iter().zip(b)).for_each(|(y, (a, b))| *y = a * b + b);
    }

    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let (a, b) = (step.inputs.get(0).data, step.inputs.get(1).data);
        if let Some(mut da) = gradients.get(0) {
            da.write(|i| b[i] * step.output_gradient[i]);
        }
        if let Some(mut db) = gradients.get(1) {
            db.write(|i| (a[i] + 1.0) * step.output_gradient[i]);
        }
    }
}

#[test]
fn an_operation_from_outside() {
    let operation: Arc<dyn Operation> = Arc::new(MultiplyAndAdd);
    gradient_check(&[&[2, 3], &[2, 3]], |tape, x| tape.apply(&operation, x).tanh());
    gradient_check(&[&[2, 3]], |tape, x| tape.apply(&operation, &[x[0], x[0]]) * x[0]);
}

#[test]
#[should_panic(expected = "multiply-and-add needs equal shapes")]
fn an_operation_from_outside_can_refuse_shapes() {
    let operation: Arc<dyn Operation> = Arc::new(MultiplyAndAdd);
    gradient_check(&[&[2, 3], &[3]], |tape, x| tape.apply(&operation, x));
}

/// y = x², with a slope that is wrong.
#[derive(Debug)]
struct WrongSquare;

impl Operation for WrongSquare {
    fn output_shape(&self, inputs: &Inputs<'_>) -> Result<Shape, ShapeError> {
        Ok(inputs.get(0).shape)
    }

    fn forward(&self, step: ForwardStep<'_>) {
        step.output.iter_mut().zip(step.inputs.get(0).data).for_each(|(y, x)| *y = x * x);
    }

    fn backward(&self, step: BackwardStep<'_>, gradients: &mut InputGradients<'_>) {
        let x = step.inputs.get(0).data;
        if let Some(mut dx) = gradients.get(0) {
            dx.write(|i| x[i] * step.output_gradient[i]);
        }
    }
}

#[test]
fn a_wrong_gradient_is_found() {
    let operation: Arc<dyn Operation> = Arc::new(WrongSquare);
    let error = GradientCheck::new().run(&[&[4]], |tape, x| tape.apply(&operation, x)).unwrap_err();
    assert_eq!(error.input, 0);
    assert!(error.to_string().contains("but central differences give"), "{error}");
}
