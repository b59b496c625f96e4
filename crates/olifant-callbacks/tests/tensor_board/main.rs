//! Event files hold what Keras writes, and what we write beyond it.

#![cfg(feature = "tensorboard")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod event_reader;
mod graph;
mod resume;
mod subject;

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use olifant_callbacks::{LambdaCallback, TensorBoard, UpdateFreq};
use olifant_train::{Callback, CallbackError, EvaluateOptions, FitOptions, Logs};
use serde_json::{Value, json};
use tempfile::TempDir;

use event_reader::{Record, events, files, graphs, records};
use subject::{data, golden, model, options};

/// A fit with this callback, and what stands in its files then.
struct Run {
    directory: TempDir,
}

impl Run {
    fn new(make: impl FnOnce(TensorBoard) -> TensorBoard, options: FitOptions<'_>) -> Run {
        let (golden, directory) = (golden(), tempfile::tempdir().unwrap());
        let ((x, y), mut model) = (data(&golden), model(&golden));
        model.fit(x, y, options.callback(make(TensorBoard::new(directory.path())))).unwrap();
        Run { directory }
    }

    fn path(&self, run: &str) -> std::path::PathBuf {
        self.directory.path().join(run)
    }

    fn records(&self, run: &str) -> Vec<Record> {
        records(&self.path(run))
    }
}

/// The callback that a case of Keras's stands for.
fn configured(mut callback: TensorBoard, options: &Value) -> TensorBoard {
    for (option, value) in options.as_object().unwrap() {
        let number = || value.as_u64().unwrap() as usize;
        callback = match &**option {
            "write_graph" => callback.write_graph(value.as_bool().unwrap()),
            "write_images" => callback.write_images(value.as_bool().unwrap()),
            "write_steps_per_second" => callback.write_steps_per_second(value.as_bool().unwrap()),
            "histogram_freq" => callback.histogram_freq(number()),
            "update_freq" if value == "batch" => callback.update_freq(UpdateFreq::Batch),
            "update_freq" => callback.update_freq(number()),
            other => panic!("{other}"),
        }
    }
    callback
}

fn fit_options<'a>(given: &Value) -> FitOptions<'a> {
    let options = match given["validation_split"].as_f64() {
        Some(share) => options().validation_split(share),
        None => options(),
    };
    options.validation_freq(given["validation_freq"].as_u64().unwrap_or(1) as usize)
}

/// The files after a fit and an evaluation, as a case of Keras's holds them.
fn files_of(case: &Value) -> [Vec<Record>; 2] {
    let (golden, directory) = (golden(), tempfile::tempdir().unwrap());
    let ((x, y), mut model) = (data(&golden), model(&golden));
    let mut callback = configured(TensorBoard::new(directory.path()), &case["options"]);
    model.fit(&x, &y, fit_options(&case["fit"]).callback(&mut callback)).unwrap();
    model.evaluate_with(&x, &y, EvaluateOptions::new().verbose(0).callback(&mut callback)).unwrap();
    ["train", "validation"].map(|run| records(&directory.path().join(run)))
}

/// Compares everything but how fast it went, and numbers as far as single precision reaches.
#[track_caller]
fn assert_same(ours: &[Record], keras: &[Value]) {
    let head = |record: &Record| {
        json!([record.tag, record.step, record.plugin, record.plugin_content, record.dtype, record.shape])
    };
    let heads: Vec<_> = ours.iter().map(head).collect();
    let expected: Vec<_> = keras.iter().map(|record| json!(record.as_array().unwrap()[..6])).collect();
    assert_eq!(heads, expected);
    for (record, keras) in ours.iter().zip(keras) {
        if record.dtype != "DT_FLOAT" {
            continue;
        }
        let (value, expected) = (f64::from(record.scalar()), keras[6].as_f64().unwrap());
        if record.tag.ends_with("steps_per_second") {
            assert!(value.is_finite() && value > 1.0, "{}: {value}", record.tag);
        } else {
            assert!((value - expected).abs() <= 2e-6 * expected.abs(), "{} {value} {expected}", record.tag);
        }
    }
}

