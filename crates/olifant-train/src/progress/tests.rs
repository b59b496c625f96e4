//! Whole passes against what Keras 3.15 writes, byte by byte, under a scripted clock.
//!
//! The expected bytes were recorded from `ProgbarLogger` with `time.time` replaced by the same script:
//!
//! ```python
//! progbar.time.time = lambda: now
//! logger = ProgbarLogger()
//! logger.set_params({"verbose": verbose, "epochs": 2, "steps": 3})
//! logger.on_train_begin()
//! now = 0.0;  logger.on_epoch_begin(0);  logger.progbar._dynamic_display = True
//! now = 1.5;  logger.on_train_batch_end(0, {"accuracy": .25, "loss": 2.5})
//! now = 1.52; logger.on_train_batch_end(1, {"accuracy": .5, "loss": 2.25})
//! now = 1.6;  logger.on_train_batch_end(2, {"accuracy": .5, "loss": .0005})
//! now = 2.25; logger.on_epoch_end(0, {"accuracy": .5504, "loss": 1.5632,
//!                                     "val_accuracy": .6605, "val_loss": 1.1315})
//! now = 3.0;  logger.on_epoch_begin(1);  logger.progbar._dynamic_display = True
//! now = 3.25; logger.on_train_batch_end(0, {"accuracy": .75, "loss": -1.0})
//! now = 3.5;  logger.on_train_batch_end(1, {"accuracy": .75, "loss": 1.0})
//! print("\nEpoch 2: saving")
//! now = 4.0;  logger.on_epoch_end(1, {"accuracy": .75, "loss": 1.0, "val_accuracy": .5,
//!                                     "val_loss": nan, "learning_rate": 1e-4})
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

const TERMINAL: Screen = Screen { is_terminal: true, is_utf8: true };

/// What is written while a script runs; the script sets the clock in milliseconds.
fn written(
    verbose: Verbose,
    screen: Screen,
    script: impl FnOnce(&mut Progress<&mut Vec<u8>>, &dyn Fn(u64)),
) -> String {
    let mut output = Vec::new();
    let milliseconds = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&milliseconds);
    let mut progress = Progress::new(&mut output, verbose, screen);
    progress.clock = Box::new(move || Duration::from_millis(clock.load(Ordering::Relaxed)));
    script(&mut progress, &|now| milliseconds.store(now, Ordering::Relaxed));
    drop(progress);
    String::from_utf8(output).unwrap()
}

fn two_epochs(progress: &mut Progress<&mut Vec<u8>>, at: &dyn Fn(u64)) {
    let batch = |accuracy, loss| Logs::from_iter([("accuracy", accuracy), ("loss", loss)]);
    progress.begin_epoch(0, 2, Some(3));
    at(1500);
    progress.update(1, &batch(0.25, 2.5));
    at(1520);
    progress.update(2, &batch(0.5, 2.25));
    at(1600);
    progress.update(3, &batch(0.5, 0.0005));
    at(2250);
    let mut logs = batch(0.5504, 1.5632);
    logs.extend_prefixed("val_", &batch(0.6605, 1.1315));
    progress.end(&logs);
    at(3000);
    progress.begin_epoch(1, 2, Some(3));
    at(3250);
    progress.update(1, &batch(0.75, -1.0));
    at(3500);
    progress.update(2, &batch(0.75, 1.0));
    progress.message("\nEpoch 2: saving");
    at(4000);
    let mut logs = batch(0.75, 1.0);
    logs.extend_prefixed("val_", &batch(0.5, f64::NAN));
    logs.insert("learning_rate", 1e-4);
    progress.end(&logs);
}

fn backspaces(count: usize) -> String {
    "\x08".repeat(count)
}

#[test]
fn the_bar_is_that_of_keras() {
    let expected = [
        "Epoch 1/2\n",
        "\r\x1b[1m1/3\x1b[0m \x1b[32m━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━━━━━\x1b[0m \x1b[1m3s\x1b[0m \
         2s/step - accuracy: 0.2500 - loss: 2.5000",
        &backspaces(69),
        "\r\x1b[1m3/3\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m0s\x1b[0m \
         50ms/step - accuracy: 0.5000 - loss: 5.0000e-04",
        &backspaces(75),
        "\r\x1b[1m3/3\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m2s\x1b[0m \
         375ms/step - accuracy: 0.5504 - loss: 1.5632 - val_accuracy: 0.6605 - val_loss: 1.1315\n",
        "Epoch 2/2\n",
        "\r\x1b[1m1/3\x1b[0m \x1b[32m━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m \
         250ms/step - accuracy: 0.7500 - loss: -1.0000",
        &backspaces(73),
        "\r\x1b[1m2/3\x1b[0m \x1b[32m━━━━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m \
         250ms/step - accuracy: 0.7500 - loss: 1.0000 ",
        "\nEpoch 2: saving\n",
        &backspaces(72),
        "\r\x1b[1m3/3\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m1s\x1b[0m \
         375ms/step - accuracy: 0.7500 - loss: 1.0000 - val_accuracy: 0.5000 - val_loss: nan \
         - learning_rate: 1.0000e-04\n",
    ];
    assert_eq!(written(Verbose::Bar, TERMINAL, two_epochs), expected.concat());
    assert_eq!(written(Verbose::Auto, TERMINAL, two_epochs), expected.concat());
}

