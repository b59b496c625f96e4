//! Where we differ from Keras on purpose, each with its reason.
//!
//! Besides: we give no warnings where a value is missing from time to time.

use serde_json::{Value, json};

/// What we do instead.
pub enum Difference {
    /// We refuse before the first step, in these words.
    Refused(String),
    /// The same happens, but the error has these words.
    Error(String),
    /// We train on, and this is seen.
    Results(Value),
}

const RATE: f64 = 0.01_f32 as f64;
const NO_VAL_LOSS: &str = "monitor \"val_loss\" will never be in the logs: known: ";
const NEEDS_VALIDATION: &str = "; give validation_split or validation_data to have it";
const UNKNOWN_FIELD: &str =
    "filepath may have {epoch}, with SaveFreq::Batches also {batch}, and names in the logs, but ";

/// What we do instead of what a trace says, if that is something else.
pub fn difference(case: &Value) -> Option<Difference> {
    let (callback, name) = (case["callback"].as_str()?, case["name"].as_str()?);
    let refused = |reason: String| Some(Difference::Refused(format!("callback {callback}: {reason}")));
    match (callback, name) {
        // In Keras a first NaN is the best for ever.
        ("EarlyStopping", "first is not a number") => Some(Difference::Results(early_stopping_after_nan())),
        ("ReduceLROnPlateau", "first is not a number") => Some(Difference::Results(plateau_after_nan())),
        ("ModelCheckpoint", "first is not a number") => Some(Difference::Results(checkpoint_after_nan())),
        // Keras warns after each epoch, and ModelCheckpoint saves what is not the best.
        (_, "monitor missing") => {
            refused(format!("{NO_VAL_LOSS}accuracy, loss, mae{NEEDS_VALIDATION}"))
        }
        // Keras fails after the first epoch.
        ("EarlyStopping", "direction unknown") => refused(
            "mode must be Mode::Min or Mode::Max, as \"speed\" does not tell which is better, but is Mode::Auto".into(),
        ),
        // Keras fails although the monitor is used for nothing.
        ("ModelCheckpoint", "direction unknown") => Some(Difference::Results(json!([{
            "epochs": [{ "printed": "", "stop": false, "learning_rate": RATE, "best": null }],
            "history": { "speed": [1.0] },
            "weight": 1.0,
            "saved": [{ "path": "b.keras", "weight": 1.0 }],
        }]))),
        // Keras fails after the first epoch.
        ("ModelCheckpoint", "template missing") => refused(format!(
            "{UNKNOWN_FIELD}\"val_mae\" will never be in the logs: known: accuracy, loss, mae, val_loss{NEEDS_VALIDATION}"
        )),
        ("ModelCheckpoint", "batch field at the epoch's end") => refused(format!(
            "{UNKNOWN_FIELD}\"batch\" will never be in the logs: known: accuracy, loss, mae, val_loss"
        )),
        // The same errors in our words; Keras's come when the object is made.
        ("ModelCheckpoint", "file name") => refused(file_name(&case["options"])),
        ("ReduceLROnPlateau", "factor of one") => {
            refused("factor must be at least 0 and less than 1, but is 1".into())
        }
        ("TerminateOnNaN", "raising") => Some(Difference::Error(loss_error(case))),
        _ => None,
    }
}

fn loss_error(case: &Value) -> String {
    let loss = case["fits"][0][1]["logs"]["loss"].as_str().unwrap();
    let remedy = "lower the learning rate, clip gradients, or look for extreme values in the data";
    format!("the loss became {loss} at batch 1: {remedy}")
}

/// The test puts Keras's extensions in the place of ours.
fn file_name(options: &Value) -> String {
    let reason = match options["filepath"].as_str().unwrap() {
        "model" => {
            "the model as `model`: the name has no extension to pick a format by; known: .keras, .safetensors"
        }
        _ => {
            "weights as `m.keras`: that extension is for whole models: use `save`, or the extension `.weights.h5`"
        }
    };
    format!("cannot save {reason}")
}

fn early_stopping_after_nan() -> Value {
    let epoch = |wait: usize, best: Option<f64>, best_epoch: usize| {
        json!({
            "printed": "", "stop": false, "learning_rate": RATE,
            "wait": wait, "best": best, "best_epoch": best_epoch, "stopped_epoch": 0,
        })
    };
    json!([{
        "epochs": [epoch(1, None, 0), epoch(0, Some(1.0), 1), epoch(0, Some(0.5), 2), epoch(0, Some(0.4), 3)],
        "history": { "val_loss": ["nan", 1.0, 0.5, 0.4] },
        "train_end": "Restoring model weights from the end of the best epoch: 4.\n",
        "weight": 4.0,
    }])
}

fn plateau_after_nan() -> Value {
    let epoch = |wait: usize, best: Option<f64>| {
        json!({
            "printed": "", "stop": false, "learning_rate": RATE,
            "wait": wait, "best": best, "cooldown_counter": 0,
        })
    };
    json!([{
        "epochs": [epoch(1, None), epoch(0, Some(1.0)), epoch(0, Some(0.5)), epoch(0, Some(0.4))],
        "history": { "learning_rate": [RATE, RATE, RATE, RATE], "val_loss": ["nan", 1.0, 0.5, 0.4] },
        "weight": 4.0,
    }])
}

fn checkpoint_after_nan() -> Value {
    let epoch = |printed: &str, best: Option<f64>| json!({ "printed": printed, "stop": false, "learning_rate": RATE, "best": best });
    let improved = |epoch: usize, from: &str, to: &str| {
        format!(
            "\nEpoch {epoch}: val_loss improved from {from} to {to}, saving model to b.keras\n\
             \nEpoch {epoch}: finished saving model to b.keras\n"
        )
    };
    json!([{
        "epochs": [
            epoch("\nEpoch 1: val_loss did not improve from None\n", None),
            epoch(&improved(2, "None", "1.00000"), Some(1.0)),
            epoch(&improved(3, "1.00000", "0.50000"), Some(0.5)),
        ],
        "history": { "val_loss": ["nan", 1.0, 0.5] },
        "weight": 3.0,
        "saved": [{ "path": "b.keras", "weight": 2.0 }, { "path": "b.keras", "weight": 3.0 }],
    }])
}
