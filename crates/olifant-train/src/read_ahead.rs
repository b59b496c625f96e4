//! Reading ahead: the next batch is prepared by another thread while the current one computes.

use std::{
    io, mem,
    panic::{self, AssertUnwindSafe},
    sync::mpsc::{self, Receiver, SyncSender},
    thread,
};

use olifant_core::Team;

use crate::FitError;

/// How the batch of a number gets into a buffer. Where a team is given, it may help.
pub(crate) type Gather<'a, B> = dyn Fn(usize, Option<&Team>, &mut B) -> Result<(), FitError> + Sync + 'a;

/// Calls `pass` with a reader of `batches` batches.
///
/// If it reads ahead, there is a thread for as long as the pass takes, and nothing else changes:
/// batches are gathered in the order in which they are asked for, and a failure is told at the batch it belongs to.
pub(crate) fn with_reader<B: Default + Send, R>(
    gather: &Gather<'_, B>,
    batches: usize,
    reads_ahead: bool,
    pass: impl FnOnce(Reader<'_, B>) -> R,
) -> R {
    thread::scope(|scope| {
        let ahead = if reads_ahead && batches > 1 {
            let (orders, work) = mpsc::sync_channel(1);
            let (finished, answers) = mpsc::sync_channel(1);
            let spawned =
                thread::Builder::new().spawn_scoped(scope, move || gather_all(gather, &work, &finished));
            // Without a thread, batches are just read when they are needed.
            spawned.ok().map(|_| Ahead { orders, answers, spare: Some(B::default()), ordered: None })
        } else {
            None
        };
        pass(Reader { gather, batches, ahead })
    })
}

/// Reads the batches of one pass over the data.
pub(crate) struct Reader<'a, B> {
    gather: &'a Gather<'a, B>,
    batches: usize,
    ahead: Option<Ahead<B>>,
}

impl<B: Default> Reader<'_, B> {
    /// Reads the `number`-th batch; if the next one comes next, it will be there.
    pub(crate) fn read(&mut self, number: usize, team: &Team, buffer: &mut B) -> Result<(), FitError> {
        let Some(ahead) = &mut self.ahead else {
            return (self.gather)(number, Some(team), buffer);
        };
        let next = (number + 1 < self.batches).then_some(number + 1);
        ahead.read(number, next, buffer).unwrap_or_else(|| Err(thread_is_gone()))
    }
}

/// The other side of the thread that reads.
struct Ahead<B> {
    orders: SyncSender<(usize, B)>,
    answers: Receiver<Answer<B>>,
    /// The second buffer, unless the thread has it.
    spare: Option<B>,
    /// The batch that the thread was asked for.
    ordered: Option<usize>,
}

/// A buffer, and whether it holds its batch; what a reader of the user's panicked with goes on where it is asked for.
type Answer<B> = (B, thread::Result<Result<(), FitError>>);

impl<B: Default> Ahead<B> {
    /// Takes a batch and orders the next; none if the thread has gone, which it does not do by itself.
    fn read(&mut self, number: usize, next: Option<usize>, buffer: &mut B) -> Option<Result<(), FitError>> {
        if self.ordered != Some(number) {
            if self.ordered.is_some() {
                self.spare = Some(self.answers.recv().ok()?.0);
            }
            self.order(number)?;
        }
        self.ordered = None;
        let (mut read, outcome) = self.answers.recv().ok()?;
        match outcome {
            Ok(Ok(())) => mem::swap(&mut read, buffer),
            Ok(Err(error)) => {
                self.spare = Some(read);
                return Some(Err(error));
            }
            Err(payload) => panic::resume_unwind(payload),
        }
        self.spare = Some(read);
        if let Some(next) = next {
            self.order(next)?;
        }
        Some(Ok(()))
    }

    fn order(&mut self, number: usize) -> Option<()> {
        self.orders.send((number, self.spare.take().unwrap_or_default())).ok()?;
        self.ordered = Some(number);
        Some(())
    }
}

/// What the thread does until nobody orders any more.
fn gather_all<B>(gather: &Gather<'_, B>, work: &Receiver<(usize, B)>, finished: &SyncSender<Answer<B>>) {
    for (number, mut buffer) in work {
        // No team: its threads belong to the batch that computes.
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| gather(number, None, &mut buffer)));
        if finished.send((buffer, outcome)).is_err() {
            return;
        }
    }
}