#[test]
fn epoch_lines_are_those_of_keras() {
    let expected = "\
Epoch 1/2
3/3 - 2s - 750ms/step - accuracy: 0.5504 - loss: 1.5632 - val_accuracy: 0.6605 - val_loss: 1.1315
Epoch 2/2

Epoch 2: saving
3/3 - 1s - 333ms/step - accuracy: 0.7500 - loss: 1.0000 - val_accuracy: 0.5000 - val_loss: nan \
         - learning_rate: 1.0000e-04
";
    assert_eq!(written(Verbose::Epochs, TERMINAL, two_epochs), expected);
    assert_eq!(written(Verbose::Auto, Screen::FILE, two_epochs), expected);
}

#[test]
fn a_bar_in_a_file_is_its_last_state_without_colours() {
    let expected = "\
Epoch 1/2
3/3 ━━━━━━━━━━━━━━━━━━━━ 2s 375ms/step - accuracy: 0.5504 - loss: 1.5632 - val_accuracy: 0.6605 \
         - val_loss: 1.1315
Epoch 2/2

Epoch 2: saving
3/3 ━━━━━━━━━━━━━━━━━━━━ 1s 375ms/step - accuracy: 0.7500 - loss: 1.0000 - val_accuracy: 0.5000 \
         - val_loss: nan - learning_rate: 1.0000e-04
";
    assert_eq!(written(Verbose::Bar, Screen::FILE, two_epochs), expected);
}

#[test]
fn silence_is_broken_by_messages_only() {
    assert_eq!(written(Verbose::Silent, TERMINAL, two_epochs), "\nEpoch 2: saving\n");
}

#[test]
fn unknown_steps_are_counted_once() {
    let loss = |value| Logs::from_iter([("loss", value)]);
    let output = written(Verbose::Bar, TERMINAL, |progress, at| {
        progress.begin_epoch(0, 2, None);
        at(500);
        progress.update(1, &loss(2.5));
        at(1000);
        progress.update(2, &loss(2.0));
        at(2000);
        progress.end(&loss(1.5));
        progress.begin_epoch(1, 2, None);
        at(2500);
        progress.update(1, &loss(2.5));
        at(3000);
        progress.end(&loss(1.5));
    });
    let expected = [
        "Epoch 1/2\n",
        "\r      1/Unknown \x1b[1m0s\x1b[0m 500ms/step - loss: 2.5000",
        &backspaces(44),
        "\r      2/Unknown \x1b[1m1s\x1b[0m 500ms/step - loss: 2.0000",
        &backspaces(44),
        "\r\x1b[1m2/2\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m2s\x1b[0m \
         2s/step - loss: 1.5000\n",
        "Epoch 2/2\n",
        "\r\x1b[1m1/2\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m \
         500ms/step - loss: 2.5000",
        &backspaces(53),
        "\r\x1b[1m2/2\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m1s\x1b[0m \
         500ms/step - loss: 1.5000\n",
    ];
    assert_eq!(output, expected.concat());
}

#[test]
fn one_epoch_has_no_heading_and_evaluation_neither() {
    let script = |progress: &mut Progress<&mut Vec<u8>>, at: &dyn Fn(u64)| {
        progress.begin_epoch(0, 1, Some(125));
        at(1750);
        progress.end(&Logs::from_iter([("loss", -2.5)]));
        progress.begin(Some(1000));
        progress.end(&Logs::new());
    };
    let expected = "125/125 - 2s - 14ms/step - loss: -2.5000e+00\n1000/1000 - 0s - 0s/step\n";
    assert_eq!(written(Verbose::Epochs, TERMINAL, script), expected);
}

#[test]
fn a_message_without_a_line_break_leaves_the_bar_by_itself() {
    let output = written(Verbose::Bar, TERMINAL, |progress, _| {
        progress.message("before");
        progress.begin(Some(2));
        progress.update(1, &Logs::new());
        progress.message("amid");
        progress.message("again");
    });
    assert!(output.starts_with("before\n\r"), "{output:?}");
    assert!(output.ends_with("0s/step\namid\nagain\n"), "{output:?}");
}

#[test]
fn a_pass_that_fails_leaves_its_line() {
    let output = written(Verbose::Bar, TERMINAL, |progress, _| {
        progress.begin(Some(2));
        progress.update(1, &Logs::new());
    });
    assert!(output.ends_with("0s/step\n"), "{output:?}");
}

#[test]
fn a_closed_pipe_stops_nothing() {
    struct ClosedPipe;
    impl Write for ClosedPipe {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let mut progress = Progress::new(ClosedPipe, Verbose::Bar, TERMINAL);
    progress.begin_epoch(usize::MAX, usize::MAX, Some(usize::MAX));
    progress.update(usize::MAX, &Logs::new());
    progress.message("gone");
    progress.end(&Logs::new());
}