#[test]
fn records_are_those_of_keras() {
    let golden = golden();
    let cases = golden["cases"].as_array().unwrap().iter().filter(|case| case["kind"] == "fit");
    let mut count = 0;
    for case in cases.filter(|case| case["options"]["update_freq"] != 2) {
        let [train, validation] = files_of(case);
        assert_same(&train, case["train"].as_array().unwrap());
        assert_same(&validation, case["validation"].as_array().unwrap());
        count += 1;
    }
    assert_eq!(count, 5);
}

#[test]
fn every_second_batch_does_not_hide_the_epochs() {
    let golden = golden();
    let mut cases = golden["cases"].as_array().unwrap().iter();
    let case = cases.find(|case| case["options"]["update_freq"] == 2).unwrap();
    let [train, validation] = files_of(case);
    let of_batches = |record: &&Record| record.tag.starts_with("batch_");
    let keras = case["train"].as_array().unwrap().iter();
    let keras: Vec<_> =
        keras.filter(|record| record[0].as_str().unwrap().starts_with("batch_")).cloned().collect();
    assert_same(&train.iter().filter(of_batches).cloned().collect::<Vec<_>>(), &keras);
    // The rest is what there is without batches, which is compared with Keras above.
    let mut without = case.clone();
    without["options"] = json!({});
    let [train_without, validation_without] = files_of(&without);
    let rest: Vec<_> = train.iter().filter(|record| !of_batches(record)).cloned().collect();
    assert_eq!((rest, validation), (train_without, validation_without));
}

#[test]
fn the_graph_has_the_layers_of_keras() {
    let run = Run::new(|callback| callback, options());
    let ours: Value = serde_json::from_slice(&run.records("train")[0].strings[0]).unwrap();
    let keras = &golden()["graph"];
    for path in ["/module", "/class_name", "/build_config", "/config/name", "/config/build_input_shape"] {
        assert_eq!(ours.pointer(path), keras.pointer(path), "{path}");
    }
    let layers = |model: &Value| model["config"]["layers"].as_array().unwrap().clone();
    assert_eq!((layers(&ours).len(), layers(keras).len()), (4, 4));
    for (ours, keras) in layers(&ours).iter().zip(layers(keras)) {
        for path in [
            "/module",
            "/class_name",
            "/registered_name",
            "/build_config",
            "/config/name",
            "/config/batch_shape",
            "/config/dtype",
            "/config/trainable",
            "/config/units",
            "/config/activation",
            "/config/use_bias",
        ] {
            assert_eq!(ours.pointer(path), keras.pointer(path), "{path}");
        }
    }
}

#[test]
fn the_page_of_graphs_begins_with_the_layers() {
    let run = Run::new(|callback| callback, options());
    let node = |name: &str, class: &str, input: &[&str]| {
        let scoped = |name: &str| format!("sequential/{name}");
        (scoped(name), class.to_string(), input.iter().copied().map(scoped).collect())
    };
    let layers = vec![
        node("input_layer", "InputLayer", &[]),
        node("flatten", "Flatten", &["input_layer"]),
        node("dense", "Dense", &["flatten"]),
        node("dense_1", "Dense", &["dense"]),
    ];
    assert_eq!(graphs(&files(&run.path("train"))[0]), [layers]);
    let run = Run::new(|callback| callback.write_graph(false), options());
    assert!(graphs(&files(&run.path("train"))[0]).is_empty());
}

