//! Averages, half-accumulated gradients and frozen layers, interrupted at any moment.

use olifant_callbacks::{BackupAndRestore, EarlyStopping, SaveFreq, SwapEMAWeights};
use olifant_nn::{
    Activation, Named, Sequential,
    layers::{Dense, Dropout},
    losses::SparseCategoricalCrossentropy,
    metrics::Accuracy,
    optimizers::Adam,
};
use olifant_train::{Callback, Compile, FitError, HookResult, Logs, Model, Training};

use crate::run::{Crash, data, options};

/// Trains the first layer in every second epoch only.
struct Alternate;

impl Callback for Alternate {
    fn on_epoch_end(&mut self, training: &mut Training<'_>, _: &mut Logs) -> HookResult {
        let is_odd = training.epoch() % 2 == 1;
        Ok(training.model_mut().set_trainable("first", !is_odd)?)
    }
}

fn model(first_is_trainable: bool) -> Model {
    // Six steps an epoch: with four for an update, every epoch ends in the midst of one.
    let adam = Adam::new(0.05).use_ema(true).ema_momentum(0.8).gradient_accumulation_steps(4);
    Sequential::new([5])
        .add(Dense::new(16).activation(Activation::Relu).named("first").trainable(first_is_trainable))
        .add(Dropout::new(0.3))
        .add(Dense::new(3).activation(Activation::Softmax))
        .seed(7)
        .compile(adam, SparseCategoricalCrossentropy::new(), [Accuracy::new()])
        .unwrap()
}

/// Weights as bits, and the history.
fn train(
    model: &mut Model,
    directory: &std::path::Path,
    crash: Crash,
) -> Result<(Vec<u32>, String), FitError> {
    let (x, y) = data();
    let history = model.fit(
        &x,
        &y,
        options()
            .epochs(5)
            .callback(SwapEMAWeights::new().swap_on_epoch(true))
            .callback(EarlyStopping::new().patience(9).restore_best_weights(true))
            .callback(Alternate)
            .callback(BackupAndRestore::new(directory).save_freq(SaveFreq::Batches(1)))
            .callback(crash),
    )?;
    let weights = model.get_weights();
    Ok((weights.iter().flatten().map(|weight| weight.to_bits()).collect(), history.to_json()))
}

#[test]
fn what_changes_within_a_run_is_resumed_too() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let unbroken = train(&mut model(false), directory, Crash::Never).unwrap();
    for crash in (0..5 * 6).map(Crash::Batch).chain((0..5).map(Crash::Epoch)) {
        assert!(train(&mut model(false), directory, crash).is_err());
        assert!(train(&mut model(false), directory, Crash::Never).unwrap() == unbroken);
    }
}

#[test]
fn a_run_that_began_with_other_frozen_layers_is_not_resumed() {
    let directory = tempfile::tempdir().unwrap();
    train(&mut model(false), directory.path(), Crash::Epoch(3)).unwrap_err();
    let message = train(&mut model(true), directory.path(), Crash::Never).unwrap_err().to_string();
    assert!(message.contains("frozen_layers was first, but is unset;"), "{message}");
}
