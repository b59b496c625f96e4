//! The threads that work on one computation together.

use std::{
    any::Any,
    cell::UnsafeCell,
    fmt, hint,
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// The most parts that work is cut into: one bit each.
pub(crate) const MAX_PARTS: usize = u64::BITS as usize;

/// How long a thread that waits keeps its processor to itself; afterwards it lets others run between two looks.
const EAGER: Duration = Duration::from_micros(20);
/// How long a helper waits for work before it gives its thread back to the pool.
const PATIENCE: Duration = Duration::from_millis(2);

/// The threads that work on one computation together: the caller, and helpers from rayon's pool.
///
/// A training step of half a millisecond hands over work about seven times, and waking a thread of rayon's pool costs 10 to 20 µs.
/// So the helpers stay: a helper is a task in the pool that looks for the next part of the work again and again,
/// and goes when none has come for two milliseconds.
/// As long as work comes, the other threads of the pool belong to it: what else is given to the pool waits for a pause, or for the end.
/// The caller never waits for a part that nobody has begun, it does it itself:
/// where the pool is busy with other things, or the processors with other programs, it just gets less help.
///
/// There are as many threads as rayon's current pool has ([`rayon::ThreadPool::install`] chooses another).
/// Results never depend on their number: work is cut by outputs, and each output is computed by one thread in one order.
///
/// Cloning a team gives another handle to the same threads. If two computations ask at the same time, one works alone.
#[derive(Clone, Default)]
pub struct Team {
    board: Arc<Board>,
}

/// Where the work is posted.
#[derive(Default)]
struct Board {
    /// The parts that nobody has begun, one bit each.
    open: Line<AtomicU64>,
    /// How many parts are not finished.
    unfinished: Line<AtomicUsize>,
    /// The work. Written by whoever holds `busy` while nothing is open; read by those who have taken a part.
    job: UnsafeCell<Option<Job>>,
    /// Whether a caller has posted work.
    busy: AtomicBool,
    /// How many helpers there are, or are called for.
    helpers: AtomicUsize,
    /// What a helper's part panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

type Job = *const (dyn Fn(usize) + Sync);

/// A value that has its cache lines to itself, so that writing it does not disturb readers of its neighbours.
#[derive(Default)]
#[repr(align(128))]
struct Line<T>(T);

// SAFETY: `job` is the only field that is not shared by itself. It is written only while no part is open or unfinished,
// by the one thread that holds `busy`; it is read only by threads that have taken a part and not finished it.
// The job itself is `Sync`, and lives until all parts are finished.
unsafe impl Sync for Board {}
// SAFETY: as above; the pointer is never used by a thread that does not hold an unfinished part.
unsafe impl Send for Board {}

impl Team {
    /// How many threads work together.
    pub fn size(&self) -> usize {
        rayon::current_num_threads()
    }

    /// Runs `work(part)` once for every part, and returns when all are finished.
    ///
    /// # Panics
    ///
    /// There are more than [`MAX_PARTS`] parts, or a part panics.
    pub(crate) fn run(&self, parts: usize, work: &(dyn Fn(usize) + Sync)) {
        assert!(parts <= MAX_PARTS, "work is cut into at most {MAX_PARTS} parts, not {parts}");
        let helpers = self.size().min(parts).saturating_sub(1);
        if helpers == 0 || self.board.busy.swap(true, Ordering::Acquire) {
            return (0..parts).for_each(work);
        }
        self.call(helpers);
        let posted = Posted::new(&self.board, parts, work);
        while let Some(part) = self.board.take(0) {
            let _unfinished = Unfinished(&self.board);
            work(part);
        }
        if let Some(payload) = posted.finish() {
            panic::resume_unwind(payload);
        }
    }

    /// Sees to it that there are so many helpers.
    fn call(&self, wanted: usize) {
        let present = self.board.helpers.load(Ordering::Relaxed);
        if present < wanted {
            self.board.helpers.fetch_add(wanted - present, Ordering::Relaxed);
            for number in present..wanted {
                let board = Arc::clone(&self.board);
                rayon::spawn(move || board.help(number + 1));
            }
        }
    }
}

impl Board {
    /// Takes a part that nobody has begun: the first from `home` on, else the first of all.
    fn take(&self, home: usize) -> Option<usize> {
        let mut open = self.open.0.load(Ordering::Relaxed);
        while open != 0 {
            let near = open & u64::MAX << home.min(MAX_PARTS - 1);
            let part = if near != 0 { near } else { open }.trailing_zeros();
            // Acquire: whoever takes a part sees the job that was written before the part was opened.
            let before = self.open.0.fetch_and(!(1 << part), Ordering::Acquire);
            if before & 1 << part != 0 {
                return Some(part as usize);
            }
            open = before;
        }
        None
    }

    /// Takes part after part, until none has come for a while.
    fn help(&self, home: usize) {
        let mut pause = Pause::default();
        while pause.waited() < PATIENCE {
            match self.take(home) {
                None => pause.once(),
                Some(part) => {
                    pause = Pause::default();
                    let _unfinished = Unfinished(self);
                    // SAFETY: a part was taken and is not finished, so the job is there and stays.
                    let work = unsafe { (*self.job.get()).map(|job| &*job) };
                    let work = work.expect("a job is posted before its parts are opened");
                    if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| work(part))) {
                        *self.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(payload);
                    }
                }
            }
        }
        self.helpers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Work that is posted. Whatever happens, it is not forgotten before all parts that were begun are finished.
struct Posted<'a>(&'a Board);

impl<'a> Posted<'a> {
    /// Posts work; the caller holds `busy`.
    fn new(board: &'a Board, parts: usize, work: &'a (dyn Fn(usize) + Sync)) -> Posted<'a> {
        // SAFETY: a pointer of another lifetime only; `Posted` outlives every use of it, and `work` outlives `Posted`.
        let job: Job = unsafe { std::mem::transmute::<*const (dyn Fn(usize) + Sync + 'a), Job>(work) };
        // SAFETY: this caller holds `busy`, and no part is open, so nobody reads or writes the job.
        unsafe { *board.job.get() = Some(job) };
        board.unfinished.0.store(parts, Ordering::Relaxed);
        // Release: whoever takes a part sees the job and the number of parts.
        board.open.0.store(u64::MAX >> (MAX_PARTS - parts), Ordering::Release);
        Posted(board)
    }

    /// Waits until everything is finished, and returns what a helper panicked with.
    fn finish(self) -> Option<Box<dyn Any + Send>> {
        self.wait();
        self.take_panic()
    }

    fn take_panic(&self) -> Option<Box<dyn Any + Send>> {
        self.0.panic.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn wait(&self) {
        // After a panic there may be parts that nobody has begun.
        let withdrawn = self.0.open.0.swap(0, Ordering::Acquire).count_ones() as usize;
        self.0.unfinished.0.fetch_sub(withdrawn, Ordering::Relaxed);
        let mut pause = Pause::default();
        // Acquire: what the helpers have written is seen afterwards.
        while self.0.unfinished.0.load(Ordering::Acquire) > 0 {
            pause.once();
        }
    }
}

impl Drop for Posted<'_> {
    fn drop(&mut self) {
        self.wait();
        // If this caller panics itself, nobody else asks what a helper met.
        drop(self.take_panic());
        self.0.busy.store(false, Ordering::Release);
    }
}

/// A part that was begun; it counts as finished when this is dropped, by a panic as well.
struct Unfinished<'a>(&'a Board);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        // Release: what the part has written is seen by whoever waits for it.
        self.0.unfinished.0.fetch_sub(1, Ordering::Release);
    }
}