#[test]
fn files_are_named_and_begun_as_tensorboard_wants_them() {
    let seconds = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let before = seconds();
    let run = Run::new(|callback| callback, options());
    let [file] = &files(&run.path("train"))[..] else { panic!() };
    let name = file.file_name().unwrap().to_str().unwrap();
    let parts: Vec<&str> = name.split('.').collect();
    let ["events", "out", "tfevents", time, host, process, "0", "v2"] = parts[..] else { panic!("{name}") };
    assert!((before as u64..=seconds() as u64).contains(&time.parse().unwrap()));
    assert!(!host.is_empty());
    assert_eq!(process, std::process::id().to_string());
    let events = events(file);
    assert_eq!(events[0].file_version, "brain.Event:2");
    assert!(events[1..].iter().all(|event| event.file_version.is_empty()));
    let times: Vec<f64> = events.iter().map(|event| event.wall_time).collect();
    assert!(times.is_sorted() && before <= times[0] && times[times.len() - 1] <= seconds());
}

#[test]
fn each_run_has_files_of_its_own() {
    let (golden, directory) = (golden(), tempfile::tempdir().unwrap());
    let ((x, y), mut model) = (data(&golden), model(&golden));
    let mut callback = TensorBoard::new(directory.path()).update_freq(UpdateFreq::Batch).write_graph(false);
    for _ in 0..2 {
        model.fit(&x, &y, options().epochs(1).callback(&mut callback)).unwrap();
    }
    let [first, second] = &files(&directory.path().join("train"))[..] else { panic!() };
    // Batches are counted anew; each file has the version, four batches and an epoch.
    let steps = |file: &Path| events(file).iter().map(|event| event.step).collect::<Vec<_>>();
    assert_eq!(steps(first), steps(second));
    assert_eq!(steps(first), [0, 1, 1, 2, 2, 3, 3, 4, 4, 0, 0, 0]);
    // Nothing was validated, so there is no directory.
    assert!(!directory.path().join("validation").exists());
}

#[test]
fn records_are_in_the_file_when_the_hook_ends() {
    let (golden, directory) = (golden(), tempfile::tempdir().unwrap());
    let ((x, y), mut model) = (data(&golden), model(&golden));
    let (path, seen) = (directory.path().join("train"), Arc::new(Mutex::new(Vec::new())));
    let after = seen.clone();
    let look = LambdaCallback::new().on_train_batch_end(move |_, _: &Logs| {
        after.lock().unwrap().push(records(&path).len());
    });
    let callback = TensorBoard::new(directory.path()).update_freq(UpdateFreq::Batch);
    model.fit(&x, &y, options().epochs(1).callbacks((callback, look))).unwrap();
    assert_eq!(*seen.lock().unwrap(), [3, 5, 7, 9]);
}

#[test]
fn what_is_not_finite_is_written_as_it_is() {
    let (golden, directory) = (golden(), tempfile::tempdir().unwrap());
    let ((x, y), mut model) = (data(&golden), model(&golden));
    let kernel = model.network().weights().find("dense/kernel").unwrap();
    model.weights_mut().get_mut(kernel)[0] = f32::NAN;
    let logs = LambdaCallback::new().on_epoch_end(|_, logs: &mut Logs| logs.insert("bound", f64::INFINITY));
    let callback = TensorBoard::new(directory.path()).histogram_freq(1).write_images(true);
    model.fit(&x, &y, options().epochs(1).callbacks((logs, callback))).unwrap();
    let records = records(&directory.path().join("train"));
    let find = |tag: &str| records.iter().find(|record| record.tag == tag).unwrap();
    assert!(find("epoch_loss").scalar().is_nan());
    assert_eq!(find("epoch_bound").scalar(), f32::INFINITY);
    assert!(
        find("sequential/dense/kernel/histogram")
            .buckets()
            .iter()
            .all(|[l, r, n]| l.is_nan() && r.is_nan() && *n == 0.0)
    );
}

