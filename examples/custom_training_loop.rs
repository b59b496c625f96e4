//! A training loop of one's own: the same tape, optimizer, metrics and callbacks as `fit`, in the order one likes.
//! `custom_training_loop.py` is the same program in PyTorch.
//!
//! ```sh
//! cargo run --release --example custom_training_loop
//! ```

use std::error::Error;

use article::{Options, classifier};
use olifant::core::{Axes, Tensor};
use olifant::metrics::SparseCategoricalAccuracy;
use olifant::prelude::*;
use olifant::{CallbackList, Loss, Metric, MetricBatch, Params};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let ((x_train, y_train), (x_test, y_test)) = options.load_data()?;

    let mut model = classifier(options.seed())?;
    let (loss, accuracy) = (SparseCategoricalCrossentropy::new(), SparseCategoricalAccuracy::new());
    let early_stopping = EarlyStopping::new().monitor("loss").patience(2);
    let csv_logger = CSVLogger::new(options.out("custom_training_loop")?.join("training.csv"));
    let mut callbacks = CallbackList::new(vec![Box::new(early_stopping), Box::new(csv_logger)]);
    let mut training = Training::new(&mut model, Params::default());
    let mut order: Vec<usize> = (0..y_train.len()).collect();
    let mut random = StdRng::seed_from_u64(options.seed());

    callbacks.on_train_begin(&mut training)?;
    for epoch in 0..options.epochs(5) {
        training.begin_epoch(epoch);
        callbacks.on_epoch_begin(&mut training)?;
        order.shuffle(&mut random);
        let (mut sums, mut losses) = ([0.0; 2], 0.0);
        for rows in order.chunks(64) {
            let x = Tensor::from_array(&x_train.select(Axis(0), rows))?;
            let y = Tensor::from_array(&y_train.select(Axis(0), rows))?;
            let mean = training.model_mut().learn(|tape, network| {
                let y_pred = network.call(tape.input(x.view()));
                y_pred.with_value(|y_pred| {
                    let batch = MetricBatch { y_true: y.view(), y_pred, sample_weight: None };
                    accuracy.update(&mut sums, &batch);
                });
                loss.call(tape.input(y.view()), y_pred).mean(Axes::All)
            });
            losses += f64::from(mean) * rows.len() as f64;
        }
        let loss = losses / order.len() as f64;
        let mut logs = Logs::from_iter([("accuracy", accuracy.result(&sums)), ("loss", loss)]);
        callbacks.on_epoch_end(&mut training, &mut logs)?;
        training.end_epoch(&logs);
        println!("epoch {}: {logs}", epoch + 1);
        if training.is_stopping() {
            break;
        }
    }
    training.end();
    callbacks.on_train_end(&mut training, &Logs::new())?;

    println!("on the test set: {}", training.model().evaluate(&x_test, &y_test)?);
    Ok(())
}
