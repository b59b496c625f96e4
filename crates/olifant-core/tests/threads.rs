//! The number of threads changes no bit of any result.

#![allow(clippy::unwrap_used)]

use olifant_core::{Axes, Float, IfNoneCounts, Mode, RandomKey, Tape, Weights, Workspace};

/// Values and gradients of a computation that is large enough for every loop to be shared.
fn compute(threads: usize) -> Vec<Float> {
    let (rows, columns) = (3000, 701);
    let key = RandomKey::from_seed(2);
    let mut weights = Weights::default();
    let x = weights.add("x", [rows, columns], true);
    let row = weights.add("row", [columns], true);
    let column = weights.add("column", [rows, 1], true);
    for (i, w) in weights.trainable_mut().iter_mut().enumerate() {
        *w = Float::from(key.uniform(i as u32)) - 0.5;
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let tape = Tape::record(Workspace::default(), &weights, Mode::Training(key));
        let (x, row, column) = (tape.weight(x), tape.weight(row), tape.weight(column));
        let y = (x.tanh() * row - column / (row.square() + 1.0)).dropout(0.3);
        let y = y.softmax() + y.log_softmax() * x.greater(0.0).select(row, column);
        let y = y + y.mean_keepdims(0) * y.sum_keepdims(1) - y.max_keepdims(1);
        let noise = tape.random_normal(key, y.shape()) + tape.random_uniform(key, y.shape());
        let (normal, mean, variance) = y.batch_normalization(Some(row), Some(row), 0.1, None);
        let y = y + noise * normal + y.layer_normalization(Some(row), Some(row), 0.1) + mean * variance;
        let y = y
            + (y * row)
                .reshape([rows / 3, 3, columns])
                .group_normalization(1, Some(row), None, 0.1)
                .reshape([rows, columns]);
        let ids = tape.input_with([rows], |ids| {
            ids.iter_mut().enumerate().for_each(|(i, id)| *id = (i * i % rows) as Float)
        });
        let y = y + x.embedding(ids);
        let scores = y.reshape([rows / 30, 5, 6, columns]);
        let mask = tape.input_with([rows / 30, 1, columns], |mask| {
            mask.iter_mut().enumerate().for_each(|(i, m)| *m = (i % 3 > 0).into())
        });
        let y = y + scores.masked_softmax(0.5, Some(mask), true, IfNoneCounts::Zero).reshape([rows, columns]);
        let weighed = scores.matmul_transposed(scores).softmax().matmul(scores);
        let y = y + weighed.reshape([rows, columns]);
        let labels = tape.input_with([rows], |labels| {
            labels.iter_mut().enumerate().for_each(|(i, label)| *label = (i % columns) as Float);
        });
        let loss = y.softmax_cross_entropy(labels).mean(Axes::All) + y.square().mean(Axes::All);
        tape.backward(loss);
        let values = y.with_value(|y| y.data.to_vec());
        let loss = loss.item();
        let mut all = tape.finish().gradients().to_vec();
        all.extend(values);
        all.push(loss);
        all
    })
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    let alone = compute(1);
    assert!(alone.iter().all(|number| number.is_finite()));
    for threads in [2, 3, 4] {
        assert!(alone == compute(threads), "{threads} threads");
    }
}