#[test]
fn histograms_and_pictures_are_those_of_the_weights() {
    let run = Run::new(|callback| callback.histogram_freq(1).write_images(true), options().epochs(1));
    let (golden, records) = (golden(), run.records("train"));
    let ((x, y), mut model) = (data(&golden), model(&golden));
    model.fit(x, y, options().epochs(1)).unwrap();
    let weights = model.network().weights();
    let kernel = weights.get(weights.find("dense/kernel").unwrap()).data;
    let find = |tag: &str| records.iter().find(|record| record.tag == tag).unwrap();
    let buckets = find("sequential/dense/kernel/histogram").buckets();
    let bounds = kernel.iter().fold((f32::MAX, f32::MIN), |(l, g), &w| (l.min(w), g.max(w)));
    assert_eq!((buckets[0][0], buckets[29][1]), (f64::from(bounds.0), f64::from(bounds.1)));
    assert_eq!(buckets.iter().map(|bucket| bucket[2]).sum::<f64>(), 12.0);
    let picture = &find("sequential/dense/kernel/image").strings;
    assert_eq!((&picture[0][..], &picture[1][..], picture.len()), (&b"4"[..], &b"3"[..], 3));
    let mut reader = png::Decoder::new(std::io::Cursor::new(&picture[2][..])).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    // It lies on its side: three rows of four.
    let expected: Vec<u8> = (0..12).map(|i| (kernel[i % 4 * 3 + i / 4] * 255.5) as u8).collect();
    assert_eq!(pixels, expected);
}

#[test]
fn gradients_are_those_of_the_first_batch_of_an_epoch() {
    let gradients = Arc::new(Mutex::new(Vec::new()));
    let seen = gradients.clone();
    let look = LambdaCallback::new().on_train_batch_end(move |training, _: &Logs| {
        if training.batch() == 0 {
            let gradients = training.model().gradients();
            *seen.lock().unwrap() = gradients.map(|(_, gradient)| gradient.data.to_vec()).collect();
        }
    });
    let run = Run::new(|callback| callback.histogram_freq(2).write_gradients(true), options().callback(look));
    let records: Vec<_> = run
        .records("train")
        .into_iter()
        .filter(|record| record.tag.ends_with("/gradient/histogram"))
        .collect();
    let tags: Vec<_> = records.iter().map(|record| (&*record.tag, record.step)).collect();
    let names = ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"];
    let expected: Vec<_> = [0, 2].into_iter().flat_map(|epoch| names.map(|name| (name, epoch))).collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, epoch)| (format!("sequential/{name}/gradient/histogram"), *epoch))
        .collect();
    assert_eq!(tags, expected.iter().map(|(tag, epoch)| (&**tag, *epoch)).collect::<Vec<_>>());
    for (record, gradient) in records[4..].iter().zip(gradients.lock().unwrap().iter()) {
        let least = gradient.iter().copied().fold(f32::INFINITY, f32::min);
        assert_eq!(record.buckets()[0][0], f64::from(least), "{}", record.tag);
        assert_eq!(record.buckets().iter().map(|bucket| bucket[2]).sum::<f64>(), gradient.len() as f64);
    }
}

#[test]
fn a_learning_rate_among_the_logs_is_written_once() {
    let logs = LambdaCallback::new().on_epoch_end(|_, logs: &mut Logs| logs.insert("learning_rate", 7.0));
    let run = Run::new(|callback| callback, options().epochs(1).callback(logs));
    let records = run.records("train");
    let rates: Vec<_> = records.iter().filter(|record| record.tag == "epoch_learning_rate").collect();
    assert_eq!(rates.iter().map(|record| record.scalar()).collect::<Vec<_>>(), [0.125]);
}

/// The error of a fit, which must not have begun if `callback` is refused before any hook.
fn refusal(callback: TensorBoard) -> String {
    let golden = golden();
    let ((x, y), mut model) = (data(&golden), model(&golden));
    let step = LambdaCallback::new().on_train_batch_begin(|_| Err(CallbackError::new("a step was made")));
    model.fit(x, y, options().callbacks((callback, step))).unwrap_err().to_string()
}

