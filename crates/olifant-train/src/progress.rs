//! The progress bar and the epoch lines: the only place that prints.
//!
//! The layout is that of Keras 3, to the character.
//! Two things differ, both where the output is no terminal: [`Verbose::Auto`] then writes epoch lines, and an
//! explicit [`Verbose::Bar`] writes only the last state of each bar, without colours. Keras writes every
//! state there, each on a line of its own.

mod line;
mod screen;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, Stdout, Write};
use std::time::{Duration, Instant};

use self::line::State;
use self::screen::Screen;
use crate::logs::Logs;
use crate::verbose::Verbose;

/// A bar is redrawn at most this often.
const INTERVAL: Duration = Duration::from_millis(50);

/// Shows how far training, evaluation or prediction has come, in Keras's words.
///
/// Per batch it looks at the clock and, twenty times a second, redraws one line.
/// After the first batch of a pass it allocates nothing (unless a line outgrows a kilobyte).
/// An output that cannot be written to (a closed pipe, a full disk) loses its lines and stops nothing.
///
/// `fit` makes its own; a hand-written loop may use one.
///
/// # Examples
///
/// ```
/// use olifant_train::{Logs, Progress, Verbose};
///
/// let mut output = Vec::new();
/// let mut progress = Progress::to(&mut output, Verbose::Epochs);
/// progress.begin_epoch(0, 3, Some(125));
/// for step in 1..=125 {
///     progress.update(step, &Logs::from_iter([("loss", 1.75)]));
/// }
/// progress.end(&Logs::from_iter([("loss", 1.5632), ("val_loss", 1.1315)]));
/// drop(progress);
/// let output = String::from_utf8(output).expect("progress is UTF-8");
/// assert!(output.starts_with("Epoch 1/3\n125/125 - 0s - "));
/// assert!(output.ends_with("us/step - loss: 1.5632 - val_loss: 1.1315\n"));
/// ```
pub struct Progress<W: Write = Stdout> {
    output: W,
    style: Style,
    clock: Box<dyn Fn() -> Duration + Send>,
    /// Steps of a pass; once one was counted, the next is expected to have as many.
    steps: Option<usize>,
    pass: Pass,
    /// What the line shows: names in the order in which they appeared.
    shown: Logs,
    /// The line being written; its memory is kept.
    line: String,
    /// The columns the last line took, which the next one must overwrite.
    width: usize,
    /// Whether the cursor stands behind a line that may be rewritten.
    is_open: bool,
}

#[derive(Clone, Copy, Debug)]
enum Style {
    Silent,
    Bar(Screen),
    Epochs,
}

/// One pass through the data: an epoch, an evaluation or a prediction.
#[derive(Clone, Copy, Debug, Default)]
struct Pass {
    began: Duration,
    after_first_step: Option<Duration>,
    drawn: Option<Duration>,
    step: usize,
}

impl Progress<Stdout> {
    /// Progress on standard output; what it can show is asked once, here.
    #[must_use]
    pub fn stdout(verbose: Verbose) -> Self {
        Self::new(io::stdout(), verbose, Screen::of_stdout())
    }
}

impl<'a> Progress<Box<dyn Write + Send + 'a>> {
    /// Progress on standard output, or wherever the user wants it.
    #[must_use]
    pub fn to_user(output: Option<Box<dyn Write + Send + 'a>>, verbose: Verbose) -> Self {
        match output {
            Some(output) => Self::new(output, verbose, Screen::FILE),
            None => Self::new(Box::new(io::stdout()), verbose, Screen::of_stdout()),
        }
    }
}

impl<W: Write> Progress<W> {
    /// Progress in a file or a buffer, which is no terminal.
    #[must_use]
    pub fn to(output: W, verbose: Verbose) -> Self {
        Self::new(output, verbose, Screen::FILE)
    }

    fn new(output: W, verbose: Verbose, screen: Screen) -> Self {
        let style = match verbose {
            Verbose::Silent => Style::Silent,
            Verbose::Bar => Style::Bar(screen),
            Verbose::Auto if screen.is_terminal => Style::Bar(screen),
            Verbose::Auto | Verbose::Epochs => Style::Epochs,
        };
        let created = Instant::now();
        Progress {
            output,
            style,
            clock: Box::new(move || created.elapsed()),
            steps: None,
            pass: Pass::default(),
            shown: Logs::new(),
            line: String::with_capacity(1024),
            width: 0,
            is_open: false,
        }
    }

    /// Begins an epoch, given its 0-based index, with the line `Epoch 1/3` if there are several.
    ///
    /// `steps` is the number of batches, `None` if that is unknown.
    pub fn begin_epoch(&mut self, epoch: usize, epochs: usize, steps: Option<usize>) {
        self.begin(steps);
        if epochs > 1 && !matches!(self.style, Style::Silent) {
            self.line.clear();
            push(&mut self.line, format_args!("Epoch {}/{epochs}\n", epoch.saturating_add(1)));
            self.print_line();
        }
    }