fn thread_is_gone() -> FitError {
    io::Error::other("the thread that reads ahead has gone").into()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Reads some batches, and returns what each gave.
    fn read(
        gather: &Gather<'_, Vec<usize>>,
        numbers: &[usize],
        reads_ahead: bool,
    ) -> Vec<Result<usize, String>> {
        with_reader(gather, 5, reads_ahead, |mut reader| {
            let (team, mut buffer) = (Team::default(), Vec::new());
            let result = |&number: &usize| {
                let result = reader.read(number, &team, &mut buffer);
                result.map(|()| buffer[0]).map_err(|error| error.to_string())
            };
            numbers.iter().map(result).collect()
        })
    }

    fn tenfold(number: usize, _: Option<&Team>, buffer: &mut Vec<usize>) -> Result<(), FitError> {
        buffer.clear();
        buffer.push(10 * number);
        Ok(())
    }

    #[test]
    fn any_order_of_batches_is_answered() {
        for reads_ahead in [false, true] {
            for numbers in [&[0, 1, 2, 3, 4][..], &[2, 3], &[4, 4, 0], &[1], &[]] {
                let expected: Vec<_> = numbers.iter().map(|number| Ok(10 * number)).collect();
                assert_eq!(read(&tenfold, numbers, reads_ahead), expected);
            }
        }
    }

    #[test]
    fn a_failure_is_told_at_its_batch() {
        let fails_at_2 = |number, team: Option<&Team>, buffer: &mut Vec<usize>| {
            if number == 2 { Err(io::Error::other("torn").into()) } else { tenfold(number, team, buffer) }
        };
        for reads_ahead in [false, true] {
            let torn = Err("the data could not be read: torn".to_owned());
            assert_eq!(read(&fails_at_2, &[0, 1, 2, 3], reads_ahead), [Ok(0), Ok(10), torn, Ok(30)]);
            assert_eq!(read(&fails_at_2, &[0, 1], reads_ahead), [Ok(0), Ok(10)]);
        }
    }

    #[test]
    fn a_panic_goes_on_where_its_batch_is_asked_for_and_nowhere_else() {
        let panics_at_2 = |number, team: Option<&Team>, buffer: &mut Vec<usize>| {
            assert!(number != 2, "the reader's own words");
            tenfold(number, team, buffer)
        };
        for reads_ahead in [false, true] {
            assert_eq!(read(&panics_at_2, &[0, 1], reads_ahead), [Ok(0), Ok(10)]);
            let payload = panic::catch_unwind(|| read(&panics_at_2, &[0, 1, 2], reads_ahead)).unwrap_err();
            assert_eq!(payload.downcast_ref::<&str>(), Some(&"the reader's own words"));
        }
    }

    /// By events, not by time: the batch behind the current one can be gathered while the current one is in use.
    #[test]
    fn the_next_batch_is_gathered_while_the_current_one_is_used() {
        let (begun, beginnings) = mpsc::channel();
        let begun = Mutex::new(begun);
        let tells = |number, team: Option<&Team>, buffer: &mut Vec<usize>| {
            begun.lock().unwrap().send(number).unwrap();
            tenfold(number, team, buffer)
        };
        with_reader(&tells, 3, true, |mut reader| {
            let (team, mut buffer) = (Team::default(), Vec::new());
            for number in 0..3 {
                reader.read(number, &team, &mut buffer).unwrap();
                assert_eq!(beginnings.recv().unwrap(), number);
                if number < 2 {
                    // Nobody has asked for it; without a thread this would wait for ever.
                    let ahead = beginnings.recv_timeout(std::time::Duration::from_secs(60));
                    assert_eq!(ahead, Ok(number + 1));
                    // Given back, so that the next round finds it.
                    begun.lock().unwrap().send(number + 1).unwrap();
                }
                assert_eq!(buffer, [10 * number]);
            }
        });
        assert!(beginnings.try_recv().is_err(), "no batch is gathered twice");
    }

    #[test]
    fn two_buffers_take_turns() {
        let addresses = Mutex::new(Vec::new());
        let keeps = |number, _: Option<&Team>, buffer: &mut Vec<usize>| {
            buffer.clear();
            buffer.extend([10 * number; 100]);
            addresses.lock().unwrap().push(buffer.as_ptr() as usize);
            Ok(())
        };
        read(&keeps, &[0, 1, 2, 3, 4], true);
        let addresses = addresses.into_inner().unwrap();
        assert!(addresses[0] != addresses[1] && addresses[2..] == addresses[..3], "{addresses:?}");
    }
}