#[test]
fn what_cannot_work_is_refused_before_the_first_step() {
    let callback = || TensorBoard::new("never made");
    assert_eq!(
        refusal(callback().update_freq(0)),
        "callback TensorBoard: update_freq must be at least 1 batch, but is 0"
    );
    for (option, callback) in [
        ("write_images", callback().write_images(true)),
        ("write_gradients", callback().write_gradients(true)),
    ] {
        assert_eq!(
            refusal(callback),
            format!(
                "callback TensorBoard: histogram_freq must be at least 1 for {option} to have an effect, but is 0"
            )
        );
    }
    assert!(!Path::new("never made").exists());
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("logs");
    fs::write(&file, "not a directory").unwrap();
    let error = refusal(TensorBoard::new(&file));
    let expected = format!("callback TensorBoard: cannot read or write `{}`: ", file.join("train").display());
    assert!(
        error.starts_with(&expected) && error.ends_with(&format!("`{}` must be a directory", file.display())),
        "{error}"
    );
}

#[test]
fn the_defaults_are_those_of_keras() {
    let shown = format!("{:?}", TensorBoard::default());
    let expected = "TensorBoard { log_dir: \"logs\", histogram_freq: 0, write_graph: true, write_images: false, \
                    write_gradients: false, write_steps_per_second: false, update_freq: Epoch, ";
    assert!(shown.starts_with(expected), "{shown}");
    assert_eq!((UpdateFreq::default(), UpdateFreq::from(3)), (UpdateFreq::Epoch, UpdateFreq::Batches(3)));
    assert_eq!(TensorBoard::default().name(), "TensorBoard");
}

/// Asks the real TensorBoard, if the environment variable `OLIFANT_PYTHON` names a Python that has it.
#[test]
fn tensorboard_shows_what_was_written() {
    let Some(python) = std::env::var_os("OLIFANT_PYTHON") else { return };
    let logs = LambdaCallback::new().on_epoch_end(|_, logs: &mut Logs| logs.insert("wrong", f64::NAN));
    let configure = |callback: TensorBoard| {
        callback.histogram_freq(1).write_images(true).write_gradients(true).update_freq(UpdateFreq::Batch)
    };
    let run = Run::new(configure, options().validation_split(0.3).callback(logs));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/tensorboard_check.py");
    let output = std::process::Command::new(python).arg(script).arg(run.directory.path()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        shown["scalars"],
        json!({
            "train": by_tag(&run.records("train"), "scalars", scalar),
            "validation": by_tag(&run.records("validation"), "scalars", scalar),
        })
    );
    let histograms =
        json!({ "train": by_tag(&run.records("train"), "histograms", |record| json!(record.buckets())) });
    assert_eq!(shown["histograms"], histograms);
    let picture = |width: u32, height: u32| json!([0, 1, 2].map(|step| json!([step, width, height, "PNG"])));
    assert_eq!(
        shown["images"],
        json!({ "train": {
            "sequential/dense/kernel/image": picture(4, 3),
            "sequential/dense/bias/image": picture(1, 3),
            "sequential/dense_1/kernel/image": picture(1, 3),
        }})
    );
    assert_eq!(shown["default"], shown["graph"]);
    assert_eq!(
        shown["graph"],
        json!([
            ["sequential/input_layer", "InputLayer", []],
            ["sequential/flatten", "Flatten", ["sequential/input_layer"]],
            ["sequential/dense", "Dense", ["sequential/flatten"]],
            ["sequential/dense_1", "Dense", ["sequential/dense"]],
        ])
    );
}

fn scalar(record: &Record) -> Value {
    let value = record.scalar();
    if value.is_finite() { json!(value) } else { json!(format!("{value:?}")) }
}

/// The records of a plugin by tag: step and value, in order.
fn by_tag(records: &[Record], plugin: &str, value: impl Fn(&Record) -> Value) -> Value {
    let mut tags = serde_json::Map::new();
    for record in records.iter().filter(|record| record.plugin == plugin) {
        let entries = tags.entry(&record.tag).or_insert_with(|| json!([]));
        entries.as_array_mut().unwrap().push(json!([record.step, value(record)]));
    }
    tags.into()
}