    /// Begins a pass without a heading: an evaluation or a prediction.
    pub fn begin(&mut self, steps: Option<usize>) {
        self.close_line();
        self.steps = steps.or(self.steps);
        self.pass = Pass { began: (self.clock)(), ..Pass::default() };
        self.shown.clear();
        self.width = 0;
    }

    /// Tells that so many steps of the pass are done, and the values so far.
    pub fn update(&mut self, step: usize, logs: &Logs) {
        self.pass.step = step;
        let Style::Bar(screen) = self.style else {
            return;
        };
        let now = (self.clock)();
        if step == 1 {
            self.pass.after_first_step = Some(now);
        }
        let is_due = self.pass.drawn.is_none_or(|drawn| now.saturating_sub(drawn) >= INTERVAL);
        if is_due {
            self.pass.drawn = Some(now);
            self.show(logs);
            if screen.is_terminal {
                self.draw_bar(screen, self.state(now, step, false));
            }
        }
    }

    /// Ends the pass with its last line; an epoch, an evaluation or a prediction alike.
    pub fn end(&mut self, logs: &Logs) {
        // A pass that was stopped halfway is shown as complete, as Keras does.
        let steps = *self.steps.get_or_insert(self.pass.step);
        let state = self.state((self.clock)(), steps, true);
        match self.style {
            Style::Silent => {}
            Style::Bar(screen) => {
                self.show(logs);
                self.draw_bar(screen, state);
            }
            Style::Epochs if steps > 0 => {
                self.line.clear();
                // Writing to a string cannot fail.
                let _ = line::write_epoch_line(&mut self.line, state, logs);
                self.line.push('\n');
                self.print_line();
            }
            Style::Epochs => {}
        }
    }

    /// Prints a message of a callback, on a line of its own, however verbose the progress itself is.
    ///
    /// Keras's messages begin with a line break: it ends the bar that is being drawn, and makes an empty
    /// line otherwise. One that does not begin so gets a line break only where a bar is being drawn.
    pub fn message(&mut self, text: &str) {
        self.line.clear();
        if self.is_open && !text.starts_with('\n') {
            self.line.push('\n');
        }
        self.is_open = false;
        self.line.push_str(text);
        self.line.push('\n');
        self.print_line();
    }

    fn state(&self, now: Duration, step: usize, is_final: bool) -> State {
        let elapsed = now.saturating_sub(self.pass.began).as_secs_f64();
        let per_step = match self.pass.after_first_step {
            _ if step == 0 => 0.0,
            // The first step warms up: it is left out as soon as there are others.
            Some(first) if step > 1 => now.saturating_sub(first).as_secs_f64() / (step - 1) as f64,
            _ => elapsed / step as f64,
        };
        State { step, steps: self.steps, elapsed, per_step, is_final }
    }

    /// Takes over values; names keep the order in which they first appeared.
    fn show(&mut self, logs: &Logs) {
        if self.shown.is_empty() {
            self.shown.clone_from(logs);
        } else {
            logs.iter().for_each(|(name, value)| self.shown.insert(name, value));
        }
    }

    fn draw_bar(&mut self, screen: Screen, state: State) {
        self.line.clear();
        if screen.is_terminal {
            self.line.extend(std::iter::repeat_n('\x08', self.width));
            self.line.push('\r');
        }
        let start = self.line.len();
        // Writing to a string cannot fail.
        let _ = line::write_bar(&mut self.line, state, &self.shown, screen);
        let width = line::width(&self.line[start..]);
        if screen.is_terminal {
            self.line.extend(std::iter::repeat_n(' ', self.width.saturating_sub(width)));
        }
        self.width = width;
        self.is_open = !state.is_final;
        if state.is_final {
            self.line.push('\n');
        }
        self.print_line();
    }

    fn close_line(&mut self) {
        if self.is_open {
            self.is_open = false;
            self.line.clear();
            self.line.push('\n');
            self.print_line();
        }
    }

    /// Training is worth more than its progress: what cannot be written is lost.
    fn print_line(&mut self) {
        let _ = self.output.write_all(self.line.as_bytes()).and_then(|()| self.output.flush());
    }
}

/// An error may end a pass before its time; what is printed next shall not stand behind the bar.
impl<W: Write> Drop for Progress<W> {
    fn drop(&mut self) {
        self.close_line();
    }
}

impl<W: Write> fmt::Debug for Progress<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Progress");
        debug.field("style", &self.style).field("pass", &self.pass).finish_non_exhaustive()
    }
}

fn push(line: &mut String, text: fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = fmt::Write::write_fmt(line, text);
}