/// Waiting without sleeping.
#[derive(Default)]
struct Pause {
    looks: u32,
    since: Option<Instant>,
}

impl Pause {
    /// Asking for the time takes as long as a few looks.
    const LOOKS: u32 = 16;

    /// Waits until it is time for another look.
    fn once(&mut self) {
        self.looks = self.looks.wrapping_add(1);
        if self.looks.is_multiple_of(Self::LOOKS) && self.waited() > EAGER {
            thread::yield_now();
        } else {
            hint::spin_loop();
        }
    }

    /// For how long it has been waited, as far as it was asked.
    fn waited(&mut self) -> Duration {
        if self.looks.is_multiple_of(Self::LOOKS) && self.looks > 0 {
            return self.since.get_or_insert_with(Instant::now).elapsed();
        }
        Duration::ZERO
    }
}

impl fmt::Debug for Team {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Team").field("size", &self.size()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn with_threads(threads: usize, work: impl FnOnce(&Team) + Send) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| work(&Team::default()));
    }

    /// Adds the numbers of the parts.
    fn adding(sum: &AtomicUsize) -> impl Fn(usize) + Sync {
        |part| {
            sum.fetch_add(part, Ordering::Relaxed);
        }
    }

    #[test]
    fn every_part_is_done_once() {
        for threads in [1, 2, 4] {
            with_threads(threads, |team| {
                for round in 0..if cfg!(miri) { 20 } else { 2000 } {
                    let parts = [1, 2, 7, MAX_PARTS][round % 4];
                    let done: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
                    team.run(parts, &|part| {
                        done[part].fetch_add(1, Ordering::Relaxed);
                    });
                    assert!(done.iter().all(|count| count.load(Ordering::Relaxed) == 1), "{threads} threads");
                }
            });
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_whoever_met_it_and_the_team_lives_on() {
        with_threads(2, |team| {
            for unlucky in 0..8 {
                let attempt = panic::catch_unwind(AssertUnwindSafe(|| {
                    team.run(8, &|part| {
                        thread::sleep(Duration::from_micros(50));
                        assert!(part != unlucky, "part {part}");
                    });
                }));
                let payload = attempt.unwrap_err();
                assert_eq!(payload.downcast_ref::<String>(), Some(&format!("part {unlucky}")));
            }
            let all = panic::catch_unwind(AssertUnwindSafe(|| team.run(8, &|part| panic!("part {part}"))));
            assert!(all.is_err());
            let sum = AtomicUsize::new(0);
            team.run(3, &adding(&sum));
            assert_eq!(sum.into_inner(), 3);
        });
    }

    #[test]
    fn work_within_work_is_done_alone() {
        with_threads(3, |team| {
            let sum = AtomicUsize::new(0);
            team.run(3, &|_| team.run(4, &adding(&sum)));
            assert_eq!(sum.into_inner(), 3 * 6);
        });
    }

    #[test]
    fn several_callers_share_a_team() {
        let team = Team::default();
        let sum = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..if cfg!(miri) { 5 } else { 500 } {
                        team.run(5, &adding(&sum));
                    }
                });
            }
        });
        assert_eq!(sum.into_inner(), 4 * 10 * if cfg!(miri) { 5 } else { 500 });
    }

    #[test]
    fn helpers_go_when_there_is_nothing_to_do() {
        with_threads(2, |team| {
            team.run(2, &|_| thread::sleep(Duration::from_millis(1)));
            let deadline = Instant::now() + Duration::from_secs(20);
            while team.board.helpers.load(Ordering::Relaxed) > 0 {
                assert!(Instant::now() < deadline, "the helper is still there");
                thread::sleep(Duration::from_millis(1));
            }
            // The pool's thread is free for others.
            assert_eq!(rayon::join(|| 1, || 2), (1, 2));
        });
    }
}
