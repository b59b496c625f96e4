//! Time that passes while something is trained, interruptions left out.

use std::fmt;
use std::time::{Duration, Instant};

/// Measures time from its start on; after an interruption, on top of what was measured before it.
pub(crate) struct Stopwatch {
    clock: Box<dyn Fn() -> Duration + Send>,
    started: Duration,
    before: Duration,
}

impl Default for Stopwatch {
    fn default() -> Stopwatch {
        let created = Instant::now();
        Stopwatch::with_clock(move || created.elapsed())
    }
}

impl Stopwatch {
    /// A stopwatch that goes by another clock, such as one that a test sets.
    pub(crate) fn with_clock(clock: impl Fn() -> Duration + Send + 'static) -> Stopwatch {
        Stopwatch { clock: Box::new(clock), started: Duration::ZERO, before: Duration::ZERO }
    }

    /// Starts with so much on it.
    pub(crate) fn start(&mut self, before: Duration) {
        (self.started, self.before) = ((self.clock)(), before);
    }

    /// What has passed.
    pub(crate) fn elapsed(&self) -> Duration {
        self.before + (self.clock)().saturating_sub(self.started)
    }
}

impl fmt::Debug for Stopwatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Stopwatch").field(&self.elapsed()).finish()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// A clock in seconds that a test sets, and a stopwatch that goes by it.
    pub(crate) fn set_by_hand() -> (Arc<AtomicU64>, Stopwatch) {
        let seconds = Arc::new(AtomicU64::new(100));
        let clock = Arc::clone(&seconds);
        (seconds, Stopwatch::with_clock(move || Duration::from_secs(clock.load(Ordering::Relaxed))))
    }

    #[test]
    fn time_before_an_interruption_counts() {
        let (clock, mut stopwatch) = set_by_hand();
        stopwatch.start(Duration::from_secs(5));
        clock.store(107, Ordering::Relaxed);
        assert_eq!(stopwatch.elapsed(), Duration::from_secs(12));
    }
}
