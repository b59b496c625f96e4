//! Hears Ctrl-C while training runs.
//!
//! A signal is an affair of the whole process, hence the only statics of this crate.
//! What hears it is installed once, by the first training that asks, and cannot be taken away without `unsafe`:
//! while nobody listens it does what the system would have done, it ends the process.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use signal_hook::{consts::SIGINT, flag};

/// Whether Ctrl-C ends the process at once: nobody listens, or it was pressed before.
static ENDS_AT_ONCE: AtomicBool = AtomicBool::new(true);
/// Whether it was pressed while somebody listened.
static IS_PRESSED: AtomicBool = AtomicBool::new(false);
static LISTENERS: Mutex<Listeners> = Mutex::new(Listeners { are_heard: false, number: 0 });

struct Listeners {
    /// Whether the signal has been asked for.
    are_heard: bool,
    number: usize,
}

/// Whether a callback wants to hear of Ctrl-C, and while training runs, its ear.
#[derive(Debug, Default)]
pub(super) struct CtrlC {
    pub(super) is_wanted: bool,
    listener: Option<Listener>,
}

/// From its birth to its end the first Ctrl-C does not end the process.
#[derive(Debug)]
struct Listener;

/// A copy of a callback listens when its own training begins.
impl Clone for CtrlC {
    fn clone(&self) -> CtrlC {
        CtrlC { is_wanted: self.is_wanted, listener: None }
    }
}

impl CtrlC {
    /// Training begins.
    ///
    /// # Errors
    ///
    /// The system does not let us.
    pub(super) fn listen(&mut self) -> io::Result<()> {
        self.listener = None;
        if self.is_wanted {
            self.listener = Some(Listener::new()?);
        }
        Ok(())
    }

    /// Training has ended.
    pub(super) fn stop_listening(&mut self) {
        self.listener = None;
    }

    /// Whether it was pressed since training began.
    pub(super) fn is_pressed(&self) -> bool {
        self.listener.is_some() && IS_PRESSED.load(Ordering::SeqCst)
    }
}

impl Listener {
    fn new() -> io::Result<Listener> {
        let mut listeners = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner);
        if !listeners.are_heard {
            // In this order: the first press only sets the flags.
            flag::register_conditional_default(SIGINT, &ENDS_AT_ONCE)?;
            flag::register(SIGINT, &ENDS_AT_ONCE)?;
            flag::register(SIGINT, &IS_PRESSED)?;
            listeners.are_heard = true;
        }
        if listeners.number == 0 {
            IS_PRESSED.store(false, Ordering::SeqCst);
            ENDS_AT_ONCE.store(false, Ordering::SeqCst);
        }
        listeners.number += 1;
        Ok(Listener)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut listeners = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.number -= 1;
        if listeners.number == 0 {
            ENDS_AT_ONCE.store(true, Ordering::SeqCst);
        }
    }
}
