//! What is trained, and killed: three trainings with whatever remembers something.

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use olifant::prelude::*;
use olifant::{Ending, Samples};
use olifant_datasets::{IdxFile, SyntheticDigits};

/// Names the training in the environment of the process that is to be killed.
const TRAINING: &str = "CRASH_RESUME_TRAINING";
const EPOCHS: &str = "CRASH_RESUME_EPOCHS";

/// The callbacks and the data of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Training {
    /// `ReduceLROnPlateau`, with a backup after each epoch.
    Plateau,
    /// `LearningRateScheduler` and a callback of the user's own, with a backup after each epoch.
    Scheduler,
    /// Images in a file, with a backup after every third batch.
    FileBacked,
}

impl Training {
    pub const ALL: [Training; 3] = [Training::Plateau, Training::Scheduler, Training::FileBacked];

    pub fn name(self) -> &'static str {
        match self {
            Training::Plateau => "reduce_lr_on_plateau",
            Training::Scheduler => "learning_rate_scheduler",
            Training::FileBacked => "file_backed",
        }
    }

    /// This program again, which trains in a directory.
    pub fn command(self, epochs: usize, directory: &Path) -> Result<Command, Box<dyn Error>> {
        let mut command = Command::new(env::current_exe()?);
        if cfg!(test) {
            command.args(["tests::child", "--exact", "--quiet"]);
        }
        command.env(TRAINING, self.name()).env(EPOCHS, epochs.to_string()).current_dir(directory);
        Ok(command)
    }
}

/// Whether this process is one that is to be killed.
pub fn is_child() -> bool {
    env::var_os(TRAINING).is_some()
}

/// Trains in the current directory, as the environment says, and leaves everything there that can be compared.
pub fn train() -> Result<(), Box<dyn Error>> {
    let name = env::var(TRAINING)?;
    let training =
        Training::ALL.into_iter().find(|training| training.name() == name).ok_or("no such training")?;
    let epochs = env::var(EPOCHS)?.parse()?;
    let digits = SyntheticDigits::new(3).train_size(600).dataset().train().read_bytes()?;
    if training != Training::FileBacked {
        return fit(training, epochs, &digits.x.mapv(|pixel| f32::from(pixel) / 255.0), &digits.y);
    }
    if !Path::new("images-idx3-ubyte").exists() {
        let pixels = digits.x.as_slice().ok_or("images lie one behind the other")?;
        let header =
            [[0, 0, 8, 3], 600_u32.to_be_bytes(), 28_u32.to_be_bytes(), 28_u32.to_be_bytes()].concat();
        fs::write("images.tmp", [&header[..], pixels].concat())?;
        fs::rename("images.tmp", "images-idx3-ubyte")?;
    }
    fit(training, epochs, &IdxFile::open("images-idx3-ubyte")?.rescale(1.0 / 255.0), &digits.y)
}

fn fit(training: Training, epochs: usize, x: &dyn Samples, y: &Array1<u8>) -> Result<(), Box<dyn Error>> {
    let mut model = Sequential::new([28, 28])
        .add(Flatten::new())
        .add(Dense::new(48).activation(Activation::Relu))
        .add(Dropout::new(0.3))
        .add(Dense::new(10).activation(Activation::Softmax))
        .seed(11)
        .compile(Adam::new(0.01), SparseCategoricalCrossentropy::new(), [Accuracy::new()])?;

    let save_freq = if training == Training::FileBacked { SaveFreq::Batches(3) } else { SaveFreq::Epoch };
    let mut early_stopping = EarlyStopping::new().patience(2).min_delta(0.05).restore_best_weights(true);
    let mut moving_average = MovingAverage::default();
    let mut ending = None;
    let options = FitOptions::new()
        .epochs(epochs)
        .validation_split(0.25)
        .verbose(Verbose::Silent)
        .callback(BackupAndRestore::new("backup").save_freq(save_freq))
        .callback(&mut early_stopping)
        .callback(ModelCheckpoint::new("best.olifant").save_best_only(true))
        .callback(LambdaCallback::new().on_train_end(|training, _| ending = training.ending().cloned()));
    // Whoever adds to the logs stands before the logger.
    let options = match training {
        Training::Scheduler => options
            .callback(LearningRateScheduler::new(|epoch, lr| if epoch < 3 { lr } else { lr * 0.8 }))
            .callback(&mut moving_average),
        _ => options.callback(ReduceLROnPlateau::new().patience(1).min_delta(0.05).factor(0.5)),
    };
    let history = model.fit(x, y, options.callback(CSVLogger::new("log.csv")))?;

    model.save_weights("final.weights.olifant")?;
    history.save_json("history.json")?;
    let Some(Ending::Finished | Ending::Stopped(_)) = ending else {
        return Err("training did not end".into());
    };
    let (stopped, best) = (early_stopping.stopped_epoch(), early_stopping.best());
    fs::write("outcome.txt", format!("{ending:?}\n{stopped:?} {best:?}\n{moving_average:?}\n"))?;
    Ok(())
}

/// A callback of the user's own, which remembers something: adds a moving average of the loss to the logs.
#[derive(Debug, Default)]
struct MovingAverage(f64);

impl Callback for MovingAverage {
    fn adds_logs(&self) -> &[&'static str] {
        &["moving_average"]
    }

    fn on_train_batch_end(&mut self, _training: &mut olifant::Training<'_>, logs: &Logs) -> HookResult {
        self.0 += 0.1 * (logs["loss"] - self.0);
        Ok(())
    }

    fn on_epoch_end(&mut self, _training: &mut olifant::Training<'_>, logs: &mut Logs) -> HookResult {
        logs.insert("moving_average", self.0);
        Ok(())
    }

    fn state(&self) -> Result<Option<State>, CallbackError> {
        State::new(&self.0).map(Some)
    }

    fn restore_state(&mut self, state: &State) -> HookResult {
        self.0 = state.get()?;
        Ok(())
    }
}
