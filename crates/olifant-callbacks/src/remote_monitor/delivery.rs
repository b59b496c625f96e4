//! The thread that sends epochs, and those that wait for it.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use olifant_train::CallbackError;

use super::Destination;

/// How many epochs may wait.
const CAPACITY: usize = 64;

/// A thread that sends epochs one after the other. It ends when this value goes, after the request it is at.
#[derive(Debug)]
pub(super) struct Delivery(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The oldest is in front.
    waiting: VecDeque<String>,
    is_sending: bool,
    is_closed: bool,
    has_failed: bool,
}

impl Delivery {
    /// Starts the thread.
    pub(super) fn start(destination: Destination) -> Result<Delivery, CallbackError> {
        let shared = Arc::<Shared>::default();
        let of_thread = shared.clone();
        let started = thread::Builder::new()
            .name("RemoteMonitor".into())
            .spawn(move || of_thread.send_all(&destination));
        started.map_err(|error: io::Error| {
            CallbackError::new(format!("cannot start the thread that sends epochs: {error}"))
        })?;
        Ok(Delivery(shared))
    }

    /// Sends this next; if too many wait already, the oldest is dropped.
    pub(super) fn push(&self, json: String) {
        let mut state = self.0.lock();
        if state.waiting.len() == CAPACITY {
            state.waiting.pop_front();
        }
        state.waiting.push_back(json);
        self.0.changed.notify_all();
    }

    /// Whether something could not be sent.
    pub(super) fn has_failed(&self) -> bool {
        self.0.lock().has_failed
    }

    /// Waits until all is sent, but not longer than this; says whether all was sent.
    pub(super) fn finish(self, at_most: Duration) -> bool {
        let unsent = |state: &mut State| state.is_sending || !state.waiting.is_empty();
        let waited = self.0.changed.wait_timeout_while(self.0.lock(), at_most, unsent);
        let (state, result) = waited.unwrap_or_else(PoisonError::into_inner);
        !result.timed_out() && !state.has_failed
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the thread does.
    fn send_all(&self, destination: &Destination) {
        while let Some(json) = self.next() {
            let result = destination.send(&json);
            let mut state = self.lock();
            state.is_sending = false;
            state.has_failed |= result.is_err();
            self.changed.notify_all();
        }
    }

    /// The next to be sent, as soon as there is one; nothing when all is over.
    fn next(&self) -> Option<String> {
        let idle = |state: &mut State| !state.is_closed && state.waiting.is_empty();
        let mut state = self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        if state.is_closed {
            return None;
        }
        state.is_sending = true;
        state.waiting.pop_front()
    }
}
