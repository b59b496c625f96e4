//! Sends each epoch to a server.

mod delivery;
mod destination;
mod payload;

use std::time::Duration;

use olifant_train::{Callback, CallbackError, HookResult, Logs, Plan, Training};

use delivery::Delivery;
use destination::Destination;
use payload::payload;

/// Sends the logs of each epoch to a server, in an HTTP POST request.
///
/// What is sent is a JSON object: `epoch` (from 0), then the logs in their order, as in
/// `{"epoch":0,"accuracy":0.5,"loss":1.25}`. JSON has no word for NaN and infinity, so they are `null`.
/// It is the value of a form's field, or with `send_as_json` the whole body.
///
/// Training neither fails nor waits because of the server. A thread of its own sends one epoch after the other;
/// at most 64 wait, and the oldest is dropped for one more.
/// When training ends, what still waits is given at most `timeout` to be sent.
/// The first failure of a run is told once, in Keras's words, by the next hook.
/// The answer is not looked at, whatever its status. Redirects 307 and 308 are followed; the others,
/// which would turn the request into one without data, are not.
///
/// A run that is resumed sends on; an epoch that is trained again because of a crash is sent again.
///
/// With a `root` that begins with `https://` the connection is encrypted; the server's certificate must be one
/// that Mozilla's list of authorities vouches for.
/// The environment variables `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` are respected.
///
/// # Defaults
///
/// | option | default | meaning |
/// |---|---|---|
/// | `root` | `"http://localhost:9000"` | the server |
/// | `path` | `"/publish/epoch/end/"` | what comes behind `root` |
/// | `field` | `"data"` | the field of the form |
/// | `headers` | none | headers of the request; those of the same name are replaced |
/// | `send_as_json` | false | whether the body is the JSON itself |
/// | `timeout` | 3 seconds | how long a request may take from the connection to the end of the answer |
///
/// # Errors
///
/// Before the first step: `root` and `path` are no URL, a header is none, or `timeout` is zero or above an hour.
///
/// # Examples
///
/// ```
/// # use olifant_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// # use olifant_train::{Compile, FitOptions, Verbose};
/// use olifant_callbacks::RemoteMonitor;
/// # let (x, y) = (ndarray::array![[0.], [1.]], ndarray::array![0., 2.]);
/// # let mut model =
/// #     Sequential::new([1]).add(Dense::new(1)).seed(1).compile(Sgd::new(0.1), MeanSquaredError::new(), ())?;
///
/// // Nobody listens there; training goes on.
/// let monitor = RemoteMonitor::new().root("http://127.0.0.1:9").headers([("X-Run", "42")]).send_as_json(true);
/// let history = model.fit(&x, &y, FitOptions::new().epochs(2).verbose(Verbose::Silent).callback(monitor))?;
/// assert_eq!(history.epoch().len(), 2);
/// # Ok::<(), olifant_train::FitError>(())
/// ```
///
/// # References
///
/// Keras's `RemoteMonitor`.
#[derive(Debug)]
pub struct RemoteMonitor {
    root: String,
    path: String,
    field: String,
    headers: Vec<(String, String)>,
    send_as_json: bool,
    timeout: Duration,
    /// That of the running fit, once there is something to send.
    delivery: Option<Delivery>,
    has_warned: bool,
}

impl Default for RemoteMonitor {
    fn default() -> RemoteMonitor {
        RemoteMonitor {
            root: "http://localhost:9000".into(),
            path: "/publish/epoch/end/".into(),
            field: "data".into(),
            headers: Vec::new(),
            send_as_json: false,
            timeout: Duration::from_secs(3),
            delivery: None,
            has_warned: false,
        }
    }
}

impl RemoteMonitor {
    /// Sends to `http://localhost:9000/publish/epoch/end/`.
    pub fn new() -> RemoteMonitor {
        RemoteMonitor::default()
    }

    /// The server: `http://` or `https://`, host, and port if need be.
    pub fn root(mut self, root: impl Into<String>) -> Self {
        self.root = root.into();
        self
    }

    /// What comes behind `root`.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// The field of the form that the JSON is sent in; without a meaning for `send_as_json`.
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = field.into();
        self
    }

    /// Headers of the request; those of the same name are replaced.
    pub fn headers<K: Into<String>, V: Into<String>>(
        mut self,
        headers: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        self.headers = headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        self
    }

    /// Whether the body is the JSON itself, and no form.
    pub fn send_as_json(mut self, send_as_json: bool) -> Self {
        self.send_as_json = send_as_json;
        self
    }

    /// How long a request may take, and how long the end of training waits for what is not sent yet.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn destination(&self) -> Result<Destination, CallbackError> {
        let url = format!("{}{}", self.root, self.path);
        let field = (!self.send_as_json).then_some(&*self.field);
        Destination::new(&url, &self.headers, field, self.timeout)
    }

    /// Says so if the server cannot be reached, once.
    fn warn_if(&mut self, is_unreachable: bool, training: &mut Training<'_>) {
        if is_unreachable && !self.has_warned {
            self.has_warned = true;
            training.message(&format!("Could not reach RemoteMonitor root server at {}", self.root));
        }
    }

    fn look_at_delivery(&mut self, training: &mut Training<'_>) -> HookResult {
        let has_failed = self.delivery.as_ref().is_some_and(Delivery::has_failed);
        self.warn_if(has_failed, training);
        Ok(())
    }
}

impl Callback for RemoteMonitor {
    fn check(&self, _plan: &Plan<'_>) -> HookResult {
        self.destination().map(|_| ())
    }

    fn on_train_begin(&mut self, _training: &mut Training<'_>) -> HookResult {
        self.has_warned = false;
        Ok(())
    }

    fn on_epoch_begin(&mut self, training: &mut Training<'_>) -> HookResult {
        self.look_at_delivery(training)
    }

    fn on_train_batch_end(&mut self, training: &mut Training<'_>, _logs: &Logs) -> HookResult {
        self.look_at_delivery(training)
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, logs: &mut Logs) -> HookResult {
        let delivery = match self.delivery.take() {
            Some(delivery) => delivery,
            None => Delivery::start(self.destination()?)?,
        };
        delivery.push(payload(training.epoch(), logs)?);
        self.delivery = Some(delivery);
        self.look_at_delivery(training)
    }

    fn on_train_end(&mut self, training: &mut Training<'_>, _logs: &Logs) -> HookResult {
        if let Some(delivery) = self.delivery.take() {
            let is_unreachable = !delivery.finish(self.timeout);
            self.warn_if(is_unreachable, training);
        }
        Ok(())
    }
}
